"""What the leader tries for a sentence, which move is the best, and what will do: rules alone, no model.

A move will do if it passes the screener, keeps the meaning and has a shape. Where none of a round will do because the
screener refuses them all, the next round rewrites the best of them again: the follower's refinement of Stackelberg
learning (arXiv 2512.16626), y_i ~ ω(x, y_{i−1}). Meaning is always measured against the author's own sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol

from sro.comments.corpus import key
from sro.core.errors import SROError
from sro.screeners.loading import Verdict
from sro.screeners.rules.meaning import turns
from sro.screeners.rules.repetition import fault

if TYPE_CHECKING:
    import numpy as np

    from sro.leader.transformers_rollout import Paraphrase

Reason = Literal[
    "too_long",  # a sentence that fails does not fit the leader
    "still_fails",  # no move passes the screener
    "meaning_lost",  # moves pass, but by saying something else (`sro.screeners.rules.meaning`, or by cosine)
    "empty",  # moves pass and keep the meaning, but have neither letter nor digit,
    "unfinished",  # … break off,
    "repeating",  # … stutter,
    "copy",  # … have the sentence's own letters and digits: the screener has a hole there,
    "protected_lost",  # … or lack a link, mention, hashtag or code that stands in the sentence
    "protected_fails",  # the screener objects to nothing but such pieces, emoji or block quotes; nobody may alter them
]


class Fluency(Protocol):
    """How well texts are written, for choosing among moves: `sro.screeners.lora.acceptability`, or any fluency judge
    of
    `sro.evaluation`."""

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        """[N] in [0, 1], higher is better."""


@dataclass(frozen=True)
class RewriteArguments:
    """How hard to try, and when to refuse.

    The defaults are where `benchmarks/policy_curve.py` stops rising (docs/results/policy.md): of the tuning comments
    that the screener fails, 98 % of ParaDetox's and 88 % of Jigsaw's come out rewritten (without draws 97 and 86 %),
    at 2.9 and 3.6 tries a comment, drafts included. Refining pays where `samples` is small, and costs nothing where it
    is not needed. A bar of 0.6 instead of 0.5 gains .01 to .02 in similarity and costs 2 to 3 % of the rewrites; one
    of 0.7, 5 %.

    Raises:
        SROError: a value outside its range, with the range.
    """

    samples: int = field(default=4, metadata={"help": "N, moves drawn where the greedy one will not do; 0: none"})
    refine: int = field(
        default=1, metadata={"help": "further rounds from the best failing try while the screener refuses; 0: none"}
    )
    min_similarity: float = field(
        default=0.5, metadata={"help": "cosine with the comment below which a rewrite is refused, in [-1, 1]"}
    )
    threshold: float | None = field(
        default=None, metadata={"help": "P(fail) from which on a text fails, in (0, 1] (default: the screener's own)"}
    )
    temperature: float = field(default=0.8, metadata={"help": "of the moves that are drawn, > 0"})
    seed: int | None = field(
        default=0,
        metadata={"help": "of the moves that are drawn; None (in Python): others every time, and sooner"},
    )

    def __post_init__(self) -> None:
        _within("samples", self.samples, self.samples >= 0, "≥ 0")
        _within("refine", self.refine, self.refine >= 0, "≥ 0")
        _within("min_similarity", self.min_similarity, -1 <= self.min_similarity <= 1, "in [-1, 1]")
        _within("threshold", self.threshold, self.threshold is None or 0 < self.threshold <= 1, "in (0, 1]")
        _within("seed", self.seed, self.seed is None or self.seed >= 0, "≥ 0")
        _within("temperature", self.temperature, self.temperature > 0, "> 0 (the greedy move comes first anyway)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One move with what the follower and the sentence encoder say of it."""

    text: str
    verdict: Verdict
    similarity: float
    fault: Reason | None
    """What is wrong with its shape, if anything."""
    fluency: float = 0.0
    """In [0, 1]; 0 where it was not asked for."""

    @property
    def worth(self) -> float:
        """P(pass) · similarity: what there is of J without a judge of fluency."""
        return (1.0 - self.verdict.probability) * self.similarity

    def objection(self, min_similarity: float) -> Reason | None:
        """Why it will not do, if so: the screener's word first, then meaning, then shape."""
        if not self.verdict.passed:
            return "still_fails"
        return self.fault if self.similarity >= min_similarity else "meaning_lost"


def best(candidates: Iterable[Candidate], min_similarity: float) -> Candidate:
    """The best move: it passes, before it keeps the meaning, before it is well shaped.

    Among those that will do, the largest product of P(pass), similarity and fluency, as J is one (`sro.evaluation`);
    a fluency of 0 stands behind any other. Among those that fail, the least probable to. The first of equals, so the
    greedy move wins a tie.
    """

    def rank(candidate: Candidate) -> tuple[float, ...]:
        passed = candidate.verdict.passed
        return (
            passed,
            candidate.similarity >= min_similarity,
            candidate.fault is None,
            0.0 if passed else -candidate.verdict.probability,
            candidate.worth * candidate.fluency,
            candidate.worth,
        )

    return max(candidates, key=rank)


def contested(candidates: Sequence[Candidate], min_similarity: float) -> list[int]:
    """Which moves only their fluency can tell apart, by index: those that will do and are worth, to a tenth, the most.

    Empty where there is but one, or one text: nobody need be asked then.
    """
    fit = [i for i, candidate in enumerate(candidates) if candidate.objection(min_similarity) is None]
    most = max((candidates[i].worth for i in fit), default=0.0)
    tied = [i for i in fit if candidates[i].worth >= 0.9 * most]
    return tied if len({candidates[i].text for i in tied}) > 1 else []


def weigh(
    found: Sequence[list[Candidate]], sources: Sequence[str], fluency: Fluency | None, min_similarity: float
) -> None:
    """Ask how fluent the moves for each source are, where nothing else can tell the best."""
    tied = [(group, i) for group, candidates in enumerate(found) for i in contested(candidates, min_similarity)]
    if not (fluency and tied):
        return
    asked = fluency([found[group][i].text for group, i in tied], [sources[group] for group, _ in tied])
    for (group, i), fluent in zip(tied, asked.tolist()):
        found[group][i] = replace(found[group][i], fluency=fluent)


@dataclass
class Search:
    """The moves for one sentence.

    Attributes:
        sentence: as the author wrote it, readable.
        kept: what a move must hold as often as the sentence does.
        stem: what the leader rewrites next: the sentence, or its own last try.
        closed: whether another round would be in vain.
    """

    sentence: str
    min_similarity: float
    kept: tuple[str, ...] = ()
    stem: str = field(init=False)
    closed: bool = False
    moves: list[Candidate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stem = self.sentence

    @property
    def best(self) -> Candidate:
        return best(self.moves, self.min_similarity)

    @property
    def objection(self) -> Reason | None:
        """Why the best move will not do, if so."""
        return self.best.objection(self.min_similarity)

    @property
    def wanting(self) -> bool:
        """Whether another move is called for."""
        return not self.closed and not (self.moves and self.objection is None)

    def turn(self) -> None:
        """To the next round, from the best try: where that fails, but is a sentence of the same meaning and is new."""
        tried = self.best
        sound = tried.similarity >= self.min_similarity and tried.fault is None
        self.closed = tried.verdict.passed or not sound or tried.text == self.stem
        self.stem = tried.text


def shape_fault(move: Paraphrase, sentence: str, kept: Sequence[str] = ()) -> Reason | None:
    """What is wrong with a move that anyone can see without a screener, if anything.

    Its meaning is lost where it drops whom it is about, or praises where the author blames. A "not" more or less is
    nothing to refuse a move for: people write it too ("is shit" → "is not good").
    """
    if not key(move.text):
        return "empty"
    found: Reason | None = fault(move, sentence)
    if found is None and key(move.text) == key(sentence):
        found = "copy"
    lost = any(move.text.count(piece) != sentence.count(piece) for piece in kept)
    if found is None and lost:
        found = "protected_lost"
    if found is None and not {"praise", "subject"}.isdisjoint(turns(move.text, sentence)):
        found = "meaning_lost"
    return found


def dressed(text: str, source: str) -> str:
    """The rewrite with the source's capital and full stop, where its first letter is the same and its last is bare."""
    if text[:1] != source[:1] and text[:1].lower() == source[:1].lower():
        text = source[:1] + text[1:]
    return text + source[-1] if text[-1:].isalnum() and source[-1:] in (".", "!", "?", "…") else text


def at_threshold(verdicts: Sequence[Verdict], threshold: float | None) -> list[Verdict]:
    """The verdicts with another bar: a text fails from this P(fail) on. None: as they are."""
    if threshold is None:
        return list(verdicts)
    return [replace(v, label="fail" if v.probability >= threshold else "pass") for v in verdicts]


def _within(name: str, value: object, holds: bool, bounds: str) -> None:
    if not holds:
        raise SROError(f"{name}={value} must be {bounds}")
