"""Which sentences of a failing comment have to be rewritten.

These are the sentences that the screener fails by themselves. If there is none, it is the sentence without which the
comment comes nearest to passing: "You could not do that? My dog can." fails only because of both sentences together.
"""

from __future__ import annotations

from collections.abc import Sequence

from sro.comments.clean import readable
from sro.rewriting.parts import RewriterParts
from sro.rewriting.state import CommentState

MOST = 12
"""At most this many sentences of a comment are left out in trials, the most likely to fail by themselves first."""


def blamed_sentences(parts: RewriterParts, states: Sequence[CommentState], threshold: float | None) -> list[list[int]]:
    """The places of the sentences to rewrite in each comment, among untouched ones; empty if none are left.

    Args:
        parts: the screener, which gets sentences without their links and other protected text.
        states: comments that fail in their current form.
        threshold: P(fail) from which a text fails; None: the screener's own.
    """
    places = [state.untouched for state in states]
    words = [readable(state.segments[i].prose) for state, some in zip(states, places) for i in some]
    verdicts = iter(parts.screen(words, threshold))
    verdicts_by_place = [dict(zip(some, verdicts)) for some in places]
    blamed = [[place for place, verdict in some.items() if not verdict.passed] for some in verdicts_by_place]
    unclear = [at for at, some in enumerate(blamed) if verdicts_by_place[at] and not some]
    tried = {
        at: sorted(verdicts_by_place[at], key=lambda place: -verdicts_by_place[at][place].probability)[:MOST]
        for at in unclear
    }
    shorter = [states[at].text_without(place) for at in unclear for place in tried[at]]
    without = iter(parts.screen(shorter, threshold))
    for at in unclear:
        left = {place: verdict.probability for place, verdict in zip(tried[at], without)}
        blamed[at] = [min(left, key=lambda place: left[place])]
    return blamed
