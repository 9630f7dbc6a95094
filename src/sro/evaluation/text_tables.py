"""Read texts to score from tables, as every other command does: CSV, TSV, Parquet, XLSX, JSON, and `.gz`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sro.comments.columns import USUAL_COLUMNS, Choose, Columns, choose_columns
from sro.comments.formats import FORMAT_OF_SUFFIX, without_gz
from sro.comments.readers import read_rows
from sro.comments.rows import Row
from sro.comments.sources import replace_flag_hints
from sro.core.errors import SROError

CLEF_SUFFIXES = (".jsonl", ".ndjson")
"""Suffixes of JSON Lines files that `sro.evaluation.clef` reads by id."""


class TextColumn(NamedTuple):
    """The texts of a file, and the ids of their rows."""

    texts: list[str]
    ids: list[str] | None = None
    """The column `id` as text, "" where a row has none; None if the file has no such column."""


def suffix_of(path: str | Path) -> str:
    """The suffix of a file's name, in lower case and without `.gz`."""
    return Path(without_gz(str(path))).suffix.lower()


def is_table(path: str | Path) -> bool:
    """Whether a file's name says that its lines are rows of a table or of JSON, not texts (CLEF's files excepted)."""
    suffix = suffix_of(path)
    return FORMAT_OF_SUFFIX.get(suffix, "text") != "text" and suffix not in CLEF_SUFFIXES


def text_rows(path: str | Path, choose: Choose) -> Iterator[Row]:
    """Rows with all their columns. The output tables of `sro rewrite` can be read too.

    A blank row has the text "", the label "" and no fields. It keeps its place, because rows of other files may be
    matched by place; blank rows at the end are left out.

    Raises:
        SROError: the file cannot be read, lacks the columns, or a row that is not blank has no text.
    """
    blank: list[Row] = []  # they count only if a row with a text follows
    try:
        for row in read_rows(str(path), choose, all_columns=True):
            if _is_blank(row):
                blank.append(row._replace(text="", label="", fields=None))
                continue
            if row.fault:
                raise SROError(
                    f"{path}:{row.line}: holds no text that can be scored ({row.fault})\n"
                    "  fix: correct the row, or leave it out of every file"
                )
            yield from blank
            blank.clear()
            yield row
    except SROError as error:
        raise SROError(replace_flag_hints(str(error))) from error


def _is_blank(row: Row) -> bool:
    """Whether all cells are empty, or `sro rewrite` passed over the row because its comment is."""
    fields = row.fields or {}
    passed_over = row.fault in ("null", "empty") and fields.get("status") in ("unchanged", "skipped")
    return passed_over or (not row.malformed and all(value in (None, "") for value in fields.values()))


def read_texts(path: str | Path) -> TextColumn:
    """The column of a table with a usual name for comments, and its column `id`. Raises SROError as `text_rows`."""

    def choose(available: list[str]) -> Columns:
        if any(name.strip().lower() in USUAL_COLUMNS for name in available):
            return choose_columns(available, str(path))
        listing = ", ".join(map(repr, available))
        raise SROError(f"{path}: no column with a usual name for texts. Columns: {listing}.\n  fix: call it `text`")

    rows = list(text_rows(path, choose))
    ids = list(map(_id, rows))
    return TextColumn([row.text for row in rows], ids if any(ids) else None)


def _id(row: Row) -> str:
    cells = (value for name, value in (row.fields or {}).items() if name.strip().lower() == "id")
    value = next(cells, None)
    return "" if value is None else str(value).strip()
