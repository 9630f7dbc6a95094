"""Read comments, row by row and in constant memory, from whatever file people keep them in.

CSV, TSV, JSON Lines (each also `.gz`), Parquet, plain text (one comment a line), standard input (`-`), and, only when
asked by name, a data set of the Hugging Face hub (`hub:owner/name[:split]`).

A bad row never stops the reading: it comes out as it is, and `sro.comments.corpus` puts it into quarantine. Bytes
that are not
UTF-8 travel as lone surrogates (Python's `surrogateescape`), so nothing is lost or replaced on the way there.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections import deque
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from sro.comments.columns import Choose, Columns
from sro.core.config import suggestion
from sro.core.errors import SROError

FORMATS = ("csv", "tsv", "jsonl", "parquet", "text")
FORMAT_OF_SUFFIX = {
    **{".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"},
    **{".parquet": "parquet", ".txt": "text", "": "text"},
}
LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte that is not UTF-8, or half a character in a JSON escape
JSON_LOOKAHEAD = 100  # rows; JSON Lines name their columns row by row, and a row may leave some out


class Row(NamedTuple):
    """One row as it was read; nothing is checked yet."""

    line: int  # physical line it starts on, from 1; the row's number in Parquet and hub data
    text: Any  # the comment; None where absent; the raw row where malformed
    label: Any = None
    malformed: bool = False


def read_rows(source: str, choose: Choose, format: str | None = None) -> Iterator[Row]:
    """Rows of `source`, lazily, in order; `choose` is called once, as soon as the columns are known.

    `source` is a path, `-` (standard input; plain text unless `format` says otherwise) or `hub:owner/name[:split]`
    (split `train` unless named). `format` is one of FORMATS, else told by the suffix.
    Raises SROError, when the first row is asked for, where the source is missing, unreadable or of unknown format.
    """
    if source.startswith("hub:"):
        yield from _hub_rows(source, choose)
        return
    kind = format or _format_of(source)
    if kind not in FORMATS:
        raise SROError(f"unknown format {kind!r}{suggestion(kind, FORMATS) or '.'} Known: {', '.join(FORMATS)}.")
    if source != "-":
        _require_file(Path(source))
    if kind == "parquet":
        yield from _parquet_rows(source, choose)
    elif kind == "text":
        yield from _text_rows(_lines(source), choose)
    elif kind == "jsonl":
        yield from _json_rows(_lines(source), choose, source)
    else:
        yield from _delimited_rows(_lines(source), choose, source, "," if kind == "csv" else "\t")


def _format_of(source: str) -> str:
    if source == "-":
        return "text"
    suffix = Path(source.removesuffix(".gz")).suffix.lower()
    if suffix not in FORMAT_OF_SUFFIX:
        known = " ".join(filter(None, FORMAT_OF_SUFFIX))
        raise SROError(f"{source}: unknown suffix {suffix!r} (known: {known}); name one of format={'|'.join(FORMATS)}")
    return FORMAT_OF_SUFFIX[suffix]


def _require_file(path: Path) -> None:
    if not path.exists():
        siblings = [sibling.name for sibling in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SROError(f"{path}: no such file{suggestion(path.name, siblings)}")


def _lines(source: str) -> Iterator[str]:
    """Decoded lines with their ends. Only `\\n` ends a line, so that line numbers are those of `sed -n`."""
    try:
        opener: Any = gzip.open if source.endswith(".gz") else open
        binary = sys.stdin.buffer if source == "-" else opener(source, "rb")
        stream = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="\n")
        try:
            for number, line in enumerate(stream):
                if number == 0 and line.startswith(("\udcff\udcfe", "\udcfe\udcff")):
                    raise SROError(f"{source}: this is UTF-16; convert it: iconv -f UTF-16 -t UTF-8 IN > OUT")
                yield line
        finally:
            if source == "-":
                stream.detach()  # standard input is not ours to close
            else:
                stream.close()
    except (OSError, EOFError, zlib.error) as error:
        raise SROError(f"{source}: cannot be read: {error}") from error


def _text_rows(lines: Iterator[str], choose: Choose) -> Iterator[Row]:
    choose(["text"])  # plain text has this one column; asking for another is an error like elsewhere
    for number, line in enumerate(lines, 1):
        yield Row(number, line.rstrip("\r\n"))


def _json_rows(lines: Iterator[str], choose: Choose, source: str) -> Iterator[Row]:
    records = ((number, line.rstrip("\r\n"), _json_object(line)) for number, line in enumerate(lines, 1))
    head = list(islice(records, JSON_LOOKAHEAD))
    available = list(dict.fromkeys(name for _, _, record in head for name in record or ()))
    if head and not available:
        raise SROError(
            f"{source}: no JSON object on its first {len(head)} lines; JSON Lines want one object a line"
            " (a JSON array becomes that by: jq -c '.[]' IN > OUT)"
        )
    columns = choose(available) if head else Columns("")
    for number, line, record in chain(head, records):
        if record is not None:
            yield Row(number, record.get(columns.text), record.get(columns.label) if columns.label else None)
        else:
            yield Row(number, line, malformed=bool(line.strip()))


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


class _Returnable:
    """Lines that can be handed back: those a CSV record with a broken quote has swallowed are read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.number = 0  # of the line given out last
        self.taken: list[str] = []  # given out since the last `start_record`
        self._lines = lines
        self._returned: deque[str] = deque()

    def __iter__(self) -> _Returnable:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def start_record(self) -> int:
        """The number of the line on which the next record starts."""
        self.taken = []
        return self.number + 1

    def return_all_but_first(self) -> str:
        """Hand the record's lines back for another reading, except its first, which is returned."""
        first, *rest = self.taken
        self._returned.extendleft(reversed(rest))
        self.number -= len(rest)
        self.taken = [first]
        return first


def _delimited_rows(stream: Iterator[str], choose: Choose, source: str, delimiter: str) -> Iterator[Row]:
    lines = _Returnable(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        raise SROError(f"{source}:1: cannot read the header line: {error}") from error
    if header is None:
        return
    columns = choose(header)
    text, label = header.index(columns.text), header.index(columns.label) if columns.label else None
    while True:
        line = lines.start_record()
        try:
            fields: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # A stray quote costs its own line, not the rest of the file; and many TSV files know no quoting at all.
            first = lines.return_all_but_first()
            fields = first.rstrip("\r\n").split("\t") if delimiter == "\t" else None
        if fields == []:  # a blank line
            yield Row(line, "")
        elif fields is None or len(fields) != len(header):
            yield Row(line, "".join(lines.taken).rstrip("\r\n"), malformed=True)
        else:
            yield Row(line, fields[text], None if label is None else fields[label])


def _parquet_rows(source: str, choose: Choose) -> Iterator[Row]:
    if source == "-":
        raise SROError("Parquet cannot be read from standard input; give the path of a file")
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(source) as file:
            columns = choose(file.schema_arrow.names)
            names = list(dict.fromkeys(name for name in (columns.text, columns.label) if name))
            line = 0
            for batch in file.iter_batches(batch_size=4096, columns=names):
                texts = _parquet_values(batch.column(columns.text))
                labels = _parquet_values(batch.column(columns.label)) if columns.label else [None] * len(texts)
                for text, label in zip(texts, labels):
                    line += 1
                    yield Row(line, text, label)
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


def _hub_rows(source: str, choose: Choose) -> Iterator[Row]:
    import datasets

    name, _, split = source.removeprefix("hub:").partition(":")
    try:
        records = iter(datasets.load_dataset(name, split=split or "train", streaming=True))
        head = list(islice(records, 1))
        columns = choose(list(head[0])) if head else Columns("")
        for number, record in enumerate(chain(head, records), 1):
            yield Row(number, record.get(columns.text), record.get(columns.label) if columns.label else None)
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
