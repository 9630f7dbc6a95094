"""Sentences that say nothing but abuse: which they are, and when a comment can do without."""

from __future__ import annotations

import pytest

from sro.comments.sentences import segments
from sro.rewriting.pure_abuse import droppable, says_only_abuse


@pytest.mark.parametrize(
    "sentence",
    [
        "You damn bastard.",
        "What a moron!",
        "Fuck you, you stupid piece of shit!",
        "y0u 1d10t",
        "he is such a loser lol",
    ],
)
def test_abuse_alone(sentence: str) -> None:
    assert says_only_abuse(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "You are a liar.",
        "You damn bastard, you deleted my article.",
        "Thank you all.",
        "I hate you.",
        "...",
        "Racist!",
    ],
)
def test_what_says_more_or_is_no_abuse(sentence: str) -> None:
    assert not says_only_abuse(sentence)


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("You damn bastard. The date is wrong.", [0]),
        ("The date is wrong. You damn bastard.", [2]),
        ("You damn bastard. What a moron!", []),  # nothing would be left
        ("You damn bastard. No.", []),
        ("1. You damn bastard.\n2. The date is wrong.", []),  # what is second would be no list's beginning
        ("- You damn bastard.\n- The date is wrong.", [1]),
        ("You @ann damn bastard. The date is wrong.", []),  # a mention has to stay
    ],
)
def test_a_comment_can_do_without_it_where_another_sentence_says_more(comment: str, found: list[int]) -> None:
    pieces = segments(comment)
    sentences = [place for place, piece in enumerate(pieces) if piece.kind == "sentence"]
    assert droppable(pieces, sentences) == found
