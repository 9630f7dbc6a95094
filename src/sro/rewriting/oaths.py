"""Remove swear words from those sentences of a rewritten comment that pass on their own.

"The picture is not fucking copyrighted" insults nobody, and a comment with only such sentences is not changed. But
next to a rewritten sentence, readers see the swear word as one that was missed (docs/research/lab-notes.md), so it is
removed if a rule can do it. Otherwise it stays, because it does not make the comment fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sro.comments.clean import readable
from sro.rewriting.search import CandidateSearch
from sro.rewriting.state import CommentState, Search
from sro.screeners.base import Verdict

PROFANE = 0.5
"""P(PROFANITY) from which on a sentence swears."""


def leave_out_oaths(
    by: CandidateSearch, drafts: Sequence[CommentState], judge: Callable[[Sequence[CommentState]], None]
) -> None:
    """Leave out oaths in the sentences of the drafts that pass, where a rule knows how and the language.

    Args:
        by: asked for candidates of rules alone.
        drafts: comments whose rewrite will do.
        judge: takes in what screener and encoder say of drafts as they are now. One that will not do any more gets its
            oaths back.
    """
    english = [draft for draft in drafts if by.parts.reads(draft.plain_source) is not False]
    places = [
        (draft, place)
        for draft in english
        for place in draft.untouched
        if by.parts.reads(draft.segments[place].text) is not False
    ]
    spoken = [readable(draft.segments[place].prose) for draft, place in places]
    verdicts = by.parts.screen(spoken, by.arguments.threshold)
    found = [
        (draft, place, Search.of(draft.segments[place], draft.min_similarity))
        for (draft, place), verdict in zip(places, verdicts)
        if verdict.passed and _swears(verdict)
    ]
    by.try_rules([search for _, _, search in found])
    changed = []
    for draft in english:
        fresh = {place: search for owner, place, search in found if owner is draft and _is_free_of_oaths(search)}
        if fresh:
            changed.append((draft, fresh, draft.after, draft.similarity))
            draft.searches |= fresh
    judge([draft for draft, *_ in changed])
    for draft, fresh, after, similarity in changed:
        if draft.outcome != "rewritten":
            draft.outcome, draft.after, draft.similarity = "rewritten", after, similarity
            for place in fresh:
                del draft.searches[place]


def _is_free_of_oaths(search: Search) -> bool:
    """Whether a candidate without oaths will do; the others are forgotten."""
    search.candidates = [one for one in search.candidates if not _swears(one.verdict)]
    return bool(search.candidates) and search.objection is None


def _swears(verdict: Verdict) -> bool:
    return (verdict.attributes or {}).get("PROFANITY", 0.0) >= PROFANE
