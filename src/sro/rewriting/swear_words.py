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
"""P(PROFANITY) from which a sentence counts as swearing."""


def remove_swear_words(
    by: CandidateSearch, states: Sequence[CommentState], judge: Callable[[Sequence[CommentState]], None]
) -> None:
    """Remove swear words from passing sentences of the comments, if a rule can do it and knows the language.

    Args:
        by: makes candidates by rules only.
        states: comments with an acceptable rewrite.
        judge: updates the verdicts of screener and encoder on them. A comment that is no longer acceptable gets its
            swear words back.
    """
    english = [state for state in states if by.parts.leader_knows_language(state.plain_source) is not False]
    places = [
        (state, place)
        for state in english
        for place in state.untouched
        if by.parts.leader_knows_language(state.segments[place].text) is not False
    ]
    spoken = [readable(state.segments[place].prose) for state, place in places]
    verdicts = by.parts.screen(spoken, by.arguments.threshold)
    found = [
        (state, place, Search.of(state.segments[place], state.min_similarity))
        for (state, place), verdict in zip(places, verdicts)
        if verdict.passed and _swears(verdict)
    ]
    by.try_rules([search for _, _, search in found])
    changed = []
    for state in english:
        fresh = {place: search for owner, place, search in found if owner is state and _is_free_of_swear_words(search)}
        if fresh:
            changed.append((state, fresh, state.after, state.similarity))
            state.searches |= fresh
    judge([state for state, *_ in changed])
    for state, fresh, after, similarity in changed:
        if state.outcome != "rewritten":
            state.outcome, state.after, state.similarity = "rewritten", after, similarity
            for place in fresh:
                del state.searches[place]


def _is_free_of_swear_words(search: Search) -> bool:
    """Whether a candidate without swear words is acceptable; the others are removed."""
    search.candidates = [one for one in search.candidates if not _swears(one.verdict)]
    return bool(search.candidates) and search.objection is None


def _swears(verdict: Verdict) -> bool:
    return (verdict.attributes or {}).get("PROFANITY", 0.0) >= PROFANE
