"""What readers send back: whatever a spreadsheet makes of the sheet, and every mistake with file, line and fix."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from simulated_readers import Row, prefers, rows_of, write

from sro.core.errors import SROError
from sro.evaluation.reading.answers import read_answers
from sro.evaluation.reading.sheet import Sheet, draw, write_sheet
from sro.evaluation.reading.systems import Rewrite, System


def sheet_of(folder: Path, n: int = 6) -> Sheet:
    """A sheet in `folder`/sheet of n comments; Zebra refuses comment 2, and comments hold letters beyond ASCII."""
    folder.joinpath("x").touch()
    zebra = {f"c{i}": Rewrite(f"cé {i}, “x”", None if i == 2 else f"good é {i}") for i in range(n)}
    walrus = {f"c{i}": Rewrite(f"cé {i}, “x”", f"bad é {i}") for i in range(n)}
    sheet = draw(System("Zebra", "x", zebra), System("Walrus", "x", walrus), n, 0)
    write_sheet(sheet, folder / "sheet", {"a": str(folder / "x"), "b": str(folder / "x")}, [])
    return sheet


def filled(folder: Path) -> list[Row]:
    """Zebra is preferred and fit in every row, Walrus is not fit."""
    rows = rows_of(folder / "sheet")
    for row in rows:
        prefers(lambda text: text.startswith("good") or text == "(refused)", 1.0)(row, random.Random(0))
    return rows


def expected(sheet: Sheet) -> tuple[list[float], list[list[float]]]:
    return [1.0] * len(sheet.pairs), [[0.0 if pair.a is None else 1.0, 0.0] for pair in sheet.pairs]


def test_sides_are_led_back_to_systems(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path)
    assert {pair.left for pair in sheet.pairs} == {"a", "b"}
    found = read_answers(write(tmp_path / "anna.csv", filled(tmp_path)), sheet)
    assert (found.reader, found.preferred.tolist(), found.fit.tolist()) == ("anna", *expected(sheet))


@pytest.mark.parametrize("saved", ["semicolons, cp1252", "utf-16", "xlsx", "sorted, with blank rows"])
def test_whatever_a_spreadsheet_saves(tmp_path: Path, saved: str) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    if saved == "xlsx":
        path = str(tmp_path / "anna.xlsx")
        book = openpyxl.Workbook()
        for line in (list(rows[0]), *([value or None for value in row.values()] for row in rows)):
            book.active.append(line)
        book.save(path)
    elif saved == "utf-16":
        path = write(tmp_path / "anna.csv", rows, delimiter="\t", encoding="utf-16")
    elif saved == "semicolons, cp1252":
        path = write(tmp_path / "anna.csv", rows, delimiter=";", encoding="cp1252")
    else:
        path = write(tmp_path / "anna.csv", [*rows[::-1], dict.fromkeys(rows[0], "")])
    found = read_answers(path, sheet)
    assert (found.preferred.tolist(), found.fit.tolist()) == expected(sheet)


def test_words_in_any_case_with_blanks(tmp_path: Path) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    rows = [{**row, "preferred": " " + row["preferred"].upper(), "left_fit": row["left_fit"].title()} for row in rows]
    found = read_answers(write(tmp_path / "anna.csv", rows), sheet)
    assert (found.preferred.tolist(), found.fit.tolist()) == expected(sheet)


def test_missing_answers_and_rows_stay_missing(tmp_path: Path) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    rows[0]["preferred"] = ""
    at = next(i for i, pair in enumerate(sheet.pairs[:4]) if pair.rewrite("left") is not None)
    rows[at]["left_fit"] = ""
    found = read_answers(write(tmp_path / "anna.csv", rows[:4]), sheet)
    assert np.isnan(found.preferred).tolist() == [True, False, False, False, True, True]
    assert np.isnan(found.fit[4:]).all()
    assert np.argwhere(np.isnan(found.fit[:4])).tolist() == [[at, 0 if sheet.pairs[at].left == "a" else 1]]


def test_the_fit_of_a_refusal_is_no_where_the_row_was_read(tmp_path: Path) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    at = next(i for i, pair in enumerate(sheet.pairs) if pair.a is None)
    side = "left" if sheet.pairs[at].left == "a" else "right"
    rows[at][f"{side}_fit"] = "yes"
    assert read_answers(write(tmp_path / "anna.csv", rows), sheet).fit[at].tolist() == [0, 0]
    untouched = rows_of(tmp_path / "sheet")[at]
    rows[at] = untouched
    assert np.isnan(read_answers(write(tmp_path / "ben.csv", rows), sheet).fit[at]).all()


def test_an_empty_sheet_is_no_reading(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path)
    with pytest.raises(SROError, match=r"sheet.csv: holds no answer\n  fix: fill in preferred"):
        read_answers(str(tmp_path / "sheet" / "sheet.csv"), sheet)


def test_a_word_that_is_no_answer(tmp_path: Path) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    rows[2]["preferred"] = "lefty"
    with pytest.raises(SROError, match=r"anna.csv:4: preferred of id .*-003 is 'lefty', not one of left, right, same"):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)
    rows = filled(tmp_path)
    rows[3]["left_fit"] = rows[3]["right_fit"] = "maybe"
    with pytest.raises(SROError, match=r"anna.csv:5: \w+_fit of id .*-004 is 'maybe', not one of yes, no\n  fix: "):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)


def test_ids_that_are_not_of_the_sheet(tmp_path: Path) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    (tmp_path / "other").mkdir()
    other = sheet_of(tmp_path / "other", 7)
    with pytest.raises(SROError, match=rf"anna.csv:2: .* of another sheet: the key is that of {other.name}\n  fix"):
        read_answers(write(tmp_path / "anna.csv", rows), other)
    rows[1]["id"] = f"{sheet.name}-099"
    with pytest.raises(SROError, match=rf"anna.csv:3: unknown id '{sheet.name}-099'.*\n  fix: ids go from"):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)
    rows[1] = rows[0]
    with pytest.raises(SROError, match=r"anna.csv:3: id .*-001 was on line 2 already\n  fix"):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)


def test_a_column_that_was_sorted_alone(tmp_path: Path) -> None:
    sheet, rows = sheet_of(tmp_path), filled(tmp_path)
    for row, comment in zip(rows, sorted(row["comment"] for row in rows)):
        row["comment"] = comment
    with pytest.raises(SROError, match=r"comment of id .* is not what the sheet has there.*\n  fix: sort whole rows"):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)


@pytest.mark.parametrize("column", ["comment", "left", "right"])
def test_a_column_that_was_sorted_alone_in_a_language_without_ascii_letters(tmp_path: Path, column: str) -> None:
    words = ["один", "два", "три", "четыре", "пять", "шесть"]
    (tmp_path / "x").touch()
    zebra = {word: Rewrite(f"ты идиот {word}", f"ты неправ {word}") for word in words}
    walrus = {word: Rewrite(f"ты идиот {word}", f"привет {word}") for word in words}
    sheet = draw(System("Zebra", "x", zebra), System("Walrus", "x", walrus), 6, 0)
    write_sheet(sheet, tmp_path / "sheet", {"a": str(tmp_path / "x"), "b": str(tmp_path / "x")}, [])
    rows = rows_of(tmp_path / "sheet")
    for row in rows:
        row["preferred"] = "left"
    assert (read_answers(write(tmp_path / "anna.csv", rows), sheet).preferred != 0).all()
    for row, text in zip(rows, sorted(row[column] for row in rows)):
        row[column] = text
    with pytest.raises(
        SROError, match=rf"{column} of id .* is not what the sheet has there.*\n  fix: sort whole rows"
    ):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)


def test_a_head_that_was_changed(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path)
    rows = [{**row, "prefered": row["preferred"]} for row in filled(tmp_path)]
    for row in rows:
        del row["preferred"]
    with pytest.raises(SROError, match=r"no column 'preferred'; did you mean 'prefered'"):
        read_answers(write(tmp_path / "anna.csv", rows), sheet)
