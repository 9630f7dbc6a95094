"""Read objects from JSON: one per line, over several lines, all in one array, or in the one list of an export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Literal

from sro.comments.columns import Choose, Columns, usual_column
from sro.comments.formats import join_lines, read_pieces, without_gz
from sro.comments.json_documents import Record, array_items, is_too_deep, whole_objects
from sro.core.errors import SROError

LOOKAHEAD = 100  # rows that are read to find the fields; each row may leave some out
DEPTH = 4  # levels of nested objects with fields that become columns with dotted names: `data.text`

Layout = Literal["lines", "array", "export"]


def json_records(pieces: Iterator[str], source: str, choose: Choose) -> tuple[Iterator[Record], Columns | None]:
    """Every line, in order, or every object, or every item of an array or export; blank lines have a blank `raw`.

    Args:
        pieces: lines, long ones in pieces (`sro.comments.formats.read_pieces`): an array takes as much memory as its
            longest item, even if it is a single line.
        choose: raises SROError if the columns are not there; that tells an export from a comment with a list in it.

    Returns:
        The records, and the columns if they had to be chosen for that, else None.

    Raises:
        Unreadable: an array or export is broken, with the line, or an export is too large.
        SROError: a single object and the list in it may both hold the comments, and no column is named.
    """
    head, layout = _look(pieces, source)
    whole = chain(head, pieces)
    if layout == "lines":
        return line_records(join_lines(whole)), None
    if layout == "array":
        return array_items(whole, source), None
    return _items_of_export(whole_objects(whole, source), source, choose)


def _items_of_export(
    objects: Iterator[Record], source: str, choose: Choose
) -> tuple[Iterator[Record], Columns | None]:
    """The items of the list in an export, which is a single object that holds one list of objects; else the objects.

    An object that has the columns beside that list is not an export but a comment with replies, mentions or similar.
    If the items have a more usual column, it must be named: a `message` beside the list may be the server's "OK".
    """
    head = list(islice(objects, 2))
    value = head[0].value if len(head) == 1 else None
    lists = [name for name, inner in (value or {}).items() if isinstance(inner, list) and _begins_with_object(inner)]
    if value is None or len(lists) != 1:
        return chain(head, objects), None
    beside = list(field_names({name: inner for name, inner in value.items() if name not in lists}))
    line, items = head[0].line, value[lists[0]]
    if columns := _own_columns(beside, choose):
        inside = [name for item in items[:LOOKAHEAD] if isinstance(item, dict) for name in field_names(item)]
        # A single column is never called a guess, so it is asked for once more among several.
        found = usual_column([*inside, columns.text])  # the more usual name of the two
        if found != columns.text and columns.label is None and (columns.guessed or choose([*beside, *lists]).guessed):
            raise SROError(
                f"{source}: both {columns.text!r} and the objects in {lists[0]!r} may hold the comments"
                "\n  fix: if it is the first, name the column: --column NAME (in Python: column=);"
                f" if it is the objects, make lines of them: jq -c '.\"{lists[0]}\"[]' IN > OUT.jsonl"
            )
        return iter(head), columns
    return (
        Record(line, item, "") if isinstance(item, dict) else Record(line, None, json.dumps(item)) for item in items
    ), None


def _own_columns(beside: list[str], choose: Choose) -> Columns | None:
    """The columns to read if an object has them beside its list, else None."""
    try:
        columns = choose(beside)
    except SROError:
        return None
    return columns if all(name in beside for name in (columns.text, columns.label) if name is not None) else None


def _begins_with_object(items: list[Any]) -> bool:
    return bool(items) and isinstance(items[0], dict)


def line_records(lines: Iterable[str]) -> Iterator[Record]:
    """Every line, in order."""
    for number, line in enumerate(lines, 1):
        yield Record(number, parse_object(line), line.rstrip("\r\n"))


def json_layout(source: str, encoding: str | None = None) -> Layout:
    """How a file holds its objects. Raises Unreadable or SROError as `sro.comments.formats.read_lines` does."""
    return _look(read_pieces(source, encoding), source)[1]


def _look(pieces: Iterator[str], source: str) -> tuple[list[str], Layout]:
    """The first pieces, and the layout that they show: an array of objects, one object over several lines (or one
    alone in a `.json`), or one object per line."""
    head: list[str] = []
    start, first, filled = "", "", 0  # first two signs, first line that is not blank, number of such lines
    for piece in islice(pieces, LOOKAHEAD):
        content = piece.strip("\ufeff \t\r\n")
        if content and (not head or head[-1].endswith(("\n", "\r"))):
            filled += 1
            first = first or content
        head.append(piece)
        if len(start) < 2:
            start += "".join(content.split())[:2]
        if filled > 1 and len(start) > 1:
            break
        if start[:1] == "[" and len(start) > 1:
            break
    if start[:1] == "[":
        return head, "array" if start[1:2] in ("{", "]", '"') else "lines"
    alone = start[:1] == "{" and filled == 1 and without_gz(source).lower().endswith(".json")
    return head, "export" if alone or first == "{" else "lines"


def parse_object(line: str) -> dict[str, Any] | None:
    """The JSON object that a line is, or None."""
    value = _parsed(line)
    return value if isinstance(value, dict) else None


def begins_with_strings(records: Iterable[Record]) -> bool:
    """Whether the first `LOOKAHEAD` records of a file are strings, apart from blank lines. Its strings then are the
    comments. It reads no further than the first record that is no string."""
    found = False
    for record in islice(records, LOOKAHEAD):
        if record.value is not None or record.raw.strip():
            if not _is_string(record):
                return False
            found = True
    return found


def of_strings(records: Iterator[Record]) -> Iterator[Record]:
    """The records; each string is a comment."""
    for record in records:
        yield record._replace(value={"text": _parsed(record.raw)}, raw="") if _is_string(record) else record


def _is_string(record: Record) -> bool:
    return record.value is None and isinstance(_parsed(record.raw), str)


def _parsed(line: str) -> Any:
    """The JSON value of a line; None if it is not JSON or is nested too deep. A comma after it (from an array) and a
    byte order mark before it (from a file that was appended to another) are ignored."""
    stripped = line.strip()
    bare = stripped.lstrip("\ufeff").rstrip(",")
    for text in (stripped, bare) if bare != stripped else (stripped,):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return None if is_too_deep(value, text) else value
    return None


def field_names(value: dict[str, Any], prefix: str = "", depth: int = DEPTH) -> Iterator[str]:
    """The names of an object's fields; fields of nested objects have dotted names."""
    for name, inner in value.items():
        yield prefix + name
        if isinstance(inner, dict) and depth > 1:
            yield from field_names(inner, f"{prefix}{name}.", depth - 1)


def field_value(value: dict[str, Any], name: str) -> Any:
    """The field of this name, or of this dotted path; None if there is none. Names may have dots themselves.

    >>> field_value({"a": {"x": 1}, "a.b": {"text": "hello"}}, "a.b.text")
    'hello'
    """
    return next(_fields_of_path(value, name), None)


def _fields_of_path(value: dict[str, Any], name: str) -> Iterator[Any]:
    """The field of this name, and those to which a split of the name at its dots leads."""
    if name in value:
        yield value[name]
    head, dot, rest = name.partition(".")
    while dot:
        if isinstance(value.get(head), dict):
            yield from _fields_of_path(value[head], rest)
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
