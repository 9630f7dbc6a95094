"""One row of comments as it was read, and the reason if it holds no comment."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte that is not UTF-8, or half a character in a JSON escape

STRAY_BYTE = re.compile("[\udc80-\udcff]")

RowFault = Literal["malformed", "null", "wrong_type", "undecodable", "empty"]


class Row(NamedTuple):
    """One row as it was read."""

    line: int
    """The physical line it starts on, from 1; in Parquet and hub data, which have no lines, the row's number."""
    text: Any
    """The comment as it stands; None if absent; the raw row if malformed."""
    label: Any = None
    malformed: bool = False
    number: int = 0
    """Number of the row in the file, from 1; a header does not count."""
    fields: dict[str, Any] | None = None
    """All columns, if they were asked for and the row is well-formed."""

    @property
    def fault(self) -> RowFault | None:
        """Why the row holds no comment; None if it holds one."""
        if self.malformed:
            return "malformed"
        if self.text is None:
            return "null"
        if not isinstance(self.text, str):
            return "wrong_type"
        if LONE_SURROGATE.search(self.text):
            return "undecodable"
        return None if self.text.strip() else "empty"


def has_stray_bytes(text: str) -> bool:
    """Whether some of it was read from bytes that are not valid in the encoding; another encoding may read them."""
    return STRAY_BYTE.search(text) is not None


def quarantine_record(row: Row, source: str, reason: str) -> str:
    """One line of a quarantine file, {file, line, reason, text}: which row of `source` was set aside, and why."""
    record = {"file": _printable(source), "line": row.line, "reason": reason, "text": _printable(row.text)}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _printable(value: Any) -> str | None:
    """Text and None as they are; for text that is not UTF-8 the repr of its bytes; for other values their repr."""
    if not isinstance(value, str):
        return None if value is None else repr(value)
    if not LONE_SURROGATE.search(value):
        return value
    try:
        return repr(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # not from bytes, but from an escape such as "\\ud800" in JSON
        return repr(value.encode("utf-8", "surrogatepass"))
