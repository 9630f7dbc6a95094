"""A follower for best-of-n fine-tuning: of a comment's moves it passes only the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from sro.core.errors import SROError
from sro.screeners.base import Screener, Verdict


@dataclass(frozen=True)
class BestOnly:
    """Passes, among neighbouring texts with one source, the one that `screener` passes with the lowest P(fail).

    The first of equals. All others fail, with the P(fail) that they have; so do all where none passes.
    """

    screener: Screener

    @property
    def name(self) -> str:
        return f"best by {self.screener.name}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`."""
        if sources is None:
            raise SROError(
                f"screener '{self.name}' compares moves of one comment: call screen(texts, sources=comments)"
            )
        verdicts = self.screener.screen(texts, sources=sources)
        found: list[Verdict] = []
        for _, group in groupby(range(len(texts)), key=lambda i: sources[i]):
            rows = list(group)
            passing = [i for i in rows if verdicts[i].passed]
            best = min(passing, key=lambda i: verdicts[i].probability, default=None)
            found += [verdicts[i] if i == best else replace(verdicts[i], label="fail") for i in rows]
        return found
