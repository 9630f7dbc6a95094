"""Comments come out clean and once, what is left out is accounted for, and splits never move a comment."""

import gzip
import hashlib
import json
import logging
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from sro.comments import test_set
from sro.comments.clean import clean, fingerprint, letters_and_digits
from sro.comments.corpus import Comment, CorpusReport, iter_comments, load_comments, texts_hash
from sro.core.errors import SROError

SECRET = "this one is from the official test set"


@pytest.fixture(autouse=True)
def one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_set, "held_out_fingerprints", lambda: frozenset({fingerprint(SECRET)}))


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- cleaning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  You\t are \r\n a\u00a0FOOL\u2028!! ", "You are a FOOL !!"),
        ("cafe\u0301", "caf\u00e9"),
        ("f\u200bo\u00ado\u2060l\ufeff", "fool"),
        ("e\u200d\u0301", "\u00e9"),  # composed once nothing stands between
        ("be\x00ll\x07 \x1b[31mred", "bell [31mred"),
        ("\u202eloof\u202c", "fool"),
        ("ｆｕｌｌ ① 🙄️", "ｆｕｌｌ ① 🙄️"),  # compatibility forms stay
        (" \u200b ", ""),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert clean(expected) == expected


def test_clean_is_idempotent_on_noise() -> None:
    draw = random.Random(0)
    for _ in range(300):
        text = "".join(
            chr(draw.choice([draw.randrange(0x20), draw.randrange(0xD800), 0x200D, 0x301])) for _ in range(30)
        )
        assert clean(clean(text)) == clean(text)


# --- what is kept, and what becomes of the rest ----------------------------------------------------------------------


def test_every_reason(tmp_path: Path) -> None:
    lines = [
        (b'{"text": "You are\\n a fool"}', None),
        (b'{"text": "you are a FOOL!"}', "duplicate"),
        (b'{"text": "too short"}', "too_short"),
        (b'{"text": "one two three four five six"}', "too_long"),
        (b'{"text": null}', "null"),
        (b'{"other": 1}', "null"),
        (b'{"text": 17}', "wrong_type"),
        (b'{"text": " \\u200b"}', "empty"),
        (b'{"text": "! ? ! ?"}', "empty"),
        (b'{"text": "an odd caf\xe9 here"}', "undecodable"),
        (b'{"text": "half a smile \\ud83d"}', "undecodable"),
        (b'{"text": ', "malformed"),
        (b"", "empty"),
        (b'{"text": "and one more"}', None),
    ]
    source = written(tmp_path, "c.jsonl", b"\n".join(line for line, _ in lines))
    corpus = load_comments(source, max_words=5, quarantine=tmp_path / "new" / "q.jsonl")

    assert list(corpus) == [Comment("You are a fool", str(source), 1), Comment("and one more", str(source), 14)]
    expected = [(line, reason) for line, (_, reason) in enumerate(lines, 1) if reason]
    set_aside = records(tmp_path / "new" / "q.jsonl")
    assert [(record["line"], record["reason"]) for record in set_aside] == expected
    assert {record["file"] for record in set_aside} == {str(source)}
    assert set_aside[0]["text"] == "you are a FOOL!"
    assert set_aside[8]["text"] == repr(b"an odd caf\xe9 here")

    report = corpus.report
    assert (report.read, report.kept, report.unmatched, len(corpus)) == (14, 2, 0, 2)
    assert report.rejected == {
        **{"duplicate": 1, "too_short": 1, "too_long": 1, "null": 2, "wrong_type": 1, "empty": 3},
        **{"undecodable": 2, "malformed": 1},
    }


def test_summary_is_one_line_that_says_it_all(tmp_path: Path) -> None:
    source = written(
        tmp_path, "c.csv", "id,comment,toxic\n1,you are a fool,1\n2,you are nice,0\n3,you are,1\n4,,1\n5,go,1\n"
    )
    corpus = load_comments(source, where="toxic=1", quarantine=tmp_path / "q.jsonl")
    assert corpus.report.summary() == (
        f"{source}: 1 of 5 rows kept, column 'comment' (guessed); 1 without toxic=1;"
        f" 3 set aside (2 too_short, 1 empty) in {tmp_path / 'q.jsonl'}"
    )
    assert (
        CorpusReport("f.txt", "text", read=1200, kept=1200).summary()
        == "f.txt: 1,200 of 1,200 rows kept, column 'text'"
    )


def test_only_stray_bytes_ask_for_another_encoding(tmp_path: Path) -> None:
    """Rewriting a file of UTF-8 as if it were Windows-1252 would spoil it, and mend no half emoji."""
    half, byte = b'{"text": "so bad \\ud83d"}\n', b'{"text": "so bad caf\xe9"}\n'
    good = b'{"text": "one good row"}\n'
    report = load_comments(written(tmp_path, "half.jsonl", half + good)).report
    assert report.rejected == {"undecodable": 1} and "encoding" not in report.summary()
    report = load_comments(written(tmp_path, "both.jsonl", half + byte + good)).report
    assert (
        "; line 2 and others like it are not valid in the encoding\n  fix: if the file is not UTF-8"
        in report.summary()
    )


def test_length_bounds_are_inclusive(tmp_path: Path) -> None:
    source = written(
        tmp_path, "c.txt", "".join(" ".join(f"w{n}" for n in range(words)) + "\n" for words in range(1, 71))
    )
    assert [len(text.split()) for text in load_comments(source).texts] == list(range(3, 61))
    assert [len(text.split()) for text in load_comments(source, min_words=1, max_words=None).texts] == list(
        range(1, 71)
    )


def test_first_of_equal_keys_stays(tmp_path: Path) -> None:
    source = written(tmp_path, "c.txt", "You are a fool.\nyou ARE a fool\nyou a r e a fool!\nyou are no fool\n")
    assert load_comments(source).texts == ["You are a fool.", "you are no fool"]


def test_where_takes_the_rows_asked_for(tmp_path: Path) -> None:
    rows = "text,score\nyou are a fool,0.9\nyou are quite nice,0.2\nyou are what,\nbroken,row,here\n"
    corpus = load_comments(written(tmp_path, "c.csv", rows), where="score >= 0.5")
    assert corpus.texts == ["you are a fool"]
    assert (corpus.report.unmatched, corpus.report.rejected) == (2, {"malformed": 1})


def test_guessed_column_is_announced_and_a_named_one_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = written(tmp_path, "c.csv", "comment,reply\nyou are a fool,and you are rude\n")
    with caplog.at_level(logging.WARNING, "sro.comments.corpus"):
        assert load_comments(source).texts == ["you are a fool"]
    assert "c.csv: taking the comments from column 'comment'" in caplog.text
    caplog.clear()
    assert load_comments(source, column="reply").texts == ["and you are rude"]
    assert not caplog.text


def test_zipped_file_and_its_plain_twin_are_one_corpus(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbftext\r\nyou are a fool\r\n"good\r\nmorning, all"\r\n'
    plain = load_comments(written(tmp_path, "c.csv", data))
    zipped = load_comments(written(tmp_path, "c.csv.gz", gzip.compress(data)))
    assert plain.texts == zipped.texts == ["you are a fool", "good morning, all"]
    assert plain.sha256 == zipped.sha256


def test_hash_is_that_of_a_file_one_comment_a_line(tmp_path: Path) -> None:
    source = written(tmp_path, "c.txt", "you are a naïve fool\ngood morning all\n")
    expected = hashlib.sha256(source.read_bytes()).hexdigest()
    assert load_comments(source).sha256 == texts_hash(["you are a naïve fool", "good morning all"]) == expected


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"column": "comments"}, r"no column 'comments'; did you mean 'comment'\? Columns: 'comment', 'toxic'"),
        ({"where": "toxicity=1"}, r"no column 'toxicity'; did you mean 'toxic'\?"),
        ({"where": "toxic"}, "write it like label=1"),
        ({"where": "toxic=5"}, r"no comment is left of .*; 1 without toxic=5"),
        ({"min_words": 30}, r"no comment is left of .*1 too_short"),
        ({"held_out": "ignore"}, "want 'refuse' or 'drop'"),
    ],
)
def test_mistakes_stop_with_the_mend(tmp_path: Path, how: dict[str, Any], message: str) -> None:
    with pytest.raises(SROError, match=message):
        load_comments(written(tmp_path, "c.csv", "comment,toxic\nyou are a fool,1\n"), **how)


def test_quarantine_never_replaces_the_source_and_fails_readably(tmp_path: Path) -> None:
    source = written(tmp_path, "c.txt", "you are a fool\nno\n")
    with pytest.raises(SROError, match="would replace the comments"):
        load_comments(source, quarantine=tmp_path / "." / "c.txt")
    with pytest.raises(SROError, match="cannot write the quarantine file"):
        load_comments(source, quarantine=source / "q.jsonl")
    assert source.read_text() == "you are a fool\nno\n"


def test_rows_of_a_file_with_any_name_are_set_aside(tmp_path: Path) -> None:
    source = written(tmp_path, "caf\udce9.txt", "short\nlong enough a line\n")
    load_comments(source, quarantine=tmp_path / "q.jsonl")
    (record,) = records(tmp_path / "q.jsonl")
    assert record["file"] == repr(bytes(source)) and record["reason"] == "too_short"


def test_quarantine_replaces_an_older_one_even_when_nothing_is_wrong(tmp_path: Path) -> None:
    source, quarantine = written(tmp_path, "c.txt", "you are a fool\n"), written(tmp_path, "q.jsonl", "of last week")
    load_comments(source, quarantine=quarantine)
    assert quarantine.read_text() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.txt", "q.jsonl"]


# --- the guard -------------------------------------------------------------------------------------------------------


def test_training_refuses_held_out_sentences(tmp_path: Path) -> None:
    source = written(tmp_path, "c.csv", f'text\nyou are\n"you are\na fool"\n{SECRET.upper()}!\nsay: {SECRET}\n')
    with pytest.raises(SROError, match=r"^1 comment is from the official ParaDetox test set.*c\.csv:5\."):
        load_comments(source)
    assert len(load_comments(source, training=False)) == 3


def test_training_may_drop_held_out_sentences(tmp_path: Path) -> None:
    source = written(tmp_path, "c.txt", f"you are a fool\n{SECRET}\n{SECRET}!\n")
    corpus = load_comments(source, held_out="drop", quarantine=tmp_path / "q.jsonl")
    assert corpus.texts == ["you are a fool"]
    assert [(r["line"], r["reason"]) for r in records(tmp_path / "q.jsonl")] == [(2, "held_out"), (3, "held_out")]


# --- rewriting -------------------------------------------------------------------------------------------------------


def test_iter_comments_keeps_duplicates_and_any_length(tmp_path: Path) -> None:
    source = written(tmp_path, "c.txt", f"fool\nfool!\n\n{SECRET}\n🙄\n" + "so " * 100)
    report = CorpusReport()
    comments = list(iter_comments(source, report=report, quarantine=tmp_path / "q.jsonl"))
    assert [comment.line for comment in comments] == [1, 2, 4, 5, 6]
    assert (report.read, report.kept, report.rejected) == (6, 5, {"empty": 1})
    assert [record["line"] for record in records(tmp_path / "q.jsonl")] == [3]
    assert list(iter_comments(written(tmp_path, "none.txt", ""))) == []


def test_iter_comments_takes_constant_memory(tmp_path: Path) -> None:
    source = written(tmp_path, "c.csv", "text\n" + "".join(f"comment number {n} is here\n\n" for n in range(30_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in iter_comments(source)) == 30_000
        assert tracemalloc.get_traced_memory()[1] < 500_000  # bytes; the file is larger
    finally:
        tracemalloc.stop()


def test_reading_loads_no_heavy_library(tmp_path: Path) -> None:
    source = written(tmp_path, "c.csv", "text\nyou are a fool\n")
    code = (
        "import sys; from sro.comments.corpus import load_comments; load_comments(sys.argv[1]);"
        "print({'torch', 'transformers', 'sklearn', 'datasets', 'pyarrow', 'pandas', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, source], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- the data this project was built with ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "how", "column", "rows"),
    [
        ("sentences/dev_toxic.txt", {}, "text", 6645),
        ("jigsaw_toxic/jigsaw_toxic.csv", {"where": "toxic=1"}, "comment_text", 14534),
        ("paradetox_train/paradetox.tsv", {}, "toxic", 11911),
        ("paradetox_train/cannot_rewrite.tsv", {"column": "INPUT:toxic_comment"}, "INPUT:toxic_comment", 11954),
        ("emnlp10k/toxic_and_peers.jsonl", {}, "toxic", 9988),
        ("davidson/labeled_data.csv", {"where": "class<2"}, "tweet", 24780),
    ],
)
def test_real_files(monkeypatch: pytest.MonkeyPatch, name: str, how: dict[str, Any], column: str, rows: int) -> None:
    monkeypatch.undo()  # the real guard
    path = Path(os.environ.get("SRO_DATA") or "../shared/data") / name
    if not path.exists():
        pytest.skip(f"{path} is absent: set SRO_DATA to the folder that holds {name}")
    corpus = load_comments(path, **how)
    assert (corpus.report.column, corpus.report.read) == (column, rows)
    assert len(corpus) > rows / 2
    assert not corpus.report.rejected.keys() & {"malformed", "wrong_type", "null", "undecodable"}
    assert len(set(map(letters_and_digits, corpus.texts))) == len(corpus)
