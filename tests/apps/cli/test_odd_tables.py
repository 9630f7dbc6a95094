"""`sro screener screen` on the tables that people have: what stands beside the comments comes out as it was."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from sro.apps.cli import main

SCREEN = ["screener", "screen", "--screener", "embedded/linear"]
WHEN = pyarrow.timestamp("us")
Capture = pytest.CaptureFixture[str]


def screened(source: Path, target: Path, *flags: str) -> int:
    return main([*SCREEN, "--input", str(source), "--output", str(target), *flags])


def test_bytes_and_dates_stay_what_they_are(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 5, 6, 7, 8)
    rows = pyarrow.table({"text": ["you idiot", "hello"], "raw": [b"\xff\x00", b"a"], "when": [when, None]})
    parquet.write_table(rows, tmp_path / "in.parquet")
    assert screened(tmp_path / "in.parquet", tmp_path / "out.parquet") == 0
    found = parquet.read_table(tmp_path / "out.parquet")
    assert found.select(["text", "raw", "when"]).equals(rows)
    assert screened(tmp_path / "in.parquet", tmp_path / "out.csv") == 0
    with open(tmp_path / "out.csv", newline="") as file:
        assert [row["when"] for row in csv.DictReader(file)] == ["2024-05-06 07:08:00", ""]


def test_times_that_python_cannot_hold_stay_what_they_are(tmp_path: Path) -> None:
    times = {
        "when": pyarrow.array([2**62, 1], pyarrow.timestamp("us", "Europe/Berlin")),  # as PostgreSQL's infinity
        "day": pyarrow.array([2 * 10**9, 0], pyarrow.date32()),
        "clock": pyarrow.array([1, 2_000], pyarrow.time64("ns")),
        "more": pyarrow.array([{"l": [2**62]}, {"l": [5, None]}], pyarrow.struct({"l": pyarrow.list_(WHEN)})),
        "map": pyarrow.array([[("a", 2**62)], None], pyarrow.map_(pyarrow.string(), WHEN)),
    }
    rows = pyarrow.table({"text": ["you idiot", "hello"], **times})
    parquet.write_table(rows, tmp_path / "in.parquet")
    assert screened(tmp_path / "in.parquet", tmp_path / "out.parquet") == 0
    assert parquet.read_table(tmp_path / "out.parquet").select(rows.column_names).equals(rows)
    assert screened(tmp_path / "in.parquet", tmp_path / "out.csv") == 0
    with open(tmp_path / "out.csv", newline="") as file:
        assert [row["when"] for row in csv.DictReader(file)] == [str(2**62), "1970-01-01 01:00:00.000001+01:00"]


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_list_with_text_that_is_not_utf_8_ends_nothing(tmp_path: Path, suffix: str) -> None:
    raw = pyarrow.array([b"caf\xe9", b"fine"], pyarrow.binary())
    bad = pyarrow.StringArray.from_buffers(2, *raw.buffers()[1:])
    tags = pyarrow.ListArray.from_arrays(pyarrow.array([0, 1, 2], pyarrow.int32()), bad)
    data = pyarrow.StructArray.from_arrays([bad, raw], ["word", "raw"])
    parquet.write_table(
        pyarrow.table({"text": ["you idiot", "hello"], "tags": tags, "data": data}), tmp_path / "in.parquet"
    )
    target = tmp_path / f"out.{suffix}"
    assert screened(tmp_path / "in.parquet", target, "--column", "text") == 0
    if suffix == "parquet":
        first, second = parquet.read_table(target).to_pylist()
        assert (first["tags"], second["tags"]) == (["caf\\udce9"], ["fine"])
        assert first["data"] == {"word": "caf\\udce9", "raw": b"caf\xe9"} and first["verdict"] == "fail"
    else:
        assert "caf\\udce9" in target.read_text("utf-8")


def test_a_second_column_of_the_same_name_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,text,id\nyou idiot,thanks,1\n")
    assert screened(tmp_path / "in.csv", tmp_path / "out.csv") == 0
    with open(tmp_path / "out.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["text_2"], row["id"], row["verdict"]) == ("you idiot", "thanks", "1", "fail")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("where", [[], ["--where", "id=7"]])
def test_rows_without_fields_of_nested_json_are_rows_of_a_table(tmp_path: Path, suffix: str, where: list[str]) -> None:
    lines = ['{"id":0,"data":{"text":"hello there"}}', '{"id":1,"data":{"text":"you idiot"}}', "", "{}", '{"id"']
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n\n")
    target = tmp_path / f"out.{suffix}"
    assert screened(tmp_path / "in.jsonl", target, "--column", "data.text", *where) == 0
    if suffix == "csv":
        with open(target, newline="") as file:
            rows = list(csv.DictReader(file))
            assert ",".join(rows[0]).startswith("id,data,row,line,verdict")
    else:
        rows = parquet.read_table(target).to_pylist()
        assert list(rows[0])[:5] == ["id", "data", "row", "line", "verdict"]
    wanted = ["pass", "fail", "pass", "", "", "pass"] if not where else [""]
    assert [row["verdict"] or "" for row in rows] == wanted


@pytest.mark.parametrize("sign", [";;", "", '"', "\n"])
def test_a_separator_is_one_sign(tmp_path: Path, sign: str, capsys: Capture) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1,you idiot\n")
    assert main([*SCREEN, "--input", str(tmp_path / "in.csv"), "--delimiter", sign]) == 2
    assert "must be one sign" in capsys.readouterr().err


@pytest.mark.parametrize("sign", ["\t", "\\t", "tab"])
def test_a_tab_can_be_typed(tmp_path: Path, sign: str, capsys: Capture) -> None:
    (tmp_path / "in.csv").write_text("id\ttext\n1\tyou idiot\n")
    assert main([*SCREEN, "--input", str(tmp_path / "in.csv"), "--delimiter", sign]) == 0
    assert capsys.readouterr().out == "fail\t1.000\tyou idiot\t1\n"


def test_a_folder_is_not_written_to_a_files_name(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("you idiot\n")
    assert screened(tmp_path / "in", tmp_path / "out.csv") == 2
    assert "fix: --output" in capsys.readouterr().err and not (tmp_path / "out.csv").exists()


def test_one_damaged_file_costs_the_folder_nothing_else(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.parquet").write_bytes(b"")
    (tmp_path / "in/b.csv").write_text("id,text\n1,you idiot\n")
    parquet.write_table(pyarrow.table({"text": ["good day"]}), tmp_path / "in/c.parquet")
    assert screened(tmp_path / "in", tmp_path / "out") == 1
    assert f"not done: {tmp_path / 'in/a.parquet'}: cannot be read as Parquet" in capsys.readouterr().err
    assert (tmp_path / "out/b-00000.csv").read_text() == "id,text,verdict,p_fail,error\n1,you idiot,fail,1.0,\n"
    assert parquet.read_table(tmp_path / "out/c-00000.parquet")["verdict"].to_pylist() == ["pass"]


def test_a_folder_reads_odd_files_as_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_bytes(b"you idiot\rgood day\r")
    (tmp_path / "in/b.jsonl").write_text('{"text":"you idiot"},\n\ufeff{"text":"good day"},\n')
    (tmp_path / "in/c.csv").write_text("sep=;\ntext;text\nyou idiot;b\ngood day;c;\n")
    (tmp_path / "in/d.json").write_text('["you idiot", "good day"]')
    nested = pyarrow.table({"text": ["you idiot", "good day"], "more": [{"label": 1}, {"label": 0}]})
    parquet.write_table(nested, tmp_path / "in/e.parquet")
    assert screened(tmp_path / "in", tmp_path / "out") == 0
    for name in ("a-00000.jsonl", "b-00000.jsonl", "c-00000.csv", "d-00000.jsonl"):
        told = (tmp_path / "out" / name).read_text()
        assert told.count("fail") == 1 + told.count("p_fail") and told.count("pass") == 1, name
    (tmp_path / "chosen").mkdir()
    assert screened(tmp_path / "in/e.parquet", tmp_path / "chosen", "--where", "more.label=1") == 0
    assert parquet.read_table(tmp_path / "chosen/e-00000.parquet")["verdict"].to_pylist() == ["fail"]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_text_stands_in_a_table_as_it_was_written(tmp_path: Path, suffix: str) -> None:
    texts = ["@ann thank you", "=1+1", "-- bob", "'=1", "'quoted'"]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text, "by": text}) + "\n" for text in texts))
    assert screened(tmp_path / "in.jsonl", tmp_path / f"out.{suffix}") == 0
    with open(tmp_path / f"out.{suffix}", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="," if suffix == "csv" else "\t"))
    assert [row["text"] for row in rows] == [row["by"] for row in rows] == texts


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_json_that_nests_too_deep_costs_its_own_row(tmp_path: Path, suffix: str) -> None:
    lines = [f'{{"text": "hello", "x": {"[" * deep}{"]" * deep}}}' for deep in (1, 399, *range(940, 996, 3))]
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    target = tmp_path / f"out.{suffix}"
    assert screened(tmp_path / "in.jsonl", target) == 0
    if suffix == "jsonl":
        rows = [json.loads(line) for line in target.read_text().splitlines()]
    elif suffix == "parquet":
        rows = parquet.read_table(target).to_pylist()
    else:
        with open(target, newline="") as file:
            rows = list(csv.DictReader(file))
    assert [row["error"] or None for row in rows] == [None, None, *["malformed"] * (len(lines) - 2)]
