"""Every format gives the same rows; line numbers are those of an editor; bad rows come out as bad rows."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sro.comments import formats, json_documents
from sro.comments.columns import Choose, Columns, choose_columns
from sro.comments.readers import read_rows
from sro.comments.rows import Row, quarantine_record
from sro.core.errors import SROError

ROWS = [("you utter fool", "1"), ("good morning all", "0"), ("naïve ‘fool’ 🙄", "1")]


def columns(text: str = "text", label: str | None = None) -> Choose:
    return lambda available: Columns(text, label)


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def read(source: str, choose: Choose | None = None, format: str | None = None) -> list[Row]:
    """The rows without their numbers, which `test_rows_have_numbers` looks at, and without other columns."""
    return [row._replace(number=0, fields=None) for row in read_rows(source, choose or columns(), format)]


def as_csv(separator: str = ",") -> str:
    return "".join(f"{text}{separator}{label}\n" for text, label in [("text", "label"), *ROWS])


def as_jsonl() -> str:
    return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS)


# --- the formats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "first_line"),
    [
        ("f.csv", as_csv(), 2),
        ("f.CSV", as_csv(), 2),
        ("f.tsv", as_csv("\t"), 2),
        ("f.jsonl", as_jsonl(), 1),
        ("f.ndjson", as_jsonl(), 1),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_tables(
    tmp_path: Path, name: str, content: str, first_line: int, zipped: bool, mark: bytes, ends: str
) -> None:
    data = mark + content.replace("\n", ends).encode()
    source = written(tmp_path, name + ".gz" * zipped, gzip.compress(data) if zipped else data)
    expected = [Row(line, text, label) for line, (text, label) in enumerate(ROWS, first_line)]
    assert read(source, columns("text", "label")) == expected


@pytest.mark.parametrize("name", ["f.txt", "f", "f.txt.gz"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_plain_text_has_one_comment_a_line(tmp_path: Path, name: str, ends: str) -> None:
    data = f"\ufeffone{ends}{ends}two\u2028three\vfour\x1cfive{ends}last".encode()
    source = written(tmp_path, name, gzip.compress(data) if name.endswith("gz") else data)
    assert read(source) == [Row(1, "one"), Row(2, ""), Row(3, "two\u2028three\vfour\x1cfive"), Row(4, "last")]


def test_parquet(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    texts, labels = zip(*ROWS)
    table = pyarrow.table({"id": [1, 2, 3], "text": texts, "label": [int(label) for label in labels]})
    parquet.write_table(table, tmp_path / "f.parquet")
    assert read(str(tmp_path / "f.parquet"), columns("text", "label")) == [
        Row(line, text, int(label)) for line, (text, label) in enumerate(ROWS, 1)
    ]


def test_parquet_keeps_nulls_bad_bytes_and_dictionaries(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    values = pyarrow.array([b"caf\xc3\xa9", None, b"caf\xe9"], pyarrow.binary())
    not_all_utf8 = pyarrow.StringArray.from_buffers(3, *values.buffers()[1:], values.buffers()[0])
    kinds = pyarrow.array(["a", "b", None]).dictionary_encode()
    parquet.write_table(pyarrow.table({"text": not_all_utf8, "kind": kinds}), tmp_path / "f.parquet")
    rows = read(str(tmp_path / "f.parquet"), columns("text", "kind"))
    assert rows == [Row(1, "café", "a"), Row(2, None, "b"), Row(3, "caf\udce9", None)]


def test_parquet_keeps_bad_bytes_in_columns_of_any_shape(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    raw = pyarrow.array([b"caf\xc3\xa9", None, b"caf\xe9"], pyarrow.binary())
    text = pyarrow.StringArray.from_buffers(3, *raw.buffers()[1:], raw.buffers()[0])
    ends = pyarrow.array([0, 1, 2, 3], pyarrow.int32())
    struct = pyarrow.StructArray.from_arrays([text, raw], ["text", "raw"])
    shapes = {
        "data": struct,
        "tags": pyarrow.ListArray.from_arrays(ends, text),
        "one": pyarrow.FixedSizeListArray.from_arrays(text, 1),
        "by_name": pyarrow.MapArray.from_arrays(ends, pyarrow.array(["a", "b", "c"]), text),
        "spans": pyarrow.LargeListArray.from_arrays(ends.cast(pyarrow.int64()), struct),
        "none": pyarrow.array([None, [], None], pyarrow.list_(pyarrow.string())),
        "views": pyarrow.array([["a"], None, []], pyarrow.list_view(pyarrow.string())),
        "kinds": pyarrow.ListArray.from_arrays(ends, pyarrow.array(["x", "y", "x"]).dictionary_encode()),
    }
    parquet.write_table(pyarrow.table(shapes), tmp_path / "f.parquet")
    rows = list(read_rows(str(tmp_path / "f.parquet"), columns("data.text"), all_columns=True))
    assert [(row.text, row.fault) for row in rows] == [("café", None), (None, "null"), ("caf\udce9", "undecodable")]
    assert rows[2].fields == {
        "data": {"text": "caf\udce9", "raw": b"caf\xe9"},
        "tags": ["caf\udce9"],
        "one": ["caf\udce9"],
        "by_name": [("c", "caf\udce9")],
        "spans": [{"text": "caf\udce9", "raw": b"caf\xe9"}],
        "none": None,
        "views": [],
        "kinds": ["x"],
    }
    assert rows[1].fields is not None and rows[1].fields["none"] == []


@pytest.mark.parametrize(
    ("format", "content"), [(None, "a\nb\n"), ("csv", "text\na\nb\n"), ("jsonl", '{"text":"a"}\n{"text":"b"}')]
)
def test_standard_input(monkeypatch: pytest.MonkeyPatch, format: str | None, content: str) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(content.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert [row.text for row in read("-", format=format)] == ["a", "b"]
    assert not stdin.closed and not stdin.buffer.closed


def test_hub_is_asked_for_by_name_with_a_split(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    asked: list[Any] = []

    def load_dataset(name: str, **how: Any) -> list[dict[str, Any]]:
        asked.append((name, how))
        return [{"text": text, "label": label} for text, label in ROWS]

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert read("hub:owner/name:test[:5]", columns("text", "label"))[0] == Row(1, *ROWS[0])
    assert len(read("hub:owner/name")) == 3
    assert asked == [
        ("owner/name", {"split": "test[:5]", "streaming": True}),
        ("owner/name", {"split": "train", "streaming": True}),
    ]


def test_hub_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")

    def load_dataset(name: str, **how: Any) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(SROError, match="hub:owner/name: cannot be read from the hub: no route"):
        read("hub:owner/name")


# --- quotes and line numbers -----------------------------------------------------------------------------------------


def test_csv_line_is_the_physical_line_where_the_row_starts(tmp_path: Path) -> None:
    source = written(tmp_path, "f.csv", 'id,text\r\n1,"one\r\ntwo, ""three"""\r\n\r\n2,four\r\n3,"\nfive"\n4,six')
    assert read(source) == [
        *(Row(2, 'one\r\ntwo, "three"'), Row(4, ""), Row(5, "four")),
        *(Row(6, "\nfive"), Row(8, "six")),
    ]


def test_tsv_may_be_quoted_or_not(tmp_path: Path) -> None:
    source = written(tmp_path, "f.tsv", 'text\tn\n"a\nb ""c"""\t1\n"so" he said\t2\n"open\t3\nit is 5" long\t4\n')
    assert read(source, columns("text", "n")) == [
        *(Row(2, 'a\nb "c"', "1"), Row(4, '"so" he said', "2")),
        *(Row(5, '"open', "3"), Row(6, 'it is 5" long', "4")),
    ]


@pytest.mark.parametrize("quoted", ["", '"'])
@pytest.mark.parametrize("number", [1, 2, 50_000])
def test_stray_quote_costs_one_csv_row_only(tmp_path: Path, quoted: str, number: int) -> None:
    later = "".join(f"{n},{quoted}fine {n}{quoted}\n" for n in range(number))
    rows = read(written(tmp_path, "f.csv", f'id,text\n1,ok\n2,"open\n{later}'))
    assert rows == [
        *(Row(2, "ok"), Row(3, '2,"open', malformed=True)),
        *(Row(n + 4, f"fine {n}") for n in range(number)),
    ]


def test_row_with_another_number_of_fields_is_malformed(tmp_path: Path) -> None:
    rows = read(written(tmp_path, "f.csv", "text,label\nhello, you fool,1\nshort\nfine,0\n"))
    assert rows == [Row(2, "hello, you fool,1", malformed=True), Row(3, "short", malformed=True), Row(4, "fine")]


@pytest.mark.parametrize("line", ["{", '["a"]', '"a"', "17", "null", '{"text": "a"} {}', "[" * 100_000, "9" * 5_000])
def test_malformed_json_keeps_its_line_number_and_stops_nothing(tmp_path: Path, line: str) -> None:
    rows = read(written(tmp_path, "f.jsonl", f'{{"text": "a"}}\n{line}\n\n{{"text": "b"}}\n'))
    assert rows == [Row(1, "a"), Row(2, line, malformed=True), Row(3, ""), Row(4, "b")]


def test_json_rows_may_leave_fields_out_and_hold_any_type(tmp_path: Path) -> None:
    source = written(tmp_path, "f.jsonl", '{"id": 1}\n{"text": 7}\n{"text": null}\n{"text": ["a"]}\n')
    seen: list[str] = []

    def choose(available: list[str]) -> Columns:
        seen.extend(available)
        return Columns("text")

    assert read(source, choose) == [Row(1, None), Row(2, 7), Row(3, None), Row(4, ["a"])]
    assert seen == ["id", "text"]


@pytest.mark.parametrize("name", ["f.txt", "f.csv", "f.tsv", "f.jsonl"])
def test_bad_bytes_are_neither_lost_nor_replaced(tmp_path: Path, name: str) -> None:
    content = {"f.jsonl": b'{"text": "caf\xe9 \xc3\xa9"}\n'}.get(name, b"text\ncaf\xe9 \xc3\xa9\n")
    assert read(written(tmp_path, name, content))[-1].text.encode("utf-8", "surrogateescape") == b"caf\xe9 \xc3\xa9"


@pytest.mark.parametrize("name", ["f.txt", "f.csv", "f.jsonl"])
def test_empty_file_has_no_rows(tmp_path: Path, name: str) -> None:
    assert read(written(tmp_path, name, b"")) == []


def test_reading_is_lazy(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path, "f.csv.gz", gzip.compress(b"text\none\ntwo\n" * 100_000)[:-100]), columns())
    assert next(rows).text == "one"  # the broken end of the file is still far away


# --- what stops the reading ------------------------------------------------------------------------------------------


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    written(tmp_path, "comments.csv", "text\n")
    with pytest.raises(SROError, match=r"comment.csv: no such file; did you mean 'comments.csv'\?"):
        read(str(tmp_path / "comment.csv"))
    with pytest.raises(SROError, match="no such file"):
        read(str(tmp_path / "nowhere" / "comment.csv"))


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="cannot be read"):
        read(str(tmp_path), format="text")


def test_unknown_formats(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"unknown suffix '.docx'.*\.csv.*\n.*--format csv\|tsv"):
        read(written(tmp_path, "f.docx", b""))
    with pytest.raises(SROError, match=r"unknown format 'json'; did you mean 'jsonl'"):
        read(written(tmp_path, "f.txt", b""), format="json")


def test_an_array_of_no_objects_is_named_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"(?s)no JSON object on its first 3 lines.*jq"):
        read(written(tmp_path, "f.json", "[\n17\n]\n"))


CUT_OFF = gzip.compress(b"text\na\n", mtime=0)[:-9]  # without the time: a test's name is the same in every process


@pytest.mark.parametrize("data", [b"not gzip", CUT_OFF, b"\x1f\x8b\x08\x00" + b"\xff" * 40])
def test_broken_gzip_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SROError, match=r"f.txt.gz: cannot be read"):
        read(written(tmp_path, "f.txt.gz", data))


def test_broken_parquet_is_told_and_stdin_refused(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="cannot be read as Parquet"):
        read(written(tmp_path, "f.parquet", b"PAR1 not really"))
    with pytest.raises(SROError, match="standard input"):
        read("-", format="parquet")


def test_unreadable_header_is_told(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"f.csv:1: cannot read the header"):
        read(written(tmp_path, "f.csv", '"text\na\n'))


# --- quarantine ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("naïve\n", "naïve\n"),
        (None, None),
        (7, "7"),
        (["a"], "['a']"),
        ("caf\udce9 é", repr(b"caf\xe9 \xc3\xa9")),
        ("half \ud83d", repr(b"half \xed\xa0\xbd")),
    ],
)
def test_quarantine_record_is_one_line_of_json(text: Any, expected: str | None) -> None:
    line = quarantine_record(Row(3, text), "f.csv", "why")
    assert line.endswith("\n") and "\n" not in line[:-1]
    assert json.loads(line) == {"file": "f.csv", "line": 3, "reason": "why", "text": expected}


# --- tables of this world --------------------------------------------------------------------------------------------


def by_name(available: list[str]) -> Columns:
    return choose_columns(available, "f")


def test_rows_have_numbers_and_all_columns_where_asked(tmp_path: Path) -> None:
    source = written(tmp_path, "f.csv", 'id,text\n1,"one\ntwo"\n2,\n3,three,four\n')
    rows = list(read_rows(source, columns(), all_columns=True))
    assert [(row.number, row.line, row.fault) for row in rows] == [(1, 2, None), (2, 4, "empty"), (3, 5, "malformed")]
    assert [row.fields for row in rows] == [{"id": "1", "text": "one\ntwo"}, {"id": "2", "text": ""}, None]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_is_the_one_with_which_the_column_is_found(tmp_path: Path, separator: str) -> None:
    source = written(tmp_path, "f.csv", as_csv(separator))
    assert [row.text for row in read(source, by_name)] == [text for text, _ in ROWS]


def test_a_named_separator_is_the_only_one_tried(tmp_path: Path) -> None:
    source = written(tmp_path, "f.csv", "text~label\nyou fool~1\n")
    assert [row.text for row in read_rows(source, by_name, delimiter="~")] == ["you fool"]
    with pytest.raises(SROError, match=r"(?s)no column with a usual name.*--delimiter"):
        list(read_rows(source, by_name))
    with pytest.raises(SROError, match="no column"):
        list(read_rows(written(tmp_path, "g.csv", "text;label\na;1\n"), by_name, delimiter="|"))


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, codec: str) -> None:
    data = ("\ufeff" * (codec == "utf-16-be") + as_csv()).encode(codec)
    assert [row.text for row in read(written(tmp_path, "f.csv", data))] == [text for text, _ in ROWS]


def test_an_encoding_without_mark_is_told_by_name(tmp_path: Path) -> None:
    source = written(tmp_path, "f.csv", "text\nça va, café\n".replace(",", "").encode("windows-1252"))
    assert [row.fault for row in read(source)] == ["undecodable"]
    assert [row.text for row in read_rows(source, columns(), encoding="windows-1252")] == ["ça va café"]
    with pytest.raises(SROError, match="unknown encoding 'cp0'"):
        list(read_rows(source, columns(), encoding="cp0"))
    with pytest.raises(SROError, match=r"(?s)UTF-16 without its mark.*--encoding utf-16-le"):
        read(written(tmp_path, "g.csv", "text\n".encode("utf-16-le")))


def test_long_fields_nul_bytes_and_escaped_quotes(tmp_path: Path) -> None:
    long = "a" * 200_000
    content = f'id,text\n1,{long}\n2,n\0ul\n3,"he said \\"go\\", and\nleft \\o/"\n4,"plain ""one"""\n'
    assert [row.text for row in read(written(tmp_path, "f.csv", content))] == [
        *(long, "nul", 'he said "go", and\nleft \\o/', 'plain "one"'),
    ]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ('[{"data": {"text": "a"}}, {"data": {"text": "b"}}]', [1, 1]),
        ('[\n  {"data": {\n    "text": "a"}},\n  {"data": {"text": "b"}}\n]\n', [2, 4]),
        ('{"data": {"text": "a"}}\n{"data": {"text": "b"}, "late": 1}\n', [1, 2]),
        ('{"data.text": "a"}\n{"data": {"text": "b"}}\n', [1, 2]),
        ('{\n  "export": [\n  {"data": {"text": "a"}},\n  {"data": {"text": "b"}}]}', [1, 1]),
    ],
)
def test_arrays_exports_and_dotted_columns(tmp_path: Path, content: str, lines: list[int]) -> None:
    rows = read(written(tmp_path, "f.json", content), columns("data.text"))
    assert [(row.text, row.line) for row in rows] == list(zip("ab", lines))


def test_an_array_is_read_item_by_item_on_however_few_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "PIECE", 7)
    monkeypatch.setattr(json_documents, "PIECE", 7)
    items = [{"text": f'ä {n} \\ " ]}}', "n": n, "more": [{"a": None}, -1.5e300]} for n in range(50)]
    for indent in (None, 1):
        source = written(tmp_path, "f.json", json.dumps([*items, 123456789, "{"], indent=indent))
        rows = list(read_rows(source, columns(), all_columns=True))
        assert [row.fields for row in rows[:-2]] == items
        assert [(row.text, row.malformed) for row in rows[-2:]] == [("123456789", True), ('"{"', True)]
    held: list[int] = []
    more = json_documents._Text._more
    monkeypatch.setattr(
        json_documents._Text, "_more", lambda self: (more(self), held.append(len(self._text) - self.at))[0]
    )
    assert len(read(source)) == 52 and 0 < max(held) < 2 * len(json.dumps(items[-1], indent=1)) + 40


def test_documents_one_behind_the_other_are_all_read(tmp_path: Path) -> None:
    pages = '[{"text": "a"}]\n[]\n[{"text": "b"}, {"text": "c"}]\n'
    assert [row.text for row in read(written(tmp_path, "f.jsonl", pages))] == ["a", "b", "c"]
    objects = '{\n  "text": "a"\n}\n{\n  "text": "b"\n}\n'
    assert [(row.line, row.text) for row in read(written(tmp_path, "g.json", objects))] == [(1, "a"), (4, "b")]
    assert read(written(tmp_path, "h.json", "[]\n")) == []
    with pytest.raises(SROError, match=r"i.json:2: broken JSON: something stands behind the array"):
        read(written(tmp_path, "i.json", '[{"text": "a"}]\nx'))


REPLIES = [{"text": "thank you", "label": 1}, {"text": "well"}]


@pytest.mark.parametrize(
    ("value", "column", "texts"),
    [
        ({"id": 1, "text": "you idiot", "replies": REPLIES}, None, ["you idiot"]),
        ({"id": 1, "text": None, "replies": REPLIES}, "text", [None]),
        ({"text": "you idiot", "replies": REPLIES}, None, ["you idiot"]),
        ({"id": 1, "text": "you idiot", "mentions": [{"name": "a"}]}, None, ["you idiot"]),
        ({"id": 1, "text": "you idiot", "attachments": [{"content": "a picture"}]}, None, ["you idiot"]),
        ({"replies": REPLIES, "rant": "you idiot"}, "rant", ["you idiot"]),
        ({"data": {"text": "you idiot"}, "replies": REPLIES}, "data.text", ["you idiot"]),
        ({"title": "talk", "messages": REPLIES}, None, ["thank you", "well"]),
        ({"message": "success", "data": REPLIES}, "text", ["thank you", "well"]),
        ({"content": REPLIES, "pages": 1}, None, ["thank you", "well"]),
    ],
)
def test_a_comment_with_replies_is_no_export(
    tmp_path: Path, value: dict[str, object], column: str | None, texts: list[str | None]
) -> None:
    def choose(names: list[str]) -> Columns:
        return choose_columns(names, "f", column)

    for indent in (None, 2):
        path = written(tmp_path, "f.json", json.dumps(value, indent=indent))
        rows = list(read_rows(path, choose, all_columns=True))
        assert [row.text for row in rows] == texts
        assert rows[0].fields == (value if len(texts) == 1 else REPLIES[0])
        assert read(path, columns(column or "text")) == [
            row._replace(fields=None, number=0) for row in rows
        ]  # as folders do


def test_an_object_and_a_list_that_may_both_hold_comments_are_asked_about(tmp_path: Path) -> None:
    """The object may be an answer of a server and its list the comments, or a comment and its list the replies."""
    answer = {"message": "OK that went well", "data": [{"id": 1}, *REPLIES]}
    path = written(tmp_path, "f.json", json.dumps(answer))
    with pytest.raises(
        SROError, match=r"(?s)both 'message' and the objects in 'data' may.*--column.*jq -c '.\"data\"\[\]"
    ):
        read(path, by_name)
    assert [row.text for row in read(path, lambda names: choose_columns(names, "f", "message"))] == [answer["message"]]


def test_an_object_without_the_wanted_label_is_an_export(tmp_path: Path) -> None:
    path = written(tmp_path, "f.json", json.dumps({"text": "about", "messages": REPLIES}))
    for choose in (lambda names: choose_columns(names, "f", "text", "label"), columns("text", "label")):
        assert [(row.text, row.label) for row in read(path, choose)] == [("thank you", 1), ("well", None)]


def test_of_several_objects_none_is_an_export(tmp_path: Path) -> None:
    items = [{"text": "a"}, {"text": "b", "mentions": [{"id": 9}]}, {"text": "c", "mentions": [{"text": "no"}]}]
    content = "\n".join(json.dumps(item, indent=2) for item in items)
    for name in ("f.json", "f.jsonl"):
        rows = list(read_rows(written(tmp_path, name, content), by_name, all_columns=True))
        assert [row.fields for row in rows] == items


def test_an_export_too_large_to_hold_is_told_with_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_documents, "EXPORT", 30)
    with pytest.raises(SROError, match=r"(?s)too much to hold.*jq -c"):
        read(written(tmp_path, "f.json", '{"all": [{"text": "a"}, {"text": "b"}]}'))


@pytest.mark.parametrize("content", ['[{"text": "a"}, {"text"', '[{"text": "a"} {"text": "b"}]'])
def test_a_broken_array_is_told_with_its_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(SROError, match=r"f.json:1: broken JSON"):
        read(written(tmp_path, "f.json", content))


def test_xlsx(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for cells in (("id", "text"), (1, "you fool"), (2, None), (3, 7)):
        book.active.append(cells)
    book.save(tmp_path / "f.xlsx")
    rows = list(read_rows(str(tmp_path / "f.xlsx"), by_name, all_columns=True))
    assert [(row.number, row.line, row.text, row.fault) for row in rows] == [
        *((1, 2, "you fool", None), (2, 3, None, "null"), (3, 4, "7", None)),
    ]
    assert rows[0].fields == {"id": 1, "text": "you fool"}
    with pytest.raises(SROError, match="cannot be read as XLSX"):
        read(written(tmp_path, "g.xlsx", b"PK no workbook"))


def test_parquet_without_rows_or_without_any_comment(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), tmp_path / "none.parquet")
    parquet.write_table(pyarrow.table({"text": pyarrow.nulls(2)}), tmp_path / "null.parquet")
    assert read(str(tmp_path / "none.parquet")) == []
    assert [row.fault for row in read(str(tmp_path / "null.parquet"))] == ["null", "null"]


def test_a_guessed_column_of_labels_is_refused_with_the_fix(tmp_path: Path) -> None:
    source = written(tmp_path, "f.csv", "review_body,toxic\nyou fool,1\ngood morning,0\n")
    with pytest.raises(SROError, match=r"(?s)column 'toxic' holds labels \(0, 1\), not comments.*--column"):
        read(source, by_name)
    assert [row.text for row in read(source, columns("toxic"))] == ["1", "0"]  # as asked for
    comments = written(tmp_path, "g.tsv", "toxic\tneutral1\nyou fool\tyou are wrong\n0\t0\n")
    assert [row.text for row in read(comments, by_name)] == ["you fool", "0"]
    blank = written(tmp_path, "h.csv", "id,text\n" + "1,\n" * 100 + "2,you fool\n")
    assert read(blank, by_name)[-1].text == "you fool"  # what the column holds shows later
    with pytest.raises(SROError, match=r"holds labels \(1\)"):
        read(written(tmp_path, "i.csv", "id,toxic\n1,\n2,1\n"), by_name)
