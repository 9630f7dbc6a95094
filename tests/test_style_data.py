"""The judge's training rows and its measuring rows never meet."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sro.errors import SROError
from sro.evaluation.style_data import (
    Labelled,
    _sentences,
    calibration,
    calibration_sources,
    ratings,
    screener_keys,
    training_rows,
    without_missed,
)
from sro.held_out import key

DATA = Path(os.environ.get("SRO_DATA") or Path(__file__).parents[2] / "shared" / "data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")


def write_calibration(folder: Path, rows: list[tuple[str, str, float]]) -> None:
    lines = [json.dumps({"source": source, "text": text, "sta": sta}) for source, text, sta in rows]
    (folder / "judge_calibration").mkdir()
    (folder / "judge_calibration/official_labels.jsonl").write_text("\n".join(lines), encoding="utf-8")


def test_all_rewrites_of_a_comment_lie_on_one_side(tmp_path: Path) -> None:
    write_calibration(tmp_path, [(f"Comment {i}!", f"rewrite {i} {j}", float(j)) for i in range(200) for j in (0, 1)])
    parts, sources = calibration(tmp_path), calibration_sources(tmp_path)
    by_number = {part: {row.text.split()[1] for row in rows} for part, rows in parts.items()}
    assert {part: {s.strip("!").split()[1] for s in found} for part, found in sources.items()} == by_number
    assert sum(map(len, by_number.values())) == len(set().union(*by_number.values())) == 200
    assert all(row.toxic is row.text.endswith("0") for row in parts["train"])  # sta 0 is toxic
    assert 70 <= len(sources["held_out"]) <= 130 and 5 <= len(sources["tune"]) <= 40


def test_a_text_that_both_halves_have_is_held_out(tmp_path: Path) -> None:
    write_calibration(tmp_path, [(f"comment {i}", "Shut up!" if i % 2 else "shut up", 0.0) for i in range(50)])
    assert {part: len(rows) for part, rows in calibration(tmp_path).items()} == {"train": 0, "tune": 0, "held_out": 1}


def test_a_sentence_is_toxic_where_a_span_reaches_in() -> None:
    text = "You are an idiot, sir.\r\nThe weather is fine. Such a\nfool he is."
    rows = list(_sentences(text, set(range(text.index("idiot"), text.index(", sir"))) | {text.index("fool")}))
    # "fool he is." has one character of a span only: neither toxic nor neutral
    assert rows == [Labelled("You are an idiot, sir.", True), Labelled("The weather is fine.", False)]


def test_neutral_rows_that_another_set_calls_toxic_go() -> None:
    others = [Labelled(f"you idiot {i % 3}", True) for i in range(9)]
    others += [Labelled(f"thank you {i % 3}", False) for i in range(9)]
    rows = [Labelled("what an idiot", False), Labelled("thank her", False), Labelled("thank the idiot", True)]
    assert without_missed(rows, others) == rows[1:]


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"official_labels\.jsonl: no such file\n  mend: --data"):
        calibration(tmp_path)


@pytest.mark.slow  # a quarter of a minute
@needs_data
def test_nothing_that_measures_the_judge_or_trained_the_screener_trains_the_judge() -> None:
    sets = training_rows(DATA)
    trained = [key(row.text) for rows in sets.values() for row in rows]
    assert len(trained) == len(set(trained)) > 40_000
    held_out = {key(row.text) for row in calibration(DATA)["held_out"] + calibration(DATA)["tune"]}
    held_out |= {key(source) for part in ("held_out", "tune") for source in calibration_sources(DATA)[part]}
    test = [json.loads(line) for line in (DATA / "paradetox_test/test671.jsonl").open(encoding="utf-8")]
    held_out |= {key(row[field]) for row in test for field in ("toxic", "reference")}
    held_out |= {key(row.source) for row in ratings(DATA)}
    assert len(held_out) > 4_000
    assert not held_out.intersection(trained)
    assert not screener_keys(DATA).intersection(trained)
    shares = {name: sum(row.toxic for row in rows) / len(rows) for name, rows in sets.items()}
    assert all(0.2 < share < 0.6 for share in shares.values()), shares  # both sides of each genre
