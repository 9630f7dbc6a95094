"""Headings, paragraphs and pipe tables."""

from __future__ import annotations

import numpy as np
import pytest

from sro.core.markdown import Heading, Paragraph, PipeTable, number, parse, write_table
from sro.rewriting.measures import cells, markdown, measure

TEXT = """\
# Title #

A caption
of two lines.
| system | J [95 %] | note |
| --- | --: | :-: |
| a\\|b | 0.5 [0.4, 0.6] |
| c | – | x | too much |
- an item
- another
## Part

| n | when |
|---|---|
| 1,000 | 2 days |
| −3 | |

| not a table
"""


def test_a_document() -> None:
    assert parse(TEXT) == [
        Heading(1, "Title"),
        Paragraph("A caption of two lines."),
        PipeTable(
            ["system", "J [95 %]", "note"],
            [False, True, False],
            [["a|b", "0.5 [0.4, 0.6]", ""], ["c", "–", "x"]],
        ),
        Paragraph("- an item"),
        Paragraph("- another"),
        Heading(2, "Part"),
        PipeTable(["n", "when"], [True, True], [["1,000", "2 days"], ["−3", ""]]),
        Paragraph("| not a table"),
    ]


def test_what_this_package_writes_is_read() -> None:
    rows = {"a|b": measure(["x y"], ["x"], [True], np.array([0.5]))}
    (found,) = parse(markdown(rows))
    assert isinstance(found, PipeTable)
    assert [found.head, *found.rows] == cells(rows)
    assert found.numeric == [False] + [True] * (len(found.head) - 1)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        *(("0.71", 0.71), ("**0.71** [0.69, 0.73]", 0.71), ("1,234", 1234), ("−0.5", -0.5), ("-0.5", -0.5), ("+2", 2)),
        *((".5", 0.5), ("3e-05", 3e-5), ("120/20/260", 120), ("12 %", 12)),
        *(("–", None), ("", None), ("a 1", None), ("-", None)),
    ],
)
def test_number(cell: str, wanted: float | None) -> None:
    assert number(cell) == wanted


def test_a_written_table_is_read_back_whatever_its_cells_hold() -> None:
    rows = [["a|b\nc", "0.5"], [r"back \ slash", "–"]]
    written = write_table(["name", "J"], rows)
    assert written.splitlines()[1] == "| --- | --: |"
    [block] = parse(written)
    assert block == PipeTable(["name", "J"], [False, True], [["a|b c", "0.5"], [r"back \ slash", "–"]])
    with pytest.raises(ValueError, match="a row of 1 cells in a table of 2 columns"):
        write_table(["name", "J"], [["a"]])
