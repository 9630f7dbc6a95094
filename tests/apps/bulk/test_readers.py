"""Folders are read as single files are: the same readers, in ranges where a file can be entered, else as a whole."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from sro.apps.bulk import writers
from sro.apps.bulk.config import BulkArguments, Reading
from sro.apps.bulk.formats import WHOLE
from sro.apps.bulk.readers import read
from sro.apps.bulk.run import run
from sro.apps.bulk.shards import plan
from sro.apps.bulk.writers import writer
from sro.comments.formats import Unreadable
from sro.core.errors import SROError

from .test_run import Toy, results

TEXTS = [f"grüße an Nummer {i}" for i in range(30)]
NAMES = ["friend", "idiot", "idiot"]
MIXED = "".join(f'{{"id": {i}, "label": {i % 2}, "text": "you {NAMES[i % 3]}"}}\n' for i in range(12))
MANY = b", ".join([b'{"text": "hi"}'] * 200)


def folder(path: Path, **files: str | bytes) -> Path:
    path.mkdir()
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (path / name.replace("_", ".")).write_bytes(data)
    return path


def texts_of(source: Path, shard_bytes: int, reading: Reading) -> tuple[list[str], int]:
    shards = plan(source, None, shard_bytes, [], reading).shards
    return [text for shard in shards for batch in read(shard, "text", 4, reading) for text in batch.texts], len(shards)


@pytest.mark.parametrize(
    ("codec", "told", "entered"),
    [
        ("utf-8", None, True),
        ("utf-8-sig", None, True),
        ("windows-1252", "windows-1252", True),
        ("utf-16", None, False),
        ("utf-16-le", "utf-16-le", False),
        ("utf-32", None, False),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl"])
def test_every_encoding_is_read_and_cut_only_where_it_can_be(
    tmp_path: Path, codec: str, told: str | None, entered: bool, name: str
) -> None:
    lines = TEXTS if name == "a.txt" else [json.dumps({"text": text}, ensure_ascii=False) for text in TEXTS]
    (tmp_path / name).write_bytes("".join(f"{line}\r\n" for line in lines).encode(codec))
    for shard_bytes in (1, 40, 10_000):
        texts, shards = texts_of(tmp_path, shard_bytes, Reading(encoding=told))
        assert texts == TEXTS
        assert (shards > 1) == (entered and shard_bytes < 10_000)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps([{"text": text} for text in TEXTS]),
        json.dumps([{"text": text} for text in TEXTS], indent=1),
        json.dumps({"page": 1, "comments": [{"text": text} for text in TEXTS]}),
    ],
)
def test_arrays_and_exports_are_one_shard(tmp_path: Path, content: str) -> None:
    source = folder(tmp_path / "in", a_json=content)
    assert texts_of(source, 10, Reading()) == (TEXTS, 1)
    run(source, tmp_path / "out", Toy())
    assert [row["text"] for row in results(tmp_path / "out")] == TEXTS


def test_a_column_that_the_first_rows_of_a_range_lack_is_found_behind_them(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"text": "first"}, *({"id": i} for i in range(400)), {"text": "last"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    texts, shards = texts_of(tmp_path, 500, Reading())
    assert shards > 5 and [text for text in texts if text] == ["first", "last"] and len(texts) == len(rows)


@pytest.mark.parametrize("strings_first", [False, True])
def test_strings_among_objects_are_read_alike_wherever_the_file_is_cut(tmp_path: Path, strings_first: bool) -> None:
    strings, objects = (["you idiot"] * 120, [{"text": "you idiot"}] * 120)
    lines = map(json.dumps, strings + objects if strings_first else objects + strings)
    source = folder(tmp_path / "in", a_jsonl="\n".join(lines))
    for shard_bytes in (300, 1_000_000):
        texts = [text for text in texts_of(source, shard_bytes, Reading())[0] if text]
        assert len(texts) == (240 if strings_first else 120)


def test_a_field_is_found_in_a_column_whose_name_begins_with_another_column(tmp_path: Path) -> None:
    nested = pyarrow.table({"a": [{"x": 1}, {"x": 2}], "a.b": [{"text": "you idiot"}, None]})
    (tmp_path / "in").mkdir()
    parquet.write_table(nested, tmp_path / "in/a.parquet")
    tally = run(tmp_path / "in", tmp_path / "out", Toy(), column="a.b.text")
    assert tally.counts == {"fail": 1, "error": 1}


def test_rows_are_chosen_and_the_others_counted(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in MIXED.splitlines()]
    source = folder(
        tmp_path / "in",
        a_jsonl=MIXED + "{broken\n",
        b_csv="id,label,text\n" + "".join(f"{row['id']},{row['label']},{row['text']}\n" for row in rows),
    )
    parquet.write_table(pyarrow.Table.from_pylist(rows), source / "c.parquet", row_group_size=5)
    tally = run(source, tmp_path / "out", Toy(), BulkArguments(shard_mb=0.0001), reading=Reading(where="label=1"))
    wanted = [row["id"] for row in rows if row["label"]]
    for name in ("b", "c"):
        found = [row for path in sorted((tmp_path / "out").glob(f"{name}-*")) for row in table(path)]
        assert [int(row["id"]) for row in found] == wanted
    found = [row for path in sorted((tmp_path / "out").glob("a-*")) for row in table(path)]
    assert [row.get("id") for row in found] == [*wanted, None] and found[-1]["error"] == "malformed"
    assert tally.counts == {"left out": 18, "fail": 12, "pass": 6, "error": 1}
    assert "33.3% pass" in tally.progress()
    with pytest.raises(SROError, match="where: 'label=1' there, 'label=0' now"):
        run(source, tmp_path / "out", Toy(), BulkArguments(shard_mb=0.0001), reading=Reading(where="label=0"))
    with pytest.raises(SROError, match=r"a\.jsonl: no column 'lable'; did you mean 'label'"):
        run(source, tmp_path / "other", Toy(), reading=Reading(where="lable=1"))


def table(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    lines = path.read_text("utf-8").splitlines()
    return list(csv.DictReader(lines)) if path.suffix == ".csv" else [json.loads(line) for line in lines]


def test_a_named_separator_is_that_of_every_table(tmp_path: Path) -> None:
    source = folder(tmp_path / "in", a_csv="id~text\n1~you idiot\n", b_tsv="id~text\n2~thank you\n")
    run(source, tmp_path / "out", Toy(), reading=Reading(delimiter="~"))
    assert (tmp_path / "out/a-00000.csv").read_text().splitlines()[1].startswith("1,you idiot,fail")
    assert (tmp_path / "out/b-00000.tsv").read_text().splitlines()[1].startswith("2\tthank you\tpass")


@pytest.mark.parametrize(("name", "sign"), [("a.csv", ","), ("a.tsv", "\t"), ("a.csv.gz", ",")])
def test_a_table_of_no_rows_comes_out_with_its_header(tmp_path: Path, name: str, sign: str) -> None:
    data = sign.join(("id", "text")).encode() + b"\n"
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    tally = run(tmp_path / name, tmp_path / "out", Toy())
    (made,) = (path for path in (tmp_path / "out").iterdir() if path.is_file())
    written = gzip.decompress(made.read_bytes()) if name.endswith("gz") else made.read_bytes()
    assert written.decode() == sign.join(("id", "text", "verdict", "p_fail", "words", "error")) + "\n"
    assert tally.counts == {}


def test_bytes_of_another_encoding_are_counted_by_file(tmp_path: Path) -> None:
    latin = "naïve Straße\n".encode("windows-1252")
    source = folder(tmp_path / "in", a_txt=latin + b"fine\n", b_jsonl='{"text": "half \\ud83d"}\n{"text": "ok"}\n')
    tally = run(source, tmp_path / "out", Toy())
    assert tally.stray == Counter({str(source / "a.txt"): 1}) and tally.counts["error"] == 2
    again = run(source, tmp_path / "again", Toy(), reading=Reading(encoding="windows-1252"))
    assert again.stray == {} and again.counts["error"] == 1


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b"[" + MANY + b', {"text": "ho"', "a.json:1: broken JSON: it ends within a value"),
        ("a.json", b"[" + MANY + b' {"text": "ho"}]', "a.json:1: broken JSON: a comma or ] is missing"),
        ("a.csv.gz", gzip.compress(b"text\n" + b"hi\n" * 9000, mtime=0)[:-9], "a.csv.gz: cannot be read"),
    ],
    ids=["within", "between", "gzip"],
)
def test_a_file_that_breaks_off_costs_itself_only(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    source = folder(tmp_path / "in", b_txt="you idiot\n")
    (source / name).write_bytes(data)
    tally = run(source, tmp_path / "out", Toy(), column="text")
    assert [message in trouble for trouble in tally.troubles] == [True]
    assert +tally.counts == {"fail": 1} and len(results(tmp_path / "out")) == 1


def test_a_workbook_has_sheets(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for title, text in (("March", "hi"), ("April", "you idiot")):
        sheet = book.active if title == "March" else book.create_sheet(title)
        sheet.title = title
        sheet.append(("text",))
        sheet.append((text,))
    (tmp_path / "in").mkdir()
    book.save(tmp_path / "in/a.xlsx")
    said: list[str] = []
    run(tmp_path / "in", tmp_path / "out", Toy(), say=said.append)
    assert results(tmp_path / "out")[0]["text"] == "hi"
    assert [line for line in said if "taking the comments from sheet 'March'; --sheet names another: 'April'" in line]
    said.clear()
    run(tmp_path / "in", tmp_path / "other", Toy(), reading=Reading(sheet="April"), say=said.append)
    assert results(tmp_path / "other")[0]["text"] == "you idiot" and said == []


def test_rows_that_wait_for_their_row_group_are_bounded_in_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "ROW_GROUP_BYTES", 50_000)
    rows = [{"text": "hi", "html": f"{i}" * 20_000} for i in range(20)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    (shard,) = plan(tmp_path, None, 10**9, []).shards
    with writer(tmp_path / "out.parquet", {}) as write:
        for batch in read(shard, "text", 2):
            write(batch, [{}] * len(batch.texts))
    with parquet.ParquetFile(tmp_path / "out.parquet") as made:
        assert made.metadata.num_rows == 20 and 5 <= made.num_row_groups <= 10


def test_a_shard_that_went_away_is_unreadable(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"text": ["hi"]}), tmp_path / "a.parquet")
    (tmp_path / "b.txt").write_text("hi\n")
    for shard in plan(tmp_path, None, 10, []).shards:
        Path(shard.source).unlink()
        assert shard.stop < WHOLE
        with pytest.raises((Unreadable, SROError)), writer(tmp_path / "out.jsonl", {}) as write:
            for batch in read(shard, "text", 10):
                write(batch, [])
