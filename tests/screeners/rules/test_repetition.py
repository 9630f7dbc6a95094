"""What anyone can see of a completion."""

from __future__ import annotations

import pytest

from sro.leader.generation import Completion
from sro.screeners.rules.repetition import completion_fault, echoes, repeats


def completion(text: str, finished: bool = True) -> Completion:
    return Completion(text, list(range(len(text.split()) + 1)), finished)


@pytest.mark.parametrize(
    "text, found",
    [
        ("no no no", True),
        ("No no NO thanks", True),
        ("that is very very good", False),
        ("bye bye", False),
        ("i think i think that is wrong", True),
        ("you are wrong wrong", True),
        ("wrong, wrong", False),
        ("a b c d e f a b c d e f", True),
        ("a b c d e f g a b c d e f g", False),  # a phrase of seven is a refrain
        ("i think he said i think so", False),
        ("", False),
        ("word", False),
        ("only because I am sad and only because I am sad", True),
        ("I like you and I like you", False),
    ],
)
def test_repeats(text: str, found: bool) -> None:
    assert repeats(text) == found


def test_a_repetition_that_the_comment_has_itself_is_no_fault() -> None:
    assert not repeats("no no no , please", source="NO NO NO you idiot")
    assert repeats("no no no , please", source="no you idiot")


@pytest.mark.parametrize(
    "played, found",
    [
        (completion("fine words"), None),
        (completion(""), "empty"),
        (completion("", finished=False), "empty"),
        (completion("cut off in the", finished=False), "unfinished"),
        (completion("ha ha ha"), "repeating"),
    ],
)
def test_fault(played: Completion, found: str | None) -> None:
    assert completion_fault(played, "you fool") == found


@pytest.mark.parametrize(
    ("text", "source", "found"),
    [
        ("You people are unkind people.", "You people are idiots.", True),
        ("The idea that it is wrong is wrong.", "The idea that it is wrong is rubbish.", True),
        ("You people are good people.", "You people are fucking good people.", False),
        ("One person, one person of many.", "One person, but one person of many jerks.", False),
        ("That much I know, and that much I told you.", "That much I know, you idiot.", False),
        ("The decision was bad, and nobody in the village liked the decision.", "The decision was shit.", False),
    ],
    ids=["noun", "adjective", "as in the source", "nearer by leaving out", "small words", "far away"],
)
def test_a_word_that_comes_again_at_once_is_an_echo(text: str, source: str, found: bool) -> None:
    assert echoes(text, source) == found
