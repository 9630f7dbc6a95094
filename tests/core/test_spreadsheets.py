"""Texts in tables: none is a formula to a spreadsheet, and each can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.core.spreadsheets import guarded, unguarded

FORMULAS = ["=a", "+a", "-a", "@a", "\ta", "\ra", "\na", " =a", "\u202e=a", "＝a", "\ufeff-a", "+1", "-1+1", "'=a"]
OTHERS = ["a = b", "", "  ", "'", "'a'", "1-2", "-5", "-0.25", "-1e-05", "don't"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_a_formula_is_made_text(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", OTHERS)
def test_other_texts_and_numbers_stay_as_they_are(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@given(st.lists(st.sampled_from(["'", "=", "-", "1", " ", "a", "\t", "\u200b"])).map("".join) | st.text())
def test_every_text_can_be_read_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
