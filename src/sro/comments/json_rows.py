"""Objects out of JSON: one a line, or all in one array, or in the one list of an export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from sro.core.errors import SROError

LOOKAHEAD = 100  # rows; each names its own fields, and may leave some out
DEPTH = 4  # levels of objects in objects whose fields are columns of dotted names: `data.text`


class Record(NamedTuple):
    """A line or an item."""

    line: int
    """The physical line that it starts on, from 1."""
    value: dict[str, Any] | None
    """None where it is no object."""
    raw: str


def json_records(lines: Iterator[str], source: str) -> Iterator[Record]:
    """Every line, in order, or every item of an array; blank lines have a blank `raw`.

    Raises:
        SROError: an array or export is broken, with the line.
    """
    head = list(islice(lines, LOOKAHEAD))
    if _is_one_document(head, source):
        yield from _items("".join(chain(head, lines)), source)
        return
    for number, line in enumerate(chain(head, lines), 1):
        yield Record(number, parse_object(line), line.rstrip("\r\n"))


def _is_one_document(head: list[str], source: str) -> bool:
    """Whether the lines begin an array of objects, or one object over several lines, or are one alone in a .json."""
    start = "".join(head).lstrip("\ufeff \t\r\n")
    if start[:1] == "[":
        return start[1:].lstrip()[:1] == "{"
    alone = sum(not line.isspace() for line in head) == 1 and source.removesuffix(".gz").endswith(".json")
    return start.splitlines()[:1] == ["{"] or (alone and start[:1] == "{")


def parse_object(line: str) -> dict[str, Any] | None:
    """The JSON object that a line is, or None."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _items(text: str, source: str) -> Iterator[Record]:
    """The items of an array; of an object those of the list in it, where it is the only one, else the object."""
    decoder = json.JSONDecoder()
    line, counted, at = 1, 0, _skip_blanks(text, 0)
    try:
        if text[at] == "{":
            whole, _ = decoder.raw_decode(text, at)
            lists = [some for some in whole.values() if isinstance(some, list) and some and isinstance(some[0], dict)]
            for item in lists[0] if len(lists) == 1 else [whole]:
                yield Record(1, item if isinstance(item, dict) else None, json.dumps(item, ensure_ascii=False))
            return
        at = _skip_blanks(text, at + 1)
        while text[at] != "]":
            line, counted = line + text.count("\n", counted, at), at
            item, end = decoder.raw_decode(text, at)
            yield Record(line, item if isinstance(item, dict) else None, text[at:end])
            at = _skip_blanks(text, end)
            if text[at] == ",":
                at = _skip_blanks(text, at + 1)
            elif text[at] != "]":
                raise ValueError(f"a comma or ] is missing at character {at}")
    except (ValueError, IndexError, RecursionError) as error:
        why = "it ends within the array" if isinstance(error, IndexError) else error
        raise SROError(
            f"{source}:{line}: broken JSON: {why}\n  fix: mend the file, or write one object a line"
        ) from error


def _skip_blanks(text: str, at: int) -> int:
    while text[at].isspace() or text[at] == "\ufeff":
        at += 1
    return at


def field_names(value: dict[str, Any], prefix: str = "", depth: int = DEPTH) -> Iterator[str]:
    """The names of an object's fields, those of objects in it dotted."""
    for name, inner in value.items():
        yield prefix + name
        if isinstance(inner, dict) and depth > 1:
            yield from field_names(inner, f"{prefix}{name}.", depth - 1)


def field_value(value: dict[str, Any], name: str) -> Any:
    """The field of this name, or of this dotted path; None where there is none."""
    if name in value:
        return value[name]
    head, dot, rest = name.partition(".")
    while dot:
        if isinstance(value.get(head), dict):
            return field_value(value[head], rest)
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return None
