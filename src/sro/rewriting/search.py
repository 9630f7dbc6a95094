"""What is tried for sentences that fail, round by round, until each has a candidate that will do: those of rules,
which leave out or replace phrases, the leader's greedy one, then sampled ones, then the same again from the best
failing one.

The table makes idiom civil that a small leader does not know ("not give a shit"), and keeps closer to the sentence;
the leader knows what the table has no phrase for. Which of them wins is decided by `sro.rewriting.candidates.best`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sro.leader.generation import NoRewrite, RevisingGenerator, Sampling, async_generator
from sro.rewriting.candidates import Candidate, find_fault, restore_capital_and_stop, score_fluency_of_ties
from sro.rewriting.config import RewriteArguments
from sro.rewriting.objections import raised_objections
from sro.rewriting.parts import RewriterParts
from sro.rewriting.result import Reason
from sro.rewriting.rule_candidates import foreign_rule_candidates, rule_candidates
from sro.rewriting.state import Search
from sro.screeners.base import Verdict, at_threshold, threat_of

if TYPE_CHECKING:
    from sro.leader.generation import Completion, PendingGeneration


REASON_FOR_NO_REWRITE: dict[NoRewrite, Reason] = {
    "declined": "declined",
    "no_answer": "no_answer",
    "obeyed": "meaning_lost",
}
"""What a sentence without a candidate is refused for, by what the leader answered instead of one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate that nobody has judged yet, or the lack of one."""

    text: str
    finished: bool = True
    problem: NoRewrite | None = None
    trust: float = 1.0


@dataclass(frozen=True)
class CandidateSearch:
    """Who writes the candidates and who judges them, and how many there may be."""

    parts: RewriterParts
    arguments: RewriteArguments

    def search(self, searches: Sequence[Search]) -> None:
        """Rounds until each sentence has a candidate that will do, or no round is left.

        Where a critic reads, the leader is asked only if no candidate of the rules will surely do: of equally good
        ones readers prefer those of rules, which take a tenth of its time. Sampling for a lone sentence begins beside
        its greedy candidate, where the generator can generate in the background and no seed is named. It is cancelled
        as soon as anything passes.
        """
        wanted = self.arguments
        self.try_rules(searches)
        left = self._doubtful(searches) if self.parts.faithfulness else searches
        ahead = None
        spare = async_generator(self.parts.generator)
        if spare and len(left) == 1 and self._doubtful(left) and wanted.samples and wanted.seed is None:
            ahead = spare.generate_async([left[0].prompt_text], *self._sampling_arguments(sampled=True))
        self._add_candidates(left, self._generate(left, sampled=False), ahead)
        self._refine_by_rules(self._doubtful(left))
        self._sample(self._doubtful(searches), ahead)
        for _ in range(wanted.refine):
            self._start_next_round(self._unsolved(searches))
            unsolved = self._unsolved(searches)
            self._add_candidates(unsolved, self._generate(unsolved, sampled=False))
            self._sample(self._unsolved(searches))

    def _sample(self, searches: Sequence[Search], ahead: PendingGeneration | None = None) -> None:
        """Add sampled candidates; those of `ahead`, which was begun before, unless it was cancelled."""
        if ahead and not searches:
            ahead.cancel()
        if searches and self.arguments.samples:
            if ahead and not ahead.cancelled:
                proposals = _proposals(ahead.result(), self.parts.leader_trust[True])
            else:
                proposals = self._generate(searches, sampled=True)
            self._add_candidates(searches, proposals)

    def try_rules(self, searches: Sequence[Search]) -> None:
        """Add the rules' candidates, then apply the rules to those of them that fail."""
        ruled = rule_candidates(self.parts, [(search.sentence, search.kept) for search in searches])
        self._add_candidates(searches, [list(map(Proposal, texts)) for texts in ruled])
        self._refine_by_rules(self._doubtful(searches))

    def rewrite_foreign(self, searches: Sequence[Search], comment: str) -> Reason | None:
        """Add the rules' candidates for sentences in a language that the leader does not know; returns why that will
        not do, or None where every sentence has an acceptable one.

        The critic and the judge of fluency are not asked: they read English, and the critic refuses most civil
        candidates in other languages. So a sentence is a threat sooner than in English, and also if only a candidate
        shows it, without the insult that the screener heard first.
        """
        if not searches:
            return None
        if self._threaten(self.parts.screen([search.sentence for search in searches])):
            return "threat"
        texts = foreign_rule_candidates(self.parts, [(search.sentence, search.kept) for search in searches], comment)
        if not all(texts):
            return "language"
        judged = replace(self, parts=replace(self.parts, fluency=None, faithfulness=None))
        judged._add_candidates(searches, [[Proposal(text) for text in some] for some in texts])
        if self._threaten(one.verdict for search in searches for one in search.candidates):
            return "threat"
        return None if all(search.objection is None for search in searches) else "language"

    def _threaten(self, verdicts: Iterable[Verdict]) -> bool:
        """Whether any of these verdicts on sentences that no critic reads is a threat's."""
        most = self.arguments.max_threat
        return most < 1 and any(threat_of(one) > min(most, UNREAD_THREAT) for one in verdicts)

    def _doubtful(self, searches: Sequence[Search]) -> list[Search]:
        """Those without a candidate that will surely do."""
        return [search for search in searches if not search.is_sure and self.parts.fits_leader(search.prompt_text)]

    def _unsolved(self, searches: Sequence[Search]) -> list[Search]:
        return [
            search for search in searches if search.needs_another_round and self.parts.fits_leader(search.prompt_text)
        ]

    def _generate(self, searches: Sequence[Search], sampled: bool) -> list[list[Proposal]]:
        if not searches:
            return []
        arguments, generator = self._sampling_arguments(sampled), self.parts.generator
        trust = self.parts.leader_trust[sampled]
        objections = [search.feedback for search in searches if search.feedback]
        if isinstance(generator, RevisingGenerator) and objections:  # then all of this round have one
            return _proposals(generator.revise(objections, *arguments), trust)
        return _proposals(generator.generate([search.prompt_text for search in searches], *arguments), trust)

    def _start_next_round(self, searches: Sequence[Search]) -> None:
        """From the best try; a leader that reads objections is told which words are blamed for what."""
        if not isinstance(self.parts.generator, RevisingGenerator):
            for search in searches:
                search.start_next_round()
            return
        for search, objection in zip(searches, raised_objections(self.parts.screener, searches)):
            search.start_explained_round(objection)

    def _sampling_arguments(self, sampled: bool) -> tuple[int, Sampling, int | None]:
        """How many candidates of the leader for each sentence, sampled how, by which seed."""
        # As long as its comment's length allows: the limit of `Sampling` is the trainer's, for rollouts of equal cost.
        temperature = self.arguments.temperature if sampled else 0.0
        sampling = Sampling(temperature=temperature, max_new_tokens=10_000, avoid_loops=True)
        return self.arguments.samples if sampled else 1, sampling, self.arguments.seed

    def _refine_by_rules(self, searches: Sequence[Search]) -> None:
        """Apply the rules to the best candidates that only the screener objects to: one rule may have left out the
        address, and another one may know the phrase. A text that the rules were given, or made, is not given again."""
        tries = [_failing_tries(search) for search in searches]
        asked = [(text, search.kept) for search, some in zip(searches, tries) for text in some]
        ruled = iter(rule_candidates(self.parts, asked))
        proposals: list[list[Proposal]] = []
        for search, some in zip(searches, tries):
            known = {one.text for one in search.candidates}
            texts = dict.fromkeys(text for _ in some for text in next(ruled))
            search.refined |= {*some, *texts}
            proposals.append([Proposal(text) for text in texts if text not in known])
        self._add_candidates(searches, proposals)

    def _add_candidates(
        self,
        searches: Sequence[Search],
        proposals: Sequence[Sequence[Proposal]],
        ahead: PendingGeneration | None = None,
    ) -> None:
        """Candidates for each search, screened and compared with the author's own sentence."""
        for search, some in zip(searches, proposals):
            search.no_rewrite_reason = next(
                (REASON_FOR_NO_REWRITE[proposal.problem] for proposal in some if proposal.problem),
                search.no_rewrite_reason,
            )
        pairs = [
            (search, proposal)
            for search, some in zip(searches, proposals)
            for proposal in some
            if not proposal.problem
        ]
        if not pairs:
            return
        texts = [restore_capital_and_stop(proposal.text, search.sentence) for search, proposal in pairs]
        sources = [search.sentence for search, _ in pairs]
        verdicts = self._clear_enough(self.parts.screen(texts, self.arguments.threshold, sources))
        if ahead and any(verdict.passed for verdict in verdicts):
            ahead.cancel()  # now, for what follows wants its processor
        cosines = np.asarray(self.parts.similarity.similarity(texts, sources))
        made = []
        for (search, proposal), text, verdict, cosine in zip(pairs, texts, verdicts, cosines.tolist()):
            fault = find_fault(
                text, search.sentence, finished=proposal.finished, kept=search.kept, disguised=search.disguised
            )
            made.append(Candidate(text, verdict, cosine, fault))
        trust = [proposal.trust for _, proposal in pairs]
        for (search, _), candidate in zip(pairs, self._read_meaning(sources, made, trust)):
            search.candidates.append(candidate)
        score_fluency_of_ties(
            [search.candidates for search in searches],
            [search.sentence for search in searches],
            None if self.parts.acceptance else self.parts.fluency,  # there it has had its say
            self._least_similarity,
        )

    @property
    def _least_similarity(self) -> float:
        return self.parts.least_similarity(self.arguments.min_similarity)

    def _clear_enough(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The verdicts on rewrites, which have to pass more clearly than a comment that its author wrote so."""
        bar = self.arguments.rewrite_threshold or self.parts.rewrite_threshold
        if bar is None:
            return list(verdicts)
        strict = at_threshold(verdicts, bar)
        return [one if clear.passed else replace(one, label="fail") for one, clear in zip(verdicts, strict)]

    def _read_meaning(
        self, sources: Sequence[str], candidates: Sequence[Candidate], trust: Sequence[float]
    ) -> list[Candidate]:
        """The candidates with what the critic, or the pool with it, says of those that nobody else objects to."""
        read = list(candidates)
        critic, bar = self.parts.faithfulness, self._least_similarity
        asked = [i for i, one in enumerate(candidates) if one.objection(bar) is None] if critic else []
        if critic and asked:
            kept = critic.probabilities([around_the_change(sources[i], candidates[i].text) for i in asked])
            least, sure = critic.threshold, SURE
            if pool := self.parts.acceptance:
                before, texts = [sources[i] for i in asked], [candidates[i].text for i in asked]
                kept = pool.probabilities(kept, [candidates[i].verdict.probability for i in asked], before, texts)
                least, sure = pool.threshold, pool.sure
            for i, worth in zip(asked, (kept * [trust[i] for i in asked]).tolist()):
                fault: Reason | None = None if worth >= least else "meaning_lost"
                read[i] = replace(candidates[i], faithfulness=worth, fault=fault, doubted=worth < sure)
        return read


UNREAD_THREAT = 0.3
"""P(THREAT) above which a sentence that no critic reads is refused: some .31 is where the encoder screener itself says
that a threat is there, and it is the less sure of one the less it knows the language."""

SURE = 0.45
"""The critic's probability from which on readers found three of four rewrites fit to show; of those that it lets pass
below, half (docs/research/lab-notes.md). Below it more moves are drawn."""

TRIES = 4
"""How many failing tries for a sentence the rules are asked about at a time."""


def _failing_tries(search: Search) -> list[str]:
    """The candidates that only the screener objects to, the least probable to fail first; none that rules have had."""
    failing = [one for one in search.candidates if not (one.verdict.passed or one.fault or one.text in search.refined)]
    near = [one for one in failing if one.similarity >= search.min_similarity]
    near.sort(key=lambda one: one.verdict.probability)
    return list(dict.fromkeys(one.text for one in near))[:TRIES]


def _proposals(completions: Sequence[Sequence[Completion]], trust: float) -> list[list[Proposal]]:
    return [[Proposal(one.text, one.finished, one.problem, trust) for one in some] for some in completions]


SURROUNDINGS = 10
"""Words before and behind a change that are read with it. The critic learnt sentences of some twenty words."""


def around_the_change(source: str, text: str) -> tuple[str, str]:
    """Sentence and candidate without the words that both begin or end with, but for `SURROUNDINGS` of them.

    >>> around_the_change("a " * 20 + "fool left", "a " * 20 + "man left")
    ('a a a a a a a a a a fool left', 'a a a a a a a a a a man left')
    """
    before, after = source.split(), text.split()
    shorter = min(len(before), len(after))
    same = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    ends = next((at for at in range(shorter - same) if before[-1 - at] != after[-1 - at]), shorter - same)
    first, last = max(0, same - SURROUNDINGS), max(0, ends - SURROUNDINGS)
    if not (first or last):
        return source, text
    return " ".join(before[first : len(before) - last]), " ".join(after[first : len(after) - last])
