"""Types that all followers share: verdicts, the screener protocol, and functions that combine verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from sro.core.errors import SROError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A screener's answer to one text: pass or fail, the probability of a fail, and the screener's name.

    Example:
        >>> verdict = Verdict("fail", 0.97, "nblr 1a2b3c4d")
        >>> verdict.passed, verdict.probability
        (False, 0.97)
    """

    label: Literal["pass", "fail"]
    probability: float
    """The screener's probability that the text should fail, in [0, 1]."""
    screener: str
    """Name and version of the screener, so that a stored verdict says which screener gave it."""
    attributes: Mapping[str, float] | None = None
    """Probability of each attribute (TOXICITY, THREAT, …), if the screener scores attributes."""
    decides: tuple[str, ...] = ()
    """The attributes that can each fail the text; empty if `probability` alone decides."""

    @property
    def passed(self) -> bool:
        return self.label == "pass"


def threat_of(verdict: Verdict) -> float:
    """P(THREAT) of a verdict; 0 if its screener does not score it."""
    return (verdict.attributes or {}).get("THREAT", 0.0)


def plain_values(answer: Any) -> dict[str, Any]:
    """Convert a verdict, or a dataclass that holds verdicts, to a JSON object. `decides` is left out, because it would
    repeat the screener's policy in every answer."""
    return asdict(answer, dict_factory=lambda pairs: {name: value for name, value in pairs if name != "decides"})


class Screener(Protocol):
    """The follower of the game (the classifier that rewards): takes a list of texts, returns one verdict per text.

    Any object with `name` and `screen` is a screener; no base class is needed (docs/concepts/game.md).

    Example:
        >>> class NoShouting:
        ...     name = "no shouting 1"
        ...     def screen(self, texts, *, sources=None):
        ...         loud = [text.isupper() for text in texts]
        ...         return [Verdict("fail" if one else "pass", float(one), self.name) for one in loud]
        >>> [verdict.label for verdict in NoShouting().screen(["HELLO", "hello"])]
        ['fail', 'pass']
    """

    @property
    def name(self) -> str:
        """Name and version, as stored in verdicts."""

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. `sources` are the comments that `texts` rewrite; only some screeners read them."""


@runtime_checkable
class LockedScreener(Protocol):
    """A wrapper with a lock, so that several threads can share the screener inside it."""

    def with_lock(self, ask: Callable[[Screener], T]) -> T:
        """Return `ask(inner screener)`, computed while no other thread uses that screener."""
        ...


def call_with_inner_screener(screener: Screener, ask: Callable[[Screener], T]) -> T:
    """Call `ask` with the innermost screener, under the lock if threads share it.

    Test for a screener's kind (`ReadsExcerpts`, `Attributing`, …) only in `ask`: a wrapper has none of these kinds.
    """
    return (
        screener.with_lock(lambda one: call_with_inner_screener(one, ask))
        if isinstance(screener, LockedScreener)
        else ask(screener)
    )


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The failing verdict with the highest P(fail); the first verdict if all pass."""
    return max((v for v in verdicts if not v.passed), key=lambda v: v.probability, default=verdicts[0])


class Similarity(Protocol):
    """Cosine similarity of paired texts."""

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        """[N] floats in [−1, 1]; raises ValueError if the lengths differ."""
        ...


class Fluency(Protocol):
    """How well texts are written, for choosing among candidates: `sro.screeners.lora.acceptability`, or any fluency
    judge of `sro.evaluation`."""

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        """[N] in [0, 1], higher is better."""


class Faithfulness(Protocol):
    """Judges if a candidate keeps a comment's meaning: `sro.screeners.faithfulness.critic`, or your own class."""

    @property
    def threshold(self) -> float:
        """Lowest probability at which the meaning counts as kept."""
        ...

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """[N] in [0, 1], one for each of N (comment, candidate) pairs."""
        ...


SUREST = 1e-9
"""Probabilities are clipped to this distance from 0 and 1, where log-odds are infinite."""


def log_odds(probabilities: Sequence[float] | np.ndarray, surest: float = SUREST) -> np.ndarray:
    """ln(p / (1 − p)), float64 of the same shape; probabilities are clipped to `surest` from 0 and 1."""
    p = np.clip(np.asarray(probabilities, dtype=np.float64), surest, 1 - surest)
    return np.asarray(np.log(p) - np.log1p(-p))


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Convert log-odds to probabilities, without overflow; float64 of the same shape."""
    return np.asarray(0.5 * (1.0 + np.tanh(log_odds / 2.0)))


def at_threshold(verdicts: Sequence[Verdict], threshold: float | None) -> list[Verdict]:
    """The verdicts at another threshold: a text fails if its P(fail) is at least `threshold`. None: unchanged.

    If several attributes decide, `threshold` replaces the threshold of each. P(fail) is then the highest of theirs.
    """
    return list(verdicts) if threshold is None else [_at_threshold(verdict, threshold) for verdict in verdicts]


def _at_threshold(verdict: Verdict, threshold: float) -> Verdict:
    known = verdict.attributes or {}
    probability = max((known[name] for name in verdict.decides), default=verdict.probability)
    return replace(verdict, label="fail" if probability >= threshold else "pass", probability=probability)


@dataclass(frozen=True)
class RuleScreener:
    """Passes a text if `faults(text, source)` finds nothing. P(fail) is 0 or 1."""

    name: str
    faults: Callable[[str, str], Sequence[str]]

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError if `sources` is None or has another length than `texts`."""
        return [
            Verdict("fail", 1.0, self.name) if self.faults(text, source) else Verdict("pass", 0.0, self.name)
            for text, source in zip(texts, paired(self.name, texts, sources))
        ]


def paired(name: str, texts: Sequence[str], sources: Sequence[str] | None) -> Sequence[str]:
    """Return `sources`. Raises SROError, naming the screener `name`, if they are None or not one per text."""
    if sources is None:
        raise SROError(
            f"screener '{name}' compares a rewrite with its source: call screen(texts, sources=comments), "
            "one source a text"
        )
    if len(sources) != len(texts):
        raise SROError(f"screener '{name}': {len(texts)} texts but {len(sources)} sources; give one source a text")
    return sources


def distinct_pairs(
    texts: Sequence[str], sources: Sequence[str] | None
) -> tuple[list[str], list[str] | None, list[int]]:
    """Each distinct (text, source) in order of first appearance, and the index of each of `texts` among these.

    Args:
        sources: one per text; None: only the texts are compared.

    Example:
        >>> distinct_pairs(["b", "a", "b", "b"], ["x", "x", "x", "y"])
        (['b', 'a', 'b'], ['x', 'x', 'y'], [0, 1, 0, 2])
        >>> distinct_pairs(["b", "a", "b"], None)
        (['b', 'a'], None, [0, 1, 0])
    """
    beside: Sequence[str | None] = [None] * len(texts) if sources is None else sources
    keys = list(zip(texts, beside))
    place_of = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    compared = [source for _, source in place_of if source is not None]
    return [text for text, _ in place_of], None if sources is None else compared, [place_of[key] for key in keys]
