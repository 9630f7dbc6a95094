"""What the leader tries for a sentence, which move is the best, and what will do: rules alone, no model.

A move will do if it passes the screener, keeps the meaning and has a shape. Where none of a round will do because the
screener refuses them all, the next round rewrites the best of them again: the follower's refinement of Stackelberg
learning (arXiv 2512.16626), y_i ~ ω(x, y_{i−1}). Meaning is always measured against the author's own sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sro.rewriting.disguise import keeps_disguise
from sro.rewriting.result import Reason
from sro.screeners.base import Fluency, Verdict
from sro.screeners.rules.rewrite_faults import RewriteFault, rewrite_faults


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
    faithfulness: float = 1.0
    """How probable it is that a reader takes it for the rewrite, in [0, 1]: to the critic, or to the pool of critic,
    fluency and screener, less for the leader's (`RewriterParts.leader_trust`); 1 where nobody was asked."""
    doubted: bool = False
    """Whether it will do and a better one is looked for all the same."""

    @property
    def score(self) -> float:
        """P(pass) · similarity · faithfulness: what there is of J without a judge of fluency."""
        return (1.0 - self.verdict.probability) * self.similarity * self.faithfulness

    def objection(self, min_similarity: float) -> Reason | None:
        """Why it will not do, if so: the screener's word first, then meaning, then shape."""
        if not self.verdict.passed:
            return "still_fails"
        return self.fault if self.similarity >= min_similarity else "meaning_lost"


def best(candidates: Iterable[Candidate], min_similarity: float) -> Candidate:
    """The best move: it passes, before it keeps the meaning, before it is well shaped.

    Among those that will do, the largest product of `Candidate.score` and fluency, as J is one (`sro.evaluation`);
    a fluency of 0 stands behind any other. Among those that fail, the least probable to. The first of equals, so a
    rule's wins a tie with the leader's.
    """

    def rank(candidate: Candidate) -> tuple[float, ...]:
        passed = candidate.verdict.passed
        return (
            passed,
            candidate.similarity >= min_similarity,
            candidate.fault is None,
            0.0 if passed else -candidate.verdict.probability,
            candidate.score * candidate.fluency,
            candidate.score,
        )

    return max(candidates, key=rank)


def tied_candidates(candidates: Sequence[Candidate], min_similarity: float) -> list[int]:
    """Which moves only their fluency can tell apart, by index: those that will do and are worth, to a fifth, the most.

    Empty where there is but one, or one text: nobody need be asked then.
    """
    fit = [i for i, candidate in enumerate(candidates) if candidate.objection(min_similarity) is None]
    most = max((candidates[i].score for i in fit), default=0.0)
    tied = [i for i in fit if candidates[i].score >= 0.8 * most]
    return tied if len({candidates[i].text for i in tied}) > 1 else []


def score_fluency_of_ties(
    found: Sequence[list[Candidate]], sources: Sequence[str], fluency: Fluency | None, min_similarity: float
) -> None:
    """Ask how fluent the moves for each source are, where nothing else can tell the best.

    What an earlier round was told is forgotten: a fluency beside a better move that nobody was asked about would win.
    """
    for candidates in found:
        candidates[:] = [replace(one, fluency=0.0) if one.fluency else one for one in candidates]
    tied = [(group, i) for group, candidates in enumerate(found) for i in tied_candidates(candidates, min_similarity)]
    if not (fluency and tied):
        return
    asked = fluency([found[group][i].text for group, i in tied], [sources[group] for group, _ in tied])
    for (group, i), fluent in zip(tied, asked.tolist()):
        found[group][i] = replace(found[group][i], fluency=fluent)


REASONS: dict[RewriteFault, Reason] = {
    "empty": "empty",
    "unfinished": "unfinished",
    "copy": "copy",
    "repetition": "repeating",
    **dict.fromkeys(("length", "punctuation", "hole", "hollow"), "malformed"),
    **dict.fromkeys(("praise", "subject", "person"), "meaning_lost"),
}
"""What a rewrite is refused for, the first of this order. A "not" more or less is no reason, for people write it too
("is shit" → "is not good"); a run of training may mind it (`keep_meaning`)."""


def find_fault(
    text: str, sentence: str, *, finished: bool = True, kept: Sequence[str] = (), disguised: bool = False
) -> Reason | None:
    """What is wrong with a rewrite of a sentence that can be seen without a screener, if anything.

    Args:
        sentence: what was rewritten, with its disguises undone (`sro.rewriting.disguise`).
        finished: whether the rewrite was ended by its writer, and not by a limit of length.
        kept: pieces that the rewrite must hold as often as the sentence does.
        disguised: whether the author's own spelling was a disguise, of which nothing may stay.
    """
    faults = rewrite_faults(text, sentence, finished=finished)
    reason = next((REASONS[name] for name in REASONS if name in faults), None)
    if reason in ("empty", "unfinished", "copy", "repeating", "malformed"):
        return reason
    if disguised and keeps_disguise(text, sentence):
        return "disguised"
    # One that is not in the sentence as it is read (as within a right-to-left override) cannot be watched over.
    if any(piece not in sentence or text.count(piece) != sentence.count(piece) for piece in kept):
        return "protected_lost"
    return reason


def restore_capital_and_stop(text: str, source: str) -> str:
    """The rewrite with the source's capital and full stop, where its first letter is the same and its last is bare."""
    if text[:1] != source[:1] and text[:1].lower() == source[:1].lower():
        text = source[:1] + text[1:]
    return text + source[-1] if text[-1:].isalnum() and source[-1:] in (".", "!", "?", "…") else text
