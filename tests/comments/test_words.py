"""Words of a comment: white-space tokens, and the core inside their punctuation."""

from __future__ import annotations

import re
import unicodedata

import pytest

from sro.comments.sentences import segments
from sro.comments.words import COMBINING_MARKS, LETTERS, bare_word, words


def test_words_are_split_at_white_space_alone() -> None:
    assert words("You  idiot,\tstop !\n") == ["You", "idiot,", "stop", "!"]
    assert words(" ") == []


@pytest.mark.parametrize(
    ("token", "inside"),
    [
        ("Idiot,", "idiot"),
        ('("You', "you"),
        ("STOP!!!", "stop"),
        ("don't", "don't"),
        ("don’t.", "don’t"),
        ("well-known", "well-known"),
        ("f*ck", "f*ck"),
        ("a$$hole", "a$$hole"),
        ("sh**", "sh**"),
        ("I", "i"),
        ("'s", "s"),
    ],
)
def test_the_core_is_the_lower_case_word_inside(token: str, inside: str) -> None:
    assert bare_word(token) == inside


@pytest.mark.parametrize("token", [".", "...", "?!", "''", "42", ":)", ""])
def test_what_has_no_letter_has_no_core(token: str) -> None:
    assert bare_word(token) == ""


@pytest.mark.parametrize("word", ["मूर्ख", "حِمارٌ", "ปัญหา", "i\u0307stanbul", "кра\u0301сный", "बाङ्ला"])
def test_a_word_keeps_the_signs_that_belong_to_its_letters(word: str) -> None:
    assert LETTERS.findall(f"{word}, {word}!") == [word, word]


def test_mentions_and_hashtags_keep_them_too() -> None:
    pieces = segments("@राहुल तू मूर्ख है #मोदी_सरकार")
    assert {piece for segment in pieces for piece in [segment.text, *segment.kept]} >= {"@राहुल", "#मोदी_सरकार"}


def test_every_combining_mark_is_known() -> None:
    mark = re.compile(f"[{COMBINING_MARKS}]")
    found = {at for at in range(0x20000) if mark.match(chr(at))}
    assert found == {at for at in range(0x20000) if unicodedata.category(chr(at))[0] == "M"} | {0x200C, 0x200D}
