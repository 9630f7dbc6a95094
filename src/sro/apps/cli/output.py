"""Where results go: lines for people, JSON Lines, or a table with all input columns and new ones.

The result of a row is a `Result`; each of its forms is made only when it is needed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from sro.apps.bulk.delimited import DelimitedLines
from sro.apps.cli.input import Input, InputRow
from sro.core.errors import SROError
from sro.core.files import atomic_file, atomic_text_writer, explain_write_errors, to_json_line
from sro.screeners.base import Verdict, plain_values

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
PLACE = {"row": "count", "line": "count"}
"""Columns with the place of a row in the input."""
ROWS, CHARACTERS = 2_048, 64 << 20  # of a Parquet row group; as many are held in memory
ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))},
    **{ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"},
    **{code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))},
}
"""Characters that break a line, move the cursor of a terminal, or show text in another order than it is stored."""


class Result(Protocol):
    """A command's result for one row."""

    row: InputRow

    def record(self) -> Mapping[str, object]:
        """The result as a JSON object, without the row's place and other columns."""
        ...

    def cells(self) -> Mapping[str, object]:
        """The new columns of a table."""
        ...

    def shown(self) -> Text | str:
        """The result for people."""
        ...


Put = Callable[[Any], None]
"""Takes a `Result` and prints or writes it."""
WriteRow = Callable[[Mapping[str, object]], None]
"""Takes a row of a table, with its new columns."""


def on_one_line(text: str) -> str:
    """`text` with an escape for each character that would break a line or move a terminal's cursor."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").translate(ESCAPES)


@contextmanager
def open_output(output: str | None, source: Input, added: Mapping[str, str], prefix: str = "") -> Iterator[Put]:
    """Open the output for the results of a command.

    Args:
        output: None: lines for people; `-`: JSON Lines on standard output; else a file, written completely or not at
            all, in the format of its suffix.
        source: the source of the rows. A table has all its columns: those of `source.measure` if it could count the
            rows, else the rows are held in a temporary file until the last one is there.
        added: names and types (`sro.apps.bulk.writers.ARROW`) of the new columns of a table.
        prefix: put before these names.

    Raises:
        SROError: an unknown suffix, a column that already exists, or a file that cannot be written.
    """
    if output is None:
        console = Console(highlight=False, soft_wrap=True)
        yield lambda result: _show(console, result.shown())
    elif output == "-":
        yield lambda result: print(json_line(result, source.column), flush=True)
    else:
        path, suffix = Path(output), Path(output).suffix.lower()
        if suffix in JSON_LINES:
            with atomic_text_writer(path) as write:
                yield lambda result: write(json_line(result, source.column) + "\n")
        else:
            with _table(path, source, {**PLACE, **added}, prefix) as put:
                yield put


def makes_table(output: str | None) -> bool:
    """Whether `open_output` writes a table to this output, so that the names of its new columns can get a prefix."""
    return output not in (None, "", "-") and Path(str(output)).suffix.lower() not in JSON_LINES


def unknown_format(path: Path) -> SROError:
    """The error for an output without a known suffix."""
    if path.is_dir():
        return SROError(f"{path} is a folder; name a file in it")
    known = ", ".join((*DELIMITERS, ".parquet", *JSON_LINES))
    return SROError(
        f"--output {path}: the name tells no format that can be written\n  fix: a name that ends in one of {known}"
    )


def json_line(result: Result, column: str = "text") -> str:
    """A result as a line of JSON: the row's place, the result, and all columns except `column` under `fields`."""
    row, record = result.row, result.record()
    place = {"row": row.number} if row.line is None else {"row": row.number, "line": row.line}
    others = {name: value for name, value in row.fields.items() if name != column}
    return to_json_line({**place, **record, **({"fields": others} if others else {})})


def _show(console: Console, shown: Text | str) -> None:
    if isinstance(shown, Text):
        console.print(shown)
    else:
        sys.stdout.write(shown + "\n")


def verdict_record(verdict: Verdict) -> dict[str, object]:
    """The verdict as a JSON object, without the fields that its screener does not give."""
    return {name: value for name, value in plain_values(verdict).items() if value is not None}


def verdict_stamp(lines: Text, verdict: Verdict) -> None:
    """Append the verdict, in a field of twelve characters."""
    lines.append(f"{verdict.label} {verdict.probability:.2f}   ", "green" if verdict.passed else "red")


# --- tables ----------------------------------------------------------------------------------------------------------


def _new_names(source: Input, added: Sequence[str], prefix: str) -> list[str]:
    names = [prefix + name for name in added]
    if taken := [name for name in names if name in source.columns]:
        raise SROError(
            f"the input has a column {taken[0]!r} already, which would be written over\n"
            "  fix: --prefix sro_   (put before the names of the new columns)"
        )
    return names


def _row_of_table(result: Result, source: Input, prefix: str) -> dict[str, object]:
    fields = result.row.fields
    place = {"row": result.row.number, "line": result.row.line}
    return {**fields, **{prefix + name: value for name, value in {**place, **result.cells()}.items()}}


@contextmanager
def _table(path: Path, source: Input, added: Mapping[str, str], prefix: str) -> Iterator[Put]:
    suffix = path.suffix.lower()
    if suffix in DELIMITERS:
        table = _delimited(path, DELIMITERS[suffix], source, added, prefix)
    elif suffix == ".parquet":
        table = _parquet(path, source, added, prefix)
    else:
        raise unknown_format(path)
    with table as write_row:
        if source.knows_columns:
            yield lambda result: write_row(_row_of_table(result, source, prefix))
            return
        # Held on disk until the last row, because any row may add a column, and the header comes first.
        with TemporaryFile("w+", dir=path.parent, encoding="utf-8") as held:

            def hold(result: Result) -> None:
                _new_names(source, list(added), prefix)  # a later column may have one of the new names
                with explain_write_errors(path):
                    held.write(to_json_line(_row_of_table(result, source, prefix)) + "\n")

            yield hold
            held.seek(0)
            for line in held:
                write_row(json.loads(line))


@contextmanager
def _delimited(path: Path, delimiter: str, source: Input, added: Mapping[str, str], prefix: str) -> Iterator[WriteRow]:
    lines: list[DelimitedLines] = []  # one element, made when the columns are known

    def begin() -> None:
        if not lines:
            columns = [*source.columns, *_new_names(source, list(added), prefix)]
            lines.append(DelimitedLines(columns, delimiter))
            write(lines[0].header)

    def write_row(row: Mapping[str, object]) -> None:
        begin()
        write(lines[0].row(row))

    with atomic_text_writer(path) as write:
        yield write_row
        begin()


@contextmanager
def _parquet(path: Path, source: Input, added: Mapping[str, str], prefix: str) -> Iterator[WriteRow]:
    """Columns of a Parquet file keep their types; those of other files are text, or JSON if not text."""
    import pyarrow
    from pyarrow import parquet

    from sro.apps.bulk.delimited import cell
    from sro.apps.bulk.writers import ARROW

    kept = _parquet_types(source)
    waiting: list[Mapping[str, object]] = []
    opened: list[Any] = []
    characters = 0

    def flush() -> None:
        if not opened:
            _new_names(source, list(added), prefix)
            types = {name: kept.get(name, pyarrow.string()) for name in source.columns}
            types |= {prefix + name: ARROW[kind] for name, kind in added.items()}
            opened.append(parquet.ParquetWriter(file, pyarrow.schema(list(types.items()))))
        schema = opened[0].schema
        as_text = {name for name in source.columns if name not in kept}
        as_text |= {prefix + name for name, kind in added.items() if kind == "text"}  # lists of spans, too
        rows = [
            {name: stored(value, name in as_text, kept.get(name)) for name, value in row.items()} for row in waiting
        ]
        with explain_write_errors(path):
            opened[0].write_table(pyarrow.Table.from_pylist(rows, schema=schema))
        waiting.clear()

    def stored(value: object, as_text: bool, kind: Any) -> object:
        if isinstance(value, str) and kind is not None and is_bytes(kind):  # read as text, see `parquet_values`
            return value.encode("utf-8", "surrogateescape")
        return cell(value) if as_text and value is not None else _writable(value)

    def is_bytes(kind: Any) -> bool:
        kinds = pyarrow.types
        kind = kind.value_type if kinds.is_dictionary(kind) else kind
        bytes_of_a_length = kinds.is_fixed_size_binary(kind)  # UUIDs, hashes
        return bool(
            bytes_of_a_length or kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_binary_view(kind)
        )

    def write_row(row: Mapping[str, object]) -> None:
        nonlocal characters
        waiting.append(row)
        characters += sum(len(str(value)) for value in row.values())
        if len(waiting) >= ROWS or characters >= CHARACTERS:
            flush()
            characters = 0

    if path.is_dir():
        raise unknown_format(path)
    with atomic_file(path) as file:
        try:
            yield write_row
            flush()
        finally:
            for one in opened:
                one.close()


def _writable(value: object) -> object:
    """The value with strings that can be written as UTF-8 (`cell`), also those in lists and structs."""
    from sro.apps.bulk.delimited import cell

    if isinstance(value, dict):
        return {name: _writable(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_writable, value))
    return cell(value) if isinstance(value, str) else value


def _parquet_types(source: Input) -> dict[str, Any]:
    from pyarrow import parquet

    name = source.arguments.input or "-"
    if not source.is_file or not name.lower().endswith(".parquet"):
        return {}
    schema = parquet.read_schema(name)
    return {column: kind for column, kind in zip(schema.names, schema.types)}
