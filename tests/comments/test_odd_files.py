"""What spreadsheets, exports and hands make of a file of comments; every kind is read, and nothing of it is lost."""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from sro.comments import delimited, readers
from sro.comments.columns import choose_columns
from sro.comments.delimited import unique_names
from sro.comments.formats import Unreadable, can_split_by_bytes
from sro.comments.readers import read_rows
from sro.core.errors import SROError

MARK = "\ufeff"
BOTH = [(1, "you fool"), (2, "good day")]


def read(path: Path, column: str | None = None, encoding: str | None = None) -> list[tuple[int, object]]:
    rows = read_rows(
        str(path),
        lambda names: choose_columns(names, str(path), column),
        encoding=encoding,
        all_columns=True,
    )
    return [(row.number, row.text) for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("returns.txt", "you fool\rgood day\r"),
        ("returns.csv", "id,text\r1,you fool\r2,good day\r"),
        ("returns.jsonl", '{"text":"you fool"}\r{"text":"good day"}\r'),
        ("marks.jsonl", f'{MARK}{{"text":"you fool"}}\n{MARK}{{"text":"good day"}}\n'),
        ("commas.jsonl", '{"text":"you fool"},\n{"text":"good day"},\n'),
        ("strings.jsonl", '"you fool"\n"good day"\n'),
        ("strings.json", '["you fool", "good day"]'),
        ("excels_own.csv", "sep=;\r\nid;text\r\n1;you fool\r\n2;good day\r\n"),
        ("commas_behind_rows.csv", "id,text\n1,you fool,\n2,good day,,\n"),
        ("commas_behind_all.csv", "id,text,,\n1,you fool,,\n2,good day,,\n"),
        ("two.csv", "text,text,id\nyou fool,other,1\ngood day,other,2\n"),
        ("blank.csv", "id,text \n1,you fool\n2,good day\n"),
        ("UPPER.CSV", "id,text\n1,you fool\n2,good day\n"),
    ],
)
@pytest.mark.parametrize("packed", ["", ".gz", ".GZ", "unnamed"])
def test_odd_but_readable(tmp_path: Path, name: str, content: str, packed: str) -> None:
    data = content.encode()
    path = tmp_path / f"{name}{packed.removeprefix('unnamed')}"
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read(path) == BOTH
    assert not packed or not can_split_by_bytes(str(path), None)


def test_lines_that_end_in_returns_cannot_be_entered_amid_a_file(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_bytes(b"you fool\rgood day\r")
    assert not can_split_by_bytes(str(tmp_path / "f.txt"), None)


def test_a_return_within_a_line_stays(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_bytes(b"you\rfool\ngood day\n")
    assert read(tmp_path / "f.txt") == [(1, "you\rfool"), (2, "good day")]


def test_a_long_line_is_one_whatever_ends_the_others(tmp_path: Path) -> None:
    long = "x" * (1 << 20)
    (tmp_path / "f.txt").write_text(f"a\n{long}\n{long}b\nc")
    assert [len(str(text)) for _, text in read(tmp_path / "f.txt")] == [1, 1 << 20, (1 << 20) + 1, 1]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_enough_to_tell_where_the_mark_is_missing(tmp_path: Path, codec: str) -> None:
    (tmp_path / "f.txt").write_bytes("you fool\ngood day\n".encode(codec))
    assert read(tmp_path / "f.txt", encoding="utf-16") == BOTH


def test_a_packed_stream_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"you fool\ngood day\n"))))
    assert read(Path("-")) == BOTH


def test_a_named_column_may_have_blanks_around_it(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id, body \n1,you fool\n2,good day\n")
    assert read(tmp_path / "f.csv", "body") == BOTH


def test_columns_of_one_name_keep_their_values(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("text,text,,\nyou fool,b,c,d\n")
    (row,) = read_rows(str(tmp_path / "f.csv"), lambda names: choose_columns(names, "f"), all_columns=True)
    assert row.fields == {"text": "you fool", "text_2": "b", "": "c", "_2": "d"}


def test_numbers_of_columns_do_not_meet() -> None:
    assert unique_names(["a", "a", "a_2", None, "a", None, 7]) == ["a", "a_3", "a_2", "", "a_4", "_2", "7"]


def test_a_string_among_objects_is_still_no_comment(tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").write_text('{"text":"you fool"}\n"good day"\n')
    rows = list(read_rows(str(tmp_path / "f.jsonl"), lambda names: choose_columns(names, "f")))
    assert [row.fault for row in rows] == [None, "malformed"]


def test_a_row_that_is_too_long_by_words_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id,text\n1,you fool,indeed\n")
    (row,) = read_rows(str(tmp_path / "f.csv"), lambda names: choose_columns(names, "f"))
    assert row.fault == "malformed"


def test_the_first_sheet_that_holds_anything(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("comments")
    for cells in (("text", "text", None), ("you fool", "b", "c"), (2024, None, None)):
        sheet.append(cells)
    book.save(tmp_path / "f.xlsx")
    said: list[str] = []
    rows = read_rows(
        str(tmp_path / "f.xlsx"), lambda names: choose_columns(names, "f"), all_columns=True, say=said.append
    )
    assert [(row.text, (row.fields or {})["text_2"]) for row in rows] == [("you fool", "b"), ("2024", None)]
    assert "sheet 'comments'" in said[0]


@pytest.mark.parametrize("size", ["A1", "A1:B1", "A1:B2", "A1:XFD1048576"])
def test_a_sheet_is_read_whole_whatever_size_it_says(tmp_path: Path, size: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for cells in (("id", "text", "note"), (1, "you_x000D_\nfool", "n"), (), (3,), (4, "good day")):
        book.active.append(cells)
    book.save(tmp_path / "right.xlsx")
    with zipfile.ZipFile(tmp_path / "right.xlsx") as right, zipfile.ZipFile(tmp_path / "f.xlsx", "w") as wrong:
        for name in right.namelist():
            content, sheet = right.read(name), name == "xl/worksheets/sheet1.xml"
            wrong.writestr(name, re.sub(rb'(?<=<dimension ref=")[^"]+', size.encode(), content) if sheet else content)
    assert read(tmp_path / "f.xlsx", "text") == [(1, "you\r\nfool"), (2, None), (3, None), (4, "good day")]
    (*_, row) = read_rows(str(tmp_path / "f.xlsx"), lambda names: choose_columns(names, "f"), all_columns=True)
    assert row.fields == {"id": 4, "text": "good day", "note": None}


@pytest.mark.parametrize("text_first", [False, True])
def test_two_stray_quotes_of_a_tsv_join_no_rows(tmp_path: Path, text_first: bool) -> None:
    texts = ['"Free speech, you fool', *(f"row {n}" for n in range(500)), "he is 6'2\"", '"two', 'lines"', "last"]
    rows = [f"{text}\t{n}" if text_first else f"{n}\t{text}" for n, text in enumerate(texts)]
    (tmp_path / "f.tsv").write_text("\n".join(["text\tid" if text_first else "id\ttext", *rows]), "utf-8")
    said: list[str] = []
    found = read_rows(str(tmp_path / "f.tsv"), lambda names: choose_columns(names, "f", "text"), say=said.append)
    assert [(row.line, row.text) for row in found] == list(enumerate(texts, 2))
    (line,) = said  # once a file
    assert line.startswith(f"{tmp_path}/f.tsv: the quotes that open on line 2 and close on line 503 hold whole rows;")


@pytest.mark.parametrize(
    "texts",
    [
        ["one\ntwo", "three\n\nfour\n"],
        ['he said "no"\nand "yes"'],
        ["def f():\n\tif x:\n\t\treturn\n\treturn x"],
        ["a\tb\tc\nd\te\tf"],
    ],
)
@pytest.mark.parametrize("columns", [["text"], ["id", "text"], ["text", "id"], ["id", "text", "note"]])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_tsv_that_quotes_keeps_texts_over_several_lines(
    tmp_path: Path, texts: list[str], columns: list[str], ends: str
) -> None:
    with open(tmp_path / "f.tsv", "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, delimiter="\t", lineterminator=ends)
        table.writeheader()
        table.writerows({name: text if name == "text" else "1" for name in columns} for text in texts)
    assert [text for _, text in read(tmp_path / "f.tsv", "text")] == texts


@pytest.mark.parametrize("sign", [",", ";"])
@pytest.mark.parametrize("last", ['fine,a 6"', 'a 6",0', 'Free, a 6",0'])
def test_two_stray_quotes_of_a_csv_join_no_rows(tmp_path: Path, sign: str, last: str) -> None:
    rows = [
        '0,"he said hi,0',
        *(f"{n},you idiot,1" for n in range(1, 500)),
        "",
        "500,short",
        f"501,{last}",
        "502,ok,0",
    ]
    (tmp_path / "f.csv").write_text("id,text,label\n".replace(",", sign) + "\n".join(rows).replace(",", sign), "utf-8")
    said: list[str] = []
    found = list(read_rows(str(tmp_path / "f.csv"), lambda names: choose_columns(names, "f", "text"), say=said.append))
    assert [row.line for row in found] == list(range(2, 506))
    assert [row.text for row in found if not row.malformed][:499] == ["you idiot"] * 499
    assert [row.line for row in found if row.malformed] == [2, 503, *([504] if last.startswith("Free") else [])]
    (line,) = said  # once a file
    assert "open on line 2 and close on line 504 hold whole rows; they are taken for strays" in line


@pytest.mark.parametrize(
    "text",
    [
        "Roses are red, violets blue\nSugar is sweet, so are you\nLilies are white, green\nWhen I am king, you\nbye",
        "Hi\nes kostet 3,5\nund 4,5\nok",
        "Hi, all\n\nnow, then\n\nwell, well,\nyes, no\nbye, bye",
        "one,two,three\nfour,five,six\nbye",
        "\n".join("ab,cd,ef" if n % 2 else "and a line" for n in range(20)),
        "as a table:\n" + "1,2,3\n" * 20 + "that is, all of it",
    ],
)
@pytest.mark.parametrize("columns", [["text"], ["text", "label"], ["label", "text"], ["id", "text", "label"]])
def test_a_csv_keeps_texts_over_several_lines_with_commas(tmp_path: Path, text: str, columns: list[str]) -> None:
    with open(tmp_path / "f.csv", "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({name: one if name == "text" else "1" for name in columns} for one in (text, "ok"))
    assert [text for _, text in read(tmp_path / "f.csv", "text")] == [text, "ok"]


@pytest.mark.parametrize("name", ["f.csv", "f.tsv"])
def test_a_stray_quote_holds_little_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(delimited, "LONGEST_RECORD", 1_000)
    sign, taken = {"f.csv": ",", "f.tsv": "\t"}[name], []

    def lines() -> Iterator[str]:
        for n in range(5_000):
            taken.append(n)
            yield f"{n}{sign}{chr(34) if n == 1 else ''}text\n" if n else f"id{sign}text\n"

    table = delimited.read_delimited(lines(), lambda names: choose_columns(names, "f"), "f", sign, sign, print)
    assert table is not None
    first = next(table[2])
    assert (first.line, first.raw) == (2, f'1{sign}"text')
    assert len(taken) < 200
    assert sum(1 for _ in table[2]) == 4_998


@pytest.mark.parametrize("sign", [",", "\t"])
@pytest.mark.parametrize(
    ("line", "end"),
    [
        ('a",b,"c', ""),  # every line closes the quote of the one before, and opens the next: none is ever closed
        ('7,the 19",TV,"is great', ""),
        ('a",b,"c', 'a",b,c'),  # closed at last, over lines that are rows by themselves
        ('a",b,"c', 'a",b,"c"d'),  # ... or broken at last
        (r'1",b,"x \"",y', ""),  # to be read with escaped quotes alone
        (r'a",b,"c \"d', ""),
    ],
)
def test_lines_read_grow_with_those_of_the_file(
    monkeypatch: pytest.MonkeyPatch, sign: str, line: str, end: str
) -> None:
    read_next, read_in_all = delimited._RewindableLines.__next__, [0]

    def counted(lines: delimited._RewindableLines) -> str:
        read_in_all[0] += 1
        return read_next(lines)

    def of(number: int) -> int:
        read_in_all[0] = 0
        columns = ["text", "b", "c", "d"][: line.count(",") + 1]
        stream = (f"{one}\n".replace(",", sign) for one in [",".join(columns), *[line] * number, end])
        table = delimited.read_delimited(stream, lambda names: choose_columns(names, "f"), "f", sign, sign, str)
        assert table is not None
        list(table[2])
        return read_in_all[0]

    monkeypatch.setattr(delimited._RewindableLines, "__next__", counted)
    assert of(400) < 4 * of(100) + 100


def test_a_sheet_that_claims_more_rows_than_there_can_be_is_read_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    monkeypatch.setattr(readers, "MOST_ROWS", 100)
    book = openpyxl.Workbook()
    for cells in (["text"], ["you fool"], ["the last"]):
        book.active.append(cells)
    book.save(tmp_path / "right.xlsx")
    for last in (100, 3_000_000_000):
        with zipfile.ZipFile(tmp_path / "right.xlsx") as right, zipfile.ZipFile(tmp_path / f"{last}.xlsx", "w") as far:
            for name in right.namelist():
                content = right.read(name).replace(b'<row r="3"', b'<row r="%d"' % last)
                far.writestr(name, content.replace(b'r="A3"', b'r="A%d"' % last))
    assert read(tmp_path / "100.xlsx", "text")[-1] == (99, "the last")
    rows = read_rows(str(tmp_path / "3000000000.xlsx"), lambda names: choose_columns(names, "f"))
    with pytest.raises(Unreadable, match="goes on beyond row 100"):
        list(islice(rows, 1_000))


def test_parquet_has_fields_in_structs_and_no_two_columns_of_one_name(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    nested = pyarrow.table({"id": [1, 2], "data": [{"text": "you fool"}, None]})
    parquet.write_table(nested, tmp_path / "f.parquet")
    assert read(tmp_path / "f.parquet", "data.text") == [(1, "you fool"), (2, None)]
    dotted = pyarrow.table({"a": [{"x": 1}, {"x": 2}], "a.b": [{"text": "you fool"}, None]})
    parquet.write_table(dotted, tmp_path / "e.parquet")
    for flags in ({}, {"all_columns": True}):
        rows = read_rows(str(tmp_path / "e.parquet"), lambda names: choose_columns(names, "e", "a.b.text"), **flags)
        assert [row.text for row in rows] == ["you fool", None]
    twice = pyarrow.table([pyarrow.array(["a"]), pyarrow.array(["b"])], names=["text", "text"])
    parquet.write_table(twice, tmp_path / "g.parquet")
    with pytest.raises(SROError, match=r"two columns 'text'\n  fix"):
        read(tmp_path / "g.parquet")


def test_items_of_an_array_that_nest_too_deep_cost_themselves(tmp_path: Path) -> None:
    deep = "[" * 401 + "]" * 401
    (tmp_path / "f.json").write_text(f'[{{"text": "you fool"}}, {{"text": "a", "x": {deep}}}]')
    assert [row[0] for row in read(tmp_path / "f.json")] == [1, 2] and "[[[" in str(read(tmp_path / "f.json")[1][1])
    (tmp_path / "g.json").write_text(f'{{"data": [{{"text": "a", "x": {deep}}}]}}')
    with pytest.raises(SROError, match="more than 400 levels"):
        read(tmp_path / "g.json")
