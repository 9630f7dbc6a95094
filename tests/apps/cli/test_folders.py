"""`sro rewrite` and `sro screener screen` on folders."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from rewriting_stand_ins import Half, Milder, Words

from sro.apps.cli import main
from sro.rewriting.rewriter import Rewriter

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    rows = [{"id": 1, "text": "thank you"}, {"id": 2, "text": "you idiot"}, {"id": 3, "text": "hopeless idiot"}, {}]
    (tmp_path / "in/a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "in"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `Rewriter.load` was asked for."""
    found: dict[str, Any] = {}

    def load(**parts: Any) -> Rewriter:
        found.update(parts)
        return Rewriter(Milder(), Words(), Half())

    monkeypatch.setattr(Rewriter, "load", load)
    return found


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_rewriting_a_folder(folder: Path, asked: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    words = ["rewrite", "--input", str(folder), "--output", str(tmp_path / "out"), "--samples", "1"]
    assert main([*words, "--batch_size", "3", "--engine", "ctranslate2"]) == 0
    unchanged, rewritten, refused, error = rows(tmp_path / "out/a-00000.jsonl")
    assert rewritten == {
        **{"id": 2, "text": "you idiot", "rewrite": "you person", "status": "rewritten", "reason": None},
        **{"p_fail": 0.75, "p_fail_after": 0.25, "similarity": 0.5432, "candidates": 1, "detected_language": "en"},
        "error": None,
    }
    assert (unchanged["rewrite"], unchanged["status"], unchanged["p_fail_after"]) == ("thank you", "unchanged", None)
    assert (refused["rewrite"], refused["status"], refused["reason"], refused["candidates"]) == (
        *(None, "refused", "still_fails"),
        2,
    )
    assert (error["status"], error["error"]) == (None, "null")
    assert (asked["batch_size"], asked["engine"].engine) == (3, "ctranslate2")
    table = capsys.readouterr().out
    assert "rewritten" in table and "66.7%" in table
    manifest = json.loads((tmp_path / "out/_sro/manifest.json").read_text())
    assert manifest["command"] == ["sro", *words, "--batch_size", "3", "--engine", "ctranslate2"]
    assert manifest["config"]["samples"] == 1 and len(manifest["data"]["settings"]) == 64
    assert main([*words, "--batch_size", "3", "--engine", "ctranslate2", "--samples", "2"]) == 2
    assert "samples: 1 there, 2 now" in capsys.readouterr().err


def test_one_file_into_a_folder(folder: Path, asked: dict[str, Any], tmp_path: Path, capsys: Capture) -> None:
    assert main(["rewrite", "--input", str(folder / "a.jsonl"), "--output", f"{tmp_path}/new/"]) == 0
    assert len(rows(tmp_path / "new/a-00000.jsonl")) == 4


def test_screening_a_folder(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    words = [
        "screener",
        "screen",
        "--screener",
        "embedded/linear",
        "--input",
        str(folder),
        "--output",
        str(tmp_path / "out"),
        "--prefix",
        "sro_",
    ]
    assert main(words) == 0
    assert [row["sro_verdict"] for row in rows(tmp_path / "out/a-00000.jsonl")] == ["pass", "fail", "fail", None]
    assert main(words) == 0
    assert "1 of 1 shards are done already" in capsys.readouterr().err


def test_the_language_of_each_comment_on_request(tmp_path: Path, capsys: Capture) -> None:
    texts = ["you are kind", "du bist ein toller Mensch", "lol"]
    (tmp_path / "in.csv").write_text("text\n" + "\n".join(texts) + "\n", "utf-8")
    words = [
        "screener",
        "screen",
        "--screener",
        "embedded/linear",
        "--language",
        "--input",
        str(tmp_path / "in.csv"),
        "--output",
    ]
    assert main([*words, str(tmp_path / "out.jsonl")]) == 0
    assert [row["detected_language"] for row in rows(tmp_path / "out.jsonl")] == ["en", "de", None]
    assert main([*words, str(tmp_path / "out.csv")]) == 0
    table = (tmp_path / "out.csv").read_text("utf-8").splitlines()
    assert "detected_language" in table[0].split(",") and ",de," in table[2]
    capsys.readouterr()
    assert main(["screener", "screen", texts[1], texts[2], "--language", "--screener", "embedded/linear"]) == 0
    german, unknown = capsys.readouterr().out.splitlines()
    assert german.split("\t")[2:] == [texts[1], "de"] and unknown.split("\t")[2:] == ["lol", ""]


def test_spans_and_attributes_go_into_parquet_as_text(tmp_path: Path) -> None:
    from pyarrow import parquet

    target = tmp_path / "out.parquet"
    words = ["screener", "screen", "you idiot", "thank you", "--screener", "embedded/linear", "--spans", "true"]
    assert main([*words, "--attributes", "true", "--prefix", "sro_", "--output", str(target)]) == 0
    first, second = parquet.read_table(target).to_pylist()
    assert json.loads(first["sro_spans"])[0][1] == 9 and second["sro_spans"] == "[]"
    assert first["sro_attributes"] is None and first["sro_error"] is None


def test_how_files_are_read_is_told_of_folders_too(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    (folder / "a.jsonl").unlink()
    (folder / "a.csv").write_bytes("label;text\n1;you idiot, naïf\n0;thank you\n".encode("windows-1252"))
    words = ["screener", "screen", "--screener", "embedded/linear", "--input", str(folder), "--column", "text"]
    assert main([*words, "--output", str(tmp_path / "out")]) == 0
    assert (
        f"sro: the bytes of 1 row of {folder / 'a.csv'} are not UTF-8\n"
        "  fix: name the encoding of the input: --encoding windows-1252\n"
    ) in capsys.readouterr().err
    flags = ["--encoding", "windows-1252", "--delimiter", ";", "--where", "label=1"]
    assert main([*words, "--output", str(tmp_path / "all"), *flags]) == 0
    said = capsys.readouterr()
    assert "left out" in said.out and "not UTF-8" not in said.err
    head, row = (tmp_path / "all/a-00000.csv").read_text("utf-8").splitlines()
    assert head == "label,text,verdict,p_fail,error" and row.startswith('1,"you idiot, naïf",fail,')


def test_a_file_that_cannot_be_read_is_named_and_makes_the_status_1(
    folder: Path, tmp_path: Path, capsys: Capture
) -> None:
    packed = gzip.compress(b"".join(b'{"text": "number %d"}\n' % (i * 7919 % 20_011) for i in range(20_000)))
    (folder / "b.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    assert (
        main(
            [
                "screener",
                "screen",
                "--screener",
                "embedded/linear",
                "--input",
                str(folder),
                "--output",
                str(tmp_path / "out"),
            ]
        )
        == 1
    )
    assert f"not done: {folder / 'b.jsonl.gz'}: cannot be read: " in capsys.readouterr().err
    assert len(rows(tmp_path / "out/a-00000.jsonl")) == 4


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["rewrite", "--input", "{in}"], "a folder wants both --input and --output"),
        (["rewrite", "--input", "{in}", "--output", "{out}", "--format", "text"], "--format is for single files"),
        (["rewrite", "hi", "--runner", "ray"], "--runner is for folders: --input FOLDER --output FOLDER/"),
        (["rewrite", "hi", "--prefix", "x"], "--prefix is for tables and folders"),
        (["rewrite", "hi", "--prefix", "x", "--output", "{out}.jsonl"], "--prefix is for tables and folders"),
        (["screener", "screen", "hi", "--prefix", "x", "--output", "{out}.ndjson"], "--prefix is for tables and"),
        (
            ["rewrite", "--clef", "--input", "a.tsv", "--output", "{out}.tsv", "--prefix", "x"],
            "--prefix is for tables and folders",
        ),
        (["rewrite", "--input", "{in}", "--output", "{in}/out"], "lie one within the other"),
        (["rewrite", "--input", "{in}", "--output", "{out}", "--runner", "spark"], "invalid choice"),
        (["rewrite", "hi", "--output", "{out}.csv", "--shard_mb", "1"], "--shard_mb is for folders"),
        (["screener", "screen", "--input", "{in}", "--output", "{out}", "--spans"], "--spans is for single files"),
        (
            ["screener", "screen", "--input", "{in}", "--output", "{out}", "--language"],
            "--language is for single files",
        ),
        (["screener", "screen", "hi", "--workers", "2"], "--workers is for --runner ray"),
    ],
)
def test_mistakes_are_named(
    folder: Path, asked: dict[str, Any], tmp_path: Path, argv: list[str], message: str, capsys: Capture
) -> None:
    paths = {"in": str(folder), "out": str(tmp_path / "out")}
    assert main([word.format(**paths) for word in argv]) == 2
    assert message in capsys.readouterr().err
    assert asked == {} and not (tmp_path / "out").exists()
