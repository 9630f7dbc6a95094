"""CLEF JSON Lines, and files that belong together."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.evaluation.clef import aligned, is_clef25, read_clef, read_parallel, text_lines


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_only_the_end_of_a_line_ends_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": "en_1", "text": "a\u2028b\\nc"}\n{"id": "2", "text": ""}\n')
    assert read_clef(path) == {"en_1": "a\u2028b\nc", "2": ""}


def test_whole_numbers_are_ids_and_other_keys_are_let_be(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": 1, "text": "x", "lang": "en"}\r\n{"id": "b", "text": "y"}')
    assert read_clef(path) == {"1": "x", "b": "y"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"a\.jsonl:2: no JSON: "),
        ("[" * 100_000, r"a\.jsonl:2: no JSON: "),
        ("", r"a\.jsonl:2: no JSON: .*\n  fix: one object a line, no empty lines"),
        ("[1]", r'a\.jsonl:2: want an object like \{"id": 1, "text": "…"\}, not \[1\]'),
        ('{"text": "x"}', r"a\.jsonl:2: `id` must be text or a whole number, not null"),
        ('{"id": true, "text": "x"}', r"a\.jsonl:2: `id` must be .* not true"),
        ('{"id": 1.5, "text": "x"}', r"a\.jsonl:2: `id` must be .* not 1\.5"),
        ('{"id": 7}', r"a\.jsonl:2: `text` of id 7 must be text, not null"),
        ('{"id": 7, "text": ["x"]}', r"a\.jsonl:2: `text` of id 7 must be text"),
        ('{"id": "1", "text": "x"}', r"a\.jsonl:2: id '1' was on line 1 already"),
    ],
)
def test_mistakes_are_named_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path / "a.jsonl", f'{{"id": 1, "text": "x"}}\n{line}\n{{"id": 3, "text": "x"}}\n')
    with pytest.raises(SROError, match=message):
        read_clef(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"b\.jsonl: cannot be read: No such file"):
        read_clef(tmp_path / "b.jsonl")
    with pytest.raises(SROError, match=r"c\.jsonl: holds no row"):
        read_clef(write(tmp_path / "c.jsonl", ""))
    (tmp_path / "d.jsonl").write_bytes(b'{"id": 1, "text": "x"}\n{"id": 2, "text": "\xe9"}\n')
    with pytest.raises(SROError, match=r"d\.jsonl:2: not UTF-8"):
        read_clef(tmp_path / "d.jsonl")
    for given in (tmp_path / "no.tsv", tmp_path / "no.txt"):
        with pytest.raises(SROError, match=rf"{given.name}: cannot be read: No such file or directory$"):
            read_parallel({"in": given})
    (tmp_path / "e.txt").write_bytes("you clown".encode("utf-16-le"))
    with pytest.raises(SROError, match=r"e\.txt: looks like UTF-16 without its mark\n  fix: iconv -f utf-16-le"):
        text_lines(tmp_path / "e.txt")


def test_lines_are_those_of_other_commands(tmp_path: Path) -> None:
    for data in (b"a\n\nb", b"a\n\nb\n", gzip.compress(b"a\n\nb\n"), b"a\r\rb", "a\n\nb".encode("utf-16")):
        (tmp_path / "a.txt").write_bytes(data)
        assert [line.rstrip("\r") for line in text_lines(tmp_path / "a.txt")] == ["a", "", "b"]
    assert text_lines(write(tmp_path / "a.txt", "")) == []


def test_the_kind_of_a_file_is_told_by_its_first_line_alone(tmp_path: Path) -> None:
    header = "toxic_sentence\tneutral_sentence\n"
    (tmp_path / "a.tsv").write_bytes(header.encode() + b"\xe9\n")
    cut_off = gzip.compress(header.encode() + random.Random(0).randbytes(100_000))[:50_000]
    (tmp_path / "a.tsv.gz").write_bytes(cut_off)
    assert is_clef25(tmp_path / "a.tsv") and is_clef25(tmp_path / "a.tsv.gz")
    assert not is_clef25(write(tmp_path / "b.tsv", "")) and not is_clef25(tmp_path / "absent.txt")


def test_rows_are_aligned_by_id() -> None:
    assert aligned({"b": "B", "a": "A"}, ["a", "b"], "x.jsonl") == ["A", "B"]
    with pytest.raises(SROError, match=r"^x\.jsonl: has no row for id 'c'$"):
        aligned({"a": "A"}, ["a", "c"], "x.jsonl")
    with pytest.raises(SROError, match=r"has rows that the input has not: id '0', '1', '2', '3', '4' and 3 more"):
        aligned({str(i): "" for i in range(8)} | {"a": "A"}, ["a"], "x.jsonl")


def test_parallel_clef_files(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", '{"id": 1, "text": "x1"}\n{"id": 2, "text": "x2"}\n')
    output = write(tmp_path / "out.jsonl", '{"id": "2", "text": "y2"}\n{"id": "1", "text": "y1"}\n')
    assert read_parallel({"in": source, "out": output}) == {"in": ["x1", "x2"], "out": ["y1", "y2"]}


def test_parallel_text_files_keep_empty_lines(tmp_path: Path) -> None:
    source = write(tmp_path / "in.txt", "a\u2028b\r\nc\n")
    output = write(tmp_path / "out.txt", "x\n\n")
    assert read_parallel({"in": source, "out": output}) == {"in": ["a\u2028b", "c"], "out": ["x", ""]}


def test_files_that_do_not_fit_together(tmp_path: Path) -> None:
    two, three = write(tmp_path / "two.txt", "a\nb\n"), write(tmp_path / "three.txt", "a\nb\nc\n")
    with pytest.raises(SROError, match=r"two\.txt has 2, .*three\.txt has 3"):
        read_parallel({"in": two, "out": three})
    clef = write(tmp_path / "a.jsonl", '{"id": 1, "text": "x"}\n')
    with pytest.raises(SROError, match=r"two\.txt is not CLEF JSON Lines, but .*a\.jsonl is\n"):
        read_parallel({"in": two, "out": clef})
    with pytest.raises(SROError, match="one or more texts"):
        read_parallel({"in": write(tmp_path / "none.txt", "")})


def test_clef_2025_tables_are_read_by_their_columns(tmp_path: Path) -> None:
    header = "toxic_sentence\tneutral_sentence\tlang\n"
    given, ours = tmp_path / "in.tsv", tmp_path / "ours.tsv"
    given.write_text(header + 'you clown\t\ten\n"what ""crap"""\t\ten\n', "utf-8")
    ours.write_text(header + "you clown\tyou are wrong\ten\nwhat crap\tthat is bad\ten\n", "utf-8")
    found = read_parallel({"input": given, "ours": ours})
    assert found == {"input": ["you clown", 'what "crap"'], "ours": ["you are wrong", "that is bad"]}
    ours.write_text(header + "you clown\n", "utf-8")
    with pytest.raises(SROError, match=r"ours\.tsv:2: holds no text that can be scored \(malformed\)"):
        read_parallel({"input": given, "ours": ours})


def clef25(path: Path, *rows: str) -> Path:
    return write(path, "\n".join(["toxic_sentence\tneutral_sentence\tlang", *rows]) + "\n")


def test_rows_of_clef_2025_have_to_answer_the_comment_of_their_place(tmp_path: Path) -> None:
    ours = clef25(tmp_path / "ours.tsv", "What crap\tWhat a pity\ten", "You idiot\tYou are wrong\ten")
    message = r"ours\.tsv:2: answers another comment than row 1 of the input\n  fix: the rows of the input"
    for given in (
        clef25(tmp_path / "in.tsv", "You idiot\t\ten", "What crap\t\ten"),
        write(tmp_path / "in.txt", "You idiot\nWhat crap\n"),
    ):
        with pytest.raises(SROError, match=message):
            read_parallel({"in": given, "ours": ours})


def test_a_line_break_and_a_stray_quote_in_clef_2025_stay(tmp_path: Path) -> None:
    path = clef25(tmp_path / "in.tsv", '"line one\nline two"\tx\ten', '"Shut up" he said\ty\ten')
    assert read_parallel({"in": path})["in"] == ["line one\nline two", '"Shut up" he said']


def test_several_languages_in_one_file_are_refused(tmp_path: Path) -> None:
    path = clef25(tmp_path / "in.tsv", "you idiot\t\ten", "du Idiot\t\tde")
    with pytest.raises(SROError, match=r"several languages \(de, en\).*\n  fix: one file a language"):
        read_parallel({"in": path})


def test_tables_are_read_by_their_column_of_texts(tmp_path: Path) -> None:
    given = write(tmp_path / "in.csv", 'id,text\n1,"You are an idiot, mate."\n2,What a moron.\n')
    human = write(tmp_path / "human.json", '[{"id": 1, "text": "You are wrong."}, {"id": 2, "text": "What a pity."}]')
    assert read_parallel({"in": given, "human": human}) == {
        "in": ["You are an idiot, mate.", "What a moron."],
        "human": ["You are wrong.", "What a pity."],
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,x\n2,\n", r"b\.csv:3: holds no text that can be scored \(empty\)\n  fix: correct the row"),
        ("1,you idiot\n", r"its column of texts holds the input's comments"),
        ("1,a\n2,b\n", r"a\.csv has 1, .*b\.csv has 2"),
    ],
)
def test_tables_that_cannot_be_scored(tmp_path: Path, rows: str, message: str) -> None:
    given, other = write(tmp_path / "a.csv", "text\nyou idiot\n"), write(tmp_path / "b.csv", "id,comment\n" + rows)
    with pytest.raises(SROError, match=message):
        read_parallel({"in": given, "other": other})
    with pytest.raises(SROError, match=r"Columns: 'id', 'what'\.\n  fix: call it `text`"):
        read_parallel({"in": write(tmp_path / "c.csv", "id,what\n" + rows)})


def jsonl_gz(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_compressed_clef_files_are_joined_by_id(tmp_path: Path) -> None:
    given = jsonl_gz(tmp_path / "in.jsonl.gz", '{"id": 1, "text": "x1"}\n{"id": 2, "text": "x2"}\n')
    output = jsonl_gz(tmp_path / "out.JSONL.GZ", '{"id": "2", "text": "y2"}\n{"id": "1", "text": "y1"}\n')
    plain = write(tmp_path / "plain.jsonl", '{"id": 2, "text": "z2"}\n{"id": 1, "text": "z1"}\n')
    assert read_parallel({"in": given, "out": output, "plain": plain}) == {
        **{"in": ["x1", "x2"], "out": ["y1", "y2"]},
        "plain": ["z1", "z2"],
    }
    given.write_bytes(given.read_bytes()[:-9])
    with pytest.raises(SROError, match=r"in\.jsonl\.gz: cannot be read: "):
        read_clef(given)


@pytest.mark.parametrize("name", ["ref.csv", "ref.json"])
def test_tables_with_ids_are_joined_by_id(tmp_path: Path, name: str) -> None:
    rows = {
        "ref.csv": "ID,text\n2,ref of B\n\n1,ref of A\n",
        "ref.json": '[{"id": 2, "text": "ref of B"}, {"id": 1, "text": "ref of A"}]',
    }
    given, human = write(tmp_path / "in.csv", "id,text\n1,A\n\n2,B\n"), write(tmp_path / name, rows[name])
    assert read_parallel({"in": given, "ref": human}) == {"in": ["A", "", "B"], "ref": ["ref of A", "", "ref of B"]}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,x\n3,y\n", r"b\.csv: has no row for id '2'"),
        ("2,x\n2,y\n", r"b\.csv: row 2 has the id '2' of a row before it, .*\n  fix: an id for each row"),
        ("2,x\n,y\n", r"b\.csv: row 2 has no id"),
        ("2,B\n1,A\n", r"b\.csv: its column of texts holds the input's comments"),
    ],
)
def test_ids_that_do_not_fit_together(tmp_path: Path, rows: str, message: str) -> None:
    given, other = write(tmp_path / "a.csv", "id,text\n1,A\n2,B\n"), write(tmp_path / "b.csv", "id,text\n" + rows)
    with pytest.raises(SROError, match=message):
        read_parallel({"in": given, "other": other})


def test_ids_that_occur_twice_do_no_harm_if_both_tables_have_the_same(tmp_path: Path) -> None:
    given, human = write(tmp_path / "a.csv", "id,text\n7,A\n7,B\n"), write(tmp_path / "b.csv", "id,text\n7,a\n7,b\n")
    assert read_parallel({"in": given, "ref": human})["ref"] == ["a", "b"]


def test_blank_rows_of_tables_keep_their_place_except_at_the_end(tmp_path: Path) -> None:
    given = write(tmp_path / "in.csv", 'text\nA\nB\n""\nC\n\n\n')
    human = write(tmp_path / "ref.csv", 'text\nrA\n""\nrB\nrC\n')
    assert read_parallel({"in": given, "ref": human}) == {"in": ["A", "B", "", "C"], "ref": ["rA", "", "rB", "rC"]}


def test_clef_2025_with_quoted_names_or_compressed(tmp_path: Path) -> None:
    text = '"toxic_sentence"\t"neutral_sentence"\t"lang"\n"you clown"\t"you are wrong"\t"en"\n'
    given = write(tmp_path / "in.txt", "you clown\n")
    ours, packed = write(tmp_path / "ours.tsv", text), jsonl_gz(tmp_path / "packed.tsv.gz", text)
    found = read_parallel({"in": given, "ours": ours, "packed": packed})
    assert found["ours"] == found["packed"] == ["you are wrong"]
    blank = clef25(tmp_path / "blank.tsv", "A\ta\ten", "\t\t", "B\tb\ten")
    assert read_parallel({"in": blank, "ours": blank}) == {"in": ["A", "", "B"], "ours": ["a", "", "b"]}


def test_messages_about_tables_name_no_flag_of_another_command(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"no column with a usual name.*\n.*\n  or separate the columns by commas$"):
        read_parallel({"in": write(tmp_path / "a.csv", "what\nyou idiot\n")})
