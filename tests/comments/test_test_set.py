"""The guard knows the official test set by hash alone, whatever its case and punctuation, and refuses it."""

import hashlib
import json
import os
from importlib.resources import files
from pathlib import Path

import pytest

from sro.comments import test_set
from sro.comments.clean import fingerprint, letters_and_digits
from sro.comments.test_set import held_out_file, held_out_fingerprints, is_held_out, refuse_held_out
from sro.core.errors import SROError

SECRET = "What a perfectly made-up sentence this is . Even with a second half !"  # stands for one of the test set


@pytest.fixture
def one_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    prints = frozenset({fingerprint(SECRET), fingerprint("so what ?")})
    monkeypatch.setattr(test_set, "held_out_fingerprints", lambda: prints)


def data_file() -> Path:
    path = Path(os.environ.get("SRO_DATA") or "../shared/data") / "paradetox_test" / "test671.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is absent: set SRO_DATA to the folder that holds paradetox_test/")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You're a  FOOL, aren't you?!", "youreafoolarentyou"),
        ("snake_case 42", "snakecase42"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "fullwidth"),
        ("cafe\u0301", "café"),
        ("ДУРАК и 傻瓜", "дураки傻瓜"),
        ("?! 🙄", ""),
    ],
)
def test_key_is_letters_and_digits(text: str, expected: str) -> None:
    assert letters_and_digits(text) == expected


def test_fingerprint_is_sixteen_digits_of_sha256_of_the_key() -> None:
    assert fingerprint("You FOOL!") == hashlib.sha256(b"youfool").hexdigest()[:16]


@pytest.mark.usefixtures("one_secret")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SECRET, True),
        ("what a PERFECTLY made up sentence this is. Even with a second half", True),
        ("First this. What a perfectly made-up sentence this is. Even with a second half! Then that. And more?", True),
        ("So what?", True),
        ("I left. So what?", False),  # short ones turn up in any text
        ("What a perfectly made-up sentence this is. Even with another half!", False),
        ("What a perfectly made-up sentence this is.", False),
        ("", False),
    ],
)
def test_recognised_alone_and_within_a_comment(text: str, expected: bool) -> None:
    assert is_held_out(text) is expected


@pytest.mark.usefixtures("one_secret")
def test_refusal_names_file_lines_and_number() -> None:
    refuse_held_out(["something else"], "f.txt")
    with pytest.raises(SROError, match=r"(?s)^1 comment is from .*: f.txt:2\..*--drop_test_set true"):
        refuse_held_out(["something else", SECRET], "f.txt")
    with pytest.raises(SROError, match=r"^1 comment is .*: f.csv:40\."):
        refuse_held_out(["something else", SECRET], "f.csv", lines=[7, 40])
    with pytest.raises(SROError, match=r"^7 comments are .*: f:1, f:2, f:3, f:4, f:5, …\."):
        refuse_held_out([SECRET] * 7, "f")


def test_shipped_file_is_well_formed() -> None:
    lines = (files("sro") / "assets" / "held_out.txt").read_text(encoding="utf-8").splitlines()
    prints = [line for line in lines if not line.startswith("#")]
    assert lines[0].startswith("# Held out of training: the official ParaDetox test set")
    assert prints == sorted(set(prints)) and len(prints) == 1340
    assert all(len(line) == 16 and int(line, 16) >= 0 for line in prints)
    assert held_out_fingerprints() == frozenset(prints)


def test_shipped_file_is_what_the_command_makes() -> None:
    shipped = (files("sro") / "assets" / "held_out.txt").read_text(encoding="utf-8")
    assert held_out_file(data_file()) == shipped


def test_every_test_sentence_is_refused() -> None:
    rows = [json.loads(line) for line in data_file().read_text(encoding="utf-8").splitlines()]
    for field in ("toxic", "reference"):
        texts = [row[field] for row in rows]
        assert all(map(is_held_out, texts))
        with pytest.raises(SROError, match=r"^671 comments are"):
            refuse_held_out(texts, "f")


def test_file_takes_toxic_and_reference_but_nothing_else(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "toxic": "You FOOL", "reference": "you, sir"},
        {"id": 2, "toxic": "you fool!", "reference": "ok"},
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = [line for line in held_out_file(tmp_path / "t.jsonl").splitlines() if line[0] != "#"]
    assert lines == sorted(map(fingerprint, ["youfool", "yousir", "ok"]))
