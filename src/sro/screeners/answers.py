"""How a screener is asked that somebody else may have written: any object with `screen(texts)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

from sro.core.errors import SROError
from sro.screeners.base import Screener, Verdict

Ask = Callable[[Sequence[str], Sequence[str] | None], list[Verdict]]


def ask_with(screener: Screener) -> Ask:
    """A function (texts, sources) → verdicts, one for each text.

    Args:
        screener: its `screen` gets the texts. If its signature has `sources`, it also gets the comments of the texts.

    Raises:
        SROError: the screener has no `screen`. When called, the function raises it if the screener returns too few or
            too many verdicts, or something else than verdicts.
    """
    screen = getattr(screener, "screen", None)
    name = getattr(screener, "name", type(screener).__name__)
    if not callable(screen):
        raise SROError(f"the screener {name} has no method screen(texts)\n  fix: see sro.screeners.base.Screener")
    kinds = inspect.signature(screen).parameters
    reads_sources = "sources" in kinds or any(p.kind is p.VAR_KEYWORD for p in kinds.values())

    def ask(texts: Sequence[str], sources: Sequence[str] | None) -> list[Verdict]:
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
