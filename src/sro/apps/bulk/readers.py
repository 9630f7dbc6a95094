"""Read a range of a file in batches of rows, with all their columns, and find the comment of each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import pyarrow
from pyarrow import parquet

from sro.apps.bulk.config import AS_FOUND, Reading
from sro.apps.bulk.formats import WHOLE, Shard
from sro.comments.columns import Columns, Where, choose_columns
from sro.comments.formats import Unreadable
from sro.comments.json_rows import field_value
from sro.comments.parquet_rows import holders, parquet_values
from sro.comments.readers import read_rows
from sro.comments.rows import Row, has_stray_bytes

BATCH_BYTES = 16 << 20  # of input per batch, so that rows of 300 kB need no more memory than short ones
T = TypeVar("T")

Rows: TypeAlias = Any  # a pyarrow.RecordBatch, or a list of dictionaries


class Batch(NamedTuple):
    """Some rows in order, as read."""

    rows: Rows
    """An Arrow batch for Parquet, a list of objects for the other formats."""
    texts: list[str]
    """The comments, one per row; empty if the row has a fault."""
    faults: list[str | None]
    """Why a row holds no comment: malformed, null, wrong_type or undecodable; None: it holds one, maybe blank."""
    columns: Sequence[str] = ()
    """Names of the columns, in order. Only CSV and TSV give them, even if there are no rows."""
    left_out: int = 0
    """Number of rows before the last of these that `Reading.where` leaves out."""
    stray: int = 0
    """Number of rows that are undecodable because their bytes do not fit the encoding."""


def read(
    shard: Shard, column: str, size: int, reading: Reading = AS_FOUND, size_bytes: int = BATCH_BYTES
) -> Iterator[Batch]:
    """Yield batches of at most `size` rows and about `size_bytes` of a shard; a larger row is a batch of its own.

    Raises:
        Unreadable: the file is damaged or gone; the message names it.
    """
    where = Where.parse(reading.where) if reading.where else None
    if shard.kind != "parquet":
        yield from _rows(shard, column, size, size_bytes, reading, where)
        return
    try:
        yield from _parquet(shard, column, size, size_bytes, where)
    except (OSError, pyarrow.ArrowException) as error:
        raise Unreadable(f"{shard.source}: cannot be read as Parquet: {error}") from error


def _rows(
    shard: Shard, column: str, size: int, size_bytes: int, reading: Reading, where: Where | None
) -> Iterator[Batch]:
    header: list[str] = []
    label = where.column if where else None
    left_out, given = 0, False

    def choose(names: list[str]) -> Columns:
        if shard.kind not in ("csv", "tsv"):  # the first objects of a range may lack the column
            return Columns(column, label)
        columns = choose_columns(names, shard.source, column, label)
        header.extend(names)
        return columns

    def wanted(rows: Iterator[Row]) -> Iterator[tuple[Row, int]]:
        nonlocal left_out
        for row in rows:
            if shard.kind == "jsonl" and row.fields is None and row.fault == "empty":
                continue  # a blank line between objects is not a row
            if where and not row.malformed and not where.matches(row.label):
                left_out += 1
                continue
            yield row, sum(len(str(value)) for value in (row.fields or {column: row.text}).values())

    found = read_rows(
        shard.source,
        choose,
        shard.kind,
        delimiter=reading.delimiter,
        encoding=reading.encoding,
        sheet=reading.sheet,
        all_columns=True,
        span=None if shard.stop == WHOLE else (shard.start, shard.stop),
        say=lambda line: None,  # the plan has reported it
    )
    for some in bounded(wanted(found), size, size_bytes):
        blank = dict.fromkeys(header, "")
        rows = [{**blank, column: row.text} if row.fields is None else row.fields for row in some]
        texts, faults = _comments(some)
        stray = sum(fault == "undecodable" and has_stray_bytes(row.text) for row, fault in zip(some, faults))
        yield Batch(rows, texts, faults, header, left_out, stray)
        left_out, given = 0, True
    if left_out or not given:  # a table without rows still has columns
        yield Batch([], [], [], header, left_out)


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


def _comments(rows: list[Row]) -> tuple[list[str], list[str | None]]:
    """Texts (empty for a row with a fault) and faults. A blank comment is a comment, and stays as it is."""
    faults: list[str | None] = [None if (fault := row.fault) == "empty" else fault for row in rows]
    return ["" if fault else row.text for row, fault in zip(rows, faults)], faults


def _parquet(shard: Shard, column: str, size: int, size_bytes: int, where: Where | None) -> Iterator[Batch]:
    with parquet.ParquetFile(shard.source) as file:
        ends = [0]
        for group in range(file.num_row_groups):
            ends.append(ends[-1] + file.metadata.row_group(group).num_rows)
        groups = [i for i in range(file.num_row_groups) if ends[i] < shard.stop and ends[i + 1] > shard.start]
        if not groups:  # a file without rows still has columns
            yield Batch(pyarrow.RecordBatch.from_pylist([], schema=file.schema_arrow), [], [])
            return
        at = ends[groups[0]]
        unpacked = sum(file.metadata.row_group(i).total_byte_size for i in groups)
        bytes_a_row = max(1, unpacked // max(1, sum(ends[i + 1] - ends[i] for i in groups)))
        for rows in file.iter_batches(batch_size=max(1, min(size, size_bytes // bytes_a_row)), row_groups=groups):
            first, last = max(shard.start - at, 0), min(shard.stop - at, len(rows))
            at += len(rows)
            if first < last:
                cut = rows.slice(first, last - first)
                wanted = cut
                if where:
                    wanted = cut.filter(pyarrow.array(map(where.matches, _values(cut, where.column))))
                texts, faults = _comments([Row(0, value) for value in _values(wanted, column)])
                yield Batch(wanted, texts, faults, left_out=len(cut) - len(wanted))


def _values(rows: pyarrow.RecordBatch, name: str) -> list[Any]:
    """Values of a column, or of a field in structs by its dotted name."""
    if name in rows.schema.names:  # as usual; row by row would be slower
        return parquet_values(rows.column(name))
    own = holders(name, rows.schema.names)
    cells = zip(*(parquet_values(rows.column(one)) for one in own))
    return [field_value(dict(zip(own, row)), name) for row in cells]
