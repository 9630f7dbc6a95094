"""Rows of CSV, TSV and similar tables, with the line where each begins; a bad row does not affect the others."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sro.comments.columns import Choose, Columns
from sro.core.errors import SROError

EXCELS_OWN = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)
"""A first line that tells Excel the separator."""
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
LONGEST_FIELD = (1 << 31) - 1  # characters; the csv module stops at 131,072 unless told otherwise
LONGEST_RECORD = 1 << 22
"""Most characters of a record over several lines; a longer record was begun by a stray quote. This limits how much
text an unclosed quote takes into memory. A single line may be longer."""


FEWEST_ROWS, NEARLY_ALL = 3, 0.9
"""A quote of a CSV counts as stray if the lines within the quotes are rows by themselves: at least so many lines, and
at least this share of all. Fewer lines show nothing: two lines of a text may well have a comma each."""


class Record(NamedTuple):
    """A record of a table."""

    line: int
    """The physical line that it starts on, from 1."""
    fields: list[str] | None
    """As many as the header has; [] for a blank line; None if the record is malformed."""
    raw: str
    """The lines that it was read from, without the last line end."""


class _RewindableLines:
    """Lines that can be handed back, so that the lines inside a record with a broken quote are read again.

    A record takes another line only if a quote is open. So if an earlier reading went as far as the line `known_to`,
    it was inside a quote at the end of every line before that. A later reading that begins in between and asks for one
    of these lines would go the same way and fail too, so it stops at once. However many quotes stay open, the work
    grows with the length of the file, not with its square.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self.number = 0  # of the last line given out
        self.taken: list[str] = []  # given out since the last `start_record`
        self.known_to = 0  # number of the last line that an earlier reading reached
        self._characters = 0  # of the lines in `taken`
        self._lines = lines
        self._returned: deque[str] = deque()

    def __iter__(self) -> _RewindableLines:
        return self

    def __next__(self) -> str:
        if self._characters > LONGEST_RECORD or (self.taken and self.number < self.known_to):
            raise csv.Error("a quote is not closed")
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.number += 1
        self.taken.append(line)
        self._characters += len(line)
        return line

    def start_record(self) -> int:
        """The number of the line on which the next record starts."""
        self.taken, self._characters = [], 0
        return self.number + 1

    def rewind_to(self, number: int) -> None:
        """Hand the record's lines back for another reading, except the first `number`."""
        back = self.taken[number:]
        self._returned.extendleft(reversed(back))
        self.number -= len(back)
        self._characters -= sum(map(len, back))
        del self.taken[number:]


def read_delimited(
    stream: Iterator[str],
    choose: Choose,
    source: str,
    usual: str,
    delimiter: str | None,
    say: Callable[[str], None],
) -> tuple[list[str], Columns, Iterator[Record]] | None:
    """The header, the chosen columns, and the records after the header; None for an empty file.

    Args:
        usual: the separator of the format, `,` or a tab. If the wanted columns are not found with it, the other
            SEPARATORS are tried.
        delimiter: the separator, if it is known.
        say: called the first time that a quote counts as stray.

    Raises:
        SROError: the header cannot be read, or holds no such column with any separator.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = _RewindableLines(stream)
    first = next(lines, None)
    if first is None:
        return None
    if excel_separator := EXCELS_OWN.fullmatch(first):
        delimiter = delimiter or excel_separator.group(1)
        lines.start_record()
        first = next(lines, "")
    lines.rewind_to(0)
    candidates = (
        [delimiter] if delimiter else [usual, *(sign for sign in SEPARATORS if sign != usual and sign in first)]
    )
    mistakes: list[tuple[int, SROError]] = []
    for sign in candidates:
        lines.start_record()
        header = _attempt(lines, sign)
        if header is None:
            mistakes.append((0, SROError(f"{source}:1: cannot read the header line: a quote is not closed")))
        else:
            header = unique_names(header)
            try:
                return header, choose(header), _records(lines, sign, len(header), source, say)
            except SROError as error:
                mistakes.append((len(header), error))
        lines.rewind_to(0)
    columns, mistake = max(mistakes, key=lambda one: one[0])
    if columns == 1 and not delimiter and usual == ",":
        raise SROError(f"{mistake}\n  or, if another sign separates the columns: --delimiter ';'") from mistake
    raise mistake


def _attempt(lines: Iterator[str], delimiter: str) -> list[str] | None:
    """The fields of the next record, None if its quotes are broken. Raises StopIteration at the end."""
    try:
        return next(csv.reader((line.replace("\0", "") for line in lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def unique_names(header: Sequence[object]) -> list[str]:
    """The names of columns, as text; further ones of the same name are numbered: `text`, `text_2`."""
    texts = ["" if name is None else str(name) for name in header]
    taken, counts, names = set(texts), Counter[str](), []
    for text in texts:
        counts[text] += 1
        name = text
        while counts[text] > 1 and name in taken:
            name = f"{text}_{counts[text]}"
            counts[text] += name in taken
        taken.add(name)
        names.append(name)
    return names


def _fitted(fields: list[str], columns: int) -> list[str]:
    """Remove the empty fields that many exports have after the last column; a line of blanks has no fields."""
    if columns > 1 and len(fields) == 1 and not fields[0].strip():
        return []
    return fields[:columns] if len(fields) > columns and not any(fields[columns:]) else fields


def _are_rows(lines: list[str], columns: int, delimiter: str) -> bool:
    """Whether the lines between two quotes are rows by themselves: then the quotes belong to two different texts and
    do not enclose anything.

    In a TSV file most lines must be rows: a quoted text over several lines has tabs only in its first or last line,
    unless it is indented code, where lines begin with a tab. Every text has commas, so in other tables nearly all
    lines between the first and the last must be rows, `FEWEST_ROWS` or more, and also the first or the last line. A
    text that holds a table as wide as the file looks the same as rows. A file of one column has no separators to
    check, so its quotes always count as quotes.
    """
    if columns == 1 or len(lines) == 1:
        return False
    if delimiter == "\t":
        return 2 * sum(line.count("\t") == columns - 1 and not line.startswith("\t") for line in lines) > len(lines)
    fits = [
        line.count(delimiter) == columns - 1 and f"{delimiter} " not in line  # a sentence has a space after a comma
        for line in lines
        if line.strip()
    ]
    between = fits[1:-1]
    return len(between) >= FEWEST_ROWS and sum(between) >= NEARLY_ALL * len(between) and (fits[0] or fits[-1])


def _records(
    lines: _RewindableLines, delimiter: str, columns: int, source: str, say: Callable[[str], None]
) -> Iterator[Record]:
    said = False
    readings: list[Callable[[str], str]] = [str, lambda line: line.replace('\\"', '""')]  # some escape quotes so
    known_to = [0] * len(readings)
    while True:
        line = lines.start_record()
        fields: list[str] | None = None
        for number, reading in enumerate(readings):
            lines.rewind_to(0)
            lines.known_to = known_to[number]
            try:
                fields = _attempt(map(reading, lines), delimiter)
            except StopIteration:
                if not lines.taken:
                    return
            known_to[number] = max(known_to[number], lines.number)
            fields = fields and _fitted(fields, columns)
            if fields is not None and len(fields) in (0, columns):
                break
        if fields is not None and _are_rows(lines.taken, columns, delimiter):
            fields = None
            if not said:
                taken, fix = (
                    ("taken for text", "if they are none: save the file as CSV")
                    if delimiter == "\t"
                    else ("taken for strays, and that first line for malformed", "fix: mend or remove the quote")
                )
                say(
                    f"{source}: the quotes that open on line {line:,} and close on line {lines.number:,} hold whole "
                    f"rows; they are {taken}, as are others like them ({fix})"
                )
                said = True
        if fields is None:
            # A stray quote spoils only its own line, not the rest of the file. Many TSV files have no quoting at all.
            lines.rewind_to(1)
            fields = lines.taken[0].rstrip("\r\n").split("\t") if delimiter == "\t" else None
        fits = fields is not None and len(fields) in (0, columns)
        yield Record(line, fields if fits else None, "".join(lines.taken).rstrip("\r\n"))
