"""Read comments, row by row and in constant memory, from whatever file people keep them in.

CSV, TSV and tables with other separators, JSON Lines and JSON arrays (each also `.gz`), Parquet, XLSX, plain text (one
comment a line), standard input (`-`), and, only when asked by name, a data set of the Hugging Face hub
(`hub:owner/name[:split]`).

Every row comes out, in order and with its number. A bad one never stops the reading: `Row.fault` says why it holds no
comment. Bytes that are not of the encoding travel as lone surrogates (Python's `surrogateescape`), so nothing is lost
or replaced on the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sro.comments.columns import Choose, Columns
from sro.comments.delimited import read_delimited
from sro.comments.formats import BINARY, FORMATS, format_of, read_lines, require_file
from sro.comments.json_rows import LOOKAHEAD, field_names, field_value, json_records
from sro.core.config import suggestion
from sro.core.errors import SROError

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte that is not UTF-8, or half a character in a JSON escape

LABELS = {"", "0", "1", "0.0", "1.0", "true", "false", "yes", "no"}

RowFault = Literal["malformed", "null", "wrong_type", "undecodable", "empty"]


class Row(NamedTuple):
    """One row as it was read."""

    line: int
    """The physical line it starts on, from 1; in Parquet and hub data, which have no lines, the row's number."""
    text: Any
    """The comment as it stands; None where absent; the raw row where malformed."""
    label: Any = None
    malformed: bool = False
    number: int = 0
    """Of the row among the file's rows, from 1; a header is no row."""
    fields: dict[str, Any] | None = None
    """All columns, where they were asked for and the row is well-formed."""

    @property
    def fault(self) -> RowFault | None:
        """Why the row holds no comment, if so."""
        if self.malformed:
            return "malformed"
        if self.text is None:
            return "null"
        if not isinstance(self.text, str):
            return "wrong_type"
        if LONE_SURROGATE.search(self.text):
            return "undecodable"
        return None if self.text.strip() else "empty"


def read_rows(
    source: str,
    choose: Choose,
    format: str | None = None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    all_columns: bool = False,
) -> Iterator[Row]:
    """Rows of `source`, lazily, in order; `choose` is called once it is known which columns there are.

    Args:
        source: a path, `-` (standard input; plain text unless `format` says otherwise) or `hub:owner/name[:split]`
            (split `train` unless named).
        choose: from the columns there are to those to read. It may be called again, with the columns that another
            separator gives, after it has raised an SROError.
        format: one of FORMATS; None: told by the suffix.
        delimiter: what separates the columns of a table; None: the format's own, else the one with which `choose`
            finds its columns.
        encoding: of a file without a byte order mark; None: UTF-8.
        all_columns: whether rows carry all their `fields`.

    Raises:
        SROError: the source is missing, unreadable or of unknown format, or has not the columns, or the column that
            was guessed holds labels. Raised when the first row is asked for.
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
            rows = _parquet_rows(source, chosen_columns, all_columns)
        elif kind == "xlsx":
            rows = _xlsx_rows(source, chosen_columns, all_columns)
        else:
            lines = read_lines(source, encoding)
            if kind == "text":
                rows = _text_rows(lines, chosen_columns)
            elif kind == "jsonl":
                rows = _json_rows(lines, chosen_columns, source, all_columns)
            else:
                usual = "," if kind == "csv" else "\t"
                rows = _delimited_rows(lines, chosen_columns, source, usual, delimiter, all_columns)
    head = list(islice(rows, 1))
    if chosen.guessed:
        head += islice(rows, LOOKAHEAD - 1)
        _refuse_labels(head, chosen, source)
    for number, row in enumerate(chain(head, rows), 1):
        yield row._replace(number=number)


def _refuse_labels(rows: list[Row], columns: Columns, source: str) -> None:
    """A column `toxic` holds comments in one data set and marks in the next: nobody wants marks rewritten."""
    values = {str(row.text).strip().casefold() for row in rows if row.text is not None and not row.malformed}
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


def _json_rows(lines: Iterator[str], choose: Choose, source: str, all_columns: bool) -> Iterator[Row]:
    records = json_records(lines, source)
    head = list(islice(records, LOOKAHEAD))
    available = list(dict.fromkeys(name for record in head for name in field_names(record.value or {})))
    if head and not available:
        raise SROError(
            f"{source}: no JSON object on its first {len(head)} lines; want one object a line, or an array of objects"
            "\n  fix: jq -c '.[]' IN > OUT makes lines of an array"
        )
    columns = choose(available) if head else Columns("")
    for line, value, raw in chain(head, records):
        if value is None:
            yield Row(line, raw, malformed=bool(raw.strip()))
        else:
            text = field_value(value, columns.text)
            label = field_value(value, columns.label) if columns.label else None
            yield Row(line, text, label, fields=value if all_columns else None)


def _delimited_rows(
    lines: Iterator[str], choose: Choose, source: str, usual: str, delimiter: str | None, all_columns: bool
) -> Iterator[Row]:
    table = read_delimited(lines, choose, source, usual, delimiter)
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
            told = dict(zip(header, fields)) if all_columns else None
            yield Row(line, fields[text], None if label is None else fields[label], fields=told)


def _xlsx_rows(source: str, choose: Choose, all_columns: bool) -> Iterator[Row]:
    """Rows of the first sheet; its first row names the columns."""
    try:
        import openpyxl
    except ImportError as error:
        raise SROError(f"{source}: XLSX needs openpyxl\n  fix: pip install openpyxl, or save it as CSV") from error
    try:
        book = openpyxl.load_workbook(source, read_only=True, data_only=True)
        values = book.worksheets[0].iter_rows(values_only=True)
        header = ["" if name is None else str(name) for name in next(values, ())]
        columns = choose(header) if header else Columns("")
        for line, cells in enumerate(values, 2):
            named = dict(zip(header, cells))
            yield Row(
                line, named.get(columns.text), named.get(columns.label or ""), fields=named if all_columns else None
            )
    except SROError:
        raise
    except Exception as error:  # a broken workbook ends in whatever its XML or ZIP parser raises
        raise SROError(f"{source}: cannot be read as XLSX: {error}") from error


def _parquet_rows(source: str, choose: Choose, all_columns: bool) -> Iterator[Row]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(source) as file:
            available = list(file.schema_arrow.names)
            columns = choose(available)
            names = available if all_columns else [name for name in available if name in columns[:2]]
            line = 0
            for batch in file.iter_batches(batch_size=4096, columns=names):
                values = {name: _parquet_values(batch.column(name)) for name in names}
                for cells in zip(*values.values()):
                    line += 1
                    row = dict(zip(names, cells))
                    told = row if all_columns else None
                    yield Row(line, row[columns.text], row.get(columns.label or ""), fields=told)
    except (pyarrow.ArrowException, OSError) as error:
        raise SROError(f"{source}: cannot be read as Parquet: {error}") from error


def _parquet_values(column: Any) -> list[Any]:
    """Python values; strings by way of their bytes, since pyarrow stops at the first that is not UTF-8."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
        column = column.cast(pyarrow.large_binary())
    values = column.to_pylist()
    return [value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value for value in values]


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


def quarantine_record(row: Row, source: str, reason: str) -> str:
    """One line of a quarantine file, {file, line, reason, text}: which row of `source` was set aside, and why."""
    record = {"file": source, "line": row.line, "reason": reason, "text": _printable(row.text)}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _printable(value: Any) -> str | None:
    """Text and None as they are; the repr of its bytes where text is not UTF-8, and of any other value."""
    if not isinstance(value, str):
        return None if value is None else repr(value)
    if not LONE_SURROGATE.search(value):
        return value
    try:
        return repr(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # not from bytes, but from an escape such as "\\ud800" in JSON
        return repr(value.encode("utf-8", "surrogatepass"))
