"""Folders of comments: cut, read, worked on, written and gone on with, by this process."""

from __future__ import annotations

import csv
import gzip
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow
import pytest
from pyarrow import parquet

from sro.apps.bulk import shard_worker
from sro.apps.bulk.config import BulkArguments, is_bulk
from sro.apps.bulk.isolate_failures import isolate_failures
from sro.apps.bulk.jobs import Answer, Rewriting, Screening, Work
from sro.apps.bulk.ledger import OURS, Ledger
from sro.apps.bulk.readers import read
from sro.apps.bulk.run import run
from sro.apps.bulk.shards import plan
from sro.apps.bulk.summary import Tally, hours_minutes_seconds, render_summary
from sro.core import files
from sro.core.errors import SROError

TINY = BulkArguments(shard_mb=0.0005)


@dataclass(frozen=True)
class Toy:
    """Fails what holds `idiot`; breaks on `crash`; cannot go on after `gone`."""

    version: int = 1
    columns: ClassVar[dict[str, str]] = {"verdict": "text", "p_fail": "number", "words": "count"}
    outcome: ClassVar[str] = "verdict"
    passing: ClassVar[frozenset[str]] = frozenset({"pass"})
    shard_mb: ClassVar[float] = 1.0

    def settings(self) -> dict[str, Any]:
        return {"job": "toy", "version": self.version}

    def load(self) -> Work:
        def work(texts: Sequence[str]) -> list[Answer]:
            if any("gone" in text for text in texts):
                raise SROError("the server is gone")
            if any("crash" in text for text in texts):
                raise ValueError("crashed")
            return [
                {"verdict": "fail", "p_fail": 0.9, "words": len(text.split())}
                if "idiot" in text
                else {"verdict": "pass", "p_fail": 0.1, "words": len(text.split())}
                for text in texts
            ]

        return work


def json_lines(path: Path, records: Sequence[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), "utf-8")
    return path


def results(folder: Path) -> list[dict[str, Any]]:
    """Rows of all results, in the order of their names."""
    found: list[dict[str, Any]] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and OURS not in p.parts):
        if path.suffix == ".parquet":
            found += parquet.read_table(path).to_pylist()
        else:
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found += [json.loads(line) for line in text.decode().splitlines()]
    return found


# --- shards and rows -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shard_bytes", [1, 7, 50, 333, 10_000])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_line_is_in_one_shard_whatever_their_size(tmp_path: Path, shard_bytes: int, ending: str) -> None:
    texts = [f"{i} " + "grüße " * (i % 7) for i in range(40)]
    (tmp_path / "a.txt").write_bytes(("\ufeff" + ending.join(texts)).encode())
    shards = plan(tmp_path, None, shard_bytes, []).shards
    assert len(shards) == max(1, math.ceil((tmp_path / "a.txt").stat().st_size / shard_bytes))
    assert sum(shard.size for shard in shards) == (tmp_path / "a.txt").stat().st_size
    assert [text for shard in shards for batch in read(shard, "text", 3) for text in batch.texts] == texts


@pytest.mark.parametrize("shard_bytes", [40, 300, 10_000])
@pytest.mark.parametrize("row_group", [1, 7, 1000])
def test_every_row_of_parquet_is_in_one_shard(tmp_path: Path, shard_bytes: int, row_group: int) -> None:
    texts = [f"comment {i}" for i in range(50)]
    parquet.write_table(pyarrow.table({"id": range(50), "text": texts}), tmp_path / "a.parquet", row_group)
    shards = plan(tmp_path, None, shard_bytes, []).shards
    batches = [batch for shard in shards for batch in read(shard, "text", 4)]
    assert [text for batch in batches for text in batch.texts] == texts
    assert [i for batch in batches for i in batch.rows.column("id").to_pylist()] == list(range(50))
    assert max(len(batch.texts) for batch in batches) <= 4


def test_the_plan_passes_over_hidden_and_foreign_files(tmp_path: Path) -> None:
    json_lines(tmp_path / "a/b.jsonl", [{"body": "hi"}])
    json_lines(tmp_path / "_sro/c.jsonl", [{"body": "hi"}])
    json_lines(tmp_path / "a/.d.jsonl", [{"body": "hi"}])
    (tmp_path / "e.docx").write_text("text\nhi\n")
    (tmp_path / "empty.jsonl").touch()
    found = plan(tmp_path, None, 100, [])
    assert [shard.name for shard in found.shards] == ["a/b-00000.jsonl"]
    assert (found.column, found.left_alone) == ("body", Counter({".docx": 1}))


def test_linked_folders_are_read_and_circles_end(tmp_path: Path) -> None:
    root, other = tmp_path / "in", tmp_path / "other"
    json_lines(root / "a.jsonl", [{"text": "hi"}])
    json_lines(other / "b.jsonl", [{"text": "hi"}])
    (root / "link").symlink_to("../other")
    (root / "again").symlink_to(".")
    (root / "up").symlink_to("..")
    (other / "back").symlink_to(root)
    for source in (root, tmp_path / "in" / ".." / "in"):
        assert [shard.name for shard in plan(source, None, 100, []).shards] == ["a-00000.jsonl", "link/b-00000.jsonl"]
    for target in (other / "out", other, tmp_path):
        with pytest.raises(SROError, match="lie one within the other"):
            run(root, target, Toy())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no such file or folder"),
        (["a.docx"], "no file with one of .csv .tsv .jsonl .ndjson .json .parquet .xlsx .txt"),
        (["a.jsonl", "a.json"], "a.json and {}/a.jsonl would both be written to a-00000.jsonl"),
        (["a.jsonl", "other.jsonl"], "other.jsonl: no column 'text'"),
        (["a.jsonl", "taken.jsonl"], "taken.jsonl has a column 'verdict' already"),
        (["array.json"], "array.json: no JSON object on its first 1 lines"),
        (["bad.parquet"], "bad.parquet: cannot be read as Parquet"),
        (["cut.jsonl.gz"], "cut.jsonl.gz: cannot be read: "),
    ],
)
def test_what_cannot_be_planned_is_named(tmp_path: Path, names: list[str], message: str) -> None:
    content = {"other.jsonl": '{"body": "b"}\n', "taken.jsonl": '{"text": "b", "verdict": 1}\n', "array.json": "[1]\n"}
    root = tmp_path / "in"
    for name in names:
        root.mkdir(exist_ok=True)
        (root / name).write_text(content.get(name, '{"text": "hi"}\n'))
    with pytest.raises(SROError) as raised:
        plan(root, None, 100, ["verdict", "error"])
    assert message.replace("{}", str(root)) in str(raised.value)


def test_a_batch_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    rows = [{"id": i, "text": "hi", "html": "x" * 1000} for i in range(40)]
    json_lines(tmp_path / "a.jsonl", rows)
    (tmp_path / "b.csv").write_text("id,text,html\n" + "".join(f"{r['id']},hi,{r['html']}\n" for r in rows))
    parquet.write_table(
        pyarrow.table({"text": ["hi"] * 40, "html": [f"{i}" * 1000 for i in range(40)]}), tmp_path / "c.parquet"
    )
    for shard in plan(tmp_path, None, 10**9, []).shards:
        lengths = [len(batch.texts) for batch in read(shard, "text", 2_048, size_bytes=5_000)]
        assert sum(lengths) == 40 and max(lengths) <= 6, shard.name
        assert [len(batch.texts) for batch in read(shard, "text", 2_048)] == [40]


# --- whole runs ------------------------------------------------------------------------------------------------------


def test_json_lines_keep_their_columns_and_bad_rows_become_errors(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    lines = [
        b'{"id": 1, "text": "you idiot", "tags": ["a"], "big": 123456789012345678901}',
        b"",
        b'{"id": 2, "text": null}',
        b'{"id": 3, "text": 7}',
        b'{"id": 4}',
        b'{"id": 5, "text": "  "}',
        b'{"id": 6, "text": "caf\xe9"}',
        b'{"id": 7, "text": "half \\ud83d"}',
        b'{"id": 8, "te',
        b'{"id": 9, "text": "crash"}',
        '{"id": 10, "text": "grüß dich"}'.encode(),
        '{"id": 11, "text": "two\u2028lines"}'.encode(),
    ]
    (source / "a.jsonl").write_bytes(b"\n".join(lines))
    tally = run(source, tmp_path / "out", Toy())
    rows = results(tmp_path / "out")
    nothing = {"verdict": None, "p_fail": None, "words": None}
    assert rows[0] == {
        **{"id": 1, "text": "you idiot", "tags": ["a"], "big": 123456789012345678901},
        **{"verdict": "fail", "p_fail": 0.9, "words": 2, "error": None},
    }
    assert [row["error"] for row in rows[1:8]] == [
        *("null", "wrong_type", "null", None, "undecodable", "undecodable", "malformed")
    ]
    assert [row["error"] for row in rows[8:]] == ["ValueError: crashed", None, None]
    assert rows[7] == {"text": '{"id": 8, "te', **nothing, "error": "malformed"}
    assert rows[8] == {"id": 9, "text": "crash", **nothing, "error": "ValueError: crashed"}
    assert rows[5]["text"].encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert tally.counts == {"fail": 1, "pass": 3, "error": 7}
    assert tally.stray == {str(source / "a.jsonl"): 1}  # half a character in an escape is no byte
    raw = (tmp_path / "out/a-00000.jsonl").read_bytes()
    assert "grüß dich".encode() in raw and len(raw.decode().splitlines()) == 11


def test_csv_and_tsv_come_out_as_csv_and_tsv_with_all_columns(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.csv").write_bytes(b'id,text,when\n1,"you idiot,\nreally",today\n2,,now\n3,a,b,c\n4,caf\xe9,x\n')
    (source / "b.tsv").write_text("text\tid\nhi\t5\n")
    tally = run(source, tmp_path / "out", Toy())
    with open(tmp_path / "out/a-00000.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["text"], row["when"]) for row in rows] == [
        *(("1", "you idiot,\nreally", "today"), ("2", "", "now"), ("", "3,a,b,c", ""), ("4", "caf\\udce9", "x"))
    ]
    assert [(row["verdict"], row["error"]) for row in rows] == [
        *(("fail", ""), ("pass", ""), ("", "malformed"), ("", "undecodable"))
    ]
    head, row = (tmp_path / "out/b-00000.tsv").read_text().splitlines()
    assert (head, row) == ("text\tid\tverdict\tp_fail\twords\terror", "hi\t5\tpass\t0.1\t1\t")
    assert tally.counts == {"fail": 1, "pass": 2, "error": 2}


def test_a_field_that_appears_late_is_not_written_over(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"text": "hi"}] * 150 + [{"text": "ho", "error": "rate limited"}]
    source = json_lines(tmp_path / "in.jsonl", rows)
    with pytest.raises(SROError, match="has a field 'error' already"):
        run(source, tmp_path / "out", Toy())
    run(source, tmp_path / "other", Toy(), BulkArguments(prefix="sro_"))
    assert results(tmp_path / "other")[-1]["error"] == "rate limited"


def test_the_output_folder_is_not_listed_once_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(30):
        json_lines(tmp_path / "in" / f"{i}.jsonl", [{"text": "hi"}])
    listed = Counter[str]()
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path=".": listed.update([str(path)]) or scandir(path))
    run(tmp_path / "in", tmp_path / "out", Toy())
    assert listed[str(tmp_path / "out")] <= 4
    assert len(results(tmp_path / "out")) == 30


def test_parquet_keeps_its_columns_and_types(tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    broken = pyarrow.array([b"you idiot", b"hi", None, b"", b"caf\xe9", b"crash"]).cast(pyarrow.binary())
    texts = pyarrow.StringArray.from_buffers(6, *broken.buffers()[1:], broken.buffers()[0])
    table = pyarrow.table(
        {
            "id": pyarrow.array(range(6), pyarrow.int16()),
            "at": pyarrow.array([0] * 6, pyarrow.timestamp("us", "UTC")),
            "tags": [["a"], [], None, ["b", "c"], [], []],
            "text": texts,
        },
        metadata={"made": "by hand"},
    )
    parquet.write_table(table, source, row_group_size=4)
    tally = run(source, tmp_path / "out", Toy(), BulkArguments(prefix="sro_"))
    made = parquet.read_table(tmp_path / "out/in-00000.parquet")
    assert made.schema.remove_metadata().field("at") == table.schema.field("at")
    assert made.schema.metadata[b"made"] == b"by hand"
    assert made.schema.names[4:] == ["sro_verdict", "sro_p_fail", "sro_words", "sro_error"]
    assert [str(kind) for kind in made.schema.types[4:]] == ["string", "double", "int64", "string"]
    assert made.select(["id", "at", "tags"]).equals(
        table.select(["id", "at", "tags"]).replace_schema_metadata(None)
    ) or (made.select(["id", "at", "tags"]).to_pylist() == table.select(["id", "at", "tags"]).to_pylist())
    assert made["sro_error"].to_pylist() == [None, None, "null", None, "undecodable", "ValueError: crashed"]
    assert made["sro_words"].to_pylist() == [2, 1, None, 0, None, None]
    assert made["text"].cast(pyarrow.binary()).to_pylist()[4] == b"caf\xe9"
    assert tally.counts == {"fail": 1, "pass": 2, "error": 3}


def test_text_gzip_and_empty_parquet(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text("hi there\n\nyou idiot\n")
    (source / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "packed"}\n' * 100))
    parquet.write_table(pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), source / "c.parquet")
    tally = run(source, tmp_path / "out", Toy(), TINY)
    rows = results(tmp_path / "out")
    assert [row["error"] for row in rows[:3]] == [None, None, None]
    assert [row["text"] for row in rows[3:]] == ["packed"] * 100
    assert {p.name for p in (tmp_path / "out").glob("*.*")} == {
        *("a-00000.jsonl", "b-00000.jsonl.gz", "c-00000.parquet")
    }
    assert parquet.read_schema(tmp_path / "out/c-00000.parquet").names == ["text", *Toy.columns, "error"]
    assert tally.counts.total() == 103


def test_a_run_that_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"id": i, "text": f"comment number {i}"} for i in range(100)])
    worked: list[str] = []

    class Counted(Toy):
        def load(self) -> Work:
            work = super().load()

            def counted(texts: Sequence[str]) -> list[Answer]:
                worked.extend(texts)
                if len(worked) > 40 and dying:
                    raise KeyboardInterrupt
                return work(texts)

            return counted

    dying = True
    monkeypatch.setattr(shard_worker, "BATCH", 5)
    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path / "out", Counted(), TINY)
    partly = results(tmp_path / "out")
    assert 0 < len(partly) < 40
    assert not list((tmp_path / "out").glob(".*"))
    left = tmp_path / "out" / ".in-00003.jsonl.0badcafe.partial"  # as a power cut would leave it
    left.write_text("half a li")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.jsonl")}
    worked.clear()
    dying = False
    said: list[str] = []
    tally = run(source, tmp_path / "out", Counted(), TINY, say=said.append)
    assert [row["id"] for row in results(tmp_path / "out")] == list(range(100))
    assert len(worked) == 100 - len(partly) == tally.counts.total()
    assert (tally.before.total(), tally.before_shards) == (len(partly), len(times))
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert said[1:] == [f"{len(times)} of {tally.shards} shards are done already"]
    assert not left.exists()
    assert run(source, tmp_path / "out", Counted(), TINY).counts.total() == 0


def test_a_second_run_in_the_folder_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": f"comment number {i}"} for i in range(100)])
    left = tmp_path / "out" / ".in-00003.jsonl.0badcafe.partial"

    class Watched(Toy):
        def load(self) -> Work:
            left.touch()  # as the first run would write it
            with pytest.raises(SROError, match=r"another run is at work in .*out\n  fix: "):
                run(source, tmp_path / "out", Toy(), TINY)
            assert left.exists()
            return super().load()

    run(source, tmp_path / "out", Watched(), TINY)
    run(source, tmp_path / "out", Toy(), TINY)
    assert not left.exists()


def test_a_killed_run_locks_nothing(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": "hi"}])
    run(source, tmp_path / "out", Toy())
    hold = (
        "import os, sys, time; from sro.apps.bulk.ledger import Ledger\n"
        "with Ledger(sys.argv[1]).sole_run(): print('at work', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path / "out")], stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"at work\n"
        with pytest.raises(SROError, match="another run is at work"):
            run(source, tmp_path / "out", Toy())
        other.kill()
    run(source, tmp_path / "out", Toy())
    assert [path.name for path in (tmp_path / "out/_sro").glob("lock*")] == ["lock"]


def test_a_second_run_with_other_settings_is_refused_before_it_compares_or_writes(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": "hi"}])
    with Ledger(str(tmp_path / "out")).sole_run():
        with pytest.raises(SROError, match="another run is at work"):
            run(source, tmp_path / "out", Toy())
        assert sorted(path.name for path in (tmp_path / "out/_sro").iterdir()) == ["lock", "lock-journal"]
    run(source, tmp_path / "out", Toy())  # as after a run that was killed before it wrote its manifest
    with (
        Ledger(str(tmp_path / "out")).sole_run(),
        pytest.raises(SROError, match="another run is at work"),
    ):
        run(source, tmp_path / "out", Toy(version=2))
    with pytest.raises(SROError, match="results of other settings"):
        run(source, tmp_path / "out", Toy(version=2))


@pytest.mark.parametrize("message", ["disk I/O error", "locking protocol", "database is locked"])
def test_where_nothing_can_be_locked_a_run_warns_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, message: str
) -> None:
    def unable(*_: object, **__: object) -> Any:
        raise sqlite3.OperationalError(message)

    monkeypatch.setattr(sqlite3, "connect", unable)
    assert run(json_lines(tmp_path / "in.jsonl", [{"text": "hi"}]), tmp_path / "out", Toy()).counts.total() == 1
    (said,) = caplog.messages
    assert f"nothing can be locked there ({message}), so a second run in this folder would not be noticed" in said
    assert [path.name for path in (tmp_path / "out/_sro").iterdir() if path.is_dir()] == ["done"]


@pytest.mark.slow
def test_a_run_that_is_killed_outright_goes_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for kind in ("a.jsonl", "b.txt"):
        record = '{"text": "you idiot, number %d"}\n' if kind == "a.jsonl" else "thank you for edit %d\n"
        (tmp_path / "in" / kind).write_text("".join(record % i for i in range(40_000)))
    words = [
        sys.executable,
        "-m",
        "sro",
        "screener",
        "screen",
        "--screener",
        "embedded/linear",
        "--input",
        str(tmp_path / "in"),
        "--shard_mb",
        "0.1",
    ]
    with subprocess.Popen([*words, "--output", str(tmp_path / "out")]) as process:
        while process.poll() is None and len(list((tmp_path / "out").rglob("done/*.json"))) < 3:
            time.sleep(0.01)
        process.kill()
    done = len(list((tmp_path / "out/_sro/done").iterdir()))
    assert process.returncode == -signal.SIGKILL and done >= 3
    arguments = BulkArguments(shard_mb=0.1)
    tally = run(tmp_path / "in", tmp_path / "out", Screening("embedded/linear"), arguments)
    assert tally.before_shards == done and tally.done_shards == tally.shards - done > 0
    run(tmp_path / "in", tmp_path / "whole", Screening("embedded/linear"), arguments)
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    assert not list((tmp_path / "out").glob(".*"))


def test_a_folder_may_grow_but_its_files_may_not_change(tmp_path: Path) -> None:
    json_lines(tmp_path / "in/monday.jsonl", [{"text": "hi"}])
    run(tmp_path / "in", tmp_path / "out", Toy())
    json_lines(tmp_path / "in/tuesday.jsonl", [{"text": "you idiot"}])
    tally = run(tmp_path / "in", tmp_path / "out", Toy())
    assert (tally.before, tally.counts) == ({"pass": 1}, {"fail": 1})
    json_lines(tmp_path / "in/monday.jsonl", [{"text": "ho"}])
    with pytest.raises(SROError, match=r"monday\.jsonl has changed since .*monday-00000\.jsonl") as raised:
        run(tmp_path / "in", tmp_path / "out", Toy())
    remove(raised)
    assert run(tmp_path / "in", tmp_path / "out", Toy()).counts == {"pass": 1}


def remove(raised: pytest.ExceptionInfo[SROError]) -> None:
    """What the message says."""
    subprocess.run("rm " + str(raised.value).split("rm ")[1], shell=True, check=True)


@pytest.mark.parametrize("rest", [5, 0])
def test_a_source_that_became_shorter_leaves_no_old_results(tmp_path: Path, rest: int) -> None:
    rows = [{"text": f"row {i} " + "x" * 100} for i in range(15)]
    json_lines(tmp_path / "in/a b.jsonl", rows)
    json_lines(tmp_path / "in/a b-00001.jsonl", rows)  # its results, `a b-00001-00000.jsonl`, are nobody else's
    assert run(tmp_path / "in", tmp_path / "out", Toy(), TINY).shards == 8
    json_lines(tmp_path / "in/a b.jsonl", rows[:rest])
    with pytest.raises(SROError, match=r"a b\.jsonl has changed since .*a b-0000\d\.jsonl was made") as raised:
        run(tmp_path / "in", tmp_path / "out", Toy(), TINY)
    remove(raised)
    run(tmp_path / "in", tmp_path / "out", Toy(), TINY)
    assert len(results(tmp_path / "out")) == 15 + rest


def test_results_whose_records_alone_were_removed_are_noticed_too(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in/a.jsonl", [{"text": "x" * 200}] * 15)
    run(source, tmp_path / "out", Toy(), TINY)
    json_lines(source, [{"text": "hi"}])
    shutil.rmtree(tmp_path / "out" / OURS / "done")
    with pytest.raises(SROError, match=r"a\.jsonl has changed since .*a-00001\.jsonl was made"):
        run(source, tmp_path / "out", Toy(), TINY)


def test_results_of_sources_that_are_gone_are_named(tmp_path: Path) -> None:
    extra = [f"extra {n}.jsonl" for n in range(3)]
    for name in ("a.jsonl", "it's b.jsonl", "week/c.jsonl", *extra):
        json_lines(tmp_path / "in" / name, [{"text": name}])
    parquet.write_table(pyarrow.table({"text": ["d"]}), tmp_path / "in/d.parquet")
    run(tmp_path / "in", tmp_path / "out", Toy())
    for name in ("it's b.jsonl", *extra):
        (tmp_path / "in" / name).unlink()
    (tmp_path / "in/week/c.jsonl").rename(tmp_path / "in/week/renamed.jsonl")
    (tmp_path / "in/d.parquet").write_bytes(b"damaged")  # still a source, whose results are not to be removed
    json_lines(tmp_path / "out/stranger-00000.jsonl", [{"text": "not of a run"}])
    said: list[str] = []
    tally = run(tmp_path / "in", tmp_path / "out", Toy(), say=said.append)
    assert len(tally.troubles) == 1 and (tally.before, tally.counts) == ({"pass": 1}, {"pass": 1})
    [message] = [line for line in said if "rm" in line]
    assert "also holds results of 5 files that are not in the input" in message
    subprocess.run("rm " + message.split("rm ")[1], shell=True, check=True)
    left = sorted(path.name for path in (tmp_path / "out").rglob("*-0*") if OURS not in path.parts)
    assert left == ["a-00000.jsonl", "d-00000.parquet", "renamed-00000.jsonl", "stranger-00000.jsonl"]
    said.clear()
    run(tmp_path / "in", tmp_path / "out", Toy(), say=said.append)
    assert not [line for line in said if "rm" in line]


def test_an_edit_in_the_middle_is_noticed_and_a_copy_is_no_edit(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "you are nice\n" * 20_000, "utf-8")
    run(source, tmp_path / "out", Toy())
    os.utime(source, (1, 1))
    assert run(source, tmp_path / "out", Toy()).before_shards == 1
    whole = source.read_text("utf-8")
    source.write_text(whole[:130_005] + whole[130_005:].replace("nice", "IDIO", 1), "utf-8")
    with pytest.raises(SROError, match=r"in\.csv has changed since"):
        run(source, tmp_path / "out", Toy())


def test_a_source_that_is_edited_while_it_is_read_is_noticed_by_the_next_run(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "you are nice\n" * 20_000, "utf-8")

    @dataclass(frozen=True)
    class Edited(Toy):
        def load(self) -> Work:
            source.write_text(source.read_text("utf-8"), "utf-8")
            os.utime(source, (1, 1))
            return super().load()

    run(source, tmp_path / "out", Edited())
    with pytest.raises(SROError, match=r"in\.csv has changed since"):
        run(source, tmp_path / "out", Toy())


def test_files_without_rows_stop_nothing_and_are_counted(tmp_path: Path) -> None:
    json_lines(tmp_path / "in/a.jsonl", [{"text": "hi"}])
    (tmp_path / "in/blank.jsonl").write_text("\n  \n")
    with parquet.ParquetWriter(tmp_path / "in/b.parquet", pyarrow.schema([("text", pyarrow.string())])):
        pass
    tally = run(tmp_path / "in", tmp_path / "out", Toy())
    assert (tally.done_shards, tally.shards, tally.counts) == (2, 2, {"pass": 1})


@pytest.mark.parametrize(
    ("job", "arguments", "line"),
    [
        (Toy(2), BulkArguments(), "version: 1 there, 2 now"),
        (Toy(), BulkArguments(prefix="x_"), "prefix: '' there, 'x_' now"),
        (Toy(), BulkArguments(shard_mb=2), "shard_mb: 1.0 there, 2 now"),
    ],
)
def test_other_settings_are_refused(tmp_path: Path, job: Toy, arguments: BulkArguments, line: str) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": "hi"}])
    run(source, tmp_path / "out", Toy())
    before = (tmp_path / "out/in-00000.jsonl").read_bytes()
    with pytest.raises(SROError) as raised:
        run(source, tmp_path / "out", job, arguments)
    assert line in str(raised.value)
    assert (tmp_path / "out/in-00000.jsonl").read_bytes() == before


def test_a_model_trained_anew_under_its_name_is_another_setting(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").write_text("1")
    before = Screening(str(tmp_path / "model")).settings()
    assert before["screener"] == str(tmp_path / "model")
    assert Screening(str(tmp_path / "model")).settings() == before
    (tmp_path / "model/weights").write_text("22")
    after = Screening(str(tmp_path / "model")).settings()
    assert {name for name in after if after[name] != before[name]} == {"contents of screener"}


def test_a_phrase_table_that_was_edited_is_another_setting(tmp_path: Path) -> None:
    (table := tmp_path / "mine.tsv").write_text("idiot\tperson\n")
    before = Rewriting({"phrases": str(table)}).settings()
    table.write_text("idiot\thuman\n")
    after = Rewriting({"phrases": str(table)}).settings()
    assert {name for name in after if after[name] != before[name]} == {"contents of phrases"}


@pytest.mark.parametrize(
    ("job", "part", "named"),
    [
        (Screening(), "encoder", "contents of screener"),
        (Screening("embedded/linear"), "screener", "contents of screener"),
        (Screening(), "words.txt", "shipped words.txt"),
        (Rewriting(), "encoder", "contents of screener"),
        (Rewriting({"adapter": "embedded/warmup"}), "warmup", "contents of adapter"),
        (Rewriting(), "rewriter", "shipped rewriter"),
        (Rewriting(), "critic", "shipped critic"),
        (Rewriting(), "starter/idioms.txt", "shipped starter/idioms.txt"),
    ],
)
def test_models_shipped_anew_under_their_names_are_other_settings(
    job: Screening | Rewriting, part: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = files.asset

    def asset(name: str) -> Path:
        return tmp_path / part if name == part else shipped(name)

    (tmp_path / part).parent.mkdir(exist_ok=True)
    try:
        shutil.copytree(shipped(part), tmp_path / part, ignore=shutil.ignore_patterns("*.onnx"))
    except NotADirectoryError:
        shutil.copy(shipped(part), tmp_path / part)
    except SROError:
        pytest.skip("sro-embedded is not installed")
    before = job.settings()
    monkeypatch.setattr(files, "asset", asset)
    assert job.settings() == before  # a reinstallation alone is no other model
    changed = next(file for file in [tmp_path / part, *(tmp_path / part).rglob("*.json")] if file.is_file())
    changed.write_text(changed.read_text("utf-8") + " ", "utf-8")
    after = job.settings()
    assert named in {name for name in after if after[name] != before[name]}


def test_a_folder_of_the_same_name_as_a_setting_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = json_lines(tmp_path / "in.jsonl", [{"text": "you idiot"}])
    run(source, "screen", Screening("embedded/linear"))
    assert run(source, "screen", Screening("embedded/linear")).before_shards == 1


def test_an_output_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in/a.jsonl", [{"text": "hi"}])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    with pytest.raises(SROError, match="is no folder of such a run"):
        run(source, tmp_path / "mine", Toy())
    for target in ("in", "in/out"):
        with pytest.raises(SROError, match="lie one within the other"):
            run(source.parent, tmp_path / target, Toy())
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.jsonl", "in", "mine", "thesis.txt"]


def test_a_damaged_file_costs_itself_only(tmp_path: Path) -> None:
    source = tmp_path / "in"
    json_lines(source / "good.jsonl", [{"text": "hi"}])
    packed = gzip.compress(json.dumps({"text": "hi"}).encode() + b"\n" + bytes(range(256)) * 4000)
    (source / "a.jsonl.gz").write_bytes(packed)
    with gzip.open(source / "a.jsonl.gz", "wb") as file:
        for i in range(20_000):
            file.write(b'{"text": "number %d"}\n' % (i * 7919 % 20_011))
    whole = (source / "a.jsonl.gz").read_bytes()
    (source / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    tally = run(source, tmp_path / "out", Toy())
    assert len(tally.troubles) == 1 and "a.jsonl.gz: cannot be read: " in tally.troubles[0]
    assert [row["text"] for row in results(tmp_path / "out")] == ["hi"]
    assert (tally.counts.total(), tally.done_shards, tally.shards) == (1, 1, 2)


def test_a_fault_that_is_not_the_rows_stops_the_run(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": "hi"}, {"text": "gone"}])
    with pytest.raises(SROError, match="the server is gone"):
        run(source, tmp_path / "out", Toy())
    assert results(tmp_path / "out") == []


def test_carefully_finds_the_culprits() -> None:
    calls: list[int] = []

    def work(texts: Sequence[str]) -> list[str]:
        calls.append(len(texts))
        if "bad" in texts:
            raise ValueError("x" * 1000)
        return [text.upper() for text in texts]

    texts = ["a"] * 100 + ["bad"] + ["b"] * 900
    answers = isolate_failures(work, texts)
    assert [str(a)[:1] if isinstance(a, ValueError) else a for a in answers] == ["A"] * 100 + ["x"] + ["B"] * 900
    assert len(calls) < 25
    assert isinstance(isolate_failures(work, ["bad"])[0], ValueError)
    with pytest.raises(SROError, match=r"all 2 rows failed, the first with ValueError: x+…,"):
        isolate_failures(work, ["bad", "bad"])


# --- jobs, settings, figures -----------------------------------------------------------------------------------------


def test_screening_with_the_embedded_screener(tmp_path: Path) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": "you idiot"}, {"text": "thank you very much"}])
    tally = run(source, tmp_path / "out", Screening("embedded/linear"))
    assert [row["verdict"] for row in results(tmp_path / "out")] == ["fail", "pass"]
    assert tally.counts == {"fail": 1, "pass": 1}


def test_a_folder_begun_with_other_columns_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = json_lines(tmp_path / "in.jsonl", [{"text": "you idiot"}])
    run(source, tmp_path / "out", Screening("embedded/linear"))
    monkeypatch.setattr(Screening, "columns", {**Screening.columns, "label": "text"})
    with pytest.raises(
        SROError, match=r"columns: \['verdict', 'p_fail'\] there, \['verdict', 'p_fail', 'label'\] now"
    ):
        run(source, tmp_path / "out", Screening("embedded/linear"))
    assert Rewriting().settings()["columns"] == list(Rewriting.columns)


def test_where_a_server_stands_is_no_setting(tmp_path: Path) -> None:
    from sro.leader.engines.loading import EngineArguments

    one, other = (
        Rewriting({"leader": "x"}, EngineArguments("openai", engine_url=url, engine_model="m")).settings()
        for url in ("http://a/v1", "http://b/v1")
    )
    assert one == other and one["engine_model"] == "m" and one["leader"] == "x" and one["samples"] == 4
    prompts = [tmp_path / name for name in ("a.yaml", "b.yaml", "c.yaml")]
    for path, text in zip(prompts, ("Be kind.", "Be kind.", "Be terse.")):
        path.write_text(text, encoding="utf-8")
    same, again, changed = (
        Rewriting(engine=EngineArguments("chat", chat_url=f"http://{path.stem}/v1", chat_prompt=str(path))).settings()
        for path in prompts
    )
    assert same == again != changed
    by_default = Rewriting().settings()
    assert by_default["engine"] == "auto" and "ctranslate2" in by_default and "ctranslate2" not in one
    assert set(Rewriting.columns) >= {"rewrite", "status", Rewriting.outcome}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0, "runner": "ray"}, "workers=0 must be > 0"),
        ({"shard_mb": 0.0}, "shard_mb=0.0 must be ≥ 0.000001 (a byte)"),
        ({"shard_mb": 1e-7}, "shard_mb=1e-07 must be ≥ 0.000001 (a byte)"),
        ({"shard_mb": float("nan")}, "shard_mb=nan must be"),
        ({"shard_mb": float("inf")}, "shard_mb=inf must be"),
        ({"workers": 2}, "--workers is for --runner ray"),
        ({"ray_address": "auto"}, "--ray_address is for --runner ray"),
        ({"worker_gpus": -1.0, "runner": "ray"}, "worker_gpus=-1.0 must be ≥ 0"),
        ({"worker_gpus": float("nan"), "runner": "ray"}, "worker_gpus=nan must be ≥ 0"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SROError) as raised:
        BulkArguments(**settings)
    assert message in str(raised.value)


def test_what_a_folder_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    folder, file = str(tmp_path), str(tmp_path / "a.txt")
    assert is_bulk(folder, None) and is_bulk(file, folder) and is_bulk(file, str(tmp_path / "new") + "/")
    assert not is_bulk(file, str(tmp_path / "b.jsonl")) and not is_bulk(None, folder) and not is_bulk("-", folder)


def test_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    tally = Tally(frozenset({"pass"}), shards=4, size=1000, before=Counter(fail=5), before_shards=1, before_size=200)
    tally.started, tally.ended = 0.0, 20.0
    tally.see(shard_worker.Event(Counter({"pass": 60, "fail": 20, "error": 2})))
    assert tally.progress() == "82 rows, 4.1/s, 20% of the input, 75.0% pass, 2 errors"
    tally.see(shard_worker.Event(Counter(), finished=400))
    tally.see(shard_worker.Event(Counter({"pass": -10}), finished=200, trouble="x.parquet: damaged"))
    assert tally.progress() == "72 rows, 3.6/s, 80% of the input, 0:00:07 left, 71.4% pass, 2 errors"
    assert tally.troubles == ["x.parquet: damaged"]
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render_summary(tally))
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in console.export_text().splitlines()]
    assert ["rows", "72", "77"] in rows and ["fail", "20", "25"] in rows and ["error", "2", "2"] in rows
    assert ["shards", "1", "2 of 4"] in rows and ["pass", "71.4%", "66.7%"] in rows and ["rows/s", "3.6", ""] in rows
    assert hours_minutes_seconds(3723.4) == "1:02:03"
