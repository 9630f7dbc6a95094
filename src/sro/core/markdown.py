"""The part of Markdown that this package writes: headings, paragraphs and pipe tables.

Everything else, including HTML, is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_DELIMITER = re.compile(r"\|(\s*:?-+:?\s*\|)+")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_BAR = re.compile(r"(?<!\\)\|")
_ESCAPED = r"\|"
_ITEM = re.compile(r"[-*+] |\d+\. ")
_NUMBER = re.compile(r"[*`\s]*([+−-]?)(\d[\d,]*(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Heading:
    """A line that begins with `#`."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Text with its line breaks folded; a list item is a paragraph too."""

    text: str


@dataclass(frozen=True)
class PipeTable:
    """A table; each row has as many cells as the head."""

    head: list[str]
    numeric: list[bool]
    """For each column: whether it is aligned right or holds only numbers."""
    rows: list[list[str]]


Block = Heading | Paragraph | PipeTable


def parse(markdown: str) -> list[Block]:
    """The blocks of a document, in order."""
    return list(_blocks(markdown.splitlines()))


def table(head: list[str], rows: list[list[str]], aligned: list[bool] | None = None) -> PipeTable:
    """A table whose rows are cut or filled up to the length of the head, as GitHub does."""
    width = len(head)
    rows = [(row + [""] * width)[:width] for row in rows]
    aligned = aligned or [False] * width
    return PipeTable(
        head, [right or _all_numbers(column) for right, column in zip(aligned, _columns(rows, width))], rows
    )


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """A pipe table, without a line break at its end; `parse` reads it back.

    White space in cells is folded and bars are escaped, so no name can break a row.

    Args:
        rows: each with as many cells as the head.
        left: columns that are aligned left, counted from 0; the others are aligned right.

    Raises:
        ValueError: a row has a different number of cells.
    """
    lines = [head, ["---" if i in left else "--:" for i in range(len(head))], *rows]
    if odd := [line for line in lines if len(line) != len(head)]:
        raise ValueError(f"a row of {len(odd[0])} cells in a table of {len(head)} columns: {list(odd[0])}")
    cells = ((" ".join(cell.split()).replace("|", _ESCAPED) for cell in line) for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def number(cell: str) -> float | None:
    """The number at the start of a cell, for sorting: 0.71 for `**0.71** [0.69, 0.73]`; None if there is none."""
    if not (found := _NUMBER.match(cell)):
        return None
    sign, digits, exponent = found.groups()
    minus = "-" if sign in ("-", "−") else ""  # U+2212 is a minus sign too
    return float(f"{minus}{digits.replace(',', '')}{exponent or ''}")


def _blocks(lines: list[str]) -> Iterator[Block]:
    pending: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip()
        heading = _HEADING.fullmatch(line)
        starts_table = line.startswith("|") and at + 1 < len(lines) and _DELIMITER.fullmatch(lines[at + 1].strip())
        if pending and (not line or heading or starts_table or _ITEM.match(line)):
            yield Paragraph(" ".join(pending))
            pending = []
        if heading:
            yield Heading(len(heading[1]), heading[2])
        elif starts_table:
            end = at + 2
            while end < len(lines) and lines[end].strip().startswith("|"):
                end += 1
            aligned = [cell.endswith(":") and not cell.startswith(":") for cell in _cells(lines[at + 1])]
            head = _cells(line)
            right = (aligned + [False] * len(head))[: len(head)]
            yield table(head, [_cells(row) for row in lines[at + 2 : end]], right)
            at = end
            continue
        elif line:
            pending.append(line)
        at += 1
    if pending:
        yield Paragraph(" ".join(pending))


def _cells(line: str) -> list[str]:
    cells = _BAR.split(line.strip()[1:])
    if cells and not cells[-1].strip():  # after the last bar
        cells.pop()
    return [cell.strip().replace(r"\|", "|") for cell in cells]


def _columns(rows: list[list[str]], width: int) -> list[list[str]]:
    return [[row[place] for row in rows] for place in range(width)]


def _all_numbers(cells: list[str]) -> bool:
    known = [cell for cell in cells if cell.strip("–—- ")]
    return bool(known) and all(number(cell) is not None for cell in known)
