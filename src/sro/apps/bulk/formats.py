"""What a file of comments is by its format: its columns, its rows, its size."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow
from pyarrow import parquet

from sro.core.errors import SROError

Kind = Literal["parquet", "jsonl", "text"]


LOOKAHEAD = 100  # rows; JSON Lines name their columns row by row, and a row may leave some out


class Damaged(Exception):
    """A file cannot be read to the end of a range."""


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class About(NamedTuple):
    """What is known of a file before it is read."""

    columns: list[str]
    size: int
    """In bytes, of Parquet unpacked."""
    rows: int | None = None
    """Only Parquet tells."""


def _line_columns(path: Path) -> About:
    opened: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            head = [line.removeprefix(b"\xef\xbb\xbf") for line in islice(file, LOOKAHEAD)]
    except (OSError, EOFError) as error:
        raise SROError(f"{path}: cannot be read: {error}") from error
    objects = [_object(line.decode("utf-8", "surrogateescape")) for line in head]
    return About(list(dict.fromkeys(name for one in objects for name in one or ())), path.stat().st_size)


def _text_columns(path: Path) -> About:
    return About(["text"], path.stat().st_size)


def _parquet_columns(path: Path) -> About:
    try:
        with parquet.ParquetFile(path) as file:
            about = file.metadata
            size = sum(about.row_group(i).total_byte_size for i in range(file.num_row_groups))
            return About(list(file.schema_arrow.names), size, about.num_rows)
    except (pyarrow.ArrowException, OSError) as error:
        raise SROError(f"{path}: cannot be read as Parquet: {error}") from error


ABOUT: dict[Kind, Callable[[Path], About]] = {
    "parquet": _parquet_columns,
    "jsonl": _line_columns,
    "text": _text_columns,
}
"""How to look at a file of each kind; raises SROError, naming it."""
