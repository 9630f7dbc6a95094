"""Write rows as lines of CSV or TSV that every reader of RFC 4180 splits into the same rows and fields.

>>> lines = DelimitedLines(["id", "text"], ",")
>>> lines.header, lines.row({"id": 1, "text": "you fool, go"})
('id,text\\n', '1,"you fool, go"\\n')
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

from sro.core.errors import SROError


class DelimitedLines:
    """Makes the header line and the line of each row.

    Args:
        columns: names, in order; a column that a row lacks is an empty field.
        delimiter: between fields; a field is quoted if it holds the delimiter, a quote or a line break.
    """

    def __init__(self, columns: Sequence[str], delimiter: str) -> None:
        self.columns, self._known = list(columns), set(columns)
        self._out = io.StringIO()
        self._plain = csv.writer(self._out, delimiter=delimiter, lineterminator="\n")
        # Only some Python versions of csv quote a lone carriage return, and readers end a line there.
        self._quoted = csv.writer(self._out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)

    @property
    def header(self) -> str:
        """The line with the names."""
        return self._line(self.columns)

    def row(self, fields: Mapping[str, object]) -> str:
        """The line of a row.

        Raises:
            SROError: the row has a field for which there is no column, so the field would be lost.
        """
        if strange := [name for name in fields if name not in self._known]:
            raise SROError(
                f"a row has the field {strange[0]!r}, which none of the first rows has, so the table has no column"
                " for it\n  fix: --output FILE.jsonl, where each row names its own fields"
            )
        return self._line(cell(fields.get(name)) for name in self.columns)

    def _line(self, cells: Iterable[str]) -> str:
        values = list(cells)
        writer = self._quoted if any("\r" in value for value in values) else self._plain
        writer.writerow(values)
        line = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return line


def cell(value: object) -> str:
    """Keep text as it is; write None as nothing, JSON types as JSON, and dates and the like with `str`; bytes that are
    not UTF-8 appear as `\\udce9`."""
    if value is None:
        return ""
    plain = isinstance(value, (bool, int, float, list, tuple, dict))
    text = json.dumps(value, ensure_ascii=False, default=str) if plain else str(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
