"""Read texts to score from tables, as every other command does: CSV, TSV, Parquet, XLSX, JSON, and `.gz`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sro.comments.columns import USUAL_COLUMNS, Choose, Columns, choose_columns
from sro.comments.formats import FORMAT_OF_SUFFIX, without_gz
from sro.comments.readers import read_rows
from sro.comments.rows import Row
from sro.core.errors import SROError

CLEF_SUFFIXES = (".jsonl", ".ndjson")
"""Suffixes of JSON Lines files that `sro.evaluation.clef` reads by id."""


def is_table(path: str | Path) -> bool:
    """Whether a file's name says that its lines are rows of a table or of JSON, not texts (CLEF's files excepted)."""
    suffix = Path(without_gz(str(path))).suffix.lower()
    return FORMAT_OF_SUFFIX.get(suffix, "text") != "text" and Path(path).suffix.lower() not in CLEF_SUFFIXES


def text_rows(path: str | Path, choose: Choose) -> Iterator[Row]:
    """Rows with all their columns, without blank rows. The output tables of `sro rewrite` can be read too.

    Raises:
        SROError: the file cannot be read, lacks the columns, or a row that is not blank has no text.
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
    """The column of a table with a usual name for comments. Raises SROError as `text_rows` does."""

    def choose(available: list[str]) -> Columns:
        if any(name.strip().lower() in USUAL_COLUMNS for name in available):
            return choose_columns(available, str(path))
        listing = ", ".join(map(repr, available))
        raise SROError(f"{path}: no column with a usual name for texts. Columns: {listing}.\n  fix: call it `text`")

    return [row.text for row in text_rows(path, choose)]
