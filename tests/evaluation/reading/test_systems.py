"""Rewrites of a system from the files that hold them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.reading.systems import read_system


def json_lines(path: Path, *rows: dict[str, object]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def texts(word: str) -> dict[str, str | None]:
    return {one.comment: one.text for one in read_system(word).rewrites.values()}


def test_the_json_lines_of_sro_rewrite(tmp_path: Path) -> None:
    path = json_lines(
        tmp_path / "ours.jsonl",
        {"row": 1, "text": "please\nstop", "source": "stop,  you fool", "status": "rewritten"},
        {"row": 2, "text": None, "source": "die", "status": "refused"},
        {"row": 3, "text": None, "source": "", "status": "skipped"},
        {"row": 4, "text": "thanks", "source": "thanks", "status": "unchanged"},
        {"row": 5, "text": "a second time", "source": "Stop you fool!", "status": "rewritten"},
    )
    assert texts(path) == {"stop, you fool": "please stop", "die": None, "thanks": "thanks"}
    assert read_system(path).name == "ours" and read_system(f"SRO={path}").name == "SRO"


def test_the_table_of_sro_rewrite(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text('id,body,rewrite,status\n7,"you, fool",you,rewritten\n8,die,,refused\n')
    assert texts(str(path)) == {"you, fool": "you", "die": None}


def test_one_system_of_those_that_sro_evaluate_wrote(tmp_path: Path) -> None:
    rows = [{"system": system, "row": 1, "source": "you fool", "text": f"by {system}"} for system in ("SRO", "BART")]
    path = json_lines(tmp_path / "sentences.jsonl", *rows)
    assert texts(f"BART={path}") == {"you fool": "by BART"}
    with pytest.raises(SROError, match=r"several systems \(SRO, BART\)\n  fix: say which: 'SRO="):
        read_system(path)
    with pytest.raises(SROError, match="several systems"):
        read_system(f"T5={path}")


def test_named_columns(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "test.jsonl", {"id": 0, "toxic": "you fool", "reference": "you"})
    found = read_system(f"people={path}::toxic::reference")
    assert found.name == "people" and found.rewrites["youfool"].text == "you"
    with pytest.raises(SROError, match="'referense'; did you mean 'reference'"):
        read_system(f"people={path}::toxic::referense")
    with pytest.raises(SROError, match=r"Columns: 'id', 'toxic', 'reference'.\n  fix: name its columns"):
        read_system(path)
    with pytest.raises(SROError, match="names no system"):
        read_system(f"{path}::toxic")


def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ours.jsonl"
    path.write_text('{"source": "a b", "text": "a"}\n{"source": "a c", "te\n')
    with pytest.raises(SROError, match=r"ours.jsonl:2: cannot be read"):
        read_system(str(path))
    path.write_text('{"source": "a b", "text": 3}\n')
    with pytest.raises(SROError, match=r"ours.jsonl:1: the rewrite has to be text, not 3"):
        read_system(str(path))
    with pytest.raises(SROError, match="no such file"):
        read_system(f"x={tmp_path}/nowhere.jsonl")
