"""English or not, by script and function words, and no answer where there is too little to tell."""

from __future__ import annotations

import pytest

from sro.comments.languages import FOREIGN, looks_english


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you are an idiot", True),
        ("u r an idiot", True),
        ("the people in Los Angeles and in El Paso", True),
        ('What the hell is "que sera sera"?', True),
        ("𝓎𝑜𝓊 are", True),
        ("", None),
        ("lol", None),
        ("la la la", None),
        ("Dumme Kuh", None),
        ("du bist so ein Idiot", False),
        ("tu es un idiot", False),
        ("eres un idiota", False),
        ("você é um idiota", False),
        ("sei un idiota", False),
        ("jij bent een idioot", False),
        ("du är en idiot", False),
        ("Ты идиот", False),
        ("أنت غبي", False),
        ("你是个白痴", False),
        ("you идиот are wrong about it", True),
    ],
)
def test_looks_english(text: str, expected: bool | None) -> None:
    assert looks_english(text) is expected


def test_no_foreign_word_is_an_english_one() -> None:
    for words in FOREIGN.values():
        assert words.isdisjoint({"the", "die", "is", "on", "me", "do", "a", "i", "man", "her"})
