"""What a rewrite needs: who writes it and who judges it."""

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
    """What `leader_knows_language` says by default: nobody can tell."""
    return None


@dataclass
class RewriterParts:
    """The parts of a `Rewriter`.

    Attributes:
        generator: the leader, on any engine.
        screener: the follower, whose verdict counts.
        similarity: cosine of rewrites with their sources, in [−1, 1].
        fits_leader: whether the leader can take a sentence; by default it can take any.
        fluency: part of `acceptance`, if that is set. Otherwise it chooses among acceptable candidates whose score is
            at least 0.8 of the best, if there are several (`sro.rewriting.candidates.tied_candidates`).
        phrases: candidates of a phrase table: `PhraseTable.variants`.
        faithfulness: reads a sentence and a candidate together, and says whether it still says what was said; it is
            asked about candidates that pass and are close enough by `similarity`. None: nobody is asked.
        acceptance: pools what critic, judge of fluency and screener say of a candidate, and decides in the critic's
            place whether it will do. None: the critic decides alone, and fluency only among equals.
        deletion_rules: candidates that only leave out: `sro.rewriting.deletions`. None: there are none.
        word_rules: candidates of rules that are told which words of a sentence the screener fails by themselves:
            `sro.rewriting.phrase_cuts`, `sro.rewriting.reframings`. The screener is asked about words only for these.
        foreign_rules: rules for sentences in languages that the leader does not know, and their only source of
            candidates: `sro.rewriting.foreign_candidates.rules_in`. None: they are refused.
        removes_swear_words: whether swearing in sentences that pass goes where their comment is rewritten anyway
            (`sro.rewriting.swear_words`); for screeners with the attribute PROFANITY, by rules alone.
        rewrite_threshold: P(fail) from which on a rewrite will not do, where none is named in the arguments of a call.
            None: what passes will do.
        min_similarity: cosine below which a rewrite is refused, where none is named in the arguments of a call.
        leader_trust: what the probability that a candidate will do is multiplied by for the leader's greedy and for
            its sampled candidates, beside 1 for those of rules.
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
    leader_trust: tuple[float, float] = (1.0, 1.0)

    def least_similarity(self, wanted: float | None) -> float:
        """The cosine below which a rewrite is refused, where the arguments of a call name this one or none."""
        return self.min_similarity if wanted is None else wanted

    def screen(
        self, texts: Sequence[str], threshold: float | None = None, sources: Sequence[str] | None = None
    ) -> list[Verdict]:
        """One verdict per comment: as a whole or by its worst sentence (`sro.screeners.sentencewise`)."""
        return screen_comments(self.screener, texts, threshold=threshold, sources=sources)
