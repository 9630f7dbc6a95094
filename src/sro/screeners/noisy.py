"""The perturbation experiment: a follower whose every verdict is flipped with probability p.

Whether the n-th verdict is flipped is a hash of (seed, n) and nothing else. So the whole state is one number, how many
verdicts were given; saving it and restoring it resumes a run with exactly the flips of an unbroken one, whatever
other random numbers were drawn meanwhile, and in whatever batches the verdicts were asked for. Hashing the text
instead would need no state at all, but then a text that recurs would always be misjudged alike: a wrong follower, not
the independent noise that METHOD.md describes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sro.core.errors import SROError
from sro.screeners.base import Screener, Verdict


@dataclass
class FlippingScreener:
    """`screener`, each of whose verdicts is flipped with `probability`; the flipped P(fail) is 1 − P(fail)."""

    screener: Screener
    probability: float
    seed: int = 0
    given: int = 0
    """Verdicts given so far: all the state there is."""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise SROError(f"verdicts are flipped with a probability in [0, 1], not {self.probability}")

    @property
    def name(self) -> str:
        return f"{self.screener.name} flipped at {self.probability:g}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text, about `probability` of them false."""
        verdicts = self.screener.screen(texts, sources=sources)
        first, self.given = self.given, self.given + len(verdicts)
        return [
            flip_verdict(verdict) if is_flipped(self.seed, number, self.probability) else verdict
            for number, verdict in enumerate(verdicts, first)
        ]

    def state_dict(self) -> dict[str, int | float]:
        """What `load_state_dict` needs; plain numbers, fit for JSON."""
        return {"given": self.given, "seed": self.seed, "probability": self.probability}

    def load_state_dict(self, state: Mapping[str, int | float]) -> None:
        """Go on where `state` was taken. Raises SROError where seed or probability are not those of that run."""
        here = {"seed": self.seed, "probability": self.probability}
        saved = {name: state[name] for name in here}
        if saved != here:
            raise SROError(f"cannot resume the flips of {saved} with {here}; use the same flip settings as before")
        self.given = int(state["given"])


def is_flipped(seed: int, number: int, probability: float) -> bool:
    """Whether verdict `number` (from 0) is flipped: a uniform hash of (seed, number) in [0, 1) lies below."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < probability


def flip_verdict(verdict: Verdict) -> Verdict:
    """The opposite verdict, under the same name: the leader is not told that it was flipped."""
    return Verdict("fail" if verdict.passed else "pass", 1.0 - verdict.probability, verdict.screener)
