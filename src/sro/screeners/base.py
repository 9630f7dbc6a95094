"""What every follower has in common: the verdict, the protocol, and how verdicts combine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from sro.core.errors import SROError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A screener's answer to one text: pass or fail, how probable a fail is, and who says so.

    Example:
        >>> verdict = Verdict("fail", 0.97, "nblr 1a2b3c4d")
        >>> verdict.passed, verdict.probability
        (False, 0.97)
    """

    label: Literal["pass", "fail"]
    probability: float
    """How probable it is, to this screener, that the text should fail; in [0, 1]."""
    screener: str
    """Name and version of the screener, so that a stored verdict says who gave it."""
    attributes: Mapping[str, float] | None = None
    """Probability of each attribute (TOXICITY, THREAT, …), where the screener tells them apart."""
    decides: tuple[str, ...] = ()
    """The attributes of which any fails the text; none where `probability` alone decides."""

    @property
    def passed(self) -> bool:
        return self.label == "pass"


def threat_of(verdict: Verdict) -> float:
    """P(THREAT) of a verdict; 0 where its screener does not tell attributes apart."""
    return (verdict.attributes or {}).get("THREAT", 0.0)


def plain_values(answer: Any) -> dict[str, Any]:
    """A verdict, or a dataclass that holds verdicts, as a JSON object for others: without `decides`, which repeats the
    screener's policy in every answer."""
    return asdict(answer, dict_factory=lambda pairs: {name: value for name, value in pairs if name != "decides"})


class Screener(Protocol):
    """The follower of the game (the classifier that rewards): a list of texts in, as many verdicts out, in order.

    Any object with `name` and `screen` is one; nothing needs to be inherited (METHOD: c(y) ∈ {pass, fail}).

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
        """Name and version, as verdicts carry it."""

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. `sources` are the comments that `texts` rewrite; only some screeners read them."""


@runtime_checkable
class LockedScreener(Protocol):
    """A screener that several threads ask in turn, around the one that answers them."""

    def with_lock(self, ask: Callable[[Screener], T]) -> T:
        """What `ask` makes of the one that answers, while no other thread asks it anything."""
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
    """The failing verdict of highest P(fail); the first one where all pass."""
    return max((v for v in verdicts if not v.passed), key=lambda v: v.probability, default=verdicts[0])


class Similarity(Protocol):
    """Cosine similarity of paired texts."""

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        """[N] floats in [−1, 1]; raises ValueError where the lengths differ."""
        ...


class Fluency(Protocol):
    """How well texts are written, for choosing among candidates: `sro.screeners.lora.acceptability`, or any fluency
    judge of `sro.evaluation`."""

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        """[N] in [0, 1], higher is better."""


class Faithfulness(Protocol):
    """Whether a candidate still says what a comment says: `sro.screeners.faithfulness.critic`, or anybody's own."""

    @property
    def threshold(self) -> float:
        """Probability from which on the meaning counts as kept."""
        ...

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """[N] in [0, 1] of N (comment, candidate)."""
        ...


SUREST = 1e-9
"""Probabilities are kept this far from 0 and 1, where log-odds have no end."""


def log_odds(probabilities: Sequence[float] | np.ndarray, surest: float = SUREST) -> np.ndarray:
    """ln(p / (1 − p)), float64 of the same shape; `surest`: how far from 0 and 1 probabilities are kept."""
    p = np.clip(np.asarray(probabilities, dtype=np.float64), surest, 1 - surest)
    return np.asarray(np.log(p) - np.log1p(-p))


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """The probabilities of log-odds of any size, without overflow; float64 of the same shape."""
    return np.asarray(0.5 * (1.0 + np.tanh(log_odds / 2.0)))


def at_threshold(verdicts: Sequence[Verdict], threshold: float | None) -> list[Verdict]:
    """The verdicts at another threshold: a text fails if its P(fail) is at least this. None: as they are.

    Where several attributes decide, each by its own bar, it is one bar for all: P(fail) is then that of the highest.
    """
    return list(verdicts) if threshold is None else [_at_threshold(verdict, threshold) for verdict in verdicts]


def _at_threshold(verdict: Verdict, threshold: float) -> Verdict:
    known = verdict.attributes or {}
    probability = max((known[name] for name in verdict.decides), default=verdict.probability)
    return replace(verdict, label="fail" if probability >= threshold else "pass", probability=probability)


@dataclass(frozen=True)
class RuleScreener:
    """Passes a text with which `faults` finds nothing wrong, given its source; rules, so P(fail) is 0 or 1."""

    name: str
    faults: Callable[[str, str], Sequence[str]]

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`, or with a number of them other than of texts."""
        return [
            Verdict("fail", 1.0, self.name) if self.faults(text, source) else Verdict("pass", 0.0, self.name)
            for text, source in zip(texts, paired(self.name, texts, sources))
        ]


def paired(name: str, texts: Sequence[str], sources: Sequence[str] | None) -> Sequence[str]:
    """The sources, one a text. Raises SROError, in the name of a screener that compares, where they are not."""
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
    """Each (text, source) once, in the order of first appearance, and for each of `texts` its place among them.

    Args:
        sources: as many as texts; None: only the texts are told apart.

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
