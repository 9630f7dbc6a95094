"""What may lie beneath a disguise, and what may not."""

from __future__ import annotations

import pytest

from sro.comments.disguises import looks_like, split_spelled_out, undo_disguise


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        ("1d1ot", "idiot"),
        ("f***", "fuck"),
        ("@$$", "ass"),
        ("stuuupid", "stupid"),
        ("aaassshole", "asshole"),
        ("f@660t", "faggot"),
    ],
)
def test_listed_words_are_found(seen: str, word: str) -> None:
    assert undo_disguise(seen) == word


@pytest.mark.parametrize(
    "seen", ["idiot", "a55", "455", "4ss", "f4g", "a*s", "as*", "f-g", "s****", "a55e5", "c1ass", "***", ""]
)
def test_where_little_shows_nothing_is_found(seen: str) -> None:
    assert undo_disguise(seen) is None


def test_spelled_out() -> None:
    assert split_spelled_out("youidiot") == ("you", "idiot")
    assert split_spelled_out("fuckyou") == ("fuck", "you")
    assert [split_spelled_out(word) for word in ("class", "therapist", "usa", "peacock", "assess")] == [None] * 5


def test_letters_that_look_alike() -> None:
    assert [looks_like(letter) for letter in "ıïɪі🅸"] == ["i"] * 5
    assert looks_like("я") == "я" and looks_like("Q") == "q"
