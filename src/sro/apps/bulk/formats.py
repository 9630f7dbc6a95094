"""What each format tells of a file of comments (columns, rows, size), and the range of a file that is one shard."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, cast

import pyarrow
from pyarrow import parquet

from sro.apps.bulk.config import Reading
from sro.comments.columns import Columns, Where, choose_columns
from sro.comments.formats import BINARY, FORMAT_OF_SUFFIX, Unreadable, can_split_by_bytes
from sro.comments.json_rows import json_layout
from sro.comments.parquet_rows import parquet_columns
from sro.comments.readers import read_rows

Kind = Literal["csv", "tsv", "xlsx", "parquet", "jsonl", "text"]
WHOLE = 1 << 62
"""The end of a range that covers the whole file."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One range of one file: rows of Parquet, or bytes of JSON Lines and text (a line belongs to the range in which it
    begins). `WHOLE` is the whole file, for files that cannot be read from the middle."""

    name: str
    """Name of the result, relative to the output folder; `/` between folders. See `Results`."""
    source: str
    kind: Kind
    start: int
    stop: int
    size: int
    """Bytes of the source in this shard; of Parquet, unpacked bytes."""
    fingerprint: str
    """Fingerprint of the source, see `sro.apps.bulk.shards.fingerprint`."""
    modified: int
    """When the source was last changed, in nanoseconds."""


class Results(NamedTuple):
    """The names of the results of one file: `stem-00000suffix`, `stem-00001suffix`, …"""

    stem: str
    """Relative to the output folder; `/` between folders."""
    suffix: str

    def name(self, number: int) -> str:
        """The file name of one shard's result.

        >>> Results("a/part", ".jsonl.gz").name(3)
        'a/part-00003.jsonl.gz'
        """
        return f"{self.stem}-{number:05}{self.suffix}"

    @classmethod
    def of(cls, name: str) -> tuple[Results, str] | None:
        """Parse a result's file name into `Results` and the digits of its number; None if the name is not one.

        >>> Results.of("a/part-00003.jsonl.gz")
        (Results(stem='a/part', suffix='.jsonl.gz'), '00003')
        """
        found = re.fullmatch(r"(.+)-(\d{5,})(\.\w+(?:\.gz)?)", name, re.DOTALL)
        return (cls(found[1], found[3]), found[2]) if found else None


class FileInfo(NamedTuple):
    """What is known of a file before it is processed."""

    columns: list[str]
    """None of an empty file."""
    text: str
    """The column with the comments."""
    size: int
    """In bytes, of Parquet unpacked."""
    rows: int | None = None
    """Only Parquet tells."""
    whole: bool = False
    """Whether the file cannot be read from the middle."""


def inspect_file(path: Path, kind: Kind, column: str | None, reading: Reading, say: Callable[[str], None]) -> FileInfo:
    """Read the first rows of a file and return what they tell.

    Args:
        column: the column with the comments; None: the first column with a usual name.
        say: is called with a message if one column or sheet was chosen among several.

    Raises:
        SROError: the file cannot be read, or it lacks a column that is needed.
    """
    source, condition = str(path), Where.parse(reading.where) if reading.where else None
    info = FileInfo([], "", path.stat().st_size, whole=kind in ("csv", "tsv", "xlsx"))

    def choose(names: list[str]) -> Columns:
        nonlocal info
        columns = choose_columns(names, source, column, condition.column if condition else None)
        info = info._replace(columns=names, text=columns.text)
        if columns.guessed:
            say(f"{source}: taking the comments from column {columns.text!r}; another is named by --column")
        return columns

    if kind == "parquet":
        info = _parquet_size(path, info)
        if column is not None:  # the columns are known without reading a row
            choose(info.columns)
            return info
    rows = read_rows(
        source,
        choose,
        kind,
        delimiter=reading.delimiter,
        encoding=reading.encoding,
        sheet=reading.sheet,
        say=say,
    )
    next(rows, None)
    if kind in ("jsonl", "text"):
        whole = not can_split_by_bytes(source, reading.encoding)
        whole = whole or (kind == "jsonl" and json_layout(source, reading.encoding) != "lines")
        info = info._replace(whole=whole)
    return info


def _parquet_size(path: Path, info: FileInfo) -> FileInfo:
    try:
        with parquet.ParquetFile(path) as file:
            told = file.metadata
            size = sum(told.row_group(i).total_byte_size for i in range(file.num_row_groups))
            return info._replace(columns=parquet_columns(file.schema_arrow, str(path)), size=size, rows=told.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(f"{path}: cannot be read as Parquet: {error}") from error


def kind_of(path: Path) -> Kind | None:
    """The format given by a file's suffix; None for other files, which a folder may also hold."""
    packed = path.suffix.lower() == ".gz"
    kind = FORMAT_OF_SUFFIX.get(path.with_suffix("").suffix.lower() if packed else path.suffix.lower() or "none")
    return None if packed and kind in BINARY else cast("Kind | None", kind)
