"""Which sentences of a comment that fails are rewritten."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rewriting_stand_ins import Half, Milder

from sro.rewriting.blamed_sentences import blamed_sentences
from sro.rewriting.parts import RewriterParts
from sro.rewriting.state import CommentState
from sro.screeners.base import Verdict

QUESTION, DOG, THANKS = "You could not do that?", "Even my dog can.", "Thanks for the table."


class Together:
    """Fails `idiot`, and the question with the dog though it passes each of them; the longer, the more toxic."""

    name = "together 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        def fails(text: str) -> bool:
            return "idiot" in text or (QUESTION in text and DOG in text)

        return [
            Verdict("fail", 0.9, self.name) if fails(text) else Verdict("pass", len(text) / 1000, self.name)
            for text in texts
        ]


@pytest.mark.parametrize(
    ("comment", "blamed"),
    [
        (f"{THANKS} You are an idiot.", ["You are an idiot."]),
        (f"{THANKS} {QUESTION} {DOG}", [QUESTION]),  # what is left without it is the least probable to fail
        (f"{QUESTION} {DOG} You idiot!", ["You idiot!"]),
        (THANKS, [THANKS]),
    ],
)
def test_those_that_fail_are_blamed_else_the_one_without_which_the_comment_nears_passing(
    comment: str, blamed: list[str]
) -> None:
    screener = Together()
    state = CommentState(comment, screener.screen([comment])[0], 0.5)
    (found,) = blamed_sentences(RewriterParts(Milder(), screener, Half()), [state], None)
    assert [state.segments[place].text for place in found] == blamed


def test_none_is_left_when_all_were_tried() -> None:
    state = CommentState(THANKS, Together().screen([THANKS])[0], 0.5)
    state.start_searches(state.untouched)
    assert blamed_sentences(RewriterParts(Milder(), Together(), Half()), [state, state], None) == [[], []]
