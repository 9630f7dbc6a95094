"""The contrast sentences: well-formed, balanced, repeatable, and free of the test set."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from sro.comments.clean import fingerprint
from sro.comments.test_set import is_held_out
from sro.core.errors import SROError
from sro.screeners.encoder.contrast import Row, contrast_rows, expand
from sro.screeners.encoder.contrast_files import ATTRIBUTE_OF_LETTER, labels, read_groups, read_paragraphs

DATA = Path(__file__).parents[2] / "data"
GROUPS = read_groups(
    "cooks | trade | cooks:cook | hashslingers:hashslinger\nvets | trade | vets:vet / vet nurses:vet nurse |"
)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return contrast_rows()


def toxic_share(rows: list[Row]) -> float:
    return sum((row["TOXICITY"] or 0) > 0.5 for row in rows) / len(rows)


def by(rows: list[Row], field: str) -> dict[object, list[Row]]:
    found: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[field]].append(row)
    return found


def test_there_are_enough_rows_and_no_text_comes_twice(rows: list[Row]) -> None:
    assert 12_000 <= len(rows) <= 50_000
    assert len({row["text"] for row in rows}) == len(rows)


def test_every_group_is_toxic_in_about_half_of_its_rows(rows: list[Row]) -> None:
    groups = by([row for row in rows if row["group"]], "group")
    assert len(groups) >= 30
    assert {name: share for name, of in groups.items() if not 0.4 <= (share := toxic_share(of)) <= 0.6} == {}
    assert min(len(of) for of in groups.values()) >= 100


def test_every_kind_and_language_has_both_sides(rows: list[Row]) -> None:
    kinds = by(rows, "kind")
    pooled = [*kinds.pop("groups_neutral"), *kinds.pop("groups_hostile")]
    for name, of in [("groups", pooled), *kinds.items(), *by(rows, "lang").items()]:
        assert 0.35 <= toxic_share(of) <= 0.65, name


def test_no_common_word_gives_the_label_away(rows: list[Row]) -> None:
    for word in re.findall(
        r"\w+", "kill stupid idiot moron bitch hate fuck fucking shit retard trash Muslims gay black women"
    ):
        having = [row for row in rows if re.search(rf"\b{word}\b", str(row["text"]), re.IGNORECASE)]
        assert 0.25 <= toxic_share(having) <= 0.75, word


def test_labels_are_in_range_and_agree(rows: list[Row]) -> None:
    for row in rows:
        assert all(row[name] is None or 0 <= row[name] <= 1 for name in ATTRIBUTE_OF_LETTER.values()), row
        harms = [row[name] for name in ("SEVERE_TOXICITY", "INSULT", "THREAT", "IDENTITY_ATTACK")]
        assert row["TOXICITY"] == 1 or not any(harms), row


def test_no_slot_is_left_open(rows: list[Row]) -> None:
    assert [row["text"] for row in rows if set("{}|") & set(str(row["text"]))] == []


def test_no_sentence_of_the_official_test_set(rows: list[Row]) -> None:
    assert [row["text"] for row in rows if is_held_out(str(row["text"]))] == []


def test_no_sentence_that_measures_screeners_on_identity_terms(rows: list[Row]) -> None:
    lines = (DATA / "identity.jsonl").read_text(encoding="utf-8").splitlines()
    measured = {fingerprint(json.loads(line)["text"]) for line in lines}
    assert len(measured) > 100
    assert [row["text"] for row in rows if fingerprint(str(row["text"])) in measured] == []


def test_one_seed_gives_the_same_rows_and_another_gives_others(rows: list[Row]) -> None:
    assert contrast_rows() == rows
    assert {row["text"] for row in contrast_rows(seed=1)} != {row["text"] for row in rows}


def test_a_pair_shares_group_and_choices_and_not_the_label() -> None:
    text = "@ kind derogation\n@ times 2\nTIA {People} ruin my {soup|stew}.\n0 {A_person} ruined my {soup|stew}.\n"
    found = list(expand(read_paragraphs(text, "here"), GROUPS))
    assert Counter(row["group"] for row in found) == {"cooks": 2, "vets": 2}
    for pair in by(found, "pair").values():
        toxic, innocent = pair
        assert (toxic["TOXICITY"], innocent["TOXICITY"]) == (1, 0)
        assert ("soup" in str(toxic["text"])) == ("soup" in str(innocent["text"]))
        assert toxic["group"] == innocent["group"]
        assert toxic["template"] == innocent["template"]


def test_slurs_go_to_groups_that_have_one() -> None:
    found = list(expand(read_paragraphs("@ kind derogation\n@ times 5\nTA You {slur}.\n", "here"), GROUPS))
    assert [row["group"] for row in found] == ["cooks"]


def test_label_codes() -> None:
    zero = dict.fromkeys(ATTRIBUTE_OF_LETTER.values(), 0)
    assert labels("0") == zero
    assert labels("TiH") == {**zero, "TOXICITY": 1, "SEVERE_TOXICITY": None, "INSULT": None, "THREAT": 1}
    assert labels("~P") == {**zero, "TOXICITY": 0.25, "PROFANITY": 1}
    assert labels("TI") == {**zero, "TOXICITY": 1, "SEVERE_TOXICITY": None, "INSULT": 1}
    assert labels("TI-") == {**zero, "TOXICITY": 1, "INSULT": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@ kind threats\n\nI have no label.\n", "here:3: 'I have no label.' has no label code\n  fix: "),
        ("@ color red\n", "here:1: unknown setting 'color'\n  fix: "),
    ],
)
def test_a_malformed_line_is_named(text: str, message: str) -> None:
    with pytest.raises(SROError, match=message):
        read_paragraphs(text, "here")


def test_an_unknown_slot_is_named() -> None:
    paragraphs = read_paragraphs("@ kind threats\nT Oh {peeple}.\n", "here")
    with pytest.raises(SROError, match=r"unknown slot \{peeple\}"):
        list(expand(paragraphs, GROUPS))
