"""`judge_calibration` is parted by source comment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.judges.training.data import Rewrite, calibration, calibration_sources


def write_calibration(folder: Path, rows: list[tuple[str, str, float]]) -> None:
    lines = [json.dumps({"source": source, "text": text, "sta": sta, "fluency": 0.75}) for source, text, sta in rows]
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


def test_both_official_verdicts(tmp_path: Path) -> None:
    write_calibration(tmp_path, [("You  fool", "you  person", 0.0)])
    (rows,) = filter(None, calibration(tmp_path).values())
    assert rows == [Rewrite("you person", "You fool", True, 0.75)]


def test_a_missing_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"official_labels\.jsonl: no such file\n  fix: --data"):
        calibration(tmp_path)
