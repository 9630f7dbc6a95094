"""The fluency judge's training rows: what breaks a sentence, and that nothing learnt is measured."""

from __future__ import annotations

import os
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from sro.evaluation import fluency_data as module
from sro.evaluation.fluency_data import broken_sentence, cola, training_rows, tuning_rows
from sro.evaluation.judge_data import Labelled, calibration, ratings
from sro.held_out import key

DATA = Path(os.environ.get("SRO_DATA") or Path(__file__).parents[2] / "shared" / "data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")

SENTENCE = "What a stupid comparison of the two men"
WORDS = SENTENCE.split()


def made_by(fault: module.Fault, times: int = 50) -> list[list[str]]:
    draw = random.Random(0)
    return [fault(WORDS, draw) for _ in range(times)]


def test_cola_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "cola").mkdir()
    (tmp_path / "cola/in_domain_dev.tsv").write_text('gj04\t1\t\tThe "ship sank.\ngj04\t0\t*\tSank  ship.\n')
    assert list(cola(tmp_path, "in_domain_dev")) == [Labelled('The "ship sank.', False), Labelled("Sank ship.", True)]


def test_faults_that_lose_words() -> None:
    for found in made_by(module.lose):
        lost = Counter(map(str.lower, WORDS)) - Counter(map(str.lower, found))
        assert 1 <= lost.total() <= 2 and set(lost) <= {"what", "a", "of", "the"}
    ends = {" ".join(found) for found in made_by(module.break_off)}
    assert ends == {"What a stupid comparison of", "What a stupid comparison of the"}


def test_a_hole_is_all_that_a_function_word_belongs_to() -> None:
    assert module.leave_hole(WORDS, random.Random(0)) == []  # "a comparison" and "two men" are none the worse
    assert module.leave_hole(["what", "a", "comparison"], random.Random(0)) == ["what", "a"]


def test_faults_that_keep_all_words() -> None:
    swapped = {" ".join(found) for found in made_by(module.swap)}
    assert len(swapped) == len(WORDS) - 1 and "a What stupid comparison of the two men" in swapped
    for found in made_by(module.shuffle):
        assert sorted(found) == sorted(WORDS)
        moved = [i for i, (one, other) in enumerate(zip(found, WORDS)) if one != other]
        assert not moved or moved[-1] - moved[0] < 6
    for found in made_by(module.repeat):
        assert len(found) == len(WORDS) + 1 and any(a == b for a, b in pairwise(found))
    for found in made_by(module.add):
        assert (Counter(found) - Counter(WORDS)).total() == 1 and found[0] == "What"


@pytest.mark.parametrize("end", [".", " .", "?", " !", ""])
def test_the_end_stays(end: str) -> None:
    draw = random.Random(0)
    found = [text for _ in range(40) if (text := broken_sentence(SENTENCE + end, draw))]
    assert len(found) > 25 and SENTENCE + end not in found
    assert all(text.endswith(end) for text in found)
    assert not any(mark in text.removesuffix(end) for text in found for mark in ".?!")


def test_where_no_fault_finds_a_place() -> None:
    draw = random.Random(0)
    assert {broken_sentence(".", draw) for _ in range(20)} == {None}
    found = {broken_sentence("fine .", draw) for _ in range(60)}
    assert None in found and "fine fine ." in found and "fine ." not in found


@needs_data
def test_nothing_that_measures_the_judge_trains_it() -> None:
    sets = training_rows(DATA)
    assert len(sets["judge_calibration"]) > 1_500 and len(sets["cola"]) > 8_000
    assert 0.8 < len(sets["broken"]) / len(sets["whole"]) <= 1
    trained = {key(row.text) for rows in sets.values() for row in rows}
    parts = calibration(DATA)
    measured = {key(row.text) for part in ("tune", "held_out") for row in parts[part]}
    measured |= {key(row.text) for name in ("in_domain_dev", "out_of_domain_dev") for row in cola(DATA, name)}
    measured |= {key(row.text) for row in ratings(DATA)} | {key(row.source) for row in ratings(DATA)}
    assert len(measured) > 4_000
    whole = trained - {key(row.text) for row in sets["broken"]}
    assert not whole & measured
    tuning = tuning_rows(DATA)
    assert {key(row.text) for row in tuning.rewrites} <= measured and not tuning.comments
    assert [row.refused for row in tuning.rewrites] == [1 - row.acceptable for row in parts["tune"]]
