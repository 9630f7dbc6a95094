"""Names of comments: what each stands for, and several of them together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sro.comments import test_set
from sro.comments.corpus import texts_hash
from sro.comments.sources import Source, load_source, load_sources, parse_source
from sro.core.errors import SROError


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Ten plain comments."""
    file = tmp_path / "log.txt"
    file.write_text("".join(f"this is comment {n}\n" for n in range(10)), "utf-8")
    return file


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "labelled.csv"
    file.write_text(
        "label,text,other\n"
        "1,you are an idiot,left of it\n0,you are a friend,right of it\n1,what a moron,in the middle\n",
        "utf-8",
    )
    return file


# -- names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("comments.csv", Source("comments.csv")),
        ("paradetox.tsv::toxic", Source("paradetox.tsv", "toxic")),
        ("labelled.csv::text::label=1", Source("labelled.csv", "text", "label=1")),
        ("labelled.csv::::label=1", Source("labelled.csv", None, "label=1")),
        ("log.txt[:-500]", Source("log.txt", without_last=500)),
        ("log.txt[-500:]", Source("log.txt", only_last=500)),
        ("a.csv::text::label>=0.5[-20:]", Source("a.csv", "text", "label>=0.5", only_last=20)),
        ("log[1].txt", Source("log[1].txt")),
        ("log.txt[5:]", Source("log.txt[5:]")),
        ("hub:owner/name:test::text", Source("hub:owner/name:test", "text")),
        ("-", Source("-")),
    ],
)
def test_a_name_has_up_to_three_parts_and_a_slice(name: str, source: Source) -> None:
    assert parse_source(name) == source


@pytest.mark.parametrize("side", ["toxic", "civil"])
def test_the_starter_corpus_has_names_of_its_own(side: str) -> None:
    found = parse_source(f"starter:{side}[:-5]")
    assert Path(found.path).is_file()
    assert (found.column, found.where, found.without_last) == ("text", f"label={side}", 5)


def test_more_parts_are_a_mistake() -> None:
    with pytest.raises(SROError, match=r"'a\.csv::b::c=1::d' has 4 parts; want FILE, FILE::COLUMN"):
        parse_source("a.csv::b::c=1::d")


# -- one source ---------------------------------------------------------------------------------------


def test_columns_and_conditions_are_those_of_the_name(table: Path) -> None:
    assert load_source(f"{table}::text").texts == ["you are an idiot", "you are a friend", "what a moron"]
    assert load_source(f"{table}::other::label=1").texts == ["left of it", "in the middle"]


def test_slices_divide_the_comments(lines: Path) -> None:
    everything = load_source(str(lines)).texts
    assert load_source(f"{lines}[:-3]").texts == everything[:-3]
    assert load_source(f"{lines}[-3:]").texts == everything[-3:]
    assert load_source(f"{lines}[-10:]").texts == everything
    with pytest.raises(SROError, match="cannot hold out the last 10 of 10"):
        load_source(f"{lines}[:-10]")
    with pytest.raises(SROError, match=r"log\.txt: cannot take the last 11 of 10 comments"):
        load_source(f"{lines}[-11:]")
    for none in ("[-0:]", "[:-0]"):
        with pytest.raises(SROError, match="a slice of 0 comments\n  fix"):
            load_source(f"{lines}{none}")


def test_the_report_tells_what_a_slice_takes(lines: Path) -> None:
    assert load_source(f"{lines}[-3:]").report.summary().endswith("column 'text'; of those kept, only the last 3")
    assert load_source(f"{lines}[:-3]").report.summary().endswith("column 'text'; of those kept, all but the last 3")


def test_slices_count_what_is_kept(lines: Path) -> None:
    """Rows that are set aside must not push a comment from one part into the other."""
    with lines.open("a", encoding="utf-8") as file:
        file.write("short\nthis is comment 3\n")
    assert load_source(f"{lines}[-2:]").texts == ["this is comment 8", "this is comment 9"]


def test_lengths_are_bounded(lines: Path, tmp_path: Path) -> None:
    with lines.open("a", encoding="utf-8") as file:
        file.write("this one is longer than the others\n")
    quarantine = tmp_path / "aside.jsonl"
    assert len(load_source(str(lines), min_words=5, quarantine=quarantine)) == 1
    assert len(quarantine.read_text("utf-8").splitlines()) == 10
    assert len(load_source(str(lines), max_words=4)) == 10


def test_the_starter_corpus_is_there() -> None:
    toxic, civil = load_source("starter:toxic").texts, load_source("starter:civil").texts
    assert len(toxic) > 400 and len(civil) > 400 and not set(toxic) & set(civil)


def test_the_test_set_is_refused_in_training(lines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = frozenset({test_set.fingerprint("This is comment 4!")})
    monkeypatch.setattr(test_set, "held_out_fingerprints", lambda: secret)
    with pytest.raises(SROError, match=r"log\.txt:5"):
        load_source(str(lines))
    with pytest.raises(SROError, match=r"log\.txt:5"):
        load_sources([str(lines)])
    assert len(load_source(str(lines), training=False)) == 10
    texts, _ = load_sources([str(lines)], held_out="drop")
    assert len(texts) == 9 and "This is comment 4!" not in texts


# -- several sources ----------------------------------------------------------------------------------


def test_sources_are_joined_in_order_without_repeats(lines: Path, table: Path) -> None:
    with table.open("a", encoding="utf-8") as file:
        file.write("0,THIS is comment 2!,x\n")  # letters and digits as in the other file
    texts, hashes = load_sources([str(lines), f"{table}::text"])
    ten = [f"this is comment {n}" for n in range(10)]
    assert texts == [*ten, "you are an idiot", "you are a friend", "what a moron"]
    assert hashes[str(lines)] == texts_hash(ten)
    assert set(hashes) == {str(lines), f"{table}::text"}
    turned, _ = load_sources([f"{table}::text", str(lines)])
    assert turned[3] == "THIS is comment 2!" and len(turned) == 13


def test_each_source_has_its_own_quarantine(lines: Path, table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    load_sources([str(lines), f"{table}::text"], min_words=4, quarantine=folder)
    assert (folder / "quarantine_0.jsonl").read_text("utf-8") == ""
    [row] = map(json.loads, (folder / "quarantine_1.jsonl").read_text("utf-8").splitlines())
    assert (row["text"], row["reason"], row["line"]) == ("what a moron", "too_short", 4)


def test_what_was_read_is_logged_and_not_printed(
    lines: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("INFO", logger="sro"):
        load_sources([str(lines)])
    assert caplog.messages == [f"{lines}: 10 of 10 rows kept, column 'text'"]
    assert capsys.readouterr().out == ""


def test_no_sources_no_texts() -> None:
    assert load_sources([]) == ([], {})


def test_of_several_sheets_the_warning_names_no_flag(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Comments"
    for text in ("text", "you are an idiot"):
        book.active.append([text])
    book.create_sheet("Info")
    book.save(tmp_path / "two.xlsx")
    assert load_source(f"{tmp_path}/two.xlsx::text").texts == ["you are an idiot"]
    (said,) = caplog.messages
    assert said.endswith("taking the comments from sheet 'Comments'; to take another, save it as CSV: 'Info'")
