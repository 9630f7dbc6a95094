"""Read comments from Parquet: its columns, the fields of its structs, and values that lose nothing.

A string that is not UTF-8 costs its own row at most, also in a list or a struct.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from sro.comments.columns import Choose
from sro.comments.formats import Unreadable
from sro.comments.json_rows import field_value
from sro.comments.rows import Row
from sro.core.errors import SROError

_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date(1, 1, 3).toordinal() - _EPOCH, date(9999, 12, 29).toordinal() - _EPOCH
"""Days since 1970; a time zone may move a time by a day."""


def parquet_rows(source: str, choose: Choose, all_columns: bool) -> Iterator[Row]:
    """Every row, in order; arguments and errors as those of `sro.comments.readers.read_rows`."""
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(source) as file:
            columns = choose(parquet_columns(file.schema_arrow, source))
            own = file.schema_arrow.names
            wanted = {holder for name in columns[:2] if name for holder in holders(name, own)}
            names = own if all_columns else [name for name in own if name in wanted]
            line = 0
            for batch in file.iter_batches(batch_size=4096, columns=names):
                for cells in zip(*(parquet_values(batch.column(name)) for name in names)):
                    line += 1
                    row = dict(zip(names, cells))
                    label = field_value(row, columns.label) if columns.label else None
                    yield Row(line, field_value(row, columns.text), label, fields=row if all_columns else None)
    except (pyarrow.ArrowException, OSError) as error:
        raise Unreadable(f"{source}: cannot be read as Parquet: {error}") from error


def parquet_columns(schema: Any, source: str) -> list[str]:
    """Names of the columns; fields of structs have dotted names: `data.text`. Raises SROError if two are the same."""
    import pyarrow

    names: list[str] = []

    def add(fields: Any, prefix: str) -> None:
        for field in fields:
            names.append(prefix + field.name)
            if pyarrow.types.is_struct(field.type):
                add(field.type.fields, f"{prefix}{field.name}.")

    add(schema, "")
    if twice := next((name for name in names if names.count(name) > 1 and schema.names.count(name) != 1), None):
        raise SROError(f"{source}: has two columns {twice!r}\n  fix: rename one of them")
    return names


def holders(name: str, columns: Sequence[str]) -> list[str]:
    """The columns of a file in which a field of this dotted name may be; see `sro.comments.json_rows.field_value`.

    >>> holders("a.b.text", ["id", "a", "a.b"]), holders("a.b", ["id", "a", "a.b"])
    (['a', 'a.b'], ['a.b'])
    """
    return [name] if name in columns else [column for column in columns if name.startswith(f"{column}.")]


def parquet_values(column: Any) -> list[Any]:
    """Python values. Strings are read as bytes, because pyarrow stops at the first that is not UTF-8; a column of
    bytes becomes text too, but bytes in lists and structs stay bytes. A time that Python cannot hold (after the year
    9999; a time of day in nanoseconds) is the number that the file stores."""
    kind, with_text = _without_strings(column.type)
    column = column if kind == column.type else column.cast(kind)
    exact = _holds_times(kind) and not _in_range(column)
    values = map(_exact_value, column) if exact else column.to_pylist()
    return [_text(with_text(value)) for value in values]


def _text(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _without_strings(kind: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The type with bytes in place of its strings, and the function that makes strings of them again in a value."""
    import pyarrow

    types = pyarrow.types
    if types.is_dictionary(kind):
        return _without_strings(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return pyarrow.large_binary(), _text
    if types.is_struct(kind):
        fields = {field.name: _without_strings(field.type) for field in kind.fields}
        struct = pyarrow.struct([field.with_type(fields[field.name][0]) for field in kind.fields])
        return struct, lambda value: value and {name: fields[name][1](inner) for name, inner in value.items()}
    if types.is_map(kind):
        (keys, key), (items, item) = _without_strings(kind.key_type), _without_strings(kind.item_type)
        return pyarrow.map_(keys, items), lambda value: value and [(key(name), item(inner)) for name, inner in value]
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind) or _is_list_view(kind):
        inner_kind, inner = _without_strings(kind.value_type)
        return pyarrow.large_list(inner_kind), lambda value: value and [inner(one) for one in value]
    return kind, lambda value: value


def _is_list_view(kind: Any) -> bool:
    import pyarrow

    return bool(pyarrow.types.is_list_view(kind) or pyarrow.types.is_large_list_view(kind))


def _in_range(column: Any) -> bool:
    """Whether a column of dates, or of times in microseconds or coarser, lies in the years that Python knows.

    A look at its ends is several times as fast as one at each value.
    """
    import pyarrow
    from pyarrow import compute

    kind = column.type
    if pyarrow.types.is_date32(kind):
        numbers, per_day = column.cast(pyarrow.int32()), 1
    elif pyarrow.types.is_timestamp(kind) and kind.unit in _PER_DAY:
        numbers, per_day = column.cast(pyarrow.int64()), _PER_DAY[kind.unit]
    else:
        return False
    ends = compute.min_max(numbers).as_py()
    return ends["min"] is None or (_FIRST_DAY * per_day <= ends["min"] and ends["max"] <= _LAST_DAY * per_day)


def _holds_times(kind: Any) -> bool:
    """Whether values of this Arrow type are times or dates, or have some in them."""
    import pyarrow

    return pyarrow.types.is_temporal(kind) or any(_holds_times(kind.field(i).type) for i in range(kind.num_fields))


def _exact_value(scalar: Any) -> Any:
    """As `scalar.as_py()`, but a time for which that would fail or give another one is its number."""
    import pyarrow

    if not scalar.is_valid:
        return None
    if isinstance(scalar, pyarrow.MapScalar):
        return [(_exact_value(pair["key"]), _exact_value(pair["value"])) for pair in scalar.values]
    if isinstance(scalar, pyarrow.ListScalar):
        return list(map(_exact_value, scalar))
    if isinstance(scalar, pyarrow.StructScalar):
        return {name: _exact_value(inner) for name, inner in scalar.items()}
    if not pyarrow.types.is_temporal(scalar.type):
        return scalar.as_py()
    try:
        value = scalar.as_py()
        exact = pyarrow.scalar(value, scalar.type).equals(scalar)
    except (OverflowError, ValueError):  # out of Python's range; nanoseconds, which need pandas
        return scalar.value
    return value if exact else scalar.value
