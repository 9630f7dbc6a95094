"""The perturbation experiment: a follower that flips each verdict with probability p.

A hash of (seed, n) alone decides whether the n-th verdict is flipped. So the whole state is one number: the count of
verdicts given so far. A run that is saved and resumed gets exactly the same flips as an uninterrupted run. Other
random numbers and the batch sizes do not change the flips. A hash of the text would need no state, but a repeated text
would always get the same wrong verdict. That would be a wrong follower, not independent noise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sro.core.errors import SROError
from sro.screeners.answers import ask_with
from sro.screeners.base import Screener, Verdict


@dataclass
class FlippingScreener:
    """Flips each verdict of `screener` with `probability`; the flipped P(fail) is 1 − P(fail)."""

    screener: Screener
    probability: float
    seed: int = 0
    given: int = 0
    """Verdicts given so far; this is the whole state."""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise SROError(f"verdicts are flipped with a probability in [0, 1], not {self.probability}")

    @property
    def name(self) -> str:
        return f"{self.screener.name} flipped at {self.probability:g}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text; about the share `probability` of them is flipped."""
        verdicts = ask_with(self.screener)(texts, sources)
        first, self.given = self.given, self.given + len(verdicts)
        return [
            flip_verdict(verdict) if is_flipped(self.seed, number, self.probability) else verdict
            for number, verdict in enumerate(verdicts, first)
        ]

    def state_dict(self) -> dict[str, int | float]:
        """The state for `load_state_dict`: plain numbers that JSON can store."""
        return {"given": self.given, "seed": self.seed, "probability": self.probability}

    def load_state_dict(self, state: Mapping[str, int | float]) -> None:
        """Continue from `state`. Raises SROError if its seed or probability differs from this screener's."""
        here = {"seed": self.seed, "probability": self.probability}
        saved = {name: state[name] for name in here}
        if saved != here:
            raise SROError(f"cannot resume the flips of {saved} with {here}; use the same flip settings as before")
        self.given = int(state["given"])


def is_flipped(seed: int, number: int, probability: float) -> bool:
    """Whether verdict `number` (from 0) is flipped: if the hash of (seed, number) in [0, 1) is below `probability`."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < probability


def flip_verdict(verdict: Verdict) -> Verdict:
    """The opposite verdict, under the same name: the leader is not told that it was flipped."""
    return Verdict("fail" if verdict.passed else "pass", 1.0 - verdict.probability, verdict.screener)
