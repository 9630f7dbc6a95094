"""Drop sentences that have no acceptable rewrite if the critic of faithfulness says that the comment can spare them.

"You are crazier than a rat. Enough of this nonsense, please." has no civil form of its first sentence, and says what
it wants without it. The critic compares two texts: the sentence together with the nearest sentence that stays, and the
latter alone. It was trained on judged candidates to know which clauses readers miss. A sentence that is a small part
of its comment is seldom its point, so a lower probability of the critic is enough, unless the next sentence refers to
it ("That is why …"). Several sentences may each be dispensable but not all together, so the critic is asked again
about all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sro.comments.clean import readable
from sro.rewriting.cohesion import is_numbered_item, points_back
from sro.rewriting.english_tokens import tokenize
from sro.rewriting.entities import unescaped
from sro.rewriting.pure_abuse import FEWEST_WORDS, says_only_abuse
from sro.rewriting.quoted_words import named_pieces
from sro.rewriting.search import around_the_change
from sro.rewriting.state import CommentState, readable_pieces
from sro.screeners.base import Faithfulness

LEAST_PROBABILITY = 0.45
"""The critic's probability from which a sentence may be dropped. A whole sentence is a larger loss than a phrase."""
SMALL_PART = 1 / 3
LEAST_PROBABILITY_OF_SMALL_PART = 0.2
"""The same for sentences that are together at most SMALL_PART of their comment. Of 410 sentences that a reader judged,
both thresholds together let 133 go, and 87 % of these may go (docs/research/lab-notes.md)."""


def drop_dispensable(states: Sequence[CommentState], critic: Faithfulness, rewritten: bool = False) -> None:
    """Drop from each comment the sentences without an acceptable rewrite, if the critic agrees.

    Args:
        states: comments after their searches.
        critic: returns the probability that a reader takes the shorter text for a rewrite of the longer one.
        rewritten: Drop sentences that have an acceptable rewrite instead: for comments that still fail as a whole, as
            "Grow up. …" may after "Grow up, you brat. …" was rewritten.
    """
    singly = [(state, {place: stays}) for state in states for place, stays in _with_nearest(state, rewritten).items()]
    approved = _approved(singly, critic)
    spare: dict[int, dict[int, int]] = {}
    for state, pair in approved:
        spare.setdefault(id(state), {}).update(pair)
    chosen = [(state, spare[id(state)]) for state in states if id(state) in spare]
    several = [one for one in chosen if len(one[1]) > 1]
    lone = [one for one in chosen if len(one[1]) == 1]
    for state, places in [*lone, *_approved(several, critic)]:
        for place in places:
            state.drop(place)


def _with_nearest(state: CommentState, rewritten: bool) -> dict[int, int]:
    """The sentences that may be dropped if the critic agrees, each with the nearest one that stays."""
    stuck = {place for place, search in state.searches.items() if (search.objection is None) == rewritten}
    telling = [
        place
        for place, segment in enumerate(state.segments)
        if segment.kind == "sentence"
        and not (place in stuck or place in state.dropped)
        and _says_something(_as_seen(state, place))
    ]
    if not telling:
        return {}
    free = [place for place in sorted(stuck) if not _holds_protected(state, place)]
    return {place: _nearest(place, telling) for place in free if not is_numbered_item(state.segments, place)}


def _holds_protected(state: CommentState, place: int) -> bool:
    return bool(state.segments[place].kept or named_pieces(state.searches[place].sentence))


def _approved(
    asked: Sequence[tuple[CommentState, dict[int, int]]], critic: Faithfulness
) -> list[tuple[CommentState, dict[int, int]]]:
    """Filter `asked`, comments with the sentences to leave out: keep those for which the critic's probability that the
    shorter text is a rewrite of the longer one reaches the threshold."""
    if not asked:
        return []
    kept = critic.probabilities([_with_and_without(state, spare) for state, spare in asked]).tolist()
    return [one for one, probability in zip(asked, kept) if probability >= _bar(*one)]


def _bar(state: CommentState, spare: Mapping[int, int]) -> float:
    part = sum(len(state.segments[place].text) for place in spare) / len(state.source)
    if part > SMALL_PART or any(_is_taken_up(state, place) for place in spare):
        return LEAST_PROBABILITY
    return LEAST_PROBABILITY_OF_SMALL_PART


def _is_taken_up(state: CommentState, place: int) -> bool:
    """Whether the next sentence that stays refers to the one at this place."""
    later = (
        other
        for other in range(place + 1, len(state.segments))
        if state.segments[other].kind == "sentence" and other not in state.dropped
    )
    following = next(later, None)
    return following is not None and points_back(state.segments[following].text)


def _with_and_without(state: CommentState, spare: Mapping[int, int]) -> tuple[str, str]:
    """Two texts: the droppable sentences together with those that stay beside them, and only those that stay."""
    texts = {stays: _as_seen(state, stays) for stays in spare.values()}
    left = " ".join(texts[place] for place in sorted(texts))
    texts |= {place: state.searches[place].sentence for place in spare}
    return around_the_change(" ".join(texts[place] for place in sorted(texts)), left)


def _as_seen(state: CommentState, place: int) -> str:
    return unescaped(readable(state.piece(place)), readable_pieces(state.segments[place]))[0]


def _nearest(place: int, telling: Sequence[int]) -> int:
    """The nearest of the sentences that stay and say something; if two are equally near, the next one."""
    return min(telling, key=lambda other: (abs(other - place), other < place))


def _says_something(text: str) -> bool:
    return sum(bool(token.word) for token in tokenize(text)) >= FEWEST_WORDS and not says_only_abuse(text)
