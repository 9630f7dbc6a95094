"""What becomes of comments that fail: some are refused at once, the others are rewritten round by round.

In each round the sentences to rewrite are found, candidates are searched for them, sentences that the comment can do
without are left out, and the comment as it is then is screened and compared as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sro.comments.clean import readable
from sro.rewriting.blamed_sentences import blamed_sentences
from sro.rewriting.config import RewriteArguments
from sro.rewriting.dispensable import drop_dispensable
from sro.rewriting.oaths import leave_out_oaths
from sro.rewriting.parts import RewriterParts
from sro.rewriting.result import Rewrite
from sro.rewriting.search import CandidateSearch
from sro.rewriting.state import CommentState, Search
from sro.screeners.base import Verdict
from sro.screeners.long_comments import LONGEST


@dataclass(frozen=True)
class FailingComments:
    """Who rewrites and who judges, and how hard to try."""

    parts: RewriterParts
    arguments: RewriteArguments

    def answers(self, texts: Sequence[str], verdicts: Sequence[Verdict]) -> list[Rewrite]:
        """The result for each text: unchanged if it passes, refused untried if it is above `LONGEST` characters, else
        rewritten or refused."""
        drafts = {
            i: CommentState(text, before, self.parts.least_similarity(self.arguments.min_similarity))
            for i, (text, before) in enumerate(zip(texts, verdicts))
            if not before.passed and len(text) <= LONGEST
        }
        for draft in drafts.values():
            if (draft.before.attributes or {}).get("THREAT", 0.0) > self.arguments.max_threat:
                draft.outcome = "threat"
        self._refuse_if_only_protected_text_fails([draft for draft in drafts.values() if draft.outcome is None])
        for _ in range(1 + self.arguments.refine):
            self._rewrite([draft for draft in drafts.values() if draft.outcome is None])
        for draft in drafts.values():
            draft.outcome = draft.outcome or "still_fails"
        self._refuse_if_only_protected_text_fails(
            [draft for draft in drafts.values() if draft.outcome == "still_fails"]
        )
        return [
            drafts[i].result() if i in drafts else _untried(text, before)
            for i, (text, before) in enumerate(zip(texts, verdicts))
        ]

    def _refuse_if_only_protected_text_fails(self, drafts: Sequence[CommentState]) -> None:
        """Refuse comments that pass once their protected text (quotes, code, links, mentions, …) is removed."""
        spoken = [(draft, prose) for draft in drafts if (prose := draft.prose) is not None]
        for (draft, _), verdict in zip(
            spoken, self.parts.screen([prose for _, prose in spoken], self.arguments.threshold)
        ):
            if verdict.passed:
                draft.outcome = "protected_fails"

    def _rewrite(self, drafts: Sequence[CommentState]) -> None:
        """Rewrite the sentences of each draft that fail, and screen what it is then."""
        search = CandidateSearch(self.parts, self.arguments)
        playing: list[CommentState] = []
        searches: list[Search] = []
        for draft, blamed in zip(drafts, blamed_sentences(self.parts, drafts, self.arguments.threshold)):
            known = self.parts.reads(draft.plain_source) is not False
            fresh = draft.aim(blamed, may_drop=known)
            foreign = [one for one in fresh if self._is_foreign(one.sentence, draft.plain_source)]
            fresh = [one for one in fresh if not any(one is other for other in foreign)]
            if not search.rewrite_foreign(foreign, draft.plain_source):
                draft.outcome = "language"
            elif not all(self.parts.fits(one.prompt_text) for one in fresh):
                draft.outcome = "too_long"
            elif not (fresh or foreign or draft.dropped):
                draft.outcome = "still_fails"
            else:
                playing.append(draft)
                searches += fresh
        search.search(searches)
        if self.parts.faithfulness is not None:
            drop_dispensable(playing, self.parts.faithfulness)
        self._judge(playing)
        if self.parts.faithfulness is not None:
            undecided = [draft for draft in playing if draft.outcome is None and draft.searches]
            dropped = [len(draft.dropped) for draft in undecided]
            drop_dispensable(undecided, self.parts.faithfulness, rewritten=True)
            self._judge([draft for draft, n in zip(undecided, dropped) if len(draft.dropped) > n])
        if self.parts.leaves_out_oaths:
            done = [draft for draft in playing if draft.outcome == "rewritten"]
            leave_out_oaths(search, done, self._judge)

    def _is_foreign(self, sentence: str, comment: str) -> bool:
        """Whether the leader does not know the sentence's language; where that is too short to tell, the comment's."""
        told = self.parts.reads(sentence)
        return (self.parts.reads(comment) if told is None else told) is False

    def _judge(self, drafts: Sequence[CommentState]) -> None:
        """Screen and compare drafts as they are now."""
        texts, sources = [draft.text for draft in drafts], [readable(draft.plain_source) for draft in drafts]
        verdicts = self.parts.screen(texts, self.arguments.threshold, sources)
        cosines = self.parts.similarity.similarity([readable(text) for text in texts], sources)
        for draft, verdict, cosine in zip(drafts, verdicts, cosines):
            draft.judge(verdict, float(cosine))


def _untried(text: str, before: Verdict) -> Rewrite:
    """The result for a comment that is not rewritten: unchanged if it passes, else refused as too long."""
    if before.passed:
        return Rewrite(text, text, "unchanged", before)
    return Rewrite(text, None, "refused", before, reason="too_long")
