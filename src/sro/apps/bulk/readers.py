"""Read a range of a file in batches of rows, with all their columns, and point out the comment of each."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias, TypeVar

import pyarrow
from pyarrow import parquet

from sro.apps.bulk.formats import Damaged, Kind, Shard
from sro.comments.columns import Columns, choose_columns
from sro.comments.json_rows import field_value, parse_object
from sro.comments.readers import Row, read_rows

BATCH_BYTES = 16 << 20  # of input a batch, so that rows of 300 kB cost no more memory than short ones
T = TypeVar("T")

Rows: TypeAlias = Any  # a pyarrow.RecordBatch, or a list of dictionaries


class Batch(NamedTuple):
    """Some rows in order, as read."""

    rows: Rows
    """An Arrow batch of Parquet, objects of the other kinds."""
    texts: list[str]
    """The comments, one a row; empty where there is a fault."""
    faults: list[str | None]
    """Why a row holds no comment: malformed, null, wrong_type, undecodable or empty; None: it does."""


def read(shard: Shard, column: str, size: int, size_bytes: int = BATCH_BYTES) -> Iterator[Batch]:
    """Batches of at most `size` rows and about `size_bytes` of a shard; a larger row is a batch of its own.

    Raises:
        Damaged: the file is, or it is gone; the message names it.
    """
    try:
        yield from READ[shard.kind](shard, column, size, size_bytes)
    except (OSError, EOFError, zlib.error, pyarrow.ArrowException) as error:
        raise Damaged(f"{shard.source}: {type(error).__name__}: {error}") from error


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(shard: Shard, column: str, size: int, size_bytes: int) -> Iterator[Batch]:
    lines = (line for line in _range(shard) if shard.kind == "text" or line.strip())
    for some in bounded(((line, len(line)) for line in lines), size, size_bytes):
        rows = [{column: line} if shard.kind == "text" else parse_object(line) for line in some]
        found = [
            Row(0, line, malformed=True) if row is None else Row(0, field_value(row, column))
            for line, row in zip(some, rows)
        ]
        yield Batch([{column: line} if row is None else row for line, row in zip(some, rows)], *_comments(found))


def _tables(shard: Shard, column: str, size: int, size_bytes: int) -> Iterator[Batch]:
    header: list[str] = []

    def choose(names: list[str]) -> Columns:
        columns = choose_columns(names, shard.source, column)
        header.extend(names)
        return columns

    found = read_rows(shard.source, choose, shard.kind, all_columns=True)
    for some in bounded(
        ((row, sum(len(str(value)) for value in (row.fields or {}).values())) for row in found), size, size_bytes
    ):
        rows = [row.fields or {**dict.fromkeys(header, ""), column: row.text} for row in some]
        yield Batch(rows, *_comments(some))


def bounded(items: Iterable[tuple[T, int]], size: int, size_bytes: int = BATCH_BYTES) -> Iterator[list[T]]:
    """Lists of at most `size` items, each closed as soon as its lengths add up to `size_bytes`."""
    some: list[T] = []
    total = 0
    for item, length in items:
        some.append(item)
        total += length
        if len(some) == size or total >= size_bytes:
            yield some
            some, total = [], 0
    if some:
        yield some


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


def _comments(rows: list[Row]) -> tuple[list[str], list[str | None]]:
    """Texts, empty where there is a fault, and faults."""
    return ["" if row.fault else row.text for row in rows], [row.fault for row in rows]


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet(shard: Shard, column: str, size: int, size_bytes: int) -> Iterator[Batch]:
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
        unpacked = sum(file.metadata.row_group(i).total_byte_size for i in groups)
        bytes_a_row = max(1, unpacked // max(1, sum(ends[i + 1] - ends[i] for i in groups)))
        for rows in file.iter_batches(batch_size=max(1, min(size, size_bytes // bytes_a_row)), row_groups=groups):
            first, last = max(shard.start - at, 0), min(shard.stop - at, len(rows))
            at += len(rows)
            if first < last:
                cut = rows.slice(first, last - first)
                yield Batch(cut, *_comments([Row(0, value) for value in _values(cut.column(column))]))


def _values(column: Any) -> list[Any]:
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
        column = column.cast(pyarrow.large_binary())  # pyarrow stops at the first string that is not UTF-8
        return [value if value is None else value.decode("utf-8", "surrogateescape") for value in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values


READ: dict[Kind, Callable[[Shard, str, int, int], Iterator[Batch]]] = {
    "csv": _tables,
    "tsv": _tables,
    "xlsx": _tables,
    "jsonl": _lines,
    "text": _lines,
    "parquet": _parquet,
}
