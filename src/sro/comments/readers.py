"""Read comments, row by row and in constant memory, from the usual kinds of files.

CSV, TSV and tables with other separators, JSON Lines and JSON arrays (each also `.gz`), Parquet, XLSX, plain text (one
comment a line), standard input (`-`), and, only when asked by name, a data set of the Hugging Face hub
(`hub:owner/name[:split]`).

Every row is yielded, in order and with its number. A bad row never stops the reading: `Row.fault` says why it holds no
comment. Bytes that are not valid in the encoding become lone surrogates (Python's `surrogateescape`), so nothing is
lost or replaced.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from sro.comments.columns import Choose, Columns
from sro.comments.delimited import read_delimited, unique_names
from sro.comments.formats import BINARY, FORMATS, Span, Unreadable, format_of, read_lines, read_pieces, require_file
from sro.comments.json_rows import (
    LOOKAHEAD,
    begins_with_strings,
    field_names,
    field_value,
    json_records,
    line_records,
    of_strings,
)
from sro.comments.parquet_rows import parquet_rows
from sro.comments.rows import Row
from sro.core.errors import SROError
from sro.core.suggestion import suggestion

logger = logging.getLogger(__name__)

MOST_ROWS = 1 << 20
"""Most rows of a sheet, with the first. A sheet of few bytes may claim any number of rows; reading would not end."""
LABELS = {"0", "1", "0.0", "1.0", "true", "false", "yes", "no"}


def read_rows(
    source: str,
    choose: Choose,
    format: str | None = None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    all_columns: bool = False,
    span: Span | None = None,
    say: Callable[[str], None] = logger.warning,
) -> Iterator[Row]:
    """Rows of `source`, lazily, in order; `choose` is called when the columns are known.

    Args:
        source: a path, `-` (standard input; plain text unless `format` says otherwise) or `hub:owner/name[:split]`
            (split `train` unless named).
        choose: gets the columns of the source and returns those to read. If it raises SROError, it may be called again
            with the columns that another separator gives.
        format: one of FORMATS; None: chosen by the suffix.
        delimiter: separator of the columns of a table; None: the format's own, else the one with which `choose`
            finds its columns.
        encoding: of a file without a byte order mark; None: UTF-8.
        sheet: of a workbook; None: the first.
        all_columns: whether rows carry all their `fields`.
        span: read only the lines that begin in these bytes; for JSON Lines or text for which
            `sro.comments.formats.can_split_by_bytes` is true. Lines and rows are counted from the span's beginning.
        say: called with a message if one of several sheets was chosen, or if a quote counts as stray.

    Raises:
        Unreadable: the source cannot be read to its end.
        SROError: the source is missing, its format is unknown, it lacks the columns, or the guessed column holds
            labels. Raised when the first row is asked for.
    """
    chosen = Columns("")

    def chosen_columns(available: list[str]) -> Columns:
        nonlocal chosen
        chosen = choose(available)
        return chosen

    if source.startswith("hub:"):
        rows = _hub_rows(source, chosen_columns, all_columns)
    else:
        kind = format or format_of(source)
        if kind not in FORMATS:
            raise SROError(f"unknown format {kind!r}{suggestion(kind, FORMATS) or '.'} Known: {', '.join(FORMATS)}.")
        if source != "-":
            require_file(Path(source))
        elif kind in BINARY:
            raise SROError(f"a {kind} file cannot be read from standard input\n  fix: give its path")
        if kind == "parquet":
            rows = parquet_rows(source, chosen_columns, all_columns)
        elif kind == "xlsx":
            rows = _xlsx_rows(source, chosen_columns, all_columns, sheet, say)
        elif kind == "text":
            rows = _text_rows(read_lines(source, encoding, span), chosen_columns)
        elif kind == "jsonl":
            rows = _json_rows(source, chosen_columns, all_columns, encoding, span)
        else:
            usual = "," if kind == "csv" else "\t"
            lines = read_lines(source, encoding)
            rows = _delimited_rows(lines, chosen_columns, source, usual, delimiter, all_columns, say)
    head = list(islice(rows, 1))
    if chosen.guessed:
        head += islice(rows, LOOKAHEAD - 1)
        _refuse_labels(head, chosen, source)
    for number, row in enumerate(chain(head, rows), 1):
        yield Row(row.line, row.text, row.label, row.malformed, number, row.fields)


def _refuse_labels(rows: list[Row], columns: Columns, source: str) -> None:
    """Raise SROError if a guessed column holds labels: `toxic` holds comments in some data sets, labels in others."""
    values = {str(row.text).strip().casefold() for row in rows if row.text is not None and not row.malformed} - {""}
    if values and values <= LABELS:
        raise SROError(
            f"{source}: column {columns.text!r} holds labels ({', '.join(sorted(values))}), not comments"
            "\n  fix: name the column with the comments: --column NAME (in Python: column=)"
        )


def _text_rows(lines: Iterator[str], choose: Choose) -> Iterator[Row]:
    choose(["text"])  # plain text has this one column; asking for another is an error like elsewhere
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        yield Row(number, text, fields={"text": text})


def _json_rows(
    source: str, choose: Choose, all_columns: bool, encoding: str | None, span: Span | None
) -> Iterator[Row]:
    records, columns = (
        json_records(read_pieces(source, encoding), source, choose)
        if span is None
        else (line_records(read_lines(source, encoding, span)), None)
    )
    head = list(islice(records, LOOKAHEAD))
    records = chain(head, records)
    # The beginning of the file decides, not that of the span: a row must not depend on where the file is cut.
    if begins_with_strings(head if span is None else line_records(read_lines(source, encoding))):
        records = of_strings(records)
    head = list(islice(records, len(head)))
    available = list(dict.fromkeys(name for record in head for name in field_names(record.value or {})))
    blank = len(head) < LOOKAHEAD and not any(record.value is not None or record.raw.strip() for record in head)
    if not blank and not available and span is None:
        raise SROError(
            f"{source}: no JSON object on its first {len(head)} lines; want one object a line, or an array of objects"
            "\n  fix: jq -c '.[]' IN > OUT makes lines of an array"
        )
    if columns is None:
        columns = Columns("") if blank else choose(available)  # a file of blank lines counts as empty
    for line, value, raw in chain(head, records):
        if value is None:
            yield Row(line, raw, malformed=bool(raw.strip()))
        else:
            text = field_value(value, columns.text)
            label = field_value(value, columns.label) if columns.label else None
            yield Row(line, text, label, fields=value if all_columns else None)


def _delimited_rows(
    lines: Iterator[str],
    choose: Choose,
    source: str,
    usual: str,
    delimiter: str | None,
    all_columns: bool,
    say: Callable[[str], None],
) -> Iterator[Row]:
    table = read_delimited(lines, choose, source, usual, delimiter, say)
    if table is None:
        return
    header, columns, records = table
    text, label = header.index(columns.text), header.index(columns.label) if columns.label else None
    for line, fields, raw in records:
        if fields is None:
            yield Row(line, raw, malformed=True)
        elif not fields:  # a blank line
            yield Row(line, "")
        else:
            all_fields = dict(zip(header, fields)) if all_columns else None
            yield Row(line, fields[text], None if label is None else fields[label], fields=all_fields)


def _xlsx_rows(
    source: str, choose: Choose, all_columns: bool, sheet: str | None, say: Callable[[str], None]
) -> Iterator[Row]:
    """Rows of one sheet; its first row names the columns."""
    try:
        import openpyxl
    except ImportError as error:
        raise SROError(f"{source}: XLSX needs openpyxl\n  fix: pip install openpyxl, or save it as CSV") from error
    try:
        book = openpyxl.load_workbook(source, read_only=True, data_only=True)
        values = _sheet(book, source, sheet, say).iter_rows(values_only=True)
        first = next(values, None)
        header = unique_names([_unescaped(cell) for cell in first or ()])
        columns = Columns("") if first is None else choose(header)
        for line, cells in enumerate(values, 2):
            if line > MOST_ROWS:
                raise Unreadable(f"{source}: goes on beyond row {MOST_ROWS:,}, the last that a sheet can have")
            named = dict(zip_longest(header, map(_unescaped, cells[: len(header)])))  # rows end with their last cell
            text, label = named.get(columns.text), named.get(columns.label or "")
            yield Row(line, _number_as_typed(text), label, fields=named if all_columns else None)
    except SROError:
        raise
    except Exception as error:  # a broken workbook may raise any error of the XML or ZIP parser
        raise Unreadable(f"{source}: cannot be read as XLSX: {error}") from error


def _number_as_typed(cell: Any) -> Any:
    """Turn a comment such as `2024`, which a workbook stores as a number, into text; other cells stay as they are."""
    return str(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else cell


def _unescaped(cell: Any) -> Any:
    """A cell without XLSX's escapes for characters that XML cannot hold: `_x000D_` is a carriage return."""
    from openpyxl.utils.escape import unescape

    return unescape(cell) if isinstance(cell, str) else cell


def _sheet(book: Any, source: str, sheet: str | None, say: Callable[[str], None]) -> Any:
    """The sheet of this name, or the first that is not empty; charts are not sheets."""
    sheets = {one.title: one for one in book.worksheets}
    for one in sheets.values():
        one.reset_dimensions()  # some programs write too small a size of a sheet, and openpyxl would stop there
    if sheet is None:
        filled = (title for title, one in sheets.items() if any(map(any, one.iter_rows(max_row=1, values_only=True))))
        first = next(filled, next(iter(sheets)))
        if others := [title for title in sheets if title != first]:
            named = ", ".join(map(repr, others))
            say(f"{source}: taking the comments from sheet {first!r}; --sheet names another: {named}")
        return sheets[first]
    if sheet not in sheets:
        raise SROError(
            f"{source}: no sheet {sheet!r}{suggestion(sheet, sheets) or '.'} Sheets: {', '.join(map(repr, sheets))}."
        )
    return sheets[sheet]


def _hub_rows(source: str, choose: Choose, all_columns: bool) -> Iterator[Row]:
    import datasets

    name, _, split = source.removeprefix("hub:").partition(":")
    try:
        records = iter(datasets.load_dataset(name, split=split or "train", streaming=True))
        head = list(islice(records, 1))
        columns = choose(list(head[0])) if head else Columns("")
        for number, record in enumerate(chain(head, records), 1):
            label = record.get(columns.label) if columns.label else None
            yield Row(number, record.get(columns.text), label, fields=record if all_columns else None)
    except (OSError, ValueError) as error:  # not found, no network, no such split, no such configuration
        raise SROError(f"{source}: cannot be read from the hub: {error}") from error
