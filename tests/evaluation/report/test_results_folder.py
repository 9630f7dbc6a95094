"""What a folder of results holds, and what is said of one that is broken."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.report.results_folder import read_results


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "table.md").write_text("| a |\n|---|\n| 1 |\n")
    (tmp_path / "README.md").write_text("Prose, which is not for the page.\n")
    (tmp_path / "table.csv").write_text("a\n1\n")
    (tmp_path / "other.csv").write_text('b\n"two\nlines"\n')
    (tmp_path / "empty.csv").write_text("")
    return tmp_path


def test_tables_by_name_each_once(folder: Path) -> None:
    found = read_results(folder)
    assert list(found.documents) == ["table", "other"]
    assert found.documents["other"][0].rows == [["two\nlines"]]  # type: ignore[union-attr]
    assert (found.name, found.manifest, found.plots, found.lines, found.set_aside) == (folder.name, {}, {}, [], {})


def test_breaks_of_unicode_within_a_cell_end_no_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a,b\nx\u2028y,1\nx\x0cy,2\n"x\x85\ny",3\n', encoding="utf-8")
    [found] = read_results(tmp_path).documents["a"]
    assert found.rows == [["x\u2028y", "1"], ["x\x0cy", "2"], ["x\x85\ny", "3"]]  # type: ignore[union-attr]


def test_a_csv_that_the_csv_module_refuses_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n" + "x" * 200)
    limit = csv.field_size_limit(100)
    try:
        with pytest.raises(SROError, match=r"a\.csv: cannot be read as CSV: field larger .*\n  fix: "):
            read_results(tmp_path)
    finally:
        csv.field_size_limit(limit)


def test_prose_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Nothing here\n\n| but a bar\n")
    with pytest.raises(SROError, match="holds no manifest, table, plot or sheet\n  fix: name a folder"):
        read_results(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="nowhere is no folder"):
        read_results(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("plot.png", "<svg/>", "plot.png: no PNG"),
        ("manifest.json", "{", "manifest.json: no JSON"),
        ("manifest.json", '{"command": "sro train"}', "manifest.json: 'command' is no list"),
        ("manifest.json", "[" * 100_000, "manifest.json: no JSON"),
        ("quarantine_0.jsonl", "{}\n", "quarantine_0.jsonl:1: no row with a reason"),
        ("quarantine_0.jsonl", "[" * 100_000, "quarantine_0.jsonl:1: no row with a reason"),
        ("sheet.jsonl", "[" * 100_000, "sheet.jsonl:1: no JSON"),
    ],
)
def test_a_broken_file_is_named(folder: Path, name: str, content: str, message: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(SROError, match=re.escape(message)):
        read_results(folder)
