"""Readers of a blind sheet who answer by known chances, from what the sheet shows."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

Row = dict[str, str]
Answer = Callable[[Row, random.Random], None]
"""Fills in a row."""


def rows_of(folder: Path) -> list[Row]:
    """The rows of a folder's sheet."""
    content = (folder / "sheet.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def fill_in(folder: Path, name: str, answer: Answer, *, seed: int = 0, encoding: str = "utf-8-sig") -> str:
    """The sheet as the reader `name` sends it back, as CSV beside the folder; returns its path."""
    lot, rows = random.Random(seed), rows_of(folder)
    for row in rows:
        answer(row, lot)
    return write(folder.parent / f"{name}.csv", rows, encoding=encoding)


def write(path: Path, rows: list[Row], *, delimiter: str = ",", encoding: str = "utf-8-sig") -> str:
    """Rows as a spreadsheet saves them."""
    with open(path, "w", newline="", encoding=encoding, errors="replace") as file:
        lines = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        lines.writeheader()
        lines.writerows(rows)
    return str(path)


def prefers(good: Callable[[str], bool], chance: float, same: float = 0.0) -> Answer:
    """Prefers, and finds fit, the rewrite that is `good` with this chance, else the other one; `same` at times."""

    def answer(row: Row, lot: random.Random) -> None:
        best = "left" if good(row["left"]) else "right"
        other = "right" if best == "left" else "left"
        if lot.random() >= chance:
            best, other = other, best
        row["preferred"] = "same" if lot.random() < same else best
        row[f"{best}_fit"], row[f"{other}_fit"] = row[f"{best}_fit"] or "yes", row[f"{other}_fit"] or "no"

    return answer
