"""The starter corpus keeps what its card promises: counts, fields, uniqueness, lengths, disjointness, no leak."""

import json
import os
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

STARTER = files("sro") / "assets" / "starter"
REGISTERS = {
    "toxic": {"insult", "profanity", "sarcasm", "hostility", "contempt"},
    "civil": {"disagreement", "identity", "grief_illness", "thanks", "question", "information", "opinion"},
}


def read(name: str) -> list[dict[str, str]]:
    """Rows of one file; a blank or unparsable line fails here, with its number."""
    rows = []
    for number, line in enumerate((STARTER / name).read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            pytest.fail(f"{name}, line {number}: not JSON ({error})")
    return rows


def key(text: str) -> str:
    """Letters and digits, lower-cased: two sentences that differ in punctuation or case alone are the same."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


@pytest.fixture(scope="module")
def comments() -> list[dict[str, str]]:
    return read("comments.jsonl")


@pytest.fixture(scope="module")
def identity() -> list[dict[str, str]]:
    return read("identity.jsonl")


def test_counts_are_what_the_project_relies_on(comments, identity):
    labels = Counter(row["label"] for row in comments)
    assert labels["toxic"] >= 480
    assert labels["civil"] >= 480
    assert len(identity) >= 220


def test_card_states_the_true_counts(comments, identity):
    card = (STARTER / "README.md").read_text(encoding="utf-8")
    stated = {(m[1], m[2]): int(m[3]) for m in re.finditer(r"^\| (toxic|civil) \| (\w+) \| (\d+) \|$", card, re.M)}
    assert stated == Counter((row["label"], row["register"]) for row in comments)
    assert f"| `comments.jsonl` | {len(comments)} |" in card
    assert f"| `identity.jsonl` | {len(identity)} |" in card


def test_fields_and_values(comments, identity):
    for row in comments:
        assert row.keys() == {"text", "label", "register"}, row
        assert row["register"] in REGISTERS[row["label"]], row
    assert {row["register"] for row in comments} == REGISTERS["toxic"] | REGISTERS["civil"]
    for row in identity:
        assert row.keys() == {"text", "topic"}, row
        assert re.fullmatch(r"[a-z_]+", row["topic"]), row


def test_texts_are_clean_strings_of_bearable_length(comments, identity):
    for row in comments + identity:
        text = row["text"]
        assert text == " ".join(text.split()), f"stray whitespace: {text!r}"
        assert text.isprintable(), f"control character: {text!r}"
        assert 3 <= len(text.split()) <= 45, f"{len(text.split())} words: {text!r}"


def test_every_sentence_occurs_once_in_both_files_together(comments, identity):
    repeated = [text for text, n in Counter(key(row["text"]) for row in comments + identity).items() if n > 1]
    assert repeated == []


def test_casing_and_length_do_not_give_the_label_away(comments):
    # A screener that could tell the label from casing or length would learn the genre and not toxicity.
    share, median = {}, {}
    for label in REGISTERS:
        texts = [row["text"] for row in comments if row["label"] == label]
        share[label] = sum(text == text.lower() for text in texts) / len(texts)
        median[label] = sorted(len(text.split()) for text in texts)[len(texts) // 2]
    assert all(0.4 <= value <= 0.6 for value in share.values()), share
    assert abs(share["toxic"] - share["civil"]) < 0.1, share
    assert all(10 <= value <= 16 for value in median.values()), median
    assert abs(median["toxic"] - median["civil"]) <= 3, median


def test_no_sentence_is_in_the_paradetox_test_set(comments, identity):
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    held_out = Path(os.environ.get("SRO_DATA") or default) / "paradetox_test" / "test671.jsonl"
    if not held_out.is_file():
        pytest.skip(f"{held_out} is absent: set SRO_DATA to the folder that holds paradetox_test/")
    rows = [json.loads(line) for line in held_out.read_text(encoding="utf-8").splitlines()]
    forbidden = {key(row[side]) for row in rows for side in ("toxic", "reference")}
    assert len(forbidden) > 600
    assert [row["text"] for row in comments + identity if key(row["text"]) in forbidden] == []
