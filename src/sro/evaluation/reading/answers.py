"""Read the sheets that readers filled in and saved as CSV (from any spreadsheet program) or XLSX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sro.comments.clean import letters_and_digits
from sro.comments.columns import Columns
from sro.comments.formats import require_file
from sro.comments.readers import Row, read_rows
from sro.core.errors import SROError
from sro.core.suggestion import suggestion
from sro.evaluation.reading.sheet import ANSWERS, PLACES, TEXTS, Pair, Sheet

PREFERENCES = {"left": 1, "right": -1, "same": 0}
FITS = {"yes": 1.0, "no": 0.0}
NOT_ASCII_LETTER_OR_DIGIT = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True, eq=False)
class Reading:
    """One reader's answers to N pairs, in the order of the sheet; NaN for no answer."""

    reader: str
    preferred: np.ndarray
    """[N] 1: the rewrite of a, -1: that of b, 0: the same."""
    fit: np.ndarray
    """[N, 2] for a and b, 1: fit to show, 0: not. A refusal gets 0 whatever was written, if the reader answered
    anything else of the row."""
    notes: tuple[str, ...]


def read_answers(path: str, sheet: Sheet) -> Reading:
    """Read one reader's file; the file name is the reader's name. Rows may be in any order, and rows may be missing.

    Raises:
        SROError: a row belongs to another sheet, is unknown or occurs twice; its texts are not those of its id; an
            answer is not an allowed word; or the file holds no answer. The message names file and line.
    """
    require_file(Path(path))
    number = {identity: place for place, identity in enumerate(sheet.ids())}
    preferred, fit = np.full(len(number), np.nan), np.full((len(number), 2), np.nan)
    notes = [""] * len(number)
    line_of: dict[int, int] = {}
    for row in read_rows(path, lambda available: _columns(available, path), all_columns=True):
        where = f"{path}:{row.line}"
        cells = _cells(row, where)
        if not any(cells.values()):
            continue
        at = _row_of(cells["id"], number, sheet, where)
        if at in line_of:
            raise SROError(f"{where}: id {cells['id']} was on line {line_of[at]} already\n  fix: keep one of the two")
        line_of[at] = row.line
        pair = sheet.pairs[at]
        _check_texts(cells, pair, where)
        word = _word(cells, "preferred", tuple(PREFERENCES), where)
        if word:
            preferred[at] = PREFERENCES[word] * (1 if pair.left == "a" else -1)
        for place in PLACES:
            answer = _word(cells, f"{place}_fit", tuple(FITS), where)
            if pair.rewrite(place) is not None:
                fit[at, 0 if (place == "left") == (pair.left == "a") else 1] = FITS.get(answer, np.nan)
        notes[at] = cells["note"]
    read = ~(np.isnan(preferred) & np.isnan(fit).all(axis=1))
    fit[read[:, None] & refusals(sheet)] = 0.0  # the sheet fills it in, so it alone is no answer
    if not read.any():
        raise SROError(f"{path}: holds no answer\n  fix: fill in {', '.join(ANSWERS[:3])}; see instructions.md")
    return Reading(Path(path).stem, preferred, fit, tuple(notes))


def refusals(sheet: Sheet) -> np.ndarray:
    """[N, 2] whether a and b refused."""
    return np.array([[pair.a is None, pair.b is None] for pair in sheet.pairs])


def _columns(available: list[str], path: str) -> Columns:
    if missing := [name for name in (*TEXTS, *ANSWERS[:3]) if name not in available]:
        raise SROError(
            f"{path}: no column {missing[0]!r}{suggestion(missing[0], available) or '.'} Columns: "
            f"{', '.join(map(repr, available))}.\n  fix: the head of sheet.csv has to stay as it was"
        )
    return Columns("id")


def _cells(row: Row, where: str) -> dict[str, str]:
    if row.malformed:
        raise SROError(f"{where}: cannot be read as a row of the sheet\n  fix: save it from a spreadsheet again")
    fields: dict[str, Any] = row.fields or {}
    return {name: "" if fields.get(name) is None else str(fields[name]).strip() for name in (*TEXTS, *ANSWERS)}


def _row_of(identity: str, number: dict[str, int], sheet: Sheet, where: str) -> int:
    if identity in number:
        return number[identity]
    name, _, digits = identity.rpartition("-")
    if digits.isdecimal() and name and name != sheet.name:
        raise SROError(
            f"{where}: id {identity!r} is of another sheet: the key is that of {sheet.name}\n"
            "  fix: --sheet FOLDER of the sheet that this reader had, or the reader's file for this one"
        )
    raise SROError(
        f"{where}: unknown id {identity!r}{suggestion(identity, number)}\n"
        f"  fix: ids go from {sheet.name}-001 to {sheet.ids()[-1]}; put back the one of sheet.csv"
    )


def _check_texts(cells: dict[str, str], pair: Pair, where: str) -> None:
    """Check that the texts belong to the id. If a reader sorts only one column, ids and texts no longer match, and
    answers would count for the wrong rewrites."""
    for name, text in (("comment", pair.comment), *((place, pair.shown(place)) for place in PLACES)):
        if not _same(cells[name], text):
            raise SROError(
                f"{where}: {name} of id {cells['id']} is not what the sheet has there: {cells[name]!r:.60}\n"
                "  fix: sort whole rows only, leave id, comment, left and right as they are, and save as UTF-8 or XLSX"
            )


def _same(cell: str, text: str) -> bool:
    """Compare all letters and digits or, if most of those in the text are ASCII, only the ASCII ones."""
    letters, ascii_letters = letters_and_digits(text), _ascii(text)
    return letters_and_digits(cell) == letters or (
        2 * len(ascii_letters) > len(letters) and _ascii(cell) == ascii_letters
    )


def _ascii(text: str) -> str:
    """The ASCII letters and digits: no spreadsheet changes them, whatever encoding it saves in."""
    return NOT_ASCII_LETTER_OR_DIGIT.sub("", text.lower())


def _word(cells: dict[str, str], column: str, allowed: tuple[str, ...], where: str) -> str:
    """The answer in a column, "" if there is none."""
    word = cells[column].lower()
    if word and word not in allowed:
        raise SROError(
            f"{where}: {column} of id {cells['id']} is {cells[column]!r}, not one of {', '.join(allowed)}"
            f"{suggestion(word, allowed)}\n  fix: correct the cell, or leave it empty, which counts as not answered"
        )
    return word
