"""Drop sentences that have no acceptable rewrite and that, by the critic of faithfulness, their comment can spare.

"You are crazier than a rat. Enough of this nonsense, please." has nothing civil to put for its first sentence, and
says what it wants without it. The critic reads the sentence together with the nearest one that stays, beside that one
alone; it has learnt from judged candidates which clauses readers miss. A sentence that is a small part of its comment
is seldom its point, so the critic has to be less sure of it, unless the next sentence takes it up ("That is why …").
Several sentences may each be dispensable but not all together, so the critic is asked again about all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sro.comments.clean import readable
from sro.rewriting.cohesion import is_numbered_item, points_back
from sro.rewriting.english_tokens import tokenize
from sro.rewriting.entities import unescaped
from sro.rewriting.pure_abuse import FEWEST_WORDS, says_only_abuse
from sro.rewriting.search import around_the_change
from sro.rewriting.state import CommentState, readable_pieces
from sro.screeners.base import Faithfulness

LEAST_PROBABILITY = 0.45
"""The critic's probability from which on a sentence may go. A whole sentence is more to lose than a phrase."""
SMALL_PART = 1 / 3
LEAST_PROBABILITY_OF_SMALL_PART = 0.2
"""The same for sentences that are together at most SMALL_PART of their comment. Of 410 sentences that a reader judged
both bars let 133 go, and 87 % of them may (docs/research/lab-notes.md)."""


def drop_dispensable(states: Sequence[CommentState], critic: Faithfulness, rewritten: bool = False) -> None:
    """Drop from each comment the sentences without a rewrite that will do, where the critic lets them go.

    Args:
        states: their searches have ended.
        critic: says how probable it is that a reader takes the shorter text for a rewrite of the longer one.
        rewritten: Drop sentences with a rewrite that will do instead: for comments that fail as a whole all the same,
            as "Grow up. …" may where "Grow up, you brat. …" was rewritten.
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
    """The sentences that may go if the critic lets them, each with the nearest one that stays."""
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
    free = [place for place in sorted(stuck) if not state.segments[place].kept]
    return {place: _nearest(place, telling) for place in free if not is_numbered_item(state.segments, place)}


def _approved(
    asked: Sequence[tuple[CommentState, dict[int, int]]], critic: Faithfulness
) -> list[tuple[CommentState, dict[int, int]]]:
    """Those of `asked`, comments with the sentences to leave out, for which the critic's probability that the shorter
    text is a rewrite of the longer one reaches the bar."""
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
    """Whether the next sentence that stays takes up the one at this place."""
    later = (
        other
        for other in range(place + 1, len(state.segments))
        if state.segments[other].kind == "sentence" and other not in state.dropped
    )
    following = next(later, None)
    return following is not None and points_back(state.segments[following].text)


def _with_and_without(state: CommentState, spare: Mapping[int, int]) -> tuple[str, str]:
    """The sentences that may go among those that stay beside them, and the latter alone."""
    texts = {stays: _as_seen(state, stays) for stays in spare.values()}
    left = " ".join(texts[place] for place in sorted(texts))
    texts |= {place: state.searches[place].sentence for place in spare}
    return around_the_change(" ".join(texts[place] for place in sorted(texts)), left)


def _as_seen(state: CommentState, place: int) -> str:
    return unescaped(readable(state.piece(place)), readable_pieces(state.segments[place]))[0]


def _nearest(place: int, telling: Sequence[int]) -> int:
    """The nearest of the sentences that stay and say something, rather the next than the one before."""
    return min(telling, key=lambda other: (abs(other - place), other < place))


def _says_something(text: str) -> bool:
    return sum(bool(token.word) for token in tokenize(text)) >= FEWEST_WORDS and not says_only_abuse(text)
