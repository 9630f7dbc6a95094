"""Search candidates for failing sentences in rounds, until each sentence has an acceptable one: first candidates of
rules, which delete or replace phrases, then the leader's greedy one, then sampled ones, then the same again from the
best failing one.

The phrase table makes idioms civil that a small leader does not know ("not give a shit"), and stays closer to the
sentence; the leader can rewrite what is not in the table. `sro.rewriting.candidates.best` decides which one wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sro.leader.generation import NoRewrite, RevisingGenerator, Sampling, async_generator
from sro.rewriting.acceptance import GoodEnough
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
"""The reason for refusing a sentence without a candidate, by what the leader answered instead of one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate that has not been judged yet, or the lack of one."""

    text: str
    finished: bool = True
    problem: NoRewrite | None = None


@dataclass(frozen=True)
class CandidateSearch:
    """The generator and judges of candidates, and the settings of the search."""

    parts: RewriterParts
    arguments: RewriteArguments

    def search(self, searches: Sequence[Search]) -> None:
        """Run rounds until each sentence has an acceptable candidate, or no round is left.

        If there is a critic, the leader is only used if no candidate of the rules is clearly good: rules take a tenth
        of the leader's time, and of candidates that are this good readers accept as many of theirs. It samples only if
        its greedy candidate is not good enough either. For a single sentence, sampling begins together with its greedy
        candidate, if the generator can work in the background and no seed is given. Sampling is cancelled as soon as
        any candidate passes.
        """
        wanted = self.arguments
        self.try_rules(searches)
        enough, enough_of_rules = self._enough
        left = self._worse_than(enough_of_rules, searches) if self.parts.faithfulness else searches
        ahead = None
        spare = async_generator(self.parts.generator)
        if spare and len(left) == 1 and self._worse_than(enough, left) and wanted.samples and wanted.seed is None:
            ahead = spare.generate_async([left[0].prompt_text], *self._sampling_arguments(sampled=True))
        self._add_candidates(left, self._generate(left, sampled=False), ahead)
        self._refine_by_rules(self._worse_than(enough, left))
        self._sample(self._worse_than(enough, searches), ahead)
        for _ in range(wanted.refine):
            self._start_next_round(self._unsolved(searches))
            unsolved = self._unsolved(searches)
            self._add_candidates(unsolved, self._generate(unsolved, sampled=False))
            self._sample(self._unsolved(searches))

    def _sample(self, searches: Sequence[Search], ahead: PendingGeneration | None = None) -> None:
        """Add sampled candidates; those of `ahead`, which was started before, unless it was cancelled."""
        if ahead and not searches:
            ahead.cancel()
        if searches and self.arguments.samples:
            if ahead and not ahead.cancelled:
                proposals = _proposals(ahead.result())
            else:
                proposals = self._generate(searches, sampled=True)
            self._add_candidates(searches, proposals)

    def try_rules(self, searches: Sequence[Search]) -> None:
        """Add the rules' candidates, then apply the rules to the failing ones among them."""
        ruled = rule_candidates(self.parts, [(search.sentence, search.kept) for search in searches])
        self._add_candidates(searches, [list(map(Proposal, texts)) for texts in ruled])
        self._refine_by_rules(self._worse_than(self._enough.of_any, searches))

    def rewrite_foreign(self, searches: Sequence[Search], comment: str) -> Reason | None:
        """Add the rules' candidates for sentences in a language that the leader does not know; return the reason for a
        refusal, or None if every sentence has an acceptable one.

        The critic and the judge of fluency are not used: they read English, and the critic rejects most civil
        candidates in other languages. So the threshold for a threat is lower than in English, and a candidate is
        checked for a threat too, because the threat may show only without the insult that the screener found first.
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
        """Whether any of these verdicts, on sentences that no critic reads, shows a threat."""
        most = self.arguments.max_threat
        return most < 1 and any(threat_of(one) > min(most, UNREAD_THREAT) for one in verdicts)

    @property
    def _enough(self) -> GoodEnough:
        return self.parts.acceptance.enough if self.parts.acceptance else ENOUGH_FOR_CRITIC

    def _worse_than(self, enough: float, searches: Sequence[Search]) -> list[Search]:
        """Searches without an acceptable candidate of at least this probability."""
        return [one for one in searches if one.probability < enough and self.parts.fits_leader(one.prompt_text)]

    def _unsolved(self, searches: Sequence[Search]) -> list[Search]:
        return [
            search for search in searches if search.needs_another_round and self.parts.fits_leader(search.prompt_text)
        ]

    def _generate(self, searches: Sequence[Search], sampled: bool) -> list[list[Proposal]]:
        if not searches:
            return []
        arguments, generator = self._sampling_arguments(sampled), self.parts.generator
        objections = [search.feedback for search in searches if search.feedback]
        if isinstance(generator, RevisingGenerator) and objections:  # then all of this round have one
            return _proposals(generator.revise(objections, *arguments))
        return _proposals(generator.generate([search.prompt_text for search in searches], *arguments))

    def _start_next_round(self, searches: Sequence[Search]) -> None:
        """Start from the best candidate; a leader that reads objections is told which words are blamed for what."""
        if not isinstance(self.parts.generator, RevisingGenerator):
            for search in searches:
                search.start_next_round()
            return
        for search, objection in zip(searches, raised_objections(self.parts.screener, searches)):
            search.start_explained_round(objection)

    def _sampling_arguments(self, sampled: bool) -> tuple[int, Sampling, int | None]:
        """Number of the leader's candidates per sentence, the sampling settings and the seed."""
        # The comment's length is the limit; that of `Sampling` is for training, where rollouts should cost the same.
        temperature = self.arguments.temperature if sampled else 0.0
        sampling = Sampling(temperature=temperature, max_new_tokens=10_000, avoid_loops=True)
        return self.arguments.samples if sampled else 1, sampling, self.arguments.seed

    def _refine_by_rules(self, searches: Sequence[Search]) -> None:
        """Apply the rules to the best candidates that fail only the screener: one rule may have deleted the address,
        and another one may know the phrase. The rules get no text twice, and none that they made."""
        failing = [_best_failing(search) for search in searches]
        asked = [(text, search.kept) for search, some in zip(searches, failing) for text in some]
        ruled = iter(rule_candidates(self.parts, asked))
        proposals: list[list[Proposal]] = []
        for search, some in zip(searches, failing):
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
        """Screen the candidates of each search, compare them with the author's own sentence, and add them."""
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
            ahead.cancel()  # now, because the next steps need its processor
        cosines = np.asarray(self.parts.similarity.similarity(texts, sources))
        made = []
        for (search, proposal), text, verdict, cosine in zip(pairs, texts, verdicts, cosines.tolist()):
            fault = find_fault(
                text, search.sentence, finished=proposal.finished, kept=search.kept, disguised=search.disguised
            )
            made.append(Candidate(text, verdict, cosine, fault))
        for (search, _), candidate in zip(pairs, self._read_meaning(sources, made)):
            search.candidates.append(candidate)
        score_fluency_of_ties(
            [search.candidates for search in searches],
            [search.sentence for search in searches],
            None if self.parts.acceptance else self.parts.fluency,  # the acceptance has used fluency already
            self._least_similarity,
        )

    @property
    def _least_similarity(self) -> float:
        return self.parts.least_similarity(self.arguments.min_similarity)

    def _clear_enough(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The verdicts on rewrites, which have to pass more clearly than a comment as its author wrote it."""
        bar = self.arguments.rewrite_threshold or self.parts.rewrite_threshold
        if bar is None:
            return list(verdicts)
        strict = at_threshold(verdicts, bar)
        return [one if clear.passed else replace(one, label="fail") for one, clear in zip(verdicts, strict)]

    def _read_meaning(self, sources: Sequence[str], candidates: Sequence[Candidate]) -> list[Candidate]:
        """Add the probability of the critic, or of the acceptance, to candidates without another objection."""
        read = list(candidates)
        critic, bar = self.parts.faithfulness, self._least_similarity
        asked = [i for i, one in enumerate(candidates) if one.objection(bar) is None] if critic else []
        if critic and asked:
            kept = critic.probabilities([around_the_change(sources[i], candidates[i].text) for i in asked])
            least = critic.threshold
            if pool := self.parts.acceptance:
                before, texts = [sources[i] for i in asked], [candidates[i].text for i in asked]
                kept = pool.probabilities(kept, [candidates[i].verdict.probability for i in asked], before, texts)
                least = pool.threshold
            for i, probability in zip(asked, kept.tolist()):
                fault: Reason | None = None if probability >= least else "meaning_lost"
                read[i] = replace(candidates[i], faithfulness=probability, fault=fault)
        return read


UNREAD_THREAT = 0.3
"""P(THREAT) above which a sentence that no critic reads is refused. The encoder screener itself sees a threat from
about .31, and it is less sure of threats in languages that it knows less well."""

ENOUGH_FOR_CRITIC = GoodEnough(of_any=0.45, of_rules=0.45)
"""The critic's probability from which readers found three of four rewrites fit to show; of those that it accepts below
this, half (docs/research/lab-notes.md)."""

FAILING = 4
"""Number of failing candidates for a sentence that the rules get at a time."""


def _best_failing(search: Search) -> list[str]:
    """The candidates that fail only the screener, the lowest P(fail) first; without those that rules have had."""
    failing = [one for one in search.candidates if not (one.verdict.passed or one.fault or one.text in search.refined)]
    near = [one for one in failing if one.similarity >= search.min_similarity]
    near.sort(key=lambda one: one.verdict.probability)
    return list(dict.fromkeys(one.text for one in near))[:FAILING]


def _proposals(completions: Sequence[Sequence[Completion]]) -> list[list[Proposal]]:
    return [[Proposal(one.text, one.finished, one.problem) for one in some] for some in completions]


SURROUNDINGS = 10
"""Words before and after a change that are read with it. The critic was trained on sentences of some twenty words."""


def around_the_change(source: str, text: str) -> tuple[str, str]:
    """Sentence and candidate without their common first and last words, except the `SURROUNDINGS` nearest ones.

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
