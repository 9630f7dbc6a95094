"""What a file of comments is by its format: its columns, its rows, its size; and the range of it that is one shard."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import pyarrow
from pyarrow import parquet

from sro.comments.columns import Columns, choose_columns
from sro.comments.formats import BINARY, FORMAT_OF_SUFFIX
from sro.comments.json_rows import LOOKAHEAD, field_names, parse_object
from sro.comments.readers import read_rows
from sro.core.errors import SROError

Kind = Literal["csv", "tsv", "xlsx", "parquet", "jsonl", "text"]


@dataclass(frozen=True, slots=True)
class Shard:
    """One range of one file: rows of Parquet; bytes of JSON Lines and text, whose lines belong to where they begin;
    the whole file of CSV, TSV and XLSX, which cannot be entered in the middle."""

    name: str
    """Of its result, relative to the output folder; `/` between folders."""
    source: str
    kind: Kind
    start: int
    stop: int
    size: int
    """Bytes of the source that it stands for, of Parquet unpacked."""
    fingerprint: str
    """Of the source, see `sro.apps.bulk.shards.fingerprint`."""


class Damaged(Exception):
    """A file cannot be read to the end of a range."""


class About(NamedTuple):
    """What is known of a file before it is read."""

    columns: list[str]
    size: int
    """In bytes, of Parquet unpacked."""
    rows: int | None = None
    """Only Parquet tells."""


def _line_columns(path: Path, column: str | None) -> About:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            head = [line.removeprefix(b"\xef\xbb\xbf") for line in islice(file, LOOKAHEAD)]
    except (OSError, EOFError) as error:
        raise SROError(f"{path}: cannot be read: {error}") from error
    objects = [parse_object(line.decode("utf-8", "surrogateescape")) for line in head]
    return About(list(dict.fromkeys(name for one in objects for name in field_names(one or {}))), path.stat().st_size)


def _header_columns(path: Path, column: str | None) -> About:
    columns: list[str] = []

    def choose(names: list[str]) -> Columns:
        chosen = choose_columns(names, str(path), column)
        columns.extend(names)
        return chosen

    next(read_rows(str(path), choose), None)
    return About(columns, path.stat().st_size)


def _text_columns(path: Path, column: str | None) -> About:
    return About(["text"], path.stat().st_size)


def _parquet_columns(path: Path, column: str | None) -> About:
    try:
        with parquet.ParquetFile(path) as file:
            about = file.metadata
            size = sum(about.row_group(i).total_byte_size for i in range(file.num_row_groups))
            return About(list(file.schema_arrow.names), size, about.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise SROError(f"{path}: cannot be read as Parquet: {error}") from error


ABOUT: dict[Kind, Callable[[Path, str | None], About]] = {
    "csv": _header_columns,
    "tsv": _header_columns,
    "xlsx": _header_columns,
    "parquet": _parquet_columns,
    "jsonl": _line_columns,
    "text": _text_columns,
}
"""How to look at a file of each kind, given the column with the comments if it is named; raises SROError."""


def kind_of(path: Path) -> Kind | None:
    """The format that a file's name tells; None for other files, which a folder may hold too."""
    packed = path.suffix.lower() == ".gz"
    kind = FORMAT_OF_SUFFIX.get(path.with_suffix("").suffix.lower() if packed else path.suffix.lower() or "none")
    return None if packed and kind in BINARY else cast("Kind | None", kind)
