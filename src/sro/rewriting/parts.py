"""The parts of a rewriter: the generator and the judges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sro.rewriting.acceptance import Acceptance
from sro.screeners.base import Faithfulness, Fluency, Screener, Similarity, Verdict
from sro.screeners.sentencewise import screen_comments

if TYPE_CHECKING:
    from sro.leader.generation import Generator


def _any(sentence: str) -> bool:
    return True


def any_language(text: str) -> bool | None:
    """The default of `leader_knows_language`: unknown."""
    return None


@dataclass
class RewriterParts:
    """The parts of a `Rewriter`.

    Attributes:
        generator: the leader, on any engine.
        screener: the follower, whose verdict counts.
        similarity: cosine of rewrites with their sources, in [−1, 1].
        fits_leader: whether the leader can take a sentence; by default it can take any sentence.
        fluency: part of `acceptance`, if that is set. Otherwise it chooses among acceptable candidates whose score is
            at least 0.8 of the best, if there are several (`sro.rewriting.candidates.tied_candidates`).
        phrases: candidates of a phrase table: `PhraseTable.variants`.
        faithfulness: reads a sentence and a candidate together, and returns whether the candidate still says the same;
            called for candidates that pass and are close enough by `similarity`. None: not checked.
        acceptance: combines the answers of critic, judge of fluency and screener about a candidate, and decides
            instead of the critic whether it is acceptable. None: the critic decides alone, and fluency only between
            equal candidates.
        deletion_rules: candidates that only delete words: `sro.rewriting.deletions`. None: there are none.
        word_rules: candidates of rules that are told which words of a sentence the screener fails by themselves:
            `sro.rewriting.phrase_cuts`, `sro.rewriting.reframings`. The screener is asked about words only for these
            rules.
        foreign_rules: rules for sentences in languages that the leader does not know, and the only source of
            candidates there: `sro.rewriting.foreign_candidates.rules_in`. None: such sentences are refused.
        removes_swear_words: whether swear words are removed from passing sentences if their comment is rewritten
            anyway (`sro.rewriting.swear_words`); for screeners with the attribute PROFANITY, by rules only.
        rewrite_threshold: P(fail) from which a rewrite is rejected, if the arguments of a call name none. None: every
            rewrite that passes is accepted.
        min_similarity: cosine below which a rewrite is refused, if the arguments of a call name none.
        leader_knows_language: whether it knows a text's language; None: too little text to tell, the default.
    """

    generator: Generator
    screener: Screener
    similarity: Similarity
    fits_leader: Callable[[str], bool] = field(default=_any)
    fluency: Fluency | None = None
    phrases: Callable[[str], Sequence[str]] | None = None
    faithfulness: Faithfulness | None = None
    acceptance: Acceptance | None = None
    deletion_rules: Callable[[str], Sequence[str]] | None = None
    word_rules: Sequence[Callable[[str, Collection[str]], Sequence[str]]] = ()
    foreign_rules: Callable[[str, str], Sequence[str]] | None = None
    leader_knows_language: Callable[[str], bool | None] = field(default=any_language)
    removes_swear_words: bool = False
    rewrite_threshold: float | None = None
    min_similarity: float = 0.5

    def least_similarity(self, wanted: float | None) -> float:
        """The cosine below which a rewrite is refused: `wanted` from the arguments of a call, else the default."""
        return self.min_similarity if wanted is None else wanted

    def screen(
        self, texts: Sequence[str], threshold: float | None = None, sources: Sequence[str] | None = None
    ) -> list[Verdict]:
        """One verdict per comment: as a whole or by its worst sentence (`sro.screeners.sentencewise`)."""
        return screen_comments(self.screener, texts, threshold=threshold, sources=sources)
