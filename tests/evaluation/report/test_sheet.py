"""The sheet: read, ordered, judged at a glance, drawn from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.report.sheet import (
    GALLERY_SIZE,
    Line,
    payload,
    read_sheet,
    verdicts,
    worst_first,
    write_sheet,
)


def lines(rows: int = 3) -> list[Line]:
    return [
        Line(system, row, f"you idiot {row}", f"you {system} {row}", f"you are wrong {row}", scores)
        for system, scores in (("ours", {"sta": 0.9, "sim": 0.8, "j": 0.5, "pass": 1.0}), ("BART", {"j": 0.25}))
        for row in range(1, rows + 1)
    ]


def test_a_sheet_that_was_written_is_read_again(tmp_path: Path) -> None:
    odd = Line("s|\u2028", 9, "a\u2028b\u0085c\nd", "\ud800", None, {"pass": 0.0})
    path = write_sheet(tmp_path, [*lines(), odd])
    assert path == tmp_path / "sheet.jsonl"
    assert read_sheet(tmp_path) == [*lines(), odd]


def test_a_folder_without_a_sheet_has_no_lines(tmp_path: Path) -> None:
    assert read_sheet(tmp_path) == []


def test_worst_first() -> None:
    def line(rewrite: str, **scores: float) -> Line:
        return Line("s", 1, "you idiot", rewrite, None, scores)

    wanted = [
        line("low j", j=0.1, sim=0.9, **{"pass": 1}),
        line("failed", j=0.2, sim=0.9, **{"pass": 0}),
        line("far", j=0.2, sim=0.3, **{"pass": 1}),
        line("near", j=0.2, sim=0.9, **{"pass": 1}),
        line("failed and far, no j", sim=0.1, **{"pass": 0}),
        line("failed, no j", sim=0.2, **{"pass": 0}),
        line("You, idiot!"),
        line("no scores", j=float("nan")),
    ]
    assert worst_first(wanted[::-1]) == wanted


@pytest.mark.parametrize(
    ("rewrite", "scores", "wanted"),
    [
        ("fine", {"pass": 1, "sim": 0.9}, []),
        ("fine", {"pass": 0, "sta": 0.9, "sim": 0.2}, ["failed", "low similarity"]),
        ("fine", {"sta": 0.4}, ["failed"]),
        ("YOU idiot!", {"pass": 1}, ["copy"]),
        (" …", {}, ["empty"]),
    ],
)
def test_verdicts(rewrite: str, scores: dict[str, float], wanted: list[str]) -> None:
    assert verdicts(Line("s", 1, "you idiot", rewrite, None, scores)) == wanted


def test_the_gallery_is_drawn_by_a_fixed_seed_and_leaves_out_the_reference() -> None:
    many = [line for line in lines(200) if line.row != 5 or line.system != "BART"]
    many += [Line("human", line.row, line.source, str(line.reference)) for line in many if line.system == "BART"]
    found, again = payload(many), payload(many)
    assert found == again
    rows = [found["sentences"][place][0] for place in found["gallery"]]
    assert len(set(rows)) == GALLERY_SIZE and rows == sorted(rows) and rows[0] <= 20 and rows[-1] >= 180
    assert 5 not in [found["sentences"][p][0] for p in payload(lines(5)[:-1])["gallery"]]
    assert [found["systems"][place] for place in found["rivals"]] == ["ours", "BART"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "sheet.jsonl:2: no JSON"),
        ("[]", "sheet.jsonl:2: no JSON object"),
        (
            '{"system": "s", "row": "1", "source": "a", "rewrite": "b"}',
            "sheet.jsonl:2: 'row' has to be a whole number",
        ),
        ('{"system": "s", "row": 1, "source": "a", "rewrite": null}', "sheet.jsonl:2: 'rewrite' has to be text"),
        ('{"system": "s", "row": 1, "source": "a", "rewrite": "b", "scores": {"j": "x"}}', ":2: the score 'j' has to"),
        (
            '{"system": "s", "row": 1, "source": "a", "rewrite": "b", "scores": [1]}',
            ":2: 'scores' has to be an object",
        ),
    ],
)
def test_a_broken_sheet_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "sheet.jsonl").write_text(f"\n{text}\n")
    with pytest.raises(SROError, match=re.escape(message)):
        read_sheet(tmp_path)


def test_a_row_that_is_there_twice_is_named(tmp_path: Path) -> None:
    write_sheet(tmp_path, [*lines(), lines()[1]])
    with pytest.raises(SROError, match=r"sheet\.jsonl: row 2 of 'ours' is there twice"):
        read_sheet(tmp_path)
