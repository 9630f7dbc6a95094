"""What is tried for sentences that fail, round by round, until each has a move that will do: the leader's greedy move
and drafts of a phrase table, then moves drawn, then the same again from the best try (`sro.rewriting.candidates`).

The table makes idiom civil that a small leader does not know ("not give a shit"), and keeps closer to the sentence;
the leader knows what the table has no phrase for. Which of them wins is told by `sro.rewriting.candidates.best`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sro.leader.generation import async_generator
from sro.rewriting.candidates import Candidate, find_fault, restore_capital_and_stop, score_fluency_of_ties
from sro.rewriting.config import RewriteArguments
from sro.rewriting.state import Search
from sro.screeners.base import Fluency

if TYPE_CHECKING:
    from sro.leader.generation import Completion, Generator, PendingGeneration, Sampling
    from sro.screeners.base import Similarity, Verdict


@dataclass(frozen=True)
class CandidateSearch:
    """Who tries, and who judges; see `sro.rewriting.rewriter.Rewriter` for the parts."""

    generator: Generator
    screen: Callable[[Sequence[str], Sequence[str]], list[Verdict]]
    similarity: Similarity
    fits: Callable[[str], bool]
    fluency: Fluency | None
    phrases: Callable[[str], Sequence[str]] | None
    arguments: RewriteArguments

    def search(self, searches: Sequence[Search]) -> None:
        """Rounds until each sentence has a move that will do, or none is left.

        The first draws for a lone sentence begin beside its greedy move, and are cancelled as soon as anything passes.
        """
        wanted = self.arguments
        ahead = None
        spare = async_generator(self.generator)
        if spare and len(searches) == 1 and wanted.samples and wanted.seed is None:
            ahead = spare.generate_async([searches[0].prompt_text], *self._sampling_arguments(drawn=True))
        self._add_candidates(searches, self._drafted(searches, self._generate(searches, drawn=False)), ahead)
        for turn in range(1 + wanted.refine):
            if turn:
                for search in self._unsolved(searches):
                    search.start_next_round()
                self._add_candidates(wanting := self._unsolved(searches), self._generate(wanting, drawn=False))
            if (wanting := self._unsolved(searches)) and wanted.samples:
                begun = ahead if ahead and not (turn or ahead.cancelled) else None
                self._add_candidates(wanting, begun.result() if begun else self._generate(wanting, drawn=True))

    def _unsolved(self, searches: Sequence[Search]) -> list[Search]:
        return [search for search in searches if search.needs_another_round and self.fits(search.prompt_text)]

    def _generate(self, searches: Sequence[Search], drawn: bool) -> list[list[Completion]]:
        return (
            self.generator.generate([search.prompt_text for search in searches], *self._sampling_arguments(drawn))
            if searches
            else []
        )

    def _sampling_arguments(self, drawn: bool) -> tuple[int, Sampling, int | None]:
        """How many moves of the leader, drawn how, by which seed."""
        from sro.leader.generation import Sampling  # brings torch, which a command line can be read without

        # As long as its comment's length allows: the limit of `Sampling` is the trainer's, for rollouts of equal cost.
        temperature = self.arguments.temperature if drawn else 0.0
        sampling = Sampling(temperature=temperature, max_new_tokens=10_000, avoid_loops=True)
        return self.arguments.samples if drawn else 1, sampling, self.arguments.seed

    def _drafted(self, searches: Sequence[Search], played: Sequence[Sequence[Completion]]) -> list[list[Completion]]:
        """The moves, and behind them the drafts of the phrase table."""
        from sro.leader.generation import Completion

        drafts = [self.phrases(search.sentence) if self.phrases else () for search in searches]
        return [[*moves, *(Completion(text, [], True) for text in some)] for moves, some in zip(played, drafts)]

    def _add_candidates(
        self,
        searches: Sequence[Search],
        played: Sequence[Sequence[Completion]],
        ahead: PendingGeneration | None = None,
    ) -> None:
        """Moves for each search, screened and compared with the author's own sentence."""
        owners = [search for search, moves in zip(searches, played) for _ in moves]
        moves = [move for some in played for move in some]
        texts = [restore_capital_and_stop(move.text, search.sentence) for search, move in zip(owners, moves)]
        sources = [search.sentence for search in owners]
        verdicts = self.screen(texts, sources) if texts else []
        if ahead and any(verdict.passed for verdict in verdicts):
            ahead.cancel()  # now, for what follows wants its processor
        cosines: Any = self.similarity.similarity(texts, sources) if texts else []
        for search, move, text, verdict, cosine in zip(owners, moves, texts, verdicts, cosines):
            fault = find_fault(move, search.sentence, search.kept)
            search.moves.append(Candidate(text, verdict, float(cosine), fault))
        # A search with a move that will do is over: moves that were weighed never stand beside some that were not.
        score_fluency_of_ties(
            [search.moves for search in searches],
            [search.sentence for search in searches],
            self.fluency,
            self.arguments.min_similarity,
        )
