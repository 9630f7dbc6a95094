"""The judge's training rows and its measuring rows never meet."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sro.comments.clean import letters_and_digits
from sro.evaluation.judges.training.data import Labelled, calibration, calibration_sources, ratings
from sro.evaluation.judges.training.style_data import (
    _sentences,
    paradetox_train,
    screener_keys,
    training_rows,
    without_missed,
)

DATA = Path(os.environ.get("SRO_DATA") or Path(__file__).parents[5] / "shared" / "data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")


def test_a_sentence_is_toxic_where_a_span_reaches_in() -> None:
    text = "You are an idiot, sir.\r\nThe weather is fine. Such a\nfool he is."
    rows = list(_sentences(text, set(range(text.index("idiot"), text.index(", sir"))) | {text.index("fool")}))
    # "fool he is." has one character of a span only: neither toxic nor neutral
    assert rows == [Labelled("You are an idiot, sir.", True), Labelled("The weather is fine.", False)]


def test_rows_of_paradetox_have_no_csv_quotes_and_the_tuning_split_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "paradetox_train").mkdir()
    rows = ["toxic\tneutral1\tneutral2\tneutral3", '"what ""crap"""\t"a\n""pity"""\t\t', *["rude\tkind\t\t"] * 500]
    (tmp_path / "paradetox_train/paradetox.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    assert list(paradetox_train(tmp_path, ())) == [Labelled('what "crap"', True), Labelled('a "pity"', False)]


def test_neutral_rows_that_another_set_calls_toxic_go() -> None:
    others = [Labelled(f"you idiot {i % 3}", True) for i in range(9)]
    others += [Labelled(f"thank you {i % 3}", False) for i in range(9)]
    rows = [Labelled("what an idiot", False), Labelled("thank her", False), Labelled("thank the idiot", True)]
    assert without_missed(rows, others) == rows[1:]


@pytest.mark.slow  # a quarter of a minute
@needs_data
def test_nothing_that_measures_the_judge_or_trained_the_screener_trains_the_judge() -> None:
    sets = training_rows(DATA)
    trained = [letters_and_digits(row.text) for rows in sets.values() for row in rows]
    assert len(trained) == len(set(trained)) > 40_000
    held_out = {letters_and_digits(row.text) for row in calibration(DATA)["held_out"] + calibration(DATA)["tune"]}
    held_out |= {
        letters_and_digits(source) for part in ("held_out", "tune") for source in calibration_sources(DATA)[part]
    }
    test = [json.loads(line) for line in (DATA / "paradetox_test/test671.jsonl").open(encoding="utf-8")]
    held_out |= {letters_and_digits(row[field]) for row in test for field in ("toxic", "reference")}
    held_out |= {letters_and_digits(row.source) for row in ratings(DATA)}
    assert len(held_out) > 4_000
    assert not held_out.intersection(trained)
    assert not screener_keys(DATA).intersection(trained)
    shares = {name: sum(row.refused for row in rows) / len(rows) for name, rows in sets.items()}
    assert all(0.2 < share < 0.6 for share in shares.values()), shares  # both sides of each genre
