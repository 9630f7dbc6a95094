"""Rewrite failing comments round by round, or refuse them; some are refused at once.

Each round finds the sentences to rewrite, searches candidates for them, and drops sentences that the comment can do
without. Then the comment in its new form is screened and compared as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sro.comments.clean import readable
from sro.rewriting.blamed_sentences import blamed_sentences
from sro.rewriting.config import RewriteArguments
from sro.rewriting.dispensable import drop_dispensable
from sro.rewriting.foreign_threats import names_threat
from sro.rewriting.parts import RewriterParts
from sro.rewriting.result import Rewrite
from sro.rewriting.search import CandidateSearch
from sro.rewriting.state import CommentState, Search
from sro.rewriting.swear_words import remove_swear_words
from sro.screeners.base import Verdict, threat_of
from sro.screeners.long_comments import MAX_WHOLE_CHARACTERS
from sro.screeners.sentencewise import readable_sentences


@dataclass(frozen=True)
class FailingComments:
    """The parts that rewrite and judge, and the settings of the search."""

    parts: RewriterParts
    arguments: RewriteArguments

    def answers(self, texts: Sequence[str], verdicts: Sequence[Verdict]) -> list[Rewrite]:
        """The result for each text: unchanged if it passes, refused without a rewrite if it is longer than
        `MAX_WHOLE_CHARACTERS`, else rewritten or refused."""
        states = {
            i: CommentState(text, before, self.parts.least_similarity(self.arguments.min_similarity))
            for i, (text, before) in enumerate(zip(texts, verdicts))
            if not before.passed and len(text) <= MAX_WHOLE_CHARACTERS
        }
        for state in states.values():
            if self._threatens(state):
                state.outcome = "threat"
        self._refuse_if_only_protected_text_fails([state for state in states.values() if state.outcome is None])
        for _ in range(1 + self.arguments.refine):
            self._rewrite([state for state in states.values() if state.outcome is None])
        for state in states.values():
            state.outcome = state.outcome or "still_fails"
        self._refuse_if_only_protected_text_fails(
            [state for state in states.values() if state.outcome == "still_fails"]
        )
        return [
            states[i].result() if i in states else _untried(text, before)
            for i, (text, before) in enumerate(zip(texts, verdicts))
        ]

    def _threatens(self, state: CommentState) -> bool:
        """Whether the screener finds a threat, or the author's words are a known threat in another language."""
        most = self.arguments.max_threat
        return threat_of(state.before) > most or (
            most < 1 and any(map(names_threat, readable_sentences(state.source)))
        )

    def _refuse_if_only_protected_text_fails(self, states: Sequence[CommentState]) -> None:
        """Refuse comments that pass once their protected text (quotes, code, links, mentions, …) is removed."""
        spoken = [(state, prose) for state in states if (prose := state.prose) is not None]
        for (state, _), verdict in zip(
            spoken, self.parts.screen([prose for _, prose in spoken], self.arguments.threshold)
        ):
            if verdict.passed:
                state.outcome = "protected_fails"

    def _rewrite(self, states: Sequence[CommentState]) -> None:
        """Rewrite the failing sentences of each comment, and screen the new comment."""
        search = CandidateSearch(self.parts, self.arguments)
        playing: list[CommentState] = []
        searches: list[Search] = []
        for state, blamed in zip(states, blamed_sentences(self.parts, states, self.arguments.threshold)):
            known = self.parts.leader_knows_language(state.plain_source) is not False
            fresh = state.start_searches(blamed, may_drop=known)
            foreign = [one for one in fresh if self._is_foreign(one.sentence, state.plain_source)]
            fresh = [one for one in fresh if one not in foreign]
            if refused := search.rewrite_foreign(foreign, state.plain_source):
                state.outcome = refused
            elif not all(self.parts.fits_leader(one.prompt_text) for one in fresh):
                state.outcome = "too_long"
            elif not (fresh or foreign or state.dropped):
                state.outcome = "still_fails"
            else:
                playing.append(state)
                searches += fresh
        search.search(searches)
        if self.parts.faithfulness is not None:
            drop_dispensable(playing, self.parts.faithfulness)
        self._judge(playing)
        if self.parts.faithfulness is not None:
            undecided = [state for state in playing if state.outcome is None and state.searches]
            dropped = [len(state.dropped) for state in undecided]
            drop_dispensable(undecided, self.parts.faithfulness, rewritten=True)
            self._judge([state for state, n in zip(undecided, dropped) if len(state.dropped) > n])
        if self.parts.removes_swear_words:
            done = [state for state in playing if state.outcome == "rewritten"]
            remove_swear_words(search, done, self._judge)

    def _is_foreign(self, sentence: str, comment: str) -> bool:
        """Whether the leader does not know the sentence's language; if that is too short to tell, the comment's."""
        known = self.parts.leader_knows_language(sentence)
        return (self.parts.leader_knows_language(comment) if known is None else known) is False

    def _judge(self, states: Sequence[CommentState]) -> None:
        """Screen and compare the comments in their current form."""
        texts, sources = [state.text for state in states], [readable(state.plain_source) for state in states]
        verdicts = self.parts.screen(texts, self.arguments.threshold, sources)
        cosines = self.parts.similarity.similarity([readable(text) for text in texts], sources)
        for state, verdict, cosine in zip(states, verdicts, cosines):
            state.judge(verdict, float(cosine))


def _untried(text: str, before: Verdict) -> Rewrite:
    """The result for a comment that is not rewritten: unchanged if it passes, else refused as too long."""
    if before.passed:
        return Rewrite(text, text, "unchanged", before)
    return Rewrite(text, None, "refused", before, reason="too_long")
