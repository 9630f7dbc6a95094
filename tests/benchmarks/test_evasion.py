"""Disguised insults are detected, look-alikes raise no more false alarms: the bars, on texts not tuned on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.evasion import run as evasion
from benchmarks.evasion import texts as evasion_texts
from sro.screeners.loading import load_screener

DATA = Path(os.environ.get("SRO_DATA", Path(__file__).parents[3] / "shared" / "data"))
KINDS = ["leetspeak", "spaced", "starred", "drawn out", "look-alikes", "zero-width"]


def test_the_files_are_what_the_script_writes() -> None:
    for name, rows in (("obfuscated", evasion_texts.obfuscated()), ("innocent", evasion_texts.innocent())):
        stored = (evasion.FOLDER / f"{name}.jsonl").read_text(encoding="utf-8")
        assert stored == evasion_texts.lines(rows)
        assert len({row["text"] for row in rows}) == len(rows) >= 500


def test_disguises_are_detected_where_the_word_decides() -> None:
    screener = load_screener("embedded/linear")
    measured = evasion.by_kind(screener, evasion.decided_by_disguised(screener, evasion.read("obfuscated")))
    assert {line.kind for line in measured} >= {*KINDS, "all"}
    for line in measured:
        if line.kind != "handwritten":  # a dozen texts
            assert line.texts >= 20 and line.shares[1] >= 0.85, line
    off, on = measured[-1].shares
    assert off < 0.5 < on  # the texts are hard without normalisation, so that it is what is measured


def test_no_more_than_a_point_of_new_false_alarms() -> None:
    measured = evasion.by_kind(load_screener("embedded/linear"), evasion.read("innocent"))[-1]
    assert measured.texts >= 250
    assert measured.shares[1] - measured.shares[0] <= 0.01


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")
def test_words_that_others_marked_are_detected_too() -> None:
    screener = load_screener("embedded/linear")
    rows = evasion.decided_by_disguised(screener, evasion.marked_rows(DATA / "toxic_spans" / "tsd_test.csv"))
    assert len({row["text"] for row in rows}) > 0.95 * len(rows)  # each row disguises its own sentence
    measured = evasion.by_kind(screener, rows)[-1]
    assert measured.shares[1] >= 0.85


def test_a_word_is_changed_in_its_own_place() -> None:
    assert evasion.changed("you fool, you", [(4, 8), (10, 13)], str.upper) == "you FOOL, YOU"
