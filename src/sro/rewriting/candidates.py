"""Candidates for a sentence, which of them is the best, and which are acceptable: rules only, no model.

One is acceptable if it passes the screener, keeps the meaning and is well formed. If no candidate of a round is
acceptable because all fail the screener, the next round rewrites the best of them again: the follower's refinement of
Stackelberg learning (arXiv 2512.16626), y_i ~ ω(x, y_{i−1}). Meaning is always compared with the author's own
sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sro.comments.sentences import without
from sro.rewriting.disguise import keeps_disguise
from sro.rewriting.quoted_words import loses_named_word, named_pieces
from sro.rewriting.result import Reason
from sro.screeners.base import Fluency, Verdict
from sro.screeners.rules.rewrite_faults import RewriteFault, rewrite_faults


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible rewrite, with what the follower and the sentence encoder say about it."""

    text: str
    verdict: Verdict
    similarity: float
    fault: Reason | None
    """The fault of its form, if there is one."""
    fluency: float = 0.0
    """In [0, 1]; 0 if it was not scored."""
    faithfulness: float = 1.0
    """Probability in [0, 1] that a reader takes it for the rewrite: from the critic, or from critic, fluency and
    screener together; 1 if no critic was asked."""

    @property
    def score(self) -> float:
        """P(pass) · similarity · faithfulness: J without the judge of fluency."""
        return (1.0 - self.verdict.probability) * self.similarity * self.faithfulness

    def objection(self, min_similarity: float) -> Reason | None:
        """Why it is not acceptable, if so: the screener's verdict first, then meaning, then form."""
        if not self.verdict.passed:
            return "still_fails"
        return self.fault if self.similarity >= min_similarity else "meaning_lost"


def best(candidates: Iterable[Candidate], min_similarity: float) -> Candidate:
    """The best candidate: passing counts first, then meaning, then form.

    Among acceptable ones, the one with the largest product of `Candidate.score` and fluency wins, because J is a
    product too (`sro.evaluation`); a fluency of 0 ranks last. Among failing ones, the one with the lowest P(fail)
    wins. Of equal ones the first wins, so a rule's candidate wins a tie with the leader's.
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
    """Indices of the candidates among which fluency decides: acceptable ones with at least 0.8 of the best score.

    Empty if these have only one text, because there is nothing to decide.
    """
    fit = [i for i, candidate in enumerate(candidates) if candidate.objection(min_similarity) is None]
    most = max((candidates[i].score for i in fit), default=0.0)
    tied = [i for i in fit if candidates[i].score >= 0.8 * most]
    return tied if len({candidates[i].text for i in tied}) > 1 else []


def score_fluency_of_ties(
    found: Sequence[list[Candidate]], sources: Sequence[str], fluency: Fluency | None, min_similarity: float
) -> None:
    """Score the fluency of the candidates for each source, if nothing else can decide which is the best.

    Scores of an earlier round are reset, because an old fluency would win against a better candidate without a score.
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
"""Faults for which a rewrite is refused; the first in this order counts. An added or missing "not" is no reason,
because people do this too ("is shit" → "is not good"); a training run may count it as a fault (`keep_meaning`)."""


def find_fault(
    text: str, sentence: str, *, finished: bool = True, kept: Sequence[str] = (), disguised: bool = False
) -> Reason | None:
    """Find a fault of a rewritten sentence that can be seen without a screener.

    Args:
        sentence: what was rewritten, with its disguises undone (`sro.rewriting.disguise`).
        finished: whether the generator ended the rewrite itself, and not a length limit.
        kept: pieces that the rewrite must hold as often as the sentence does.
        disguised: whether the author's own spelling was a disguise; then the rewrite may keep nothing of it.
    """
    faults = rewrite_faults(text, sentence, finished=finished)
    reason = next((REASONS[name] for name in REASONS if name in faults), None)
    if reason in ("empty", "unfinished", "copy", "repeating", "malformed"):
        return reason
    if disguised and keeps_disguise(without(text, (*kept, *named_pieces(sentence))), sentence):
        return "disguised"
    if loses_named_word(text, sentence):
        return "meaning_lost"
    # A piece that is not in the readable sentence (as within a right-to-left override) cannot be checked.
    if any(piece not in sentence or text.count(piece) != sentence.count(piece) for piece in kept):
        return "protected_lost"
    return reason


def restore_capital_and_stop(text: str, source: str) -> str:
    """Give the rewrite the capital of the source if the first letter is the same, and its end mark if it has none."""
    if text[:1] != source[:1] and text[:1].lower() == source[:1].lower():
        text = source[:1] + text[1:]
    return text + source[-1] if text[-1:].isalnum() and source[-1:] in (".", "!", "?", "…") else text
