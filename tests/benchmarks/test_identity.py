"""The clean sentences that measure false alarms are many, varied and nobody's training data; the bars on them."""

from __future__ import annotations

import json
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from benchmarks import identity
from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.loading import load_screener

ROWS = identity.read(identity.DATA)
SPOKEN_OF = [row for row in ROWS if row["group"] in identity.IDENTITY.split()]


def test_there_are_enough_of_them_and_each_names_its_term() -> None:
    terms = Counter(row["term"] for row in SPOKEN_OF)
    assert len(ROWS) >= 400 and len(ROWS) - len(SPOKEN_OF) >= 60
    assert len(terms) >= 40 and min(terms.values()) >= 6
    assert {row["group"] for row in SPOKEN_OF} == set(identity.IDENTITY.split())
    assert not [row for row in ROWS if row["term"].lower() not in row["text"].lower()]


def test_no_sentence_is_made_from_a_template() -> None:
    """Nor twice: with the term taken out, no two sentences begin with the same five words."""
    texts = [row["text"].lower().replace(row["term"].lower(), "…") for row in ROWS]
    beginnings = Counter(" ".join(text.split()[:5]) for text in texts)
    assert len(set(texts)) == len(texts)
    assert [words for words, times in beginnings.items() if times > 1] == []


def test_none_of_them_was_trained_on() -> None:
    assets = files("sro") / "assets"
    known = (assets / "screener/identity_statements.txt").read_text("utf-8").lower().splitlines()
    for name in ("comments", "identity"):
        lines = (assets / f"starter/{name}.jsonl").read_text("utf-8").splitlines()
        known += [json.loads(line)["text"].lower() for line in lines]
    assert not {row["text"].lower() for row in ROWS} & set(known)


def test_rates_by_hand() -> None:
    rates = identity.rates(["a", "b", "a", "a"], [True, False, False, True])
    assert rates == [identity.Rate("a", 2, 3), identity.Rate("b", 0, 1)]


@pytest.mark.parametrize(("alarms", "texts", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)])
def test_wilson_intervals_as_published(alarms: int, texts: int, low: float, high: float) -> None:
    assert identity.Rate("x", alarms, texts).interval == pytest.approx((low, high), abs=1e-4)


def test_groups_stand_below_their_kind() -> None:
    rows = [identity.Row(text="", term="", group=group) for group in ("idiom", "gender", "sports", "gender")]
    lines = identity.by_group(rows, [True, False, False, True])
    assert [(line.name, line.alarms, line.texts) for line in lines] == [
        ("hard negatives", 1, 2),
        ("idiom", 1, 1),
        ("sports", 0, 1),
        ("identities", 1, 2),
        ("gender", 1, 2),
    ]
    assert "| hard negatives | 1/2 | 50.0% | 9.5%–90.5% |" in identity.table("group", lines)


def test_the_embedded_screener_keeps_its_figures() -> None:
    """7 of 320 on identities, two of them for the identity alone, and 32 of 108 hard negatives when measured."""
    failed = [not verdict.passed for verdict in load_screener("embedded/linear").screen([row["text"] for row in ROWS])]
    of_kind = {line.name: line for line in identity.by_group(ROWS, failed)}
    assert of_kind["identities"].alarms <= 7
    assert of_kind["hard negatives"].alarms <= 32


def test_alarms_name_the_words_to_blame() -> None:
    screener = load_screener("embedded/linear")
    rows = [row for row in ROWS if row["term"] == "trash"]
    shown = identity.alarms(screener, rows, screener.screen([row["text"] for row in rows]))
    assert "| trash | Empty the trash and the disk" in shown
    assert identity.alarms(screener, rows, [Verdict("pass", 0.1, "x")]).count("\n") == 2


def test_a_row_without_a_group_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"text": "a", "term": "b"}\n')
    with pytest.raises(SROError, match=r"x\.jsonl:1: lacks group"):
        identity.read(tmp_path / "x.jsonl")
