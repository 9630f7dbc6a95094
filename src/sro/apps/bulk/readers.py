"""Read a range of a file in batches of rows, with all their columns, and point out the comment of each."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pyarrow
from pyarrow import parquet

from sro.apps.bulk.formats import Damaged, _object
from sro.comments.readers import LONE_SURROGATE

if TYPE_CHECKING:
    from sro.apps.bulk.shards import Shard

Rows: TypeAlias = Any  # a pyarrow.RecordBatch, or a list of dictionaries


class Batch(NamedTuple):
    """Some rows in order, as read."""

    rows: Rows
    """An Arrow batch of Parquet, objects of the other kinds."""
    texts: list[str]
    """The comments, one a row; empty where there is a fault."""
    faults: list[str | None]
    """Why a row holds no comment: malformed, null, wrong_type, undecodable or empty; None: it does."""


def read(shard: Shard, column: str, size: int) -> Iterator[Batch]:
    """Batches of at most `size` rows of a shard.

    Raises:
        Damaged: the file is, or it is gone; the message names it.
    """
    try:
        yield from _parquet(shard, column, size) if shard.kind == "parquet" else _lines(shard, column, size)
    except (OSError, EOFError, zlib.error, pyarrow.ArrowException) as error:
        raise Damaged(f"{shard.source}: {type(error).__name__}: {error}") from error


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(shard: Shard, column: str, size: int) -> Iterator[Batch]:
    lines = (line for line in _range(shard) if shard.kind == "text" or line.strip())
    while some := list(islice(lines, size)):
        rows, faults = [], []
        for line in some:
            row = {column: line} if shard.kind == "text" else _object(line)
            rows.append({column: line} if row is None else row)
            faults.append("malformed" if row is None else _fault(row.get(column)))
        yield Batch(rows, ["" if fault else row[column] for row, fault in zip(rows, faults)], faults)


def _range(shard: Shard) -> Iterator[str]:
    """Lines without their ends. Bytes that are not UTF-8 travel as lone surrogates, so nothing is lost."""
    opened: Any = gzip.open if shard.source.endswith(".gz") else open
    with opened(shard.source, "rb") as file:
        at = shard.start
        if at:  # the line that the byte before belongs to is the range's before, unless it ends just there
            file.seek(at - 1)
            at += len(file.readline()) - 1
        while at < shard.stop and (line := file.readline()):
            yield line.removeprefix(b"" if at else b"\xef\xbb\xbf").rstrip(b"\r\n").decode("utf-8", "surrogateescape")
            at += len(line)


def _fault(value: Any) -> str | None:
    if value is None:
        return "null"
    if not isinstance(value, str):
        return "wrong_type"
    if LONE_SURROGATE.search(value):
        return "undecodable"
    return None if value.strip() else "empty"


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet(shard: Shard, column: str, size: int) -> Iterator[Batch]:
    with parquet.ParquetFile(shard.source) as file:
        ends = [0]
        for group in range(file.num_row_groups):
            ends.append(ends[-1] + file.metadata.row_group(group).num_rows)
        groups = [i for i in range(file.num_row_groups) if ends[i] < shard.stop and ends[i + 1] > shard.start]
        if not groups:  # a file of no rows still has columns
            empty = pyarrow.RecordBatch.from_pylist([], schema=file.schema_arrow)
            yield Batch(empty, [], [])
            return
        at = ends[groups[0]]
        for rows in file.iter_batches(batch_size=size, row_groups=groups):
            first, last = max(shard.start - at, 0), min(shard.stop - at, len(rows))
            at += len(rows)
            if first < last:
                cut = rows.slice(first, last - first)
                yield Batch(cut, *_comments(cut.column(column)))


def _comments(column: Any) -> tuple[list[str], list[str | None]]:
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
        column = column.cast(pyarrow.large_binary())  # pyarrow stops at the first string that is not UTF-8
        values = [value and value.decode("utf-8", "surrogateescape") for value in column.to_pylist()]
    else:
        values = column.to_pylist()
    values = ["" if value == b"" else value for value in values]
    faults = [_fault(value) for value in values]
    return ["" if fault else value for value, fault in zip(values, faults)], faults


# --- columns ---------------------------------------------------------------------------------------------------------
