"""A follower for best-of-n fine-tuning: it passes only the best rewrite of each comment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sro.core.errors import SROError
from sro.screeners.answers import ask_with
from sro.screeners.base import Screener, Verdict


@dataclass(frozen=True)
class BestOnly:
    """Passes one text of each run of consecutive texts with the same source: the one with the lowest P(fail).

    Only texts that `screener` passes can be chosen. On a tie, the first is chosen. All other texts fail and keep their
    P(fail). If `screener` passes none, all fail.
    """

    screener: Screener

    @property
    def name(self) -> str:
        return f"best by {self.screener.name}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`."""
        if sources is None:
            raise SROError(
                f"screener '{self.name}' compares rewrites of one comment: call screen(texts, sources=comments)"
            )
        verdicts = ask_with(self.screener)(texts, sources)
        found: list[Verdict] = []
        for _, group in groupby(range(len(texts)), key=lambda i: sources[i]):
            rows = list(group)
            passing = [i for i in rows if verdicts[i].passed]
            best = min(passing, key=lambda i: verdicts[i].probability, default=None)
            found += [verdicts[i] if i == best else replace(verdicts[i], label="fail") for i in rows]
        return found
