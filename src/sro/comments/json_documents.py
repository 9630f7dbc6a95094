"""JSON that is not one object a line: an array, read item by item, or objects over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sro.comments.formats import PIECE, Unreadable

EXPORT = 256 << 20  # most characters of objects over several lines, which are read whole; some GB of memory
LONGEST_LITERAL = 16  # characters: a literal or escape that is cut off begins at most this far from the end
DEEPEST = 400
"""Most levels of nested lists and objects. Python's own limit also depends on the depth of the call stack, so
without this limit one function could read a value that another could not write."""
BLANK = re.compile(r"[\s\ufeff]*")
DECODER = json.JSONDecoder()


class Record(NamedTuple):
    """A line or an item."""

    line: int
    """The physical line that it starts on, from 1."""
    value: dict[str, Any] | None
    """None if it is not an object, or is nested too deep."""
    raw: str
    """The text as it stands, if there is no value."""


def is_too_deep(value: Any, raw: str) -> bool:
    """Whether a JSON value, which was read from `raw`, has more levels than `DEEPEST`."""
    if raw.count("[") + raw.count("{") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        below = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list)))
        level = [inner for values in below for inner in values]
        if not level:
            return False
    return any(isinstance(one, (dict, list)) for one in level)


def array_items(pieces: Iterator[str], source: str) -> Iterator[Record]:
    """The items of one array, or of several in a row; memory holds no more than the longest item.

    Raises:
        Unreadable: it is not an array, or it is broken; the message names the line.
    """
    text = _Text(pieces)
    try:
        while text.peek() == "[":
            text.at += 1
            closed = text.peek() == "]"
            while not closed:
                yield text.record()
                sign = text.peek()
                if sign not in (",", "]"):
                    raise ValueError("a comma or ] is missing" if sign else "it ends within the array")
                closed = sign == "]"
                if not closed:
                    text.at += 1
                    text.peek()
            text.at += 1
        if text.peek():
            raise ValueError("something stands behind the array")
    except (ValueError, RecursionError) as error:
        raise _broken(source, text, error) from error


def whole_objects(pieces: Iterator[str], source: str) -> Iterator[Record]:
    """Objects in a row, over any number of lines.

    Raises:
        Unreadable: the JSON is broken (the message names the line), or larger than `EXPORT`.
    """
    held, length = [], 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length > EXPORT:
            raise Unreadable(
                f"{source}: one JSON object of more than {EXPORT >> 20} million characters, which is too much to hold"
                "\n  fix: write the items of its list one a line: jq -c '.NAME[]' IN > OUT.jsonl"
            )
    text = _Text(iter(["".join(held)]))
    try:
        while text.peek():
            found = text.record()
            if found.value is None:
                raise ValueError(f"something stands behind the object, or it has more than {DEEPEST} levels")
            yield found
    except (ValueError, RecursionError) as error:
        raise _broken(source, text, error) from error


def _broken(source: str, text: _Text, error: Exception) -> Unreadable:
    why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return Unreadable(
        f"{source}:{text.line()}: broken JSON: {why}\n  fix: correct the file, or write one object a line"
    )


class _Text:
    """A buffer over JSON text that reads more when it is needed and drops what was parsed."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self.at = 0
        self._pieces, self._text = pieces, ""
        self._line, self._counted = 1, 0

    def peek(self) -> str:
        """Move `at` to the next sign that is not blank, and return it; "" at the end."""
        while True:
            self.at = BLANK.match(self._text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self._text):
                return self._text[self.at]
            if not self._more():
                return ""

    def line(self) -> int:
        """The line of the sign at `at`, from 1."""
        self._line, self._counted = self._line + self._text.count("\n", self._counted, self.at), self.at
        return self._line

    def record(self) -> Record:
        """Read the value at `at`, and move `at` behind it.

        Raises:
            ValueError, RecursionError: there is no value.
        """
        line = self.line()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self.at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self._text) - LONGEST_LITERAL
                if not cut:
                    raise
                if not self._more():
                    raise ValueError("it ends within a value") from error
                continue
            if end == len(self._text) and self._more():  # a number may continue
                continue
            raw, self.at = self._text[self.at : end], end
            if isinstance(value, dict) and not is_too_deep(value, raw):
                return Record(line, value, "")
            return Record(line, None, raw)

    def _more(self) -> bool:
        """Read at least as much as is held already, so that the time for a long value is linear in its length."""
        self.line()
        held = [self._text[self.at :]]
        wanted = max(PIECE, len(held[0]))
        self._text, self.at, self._counted = "", 0, 0
        for piece in self._pieces:
            held.append(piece)
            wanted -= len(piece)
            if wanted <= 0:
                break
        self._text = "".join(held)
        return len(held) > 1
