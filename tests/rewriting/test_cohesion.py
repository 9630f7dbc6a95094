"""Which sentences their neighbours need."""

import pytest

from sro.rewriting.cohesion import is_numbered, points_back


@pytest.mark.parametrize("sentence", ["1. Stop.", " 12) Stop.", "(b) Stop.", "iv: Stop."])
def test_items_of_a_list_are_numbered(sentence: str) -> None:
    assert is_numbered(sentence)


@pytest.mark.parametrize("sentence", ["1 Stop.", "2008 was bad.", "A bad edit.", "I. ", "", "Stop 1) now."])
def test_other_sentences_are_not(sentence: str) -> None:
    assert not is_numbered(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "That's why.",
        "And this is wrong.",
        "They will not listen.",
        "I do not agree with that!",
        "Because it matters.",
        "Otherwise I will ask.",
        '"Which was fine."',
        "Does anyone agree?",
        "Any thoughts?",
        "Am I right?",
        "No ... ?!?",
    ],
)
def test_what_points_back_takes_up_the_sentence_before(sentence: str) -> None:
    assert points_back(sentence)


@pytest.mark.parametrize(
    "sentence", ["This page is wrong.", "I know that page.", "You should stop.", "That page", "", "Do what is right."]
)
def test_a_pronoun_before_its_noun_does_not_point_back(sentence: str) -> None:
    assert not points_back(sentence)


def test_a_long_text_takes_no_time() -> None:
    assert not points_back("do that " * 20_000 + "page")
    assert not points_back("do any agree " * 20_000 + "page")
