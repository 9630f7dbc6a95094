"""`sro rewrite`: comments from words, files and pipes; blocks for people, JSON Lines for programs."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from rewriting_stand_ins import Half, Milder, Words

from sro.apps.cli import main
from sro.apps.cli import rewrite as command
from sro.apps.cli.input import InputRow
from sro.apps.cli.output import json_line
from sro.evaluation.clef import read_clef
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.rewriter import Rewrite, Rewriter
from sro.screeners.base import Verdict

UNCHANGED = {
    "text": "thank you",
    "source": "thank you",
    "status": "unchanged",
    "reason": None,
    "before": {"label": "pass", "probability": 0.25, "screener": "words 1"},
    "after": None,
    "similarity": None,
    "candidates": 0,
    "changes": [],
}


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `Rewriter.load` was asked for; it gives a rewriter of toys."""
    asked: dict[str, Any] = {}

    def load(**parts: Any) -> Rewriter:
        asked.update(parts)
        return Rewriter(Milder(), Words(), Half(), fits_leader=lambda comment: len(comment) < 200)

    monkeypatch.setattr(command.Rewriter, "load", load)
    return asked


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Any:
    def feed(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return feed


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


Capture = pytest.CaptureFixture[str]


def test_words_give_a_block_each(loaded: dict[str, Any], capsys: Capture) -> None:
    assert main(["rewrite", "you [b]idiot[/b]", "thank you", "hopeless idiot", "idiot " * 50, "--samples", "2"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "fail 0.75   you [b]idiot[/b]",
        "pass 0.25   you [b]person[/b]  (similarity 0.54, 1 candidate)",
        "pass 0.25   thank you  (unchanged)",
        "fail 0.75   hopeless idiot",
        "refused     (still_fails; best of 3 candidates: fail 0.75, similarity 0.54)",
        "fail 0.75   " + "idiot " * 50,
        "refused     (too_long)",
    ]
    assert said.err == "sro: 4 comments: 1 unchanged, 1 rewritten, 2 refused (1 still_fails, 1 too_long)\n"


@pytest.mark.parametrize(
    ("argv", "texts", "flags"),
    [
        (["a b", "c", "--seed", "1"], ["a b", "c"], ["--seed", "1"]),
        (["--seed", "1", "--", "-h", "a"], ["-h", "a"], ["--seed", "1"]),
        (["a", "--seed=1", "--", "b"], ["a", "b"], ["--seed=1"]),
        (["- you again", "-h"], ["- you again"], ["-h"]),
        (["--seed", "1", "a b", "c"], ["a b", "c"], ["--seed", "1"]),
        (["a", "--min_similarity", "-1", "b"], ["a", "b"], ["--min_similarity", "-1"]),
        (["a", "--seed=1", "b", "--", "-c"], ["a", "b", "-c"], ["--seed=1"]),
        (["--seed", "1", "b", "-h"], [], ["--seed", "1", "b", "-h"]),
        (["--load_in_4bit"], [], ["--load_in_4bit"]),
        ([], [], []),
    ],
)
def test_which_words_are_comments(argv: list[str], texts: list[str], flags: list[str]) -> None:
    assert command.split_words(argv, (command.RewriteArguments,)) == (texts, flags)


@pytest.mark.parametrize(
    ("argv", "texts", "flags"),
    [
        (["a", "--fail_on", "insult", "threat"], ["a"], ["--fail_on", "insult", "threat"]),
        (["--fail_on", "insult", "threat", "--", "a"], ["a"], ["--fail_on", "insult", "threat"]),
        (["a", "--fail-on", "insult", "threat"], ["a"], ["--fail-on", "insult", "threat"]),
        (["--rule-languages", "de", "es"], [], ["--rule-languages", "de", "es"]),
        (["--rule_languages", "de", "es", "--seed", "1", "a"], ["a"], ["--rule_languages", "de", "es", "--seed", "1"]),
    ],
)
def test_words_behind_a_flag_of_several_values_are_its_values(
    argv: list[str], texts: list[str], flags: list[str]
) -> None:
    schema = (command.PartsArguments, command.RewriteArguments)
    assert command.split_words(argv, schema) == (texts, flags)


def test_a_file_to_json_lines(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "new" / "out.jsonl"
    source.write_text("id,body\n7,you idiot\n8,\n9,thank you\n10,hopeless idiot\n", "utf-8")
    assert main(["rewrite", "--input", str(source), "--column", "body", "--output", str(target)]) == 0
    rewritten, blank, unchanged, refused = records(target)
    assert unchanged == {"row": 3, "line": 4, **UNCHANGED, "fields": {"id": "9"}}
    assert (blank["row"], blank["text"], blank["status"], blank["fields"]) == (2, "", "unchanged", {"id": "8"})
    assert rewritten == {
        "row": 1,
        "line": 2,
        "text": "you person",
        "source": "you idiot",
        "status": "rewritten",
        "reason": None,
        "before": {"label": "fail", "probability": 0.75, "screener": "words 1"},
        "after": {"label": "pass", "probability": 0.25, "screener": "words 1"},
        "similarity": 0.5432,
        "candidates": 1,
        "changes": [{"start": 0, "end": 9, "text": "you person"}],
        "fields": {"id": "7"},
    }
    assert (refused["text"], refused["status"], refused["reason"], refused["candidates"]) == (
        *(None, "refused", "still_fails"),
        5,
    )
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "sro: 4 rows: 2 unchanged (1 blank), 1 rewritten, 1 refused (1 still_fails)\n"


def test_rows_can_be_chosen(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    source, target = tmp_path / "in.tsv", tmp_path / "out.jsonl"
    source.write_text("text\tlabel\nthank you\t1\nyou idiot\t0\n \t1\n", "utf-8")
    files = ["--input", str(source), "--output", str(target)]
    assert main(["rewrite", *files, "--where", "label=1"]) == 0
    assert [(row["row"], row["text"]) for row in records(target)] == [(1, "thank you"), (3, " ")]
    assert "1 rows left out, which do not meet --where label=1" in capsys.readouterr().err


BAD_ROWS = b'id,text\n1,you idiot\n2,\n3,caf\xe9\n4,a,b\n5,"two\nlines, you idiot"\n6,thank you\n'


def test_every_row_comes_out_in_order_with_its_number_and_line(
    loaded: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_bytes(BAD_ROWS)
    assert main(["rewrite", "--input", str(source), "--column", "text", "--output", str(target)]) == 0
    found = records(target)
    assert [(row["row"], row["line"], row["status"], row["reason"]) for row in found] == [
        (1, 2, "rewritten", None),
        (2, 3, "unchanged", None),
        (3, 4, "skipped", "undecodable"),
        (4, 5, "skipped", "malformed"),
        (5, 6, "rewritten", None),
        (6, 8, "unchanged", None),
    ]
    assert [row["text"] for row in found] == ["you person", "", None, None, "two\nlines, you person", "thank you"]
    assert found[2]["source"].encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert (found[3]["source"], found[4]["source"]) == ("4,a,b", "two\nlines, you idiot")
    assert capsys.readouterr().err == (
        "sro: 6 rows: 2 unchanged (1 blank), 2 rewritten, 0 refused, 2 skipped (1 undecodable, 1 malformed)\n"
        f"sro: the bytes of 1 row of {source} are not UTF-8\n"
        "  fix: name the encoding of the input: --encoding windows-1252\n"
    )


AS_THEY_STAND = [
    "> you started it\r\n\r\n- one\n\tx = [1,\n     2]",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 fine",
    "\u0645\u06cc\u200c\u0631\u0648\u0645",
    "two  spaces ",
    " ",
    "",
]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_what_passes_is_the_same_code_point_by_code_point(loaded: dict[str, Any], tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / f"out{suffix}"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in AS_THEY_STAND), "utf-8")
    assert main(["rewrite", "--input", str(source), "--output", str(target)]) == 0
    rows = table(target)
    assert [row["text"] for row in rows] == AS_THEY_STAND
    assert [row.get("rewrite", row["text"]) for row in rows] == AS_THEY_STAND
    assert {row["status"] for row in rows} == {"unchanged"}


def table(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return records(path)
    if path.suffix == ".parquet":
        return parquet.read_table(path).to_pylist()
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_table_keeps_its_columns_and_gets_new_ones(loaded: dict[str, Any], tmp_path: Path, suffix: str) -> None:
    source, target = tmp_path / "in.csv", tmp_path / f"out{suffix}"
    source.write_bytes(BAD_ROWS)
    assert main(["rewrite", "--input", str(source), "--column", "text", "--output", str(target)]) == 0
    rows = table(target)
    assert list(rows[0]) == [
        *(
            "id",
            "text",
            "row",
            "line",
            "rewrite",
            "status",
            "reason",
            "p_fail",
            "p_fail_after",
            "similarity",
            "candidates",
            "detected_language",
        )
    ]
    assert [str(row["id"] or "") for row in rows] == ["1", "2", "3", "", "5", "6"]
    assert [row["text"] for row in rows[2:5]] == ["caf\\udce9", "4,a,b", "two\nlines, you idiot"]
    assert (rows[4]["rewrite"], float(rows[4]["p_fail"]), int(rows[4]["line"])) == ("two\nlines, you person", 0.75, 6)
    assert (rows[3]["status"], rows[3]["reason"], rows[3]["rewrite"] or "") == ("skipped", "malformed", "")


def test_parquet_keeps_the_types_of_its_columns(loaded: dict[str, Any], tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    columns = {"id": pyarrow.array([1, 2], pyarrow.int16()), "text": ["you idiot", None], "tags": [["a"], []]}
    parquet.write_table(pyarrow.table(columns), source)
    assert main(["rewrite", "--input", str(source), "--column", "text", "--output", str(target)]) == 0
    made = parquet.read_table(target)
    assert made.select(["id", "text", "tags"]).equals(pyarrow.table(columns))
    assert made["status"].to_pylist() == ["rewritten", "skipped"] and made["reason"].to_pylist() == [None, "null"]


def test_bytes_of_parquet_are_bytes_again(loaded: dict[str, Any], tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    raw = [b"\xff\xfe" + bytes(14), b"a" * 16]
    columns = {
        "uuid": pyarrow.array(raw, pyarrow.binary(16)),
        "plain": pyarrow.array(raw),
        "coded": pyarrow.array(raw).dictionary_encode(),
        "words": pyarrow.array(["a", "b"]).dictionary_encode(),
    }
    made = pyarrow.table({"text": ["you idiot", "thank you"], **columns})
    parquet.write_table(made, source)
    assert main(["rewrite", "--input", str(source), "--column", "text", "--output", str(target)]) == 0
    for name in columns:
        assert parquet.read_table(target)[name].to_pylist() == made[name].to_pylist(), name


def test_a_column_that_is_there_already_is_not_written_over(
    loaded: dict[str, Any], tmp_path: Path, capsys: Capture
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.csv"
    rows: list[dict[str, Any]] = [{"text": "hi"}] * 150 + [{"text": "ho", "status": "new"}]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["rewrite", "--input", str(source), "--output", str(target)]
    assert main(words) == 2 and loaded != {}
    assert "has a column 'status' already" in capsys.readouterr().err and not target.exists()
    assert main([*words, "--prefix", "sro_"]) == 0
    assert (table(target)[150]["status"], table(target)[150]["sro_status"]) == ("new", "unchanged")


def test_a_text_cannot_break_a_line_of_the_terminal(loaded: dict[str, Any], capsys: Capture) -> None:
    assert main(["rewrite", "thank\tyou\nall\x1b[2J\u202e"]) == 0
    assert capsys.readouterr().out == "pass 0.25   thank\\tyou\\nall\\x1b[2J\\u202e  (unchanged)\n"


def test_a_guessed_column_is_announced_once(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,text\n1,hi\n", "utf-8")
    assert main(["rewrite", "--input", str(source)]) == 0
    assert capsys.readouterr().err.count("taking the comments from column 'text'; another is named by --column") == 1


def test_standard_input_to_standard_output(loaded: dict[str, Any], pipe: Any, capsys: Capture) -> None:
    pipe("thank you\n\nyou idiot\n")
    assert main(["rewrite", "--output", "-"]) == 0
    first, blank, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"row": 1, "line": 1, **UNCHANGED}
    assert (second["row"], second["line"], second["text"]) == (3, 3, "you person") and blank["text"] == ""


LATE: list[dict[str, Any]] = [{"text": "you idiot"}] * 150 + [{"text": "half \ud83d", "late": {"a": 1}, "n": 2.5}]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_column_that_comes_late_through_a_pipe_is_kept(
    loaded: dict[str, Any], pipe: Any, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / "new" / f"out{suffix}"
    pipe("".join(json.dumps(row) + "\n" for row in LATE))
    assert main(["rewrite", "--format", "jsonl", "--output", str(target)]) == 0
    rows = table(target)
    assert len(rows) == 151 and list(rows[0])[:4] == ["text", "late", "n", "row"]
    assert (rows[0]["late"] or "", rows[0]["rewrite"], int(rows[0]["row"])) == ("", "you person", 1)
    assert (rows[150]["late"], float(rows[150]["n"]), rows[150]["reason"]) == ('{"a": 1}', 2.5, "undecodable")
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_late_column_of_a_pipe_is_not_written_over(
    loaded: dict[str, Any], pipe: Any, tmp_path: Path, capsys: Capture
) -> None:
    pipe("".join(json.dumps(row) + "\n" for row in [*LATE, {"text": "hi", "status": "new"}]))
    assert main(["rewrite", "--format", "jsonl", "--output", str(tmp_path / "out.csv")]) == 2
    assert "has a column 'status' already" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_the_sheet_of_a_workbook_is_named_or_told(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "March"
    book.active.append(("text",))
    book.create_sheet("April").append(("text",))
    book["April"].append(("you idiot",))
    source, target = str(tmp_path / "in.xlsx"), tmp_path / "out.csv"
    book.save(source)
    assert main(["rewrite", "--input", source, "--output", str(target)]) == 0
    said = capsys.readouterr().err
    assert said.count("taking the comments from sheet 'March'; --sheet names another: 'April'") == 1
    assert main(["rewrite", "--input", source, "--sheet", "April", "--output", str(target)]) == 0
    assert table(target)[0]["rewrite"] == "you person" and "sheet" not in capsys.readouterr().err
    assert main(["rewrite", "--input", source, "--sheet", "Aprl"]) == 2
    assert "no sheet 'Aprl'; did you mean 'April'? Sheets: 'March', 'April'." in capsys.readouterr().err


def test_a_named_pipe_is_read_only_once(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=("thank you\n",), daemon=True)
    writer.start()
    assert main(["rewrite", "--input", str(fifo), "--format", "text", "--output", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == {"row": 1, "line": 1, **UNCHANGED}


@pytest.mark.parametrize("source", ["half a \ud83d character, thank you", "thank\u2028you"])
def test_a_line_of_json_is_one_line_of_utf8(source: str) -> None:
    line = json_line(result(source, Rewrite(source, source, "unchanged", Verdict("pass", 0.1, "s"))))
    assert len(line.encode("utf-8").splitlines()) == len(line.splitlines()) == 1
    assert json.loads(line)["text"] == source
    assert "é" in json_line(result("é", Rewrite("é", None, "refused", Verdict("fail", 0.9, "s"))))


def result(text: str, found: Rewrite) -> command.RewriteResult:
    return command.RewriteResult(InputRow(1, None, text, {"text": text}), found)


def test_an_output_is_whole_or_as_it_was(loaded: dict[str, Any], tmp_path: Path, monkeypatch: Any) -> None:
    source, target = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("thank you\nyou idiot\n", "utf-8")
    target.write_text("before\n")

    class Interrupted(Words):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command.Rewriter, "load", lambda **parts: Rewriter(Milder(), Interrupted(), Half()))
        assert main(["rewrite", "--input", str(source), "--output", str(target)]) == 130
    assert target.read_text() == "before\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.txt", "out.jsonl"]
    assert main(["rewrite", "--input", str(source), "--output", str(target)]) == 0
    assert len(records(target)) == 2


def test_the_output_may_replace_the_input(loaded: dict[str, Any], tmp_path: Path) -> None:
    both = tmp_path / "comments.jsonl"
    both.write_text('{"text": "you idiot"}\n', "utf-8")
    assert main(["rewrite", "--input", str(both), "--output", str(both)]) == 0
    assert records(both)[0]["text"] == "you person"


def test_a_clef_file_comes_out_whole_with_its_ids(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ["you idiot", "", "hopeless  idiot", "thank\u2028you", "half \ud800"]
    rows = [{"id": i if i else "en_0", "text": text, "lang": "en"} for i, text in enumerate(texts)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert main(["rewrite", "--clef", "--input", str(source), "--output", str(target)]) == 0
    expected = {"en_0": "you person", **{str(i): texts[i] for i in range(1, 5)}}  # refused is 2: as it was
    assert read_clef(target) == expected
    assert records(target)[0] == {"id": "en_0", "text": "you person"}
    assert "5 comments: 3 unchanged (1 blank), 1 rewritten, 1 refused" in capsys.readouterr().err


def test_a_table_of_clef_2025_comes_out_with_the_rewrites_in_it(loaded: dict[str, Any], tmp_path: Path) -> None:
    source, target = tmp_path / "in.tsv", tmp_path / "out.tsv"
    source.write_text("toxic_sentence\tneutral_sentence\tlang\nyou idiot\t\ten\nhopeless idiot\t\ten\n", "utf-8")
    assert main(["rewrite", "--clef", "--input", str(source), "--output", str(target)]) == 0
    assert target.read_text("utf-8") == (
        "toxic_sentence\tneutral_sentence\tlang\nyou idiot\tyou person\ten\nhopeless idiot\thopeless idiot\ten\n"
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input", "{tmp}/in.jsonl"], "--clef wants files whose names tell their format"),
        (["--input", "{tmp}/in.jsonl", "--output", "-"], "--clef wants files whose names tell their format"),
        (["--input", "{tmp}/in.csv", "--output", "out.jsonl"], "--clef wants files whose names tell their format"),
        (["--input", "{tmp}/in.jsonl", "--output", "out.txt"], "--clef wants files whose names tell their format"),
        (["--input", "{tmp}/in.jsonl", "--output", "out.jsonl", "--column", "x"], "--column is for other files"),
        (["--input", "{tmp}/in.jsonl", "--output", "out.jsonl"], "in.jsonl:2: `id` must be text or a whole number"),
        (["--input", "{tmp}", "--output", "{tmp}/out"], "--clef is for single files, not for folders"),
        (["hi"], "--clef wants files"),
    ],
)
def test_what_no_submission_can_be_made_of(
    loaded: dict[str, Any], flags: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": 1, "text": "a"}\n{"text": "b"}\n', "utf-8")
    assert main(["rewrite", *(word.replace("{tmp}", str(tmp_path)) for word in flags), "--clef", "true"]) == 2
    assert message in capsys.readouterr().err and loaded == {}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["hi", "--input", "x.txt"], "give one of the two"),
        (["--input", "nowhere.txt"], "nowhere.txt: no such file"),
        (["hi", "--output", "{tmp}/out.xlsx"], "the name tells no format that can be written"),
        (["hi", "--output", "{tmp}"], "is a folder; name a file in it"),
        (["hi", "--output", "{tmp}/file/below.jsonl"], "below.jsonl: cannot be written: "),
        (["hi", "--samples", "-2"], "samples=-2 must be ≥ 0"),
        (["hi", "--refine", "-1"], "refine=-1 must be ≥ 0"),
        (["hi", "--threshold", "1.5"], "threshold=1.5 must be in (0, 1]"),
        (["hi", "--sampels", "2"], "did you mean 'samples'"),
        (["hi", "--engine", "ctranslte2"], "no engine 'ctranslte2'; did you mean 'ctranslate2'"),
        (["hi", "--engine", "openai"], "--engine openai needs --engine_url"),
        (["hi", "--engine_precision", "int8"], "--engine_precision is for --engine ctranslate2"),
    ],
)
def test_mistakes_are_named(
    loaded: dict[str, Any], argv: list[str], message: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "file").touch()
    assert main(["rewrite", *(word.replace("{tmp}", str(tmp_path)) for word in argv)]) == 2
    assert message in capsys.readouterr().err


def test_a_mistake_in_the_file_shows_before_the_models_are_loaded(loaded: dict[str, Any], tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a,b\n1,2\n", "utf-8")
    assert main(["rewrite", "--input", str(source)]) == 2
    assert loaded == {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_named(loaded: dict[str, Any], tmp_path: Path, monkeypatch: Any, capsys: Capture) -> None:
    def full(path: Path, *args: Any, **kwargs: Any) -> Any:
        return open("/dev/full", "wb")

    monkeypatch.setattr("sro.core.files.open", full, raising=False)
    assert main(["rewrite", "thank you", "--output", str(tmp_path / "out.jsonl")]) == 2
    assert "out.jsonl: cannot be written: No space left on device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_flags_reach_the_rewriter(loaded: dict[str, Any]) -> None:
    flags = ["--leader", "x", "--adapter", "y", "--prompt", "{text}:", "--screener", "z", "--bf16", "false"]
    assert (
        main(
            ["rewrite", "hi", *flags, "--batch_size", "8", "--english_rules", "true", "--fail_on", "insult", "threat"]
        )
        == 0
    )
    assert loaded == {
        **{"leader": "x", "adapter": "y", "prompt": "{text}:", "load_in_4bit": False, "screener": "z"},
        **{"similarity": "embedded", "max_prompt_length": 256, "batch_size": 8, "bf16": False},
        **{"fluency": None, "faithfulness": None, "toxic_labels": [], "fail_on": ["insult", "threat"]},
        **{"phrases": None, "english_rules": True},
        "rule_languages": ["de"],
        "engine": EngineArguments("auto"),
    }


@pytest.mark.parametrize("command", ["rewrite", "serve", "mcp"])
def test_a_language_without_rules_is_refused_before_anything_is_loaded(command: str, capsys: Capture) -> None:
    assert main([command, "--rule_languages", "german"]) == 2
    assert "rule_languages: there are no rules for 'german'" in capsys.readouterr().err


def test_the_engine_and_its_settings_reach_the_rewriter(loaded: dict[str, Any], tmp_path: Path) -> None:
    assert main(["rewrite", "hi", "--engine", "ctranslate2", "--engine_precision", "float32"]) == 0
    assert loaded["engine"] == EngineArguments("ctranslate2", engine_precision="float32")
    config = tmp_path / "server.yaml"
    config.write_text("engine: openai\nengine_url: http://localhost:8000/v1\nengine_timeout: 5\n", "utf-8")
    assert main(["rewrite", "hi", "--config", str(config), "--engine_model", "mine"]) == 0
    assert loaded["engine"] == EngineArguments("openai", None, "http://localhost:8000/v1", "mine", 5.0)


def test_how_hard_to_try_is_told_by_flags_or_a_file(loaded: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    config = tmp_path / "rewrite.yaml"
    config.write_text("threshold: 0.2\nsamples: 1\n", "utf-8")
    assert main(["rewrite", "thank you", "--config", str(config)]) == 0
    assert "refused     (still_fails; best of 2 candidates: fail 0.25" in capsys.readouterr().out
    assert main(["rewrite", "thank you", "--config", str(config), "--threshold", "0.3", "--refine", "2"]) == 0
    assert "(unchanged)" in capsys.readouterr().out


def test_parts_are_what_load_takes_with_the_same_defaults() -> None:
    taken = {"leader": "embedded", **Rewriter.load.__func__.__kwdefaults__}  # type: ignore[attr-defined]
    assert taken.pop("engine") == EngineArguments().engine
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in taken.items()}
    assert vars(command.PartsArguments()) == listed


def test_progress_says_how_far_how_fast_and_how_long_still() -> None:
    tally = command.RewriteTally(10_000, "comment", progress=True)
    tally.counts.update({"unchanged": 500, "rewritten": 75, "refused": 25})
    assert tally.progress(60) == "600 of 10,000 comments, 10.0/s, 0:15:40 left, 75% of the failed ones rewritten"
    tally.total = None
    assert tally.progress(60) == "600 comments, 10.0/s, 75% of the failed ones rewritten"


def test_progress_only_beside_a_file(
    loaded: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(command, "PROGRESS_SECONDS", 0)
    assert main(["rewrite", "hi", "--output", str(tmp_path / "out.jsonl")]) == 0
    assert "sro: 1 of 1 comments, " in capsys.readouterr().err
    assert main(["rewrite", "hi"]) == 0
    assert capsys.readouterr().err == "sro: 1 comment: 1 unchanged, 0 rewritten, 0 refused\n"


def test_a_real_leader_from_a_folder(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    folder = saved(tmp_path / "leader", *tiny_causal())
    monkeypatch.setattr("sro.rewriting.rewriter.SentenceEncoder", lambda name: Half())
    monkeypatch.setattr("sro.rewriting.rewriter.load_screener", lambda name, **policy: Words())
    flags = ["--leader", str(folder), "--engine", "transformers", "--fluency", "none", "--output", "-"]
    assert main(["rewrite", "you idiot", "thank you", *flags]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["status"] in ("rewritten", "refused") and first["candidates"] == 5
    assert second == {"row": 2, **UNCHANGED}


def test_an_exported_leader_is_used_as_its_card_says(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    pytest.importorskip("ctranslate2")
    from sro.rewriting.export import ExportArguments, export

    leader, fast = saved(tmp_path / "leader", *tiny_causal()), tmp_path / "fast"
    export(ExportArguments(to="ctranslate2", output_dir=str(fast), precision="float32", leader=str(leader), compare=0))
    card = (fast / "README.md").read_text("utf-8")
    (line,) = [line for line in card.splitlines() if line.startswith("    sro rewrite ")]
    monkeypatch.setattr("sro.rewriting.rewriter.SentenceEncoder", lambda name: Half())
    monkeypatch.setattr("sro.rewriting.rewriter.load_screener", lambda name, **policy: Words())
    assert main(shlex.split(line.replace("THIS_FOLDER", str(fast)))[1:]) == 0
    assert capsys.readouterr().err.startswith("sro: 1 comment: ")


def test_a_mistake_shows_before_anything_heavy_is_imported() -> None:
    code = """
import sys
from sro.apps.cli import main
status = main(["rewrite", "hi", "--engine", "ctranslate"])
print(status, [name for name in ("torch", "peft", "sklearn", "datasets", "ctranslate2") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "2 []\n", done.stderr
