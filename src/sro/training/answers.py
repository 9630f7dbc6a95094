"""How the trainer asks its screener: any object with `screen(texts)`, with or without `sources`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from sro.core.errors import SROError
from sro.screeners.base import Screener, Verdict

Ask = Callable[[Sequence[str], Sequence[str]], list[Verdict]]


def ask_with(screener: Screener) -> Ask:
    """A function (texts, sources) → verdicts, one a text.

    Args:
        screener: its `screen` takes the texts, and `sources`, the comments they rewrite, if its signature has them.

    Raises:
        SROError: it has no `screen`; and, when asked, it gives another number of verdicts than it was given texts, or
            anything but verdicts.
    """
    screen = getattr(screener, "screen", None)
    name = getattr(screener, "name", type(screener).__name__)
    if not callable(screen):
        raise SROError(f"the screener {name} has no method screen(texts)\n  fix: see sro.screeners.base.Screener")
    kinds = inspect.signature(screen).parameters
    reads_sources = "sources" in kinds or any(p.kind is p.VAR_KEYWORD for p in kinds.values())

    def ask(texts: Sequence[str], sources: Sequence[str]) -> list[Verdict]:
        verdicts = list(screen(texts, sources=sources) if reads_sources else screen(texts))
        if len(verdicts) != len(texts):
            raise SROError(
                f"the screener {name} gave {len(verdicts)} verdicts for {len(texts)} texts\n"
                "  fix: screen(texts) returns one Verdict for each text, in the same order"
            )
        if (other := next((one for one in verdicts if not hasattr(one, "passed")), None)) is not None:
            raise SROError(
                f"the screener {name} gave {other!r} where a Verdict is wanted\n"
                "  fix: from sro import Verdict; Verdict('pass' or 'fail', P(fail), name)"
            )
        return verdicts

    return ask
