"""Write the result of a shard: rows as they were read plus new columns, in a file that is whole or absent."""

from __future__ import annotations

import gzip
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow
from pyarrow import parquet

from sro.apps.bulk.readers import Rows

ROW_GROUP = 65_536  # rows of a Parquet row group, and the most that wait in memory

Added = Sequence[Mapping[str, Any]]
"""New columns of each row."""
Write = Callable[[Rows, Added], None]

ARROW = {"text": pyarrow.string(), "number": pyarrow.float64(), "count": pyarrow.int64()}
"""What the columns of `sro.apps.bulk.jobs` are in Parquet."""


@contextmanager
def writer(path: Path, columns: Mapping[str, str]) -> Iterator[Write]:
    """A function that takes rows and what is added to each; the file takes its name when all is written.

    Args:
        path: to write, Parquet or JSON Lines (also `.gz`) by its suffix. Missing folders are made, and what an
            interrupted run left of the same file is removed.
        columns: names and types (`ARROW`) of what is added.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{_escaped(path.name)}.*.partial"):
        left.unlink(missing_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    kind = _parquet if path.suffix == ".parquet" else _gzip if path.suffix == ".gz" else _json_lines
    try:
        with open(partial, "xb") as file:
            with kind(file, columns) as write:
                yield write
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


@contextmanager
def _json_lines(file: IO[bytes], columns: Mapping[str, str]) -> Iterator[Write]:
    def write(rows: Rows, added: Added) -> None:
        file.write(b"".join(_line({**row, **more}) for row, more in zip(rows, added)))

    yield write


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False)
    # Escaped as a whole where it holds what UTF-8 cannot (half a character) or what some readers end a line at.
    return (text if text.isprintable() else json.dumps(record)).encode() + b"\n"


@contextmanager
def _gzip(file: IO[bytes], columns: Mapping[str, str]) -> Iterator[Write]:
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed, _json_lines(packed, columns) as write:  # type: ignore[arg-type]
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

    def write(rows: Rows, added: Added) -> None:
        for name, kind in columns.items():
            rows = rows.append_column(name, pyarrow.array([more[name] for more in added], ARROW[kind]))
        waiting.append(rows)
        if sum(map(len, waiting)) >= ROW_GROUP:
            flush()

    try:
        yield write
        flush()
    finally:
        for one in opened:
            one.close()
