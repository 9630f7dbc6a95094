"""The sheet: blind, shuffled, the same for a seed, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.reading.sheet import draw, read_key, spreadsheet_text, to_csv, write_sheet
from sro.evaluation.reading.systems import Rewrite, System

N = 60


def system(name: str, start: int = 0, stop: int = N, **texts: str | None) -> System:
    """Rewrites of comments by number; `c3="…"` sets the one of comment 3."""
    rewrites = {f"c{i}": Rewrite(f"c {i}", texts.get(f"c{i}", f"{len(name)} of {i}")) for i in range(start, stop)}
    return System(name, f"{name}.jsonl", rewrites)


def written(tmp_path: Path, **options: bool) -> Path:
    """A folder with a sheet of Zebra and Walrus."""
    for name in ("Zebra", "Walrus"):
        (tmp_path / f"{name}.jsonl").touch()
    sheet = draw(system("Zebra", c1="=1+1", c2=None), system("Walrus", c4="5 of 4"), 100, 0, **options)
    files = {side: str(tmp_path / f"{name}.jsonl") for side, name in (("a", "Zebra"), ("b", "Walrus"))}
    write_sheet(sheet, tmp_path / "sheet", files, ["sro", "--a", "Zebra.jsonl"])  # type: ignore[arg-type]
    assert read_key(tmp_path / "sheet") == sheet
    return tmp_path / "sheet"


def test_readers_learn_no_name_and_no_side(tmp_path: Path) -> None:
    folder = written(tmp_path)
    shown = ((folder / "sheet.csv").read_text("utf-8") + (folder / "instructions.md").read_text("utf-8")).lower()
    assert "zebra" not in shown and "walrus" not in shown
    assert "zebra" in (folder / "key.json").read_text("utf-8").lower()
    assert sorted(path.name for path in folder.iterdir()) == ["instructions.md", "key.json", "sheet.csv"]


def test_each_stands_left_in_half_of_the_pairs_without_a_pattern() -> None:
    lefts = [pair.left for pair in draw(system("Zebra"), system("Walrus"), N, 0).pairs]
    assert lefts.count("a") == N / 2
    runs = sum(one != other for one, other in pairwise(lefts))
    assert 15 < runs < 45  # by lot about half change
    # Nor does who has read another sheet with the same seed know the places.
    others = [pair.left for pair in draw(system("Zebra"), system("Ox"), N, 0).pairs]
    assert lefts != others


def test_a_comment_is_drawn_by_seed_and_by_itself() -> None:
    a = system("Zebra")
    comments = [pair.comment for pair in draw(a, system("Walrus"), 20, 0).pairs]
    assert comments == [pair.comment for pair in draw(system("Ox"), a, 20, 0).pairs]
    assert comments == [pair.comment for pair in draw(a, system("Walrus"), 40, 0).pairs][:20]
    assert comments != [pair.comment for pair in draw(a, system("Walrus"), 20, 1).pairs]
    assert len(set(comments)) == 20


def test_identical_rewrites_are_counted_and_not_shown() -> None:
    same: dict[str, str | None] = {f"c{i}": "the same" for i in range(50)}
    sheet = draw(system("Zebra", **same), system("Walrus", **same), 100, 0)
    assert (len(sheet.pairs), sheet.identical, sheet.shared) == (10, 50, N)
    # Only those that came up before enough pairs were there.
    assert 10 < draw(system("Zebra", **same), system("Walrus", **same), 5, 0).identical < 50
    with pytest.raises(SROError, match="the same 60 rewrites: there is nothing to read"):
        draw(system("Zebra"), System("Other", "other.jsonl", system("Zebra").rewrites), 5, 0)


def test_only_comments_that_both_answer_are_drawn() -> None:
    sheet = draw(system("Zebra", 0, 40), system("Walrus", 30, 60), 100, 0)
    assert {pair.comment for pair in sheet.pairs} == {f"c {i}" for i in range(30, 40)}
    with pytest.raises(SROError, match="share no comment\n  fix"):
        draw(system("Zebra", 0, 10), system("Walrus", 10, 20), 100, 0)
    with pytest.raises(SROError, match="both systems are called 'Zebra'\n  fix"):
        draw(system("Zebra"), system("Zebra"), 100, 0)


def test_a_refusal_stands_as_one_or_is_left_out(tmp_path: Path) -> None:
    (row,) = [row for row in rows_of(written(tmp_path)) if row["comment"] == "c 2"]
    side = "left" if row["left"] == "(refused)" else "right"
    other = "right" if side == "left" else "left"
    assert (row[side], row[f"{side}_fit"], row[f"{other}_fit"], row["preferred"]) == ("(refused)", "no", "", "")
    sheet = draw(system("Zebra", c2=None), system("Walrus", c3=None), 100, 0, leave_out_refused=True)
    assert len(sheet.pairs) == N - 2 and "(refused)" not in to_csv(sheet)


def test_a_spreadsheet_reads_it_as_text(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert (folder / "sheet.csv").read_bytes().startswith(b"\xef\xbb\xbfid,comment,left,right,preferred,")
    cells = [cell for row in rows_of(folder) for cell in row.values()]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@")]


@pytest.mark.parametrize("start", ["=a", "+a", "-a", "@a", "\ta", "\ra", "\na", " =a", "\u202e=a", "＝a", "\ufeff-a"])
def test_no_cell_begins_a_formula(start: str) -> None:
    assert spreadsheet_text(start) == f"'{start}"


def test_other_cells_stay_as_they_are() -> None:
    assert [spreadsheet_text(text) for text in ("a = b", "", "  ", "'=a", "1-2")] == ["a = b", "", "  ", "'=a", "1-2"]


def test_a_key_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    key = json.loads((folder / "key.json").read_text("utf-8"))
    key["pairs"][0]["left"] = "b" if key["pairs"][0]["left"] == "a" else "a"
    (folder / "key.json").write_text(json.dumps(key))
    with pytest.raises(SROError, match=r"key.json: the texts are not those that sheet [a-p]{8} was made of\n  fix"):
        read_key(folder)
    for damage in ("{}", "[" * 100_000):
        (folder / "key.json").write_text(damage)
        with pytest.raises(SROError, match="no key of a sheet"):
            read_key(folder)
    with pytest.raises(SROError, match="no such file\n  fix: --sheet FOLDER"):
        read_key(tmp_path)


def test_a_sheet_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(SROError, match="not empty"):
        written(tmp_path)


def rows_of(folder: Path) -> list[dict[str, str]]:
    content = (folder / "sheet.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))
