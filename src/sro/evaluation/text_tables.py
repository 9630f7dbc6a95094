"""Texts to be scored from tables, read as every other command reads them: CSV, TSV, Parquet, XLSX, JSON, and `.gz`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sro.comments.columns import USUAL_COLUMNS, Choose, Columns, choose_columns
from sro.comments.formats import FORMAT_OF_SUFFIX, without_gz
from sro.comments.readers import read_rows
from sro.comments.rows import Row
from sro.core.errors import SROError

CLEF_SUFFIXES = (".jsonl", ".ndjson")
"""JSON Lines that `sro.evaluation.clef` reads, by their ids."""


def is_table(path: str | Path) -> bool:
    """Whether a file's name says that its lines are not texts, but rows of a table or of JSON (CLEF's aside)."""
    suffix = Path(without_gz(str(path))).suffix.lower()
    return FORMAT_OF_SUFFIX.get(suffix, "text") != "text" and Path(path).suffix.lower() not in CLEF_SUFFIXES


def text_rows(path: str | Path, choose: Choose) -> Iterator[Row]:
    """Rows with all their columns, without blank ones, also as `sro rewrite` writes them out with what became of them.

    Raises:
        SROError: the file cannot be read, has not the columns, or a row that holds something has no text.
    """
    for row in read_rows(str(path), choose, all_columns=True):
        fields = row.fields or {}
        passed_over = row.fault in ("null", "empty") and fields.get("status") in ("unchanged", "skipped")
        if passed_over or (not row.malformed and all(value in (None, "") for value in fields.values())):
            continue
        if row.fault:
            raise SROError(
                f"{path}:{row.line}: holds no text that can be scored ({row.fault})\n"
                "  fix: correct the row, or leave it out of every file"
            )
        yield row


def read_texts(path: str | Path) -> list[str]:
    """The column of a table that has a usual name for comments. Raises SROError as `text_rows` does."""

    def choose(available: list[str]) -> Columns:
        if any(name.strip().lower() in USUAL_COLUMNS for name in available):
            return choose_columns(available, str(path))
        listing = ", ".join(map(repr, available))
        raise SROError(f"{path}: no column with a usual name for texts. Columns: {listing}.\n  fix: call it `text`")

    return [row.text for row in text_rows(path, choose)]
