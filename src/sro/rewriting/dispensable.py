"""Sentences for which no rewrite will do, and which their comment can do without by the critic of faithfulness.

"You are crazier than a rat. Enough of this nonsense, please." has nothing civil to put for its first sentence, and
says what it wants without it. The critic reads the sentence together with the nearest one that stays, beside that one
alone; it has learnt from judged candidates which clauses readers miss.
"""

from __future__ import annotations

from collections.abc import Sequence

from sro.comments.clean import readable
from sro.rewriting.english_parts import parts_of
from sro.rewriting.pure_abuse import FEWEST_WORDS, says_only_abuse
from sro.rewriting.search import around_the_change
from sro.rewriting.state import CommentState
from sro.screeners.base import Faithfulness

LEAST = 0.45
"""The critic's probability from which on a sentence may go. A whole sentence is more to lose than a phrase."""


def drop_dispensable(drafts: Sequence[CommentState], critic: Faithfulness) -> None:
    """Drop from each draft the sentences without a rewrite that will do, where the critic lets them go.

    Args:
        drafts: their searches have ended.
        critic: says how probable it is that a reader takes the shorter text for a rewrite of the longer one.
    """
    asked: list[tuple[CommentState, int]] = []
    pairs: list[tuple[str, str]] = []
    for draft in drafts:
        stuck = [place for place, search in draft.searches.items() if search.objection is not None]
        for place in stuck:
            stays = _nearest(draft, place, stuck) if not draft.segments[place].kept else None
            if stays is not None:
                left = readable(draft.piece(stays))
                both = [draft.searches[place].sentence, left]
                pairs.append(around_the_change(" ".join(both if place < stays else both[::-1]), left))
                asked.append((draft, place))
    if not pairs:
        return
    for (draft, place), kept in zip(asked, critic.probabilities(pairs).tolist()):
        if kept >= LEAST:
            draft.drop(place)


def _nearest(draft: CommentState, place: int, stuck: Sequence[int]) -> int | None:
    """The nearest sentence that stays and says something, rather the next than the one before."""
    others = [
        other
        for other, segment in enumerate(draft.segments)
        if segment.kind == "sentence" and other not in stuck and other not in draft.dropped
    ]
    telling = [other for other in others if _says_something(readable(draft.piece(other)))]
    return min(telling, key=lambda other: (abs(other - place), other < place), default=None)


def _says_something(text: str) -> bool:
    return sum(bool(part.word) for part in parts_of(text)) >= FEWEST_WORDS and not says_only_abuse(text)
