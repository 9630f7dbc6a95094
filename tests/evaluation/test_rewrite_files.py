"""What `sro rewrite` wrote is read as a system's outputs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from rewriting_stand_ins import Half, Milder, Words

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.evaluation.clef import read_parallel
from sro.evaluation.rewrite_files import is_rewrites_file, read_rewrites
from sro.rewriting.rewriter import Rewriter

ANSWERS = [
    {"source": "you idiot", "text": "you", "status": "rewritten"},
    {"source": "shut up", "text": None, "status": "refused"},
]


def test_answers_are_told_from_clef_and_a_refusal_has_no_text(tmp_path: Path) -> None:
    path, clef = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ANSWERS))
    clef.write_text('{"id": 1, "text": "x"}\n')
    assert is_rewrites_file(path) and not is_rewrites_file(clef) and not is_rewrites_file(tmp_path / "none.jsonl")
    assert read_rewrites(path, ["you idiot", "shut up"]) == ["you", None]
    (tmp_path / "deep.jsonl").write_text("[" * 100_000)
    assert not is_rewrites_file(tmp_path / "deep.jsonl")
    with pytest.raises(SROError, match=r"a\.jsonl:1: answers another comment than row 1 of the input"):
        read_rewrites(path, ["shut up", "you idiot"])
    with pytest.raises(SROError, match=r"a\.jsonl: ends without an answer to row 3 of the input"):
        read_rewrites(path, ["you idiot", "shut up", "thanks"])
    path.write_text('{"source": "x"}\n')
    with pytest.raises(
        SROError, match=r"a\.jsonl: no column with rewrites.*\n  fix: call them `comment` and `rewrite`"
    ):
        read_rewrites(path, ["x"])


def test_a_blank_comment_stays_and_is_not_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for status, text in (("skipped", None), ("unchanged", "")):
        rows = [ANSWERS[0], {"source": "", "text": text, "status": status}, ANSWERS[1]]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert read_rewrites(path, ["you idiot", "", "shut up"]) == ["you", "", None]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_a_table_that_was_rewritten_is_a_system_with_its_refusals(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rewriter, "load", lambda **parts: Rewriter(Milder(), Words(), Half()))
    given, ours = tmp_path / "in.csv", tmp_path / f"ours.{suffix}"
    given.write_text('id,text\n1,"you idiot, mate"\n\n2,hopeless idiot\n3,thanks\n')
    assert main(["rewrite", "--input", str(given), "--output", str(ours)]) == 0
    sources = read_parallel({"in": given})["in"]
    assert sources == ["you idiot, mate", "", "hopeless idiot", "thanks"]
    assert is_rewrites_file(ours) and read_rewrites(ours, sources) == ["you person, mate", "", None, "thanks"]
    with pytest.raises(SROError, match=rf"ours\.{suffix}:.: answers another comment than row 2 of the input"):
        read_rewrites(ours, [sources[0], sources[3], sources[2]])
    with pytest.raises(SROError, match=rf"ours\.{suffix}:.: answers another comment than row 4 of the input"):
        read_rewrites(ours, sources[:3])


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson"])
def test_the_results_of_a_folder_are_a_system_and_not_its_comments(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rewriter, "load", lambda **parts: Rewriter(Milder(), Words(), Half()))
    (tmp_path / "in").mkdir()
    given = tmp_path / "in" / f"a.{suffix}"
    given.write_text('{"id": 1, "text": "you idiot, mate"}\n{"id": 2, "text": "thanks"}\n')
    assert main(["rewrite", "--input", str(given.parent), "--output", str(tmp_path / "out")]) == 0
    sources = read_parallel({"in": given})["in"]
    (ours,) = (tmp_path / "out").glob("a-*")
    assert is_rewrites_file(ours) and read_rewrites(ours, sources) == ["you person, mate", "thanks"]
    assert main(["rewrite", "--input", str(given), "--output", str(tmp_path / f"one.{suffix}")]) == 0
    assert is_rewrites_file(tmp_path / f"one.{suffix}")
    assert main(["rewrite", "--input", str(given.parent), "--output", str(tmp_path / "new"), "--prefix", "our_"]) == 0
    (ours,) = (tmp_path / "new").glob("a-*")
    with pytest.raises(SROError, match="no column with rewrites"):  # and not a system that copies
        read_rewrites(ours, sources) if is_rewrites_file(ours) else read_parallel({"in": given, "ours": ours})


def test_a_table_without_a_column_of_rewrites_is_no_system(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("id,text\n1,you\n")
    with pytest.raises(SROError, match=r"Columns: 'id', 'text'\.\n  fix: call them `comment` and `rewrite`"):
        read_rewrites(path, ["you idiot"])


def test_an_empty_rewrite_is_an_empty_text_and_no_refusal(tmp_path: Path) -> None:
    path = tmp_path / "ours.csv"
    path.write_text("comment,rewrite\nyou idiot,you\nshut up,\n")
    assert read_rewrites(path, ["you idiot", "shut up"]) == ["you", ""]
    path.write_text("source,text,status\nyou idiot,,rewritten\nshut up,,refused\nfar too long,,skipped\n")
    assert read_rewrites(path, ["you idiot", "shut up", "far too long"]) == ["", None, None]


def test_compressed_answers_are_told_from_compressed_clef(tmp_path: Path) -> None:
    path, clef = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in ANSWERS).encode()))
    clef.write_bytes(gzip.compress(b'{"id": 1, "text": "x"}\n'))
    assert is_rewrites_file(path) and not is_rewrites_file(clef)
    assert read_rewrites(path, ["you idiot", "shut up"]) == ["you", None]
