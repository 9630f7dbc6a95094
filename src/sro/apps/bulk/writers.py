"""Write the result of a shard: the rows as read plus the new columns, in a file that is either complete or absent."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow
from pyarrow import parquet

from sro.apps.bulk.delimited import DelimitedLines
from sro.apps.bulk.readers import Batch
from sro.core.files import atomic_file, to_json_line

ROW_GROUP = 65_536  # rows in a Parquet row group, and the most rows held in memory
ROW_GROUP_BYTES = 128 << 20  # the same in bytes: columns beside the texts may be long

Added = Sequence[Mapping[str, Any]]
"""New columns of each row."""
Write = Callable[[Batch, Added], None]

ARROW = {"text": pyarrow.string(), "number": pyarrow.float64(), "count": pyarrow.int64()}
"""The Parquet types of the columns of `sro.apps.bulk.jobs`."""


@contextmanager
def writer(path: Path, columns: Mapping[str, str]) -> Iterator[Write]:
    """A function that takes a batch and the columns to add; the file gets its name when everything is written.

    Args:
        path: file to write: Parquet, JSON Lines, CSV or TSV (the last three also `.gz`), by its suffix. Missing
            folders are created.
        columns: names and types (`ARROW`) of the added columns.
    """
    packed = path.suffix == ".gz"
    kind = (path.with_suffix("") if packed else path).suffix
    with ExitStack() as stack:
        file: Any = stack.enter_context(atomic_file(path))
        if packed:
            file = stack.enter_context(gzip.GzipFile(fileobj=file, mode="wb", mtime=0))
        yield stack.enter_context(WRITE[kind](file, columns))


def remove_partial_files(folder: Path) -> None:
    """Remove unfinished results that killed runs have left in `folder` and below."""
    for left in folder.rglob(".*.partial"):
        left.unlink(missing_ok=True)


@contextmanager
def _json_lines(file: IO[bytes], columns: Mapping[str, str]) -> Iterator[Write]:
    def write(batch: Batch, added: Added) -> None:
        file.write("".join(to_json_line({**row, **more}) + "\n" for row, more in zip(batch.rows, added)).encode())

    yield write


@contextmanager
def _delimited(file: IO[bytes], columns: Mapping[str, str], delimiter: str) -> Iterator[Write]:
    lines: list[DelimitedLines] = []  # one element, from the first batch on

    def write(batch: Batch, added: Added) -> None:
        if not lines:
            lines.append(DelimitedLines([*batch.columns, *columns], delimiter))
            file.write(lines[0].header.encode())
        file.write("".join(lines[0].row({**row, **more}) for row, more in zip(batch.rows, added)).encode())

    yield write


@contextmanager
def _parquet(file: IO[bytes], columns: Mapping[str, str]) -> Iterator[Write]:
    waiting: list[pyarrow.RecordBatch] = []
    opened: list[parquet.ParquetWriter] = []

    def flush() -> None:
        if waiting:
            if not opened:
                opened.append(parquet.ParquetWriter(file, waiting[0].schema))
            opened[0].write_table(pyarrow.Table.from_batches(waiting))
            waiting.clear()

    def write(batch: Batch, added: Added) -> None:
        rows = batch.rows
        for name, kind in columns.items():
            rows = rows.append_column(name, pyarrow.array([more[name] for more in added], ARROW[kind]))
        waiting.append(rows)
        if sum(map(len, waiting)) >= ROW_GROUP or sum(some.nbytes for some in waiting) >= ROW_GROUP_BYTES:
            flush()

    try:
        yield write
        flush()
    finally:
        for one in opened:
            one.close()


WRITE: dict[str, Callable[[IO[bytes], Mapping[str, str]], AbstractContextManager[Write]]] = {
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".csv": partial(_delimited, delimiter=","),
    ".tsv": partial(_delimited, delimiter="\t"),
}
