"""The judged candidates that come with sro."""

from __future__ import annotations

from collections import Counter

import pytest

from sro.comments.test_set import is_held_out
from sro.screeners.faithfulness.pairs import Pair
from sro.screeners.faithfulness.readings import read_readings, split_readings
from sro.screeners.judged import judged_candidates


@pytest.fixture(scope="module")
def readings() -> list[Pair]:
    return read_readings()


def test_every_row_has_three_answers_and_stands_once() -> None:
    rows = list(judged_candidates())
    assert len(rows) > 10000
    assert all(row["kept"] in (0, 1, 2) and row["natural"] in (0, 1) and row["civil"] in (0, 1) for row in rows)
    kinds = {"greedy", "drawn", "table", "cut", "phrase_cut", "reframing", "sentence_cut", "refined", "span", "rule"}
    assert {row["kind"] for row in rows} == kinds
    assert max(Counter((row["sentence"], row["candidate"]) for row in rows).values()) == 1
    assert not any(row["sentence"] == row["candidate"] for row in rows)


def test_no_sentence_is_of_the_test_set(readings: list[Pair]) -> None:
    assert not [pair.comment for pair in readings if is_held_out(pair.comment)]


def test_all_answers_are_frequent(readings: list[Pair]) -> None:
    assert {pair.kept for pair in readings} == {0.0, 0.6, 1.0}
    assert 0.25 < sum(pair.kept == 0 for pair in readings) / len(readings) < 0.4
    assert 0.3 < sum(pair.natural or 0 for pair in readings) / len(readings) < 0.6


def test_a_sentence_is_on_one_side_of_the_split(readings: list[Pair]) -> None:
    learnt, held = split_readings(readings, 12)
    assert len(learnt) + len(held) == len(readings) and 0.08 < len(held) / len(readings) < 0.16
    assert not {pair.comment for pair in learnt} & {pair.comment for pair in held}
    assert split_readings(readings, 12) == (learnt, held)
