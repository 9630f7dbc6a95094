"""Stand-ins for the parts of a `Rewriter`: a leader, a screener and a similarity that need no weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sro.leader.generation import Completion, Sampling
from sro.screeners.base import Verdict


class Words:
    """Fails what holds `idiot`."""

    name = "words 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", 0.75, self.name) if "idiot" in text else Verdict("pass", 0.25, self.name) for text in texts
        ]


class Milder:
    """Plays `person` for `idiot`; cannot help with `hopeless` ones."""

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        played = [c if "hopeless" in c else c.replace("idiot", "person") for c in comments]
        return [[Completion(text, [1], True)] * n for text in played]


class Half:
    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return np.full(len(texts), 0.54321, np.float32)
