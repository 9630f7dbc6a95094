"""Several screeners as one: the mean of their log-odds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tiny_judges import tiny_roberta

from sro.core.errors import SROError
from sro.evaluation.judges.models import StyleClassifier
from sro.screeners.base import Verdict
from sro.screeners.ensemble import Ensemble
from sro.screeners.languages import languages_read
from sro.screeners.loading import load_screener


@dataclass
class Fixed:
    """Says of each text what it was told to, and remembers what it was asked."""

    said: dict[str, float]
    asked: list[str] = field(default_factory=list)
    name: str = "fixed 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.asked += texts if sources is None else [f"{text} < {source}" for text, source in zip(texts, sources)]
        return [Verdict("pass", self.said[text], self.name) for text in texts]


def test_the_mean_of_log_odds_decides() -> None:
    sure, doubtful = Fixed({"a": 0.98, "b": 0.5}), Fixed({"a": 0.2, "b": 0.1})
    a, b = Ensemble("two 1", (sure, doubtful)).screen(["a", "b"])
    # ln(.98/.02) = 3.892, ln(.2/.8) = −1.386: mean 1.253, P = .778; ln(.1/.9) / 2 = −1.099, P = .25
    assert (a.label, round(a.probability, 3), a.screener) == ("fail", 0.778, "two 1")
    assert (b.label, round(b.probability, 3)) == ("pass", 0.25)


def test_scale_and_shift_move_the_bar() -> None:
    members = (Fixed({"a": 0.5}), Fixed({"a": 0.5}))
    assert Ensemble("two", members, scale=2.0, shift=-1.0).screen(["a"])[0].probability == pytest.approx(
        1 / (1 + np.e)
    )
    z = np.log(0.9 / 0.1) / 2
    found = Ensemble("two", (Fixed({"a": 0.9}), Fixed({"a": 0.5})), scale=2.0, shift=-1.0).screen(["a"])[0]
    assert found.probability == pytest.approx(1 / (1 + np.exp(-(2 * z - 1))))


def test_nobody_outvotes_the_rest_by_being_certain() -> None:
    certain, others = Fixed({"a": 1.0}), Fixed({"a": 0.001})
    assert Ensemble("three", (certain, others, others, others)).screen(["a"])[0].passed


class Slow(Fixed):
    """Reads little of a long comment, and German too."""

    languages = ("en", "de")

    def can_read_all(self, texts: Sequence[str]) -> bool:
        return len(texts) < 3

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        return [len(passages) - 1]


def test_of_a_long_comment_it_reads_what_its_slowest_member_reads() -> None:
    slow, quick = Ensemble("a", (Fixed({}), Slow({}))), Ensemble("b", (Fixed({}),))
    assert slow.can_read_all(["a"] * 2) and not slow.can_read_all(["a"] * 3) and quick.can_read_all(["a"] * 3)
    assert slow.choose_passages(["a", "b", "c"]) == [2] and quick.choose_passages(["a", "b"]) == [0, 1]


def test_it_reads_the_languages_that_all_members_read() -> None:
    assert languages_read(Ensemble("a", (Slow({}), Slow({})))) == ("en", "de")
    assert languages_read(Ensemble("b", (Slow({}), Fixed({})))) == ("en",)


def test_sources_are_handed_on() -> None:
    first, second = Fixed({"a": 0.6}), Fixed({"a": 0.1})
    Ensemble("two", (first, second)).screen(["a"], sources=["x"])
    assert first.asked == second.asked == ["a < x"]


def test_no_text_no_verdict() -> None:
    assert Ensemble("two", (Fixed({}), Fixed({}))).screen([]) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "both"
    tiny_roberta(place / "tone", ["neutral", "toxic"], seed=1)
    (place / "ensemble.json").write_text(
        '{"members": ["embedded/linear", "tone"], "scale": 0.5, "shift": 0.25}', "utf-8"
    )
    return place


def test_a_folder_names_its_members(folder: Path) -> None:
    both = load_screener(str(folder))
    texts = ["you idiot", "thank you", "the page is bad"]
    columns = [
        [verdict.probability for verdict in load_screener(name).screen(texts)]
        for name in ("embedded/linear", str(folder / "tone"))
    ]
    z = np.mean([np.log(np.clip(c, 1e-6, 1 - 1e-6) / (1 - np.clip(c, 1e-6, 1 - 1e-6))) for c in columns], axis=0)
    found = [verdict.probability for verdict in both.screen(texts)]
    assert found == pytest.approx((1 / (1 + np.exp(-(0.5 * z + 0.25)))).tolist(), abs=1e-9)
    assert both.name.startswith("both ") and both.name == load_screener(str(folder)).name


def test_its_name_tells_it_from_one_with_other_members_or_another_bar(folder: Path) -> None:
    before = load_screener(str(folder)).name
    told = json.loads((folder / "ensemble.json").read_text("utf-8"))
    (folder / "ensemble.json").write_text(json.dumps({**told, "shift": 0.5}), "utf-8")
    after = load_screener(str(folder)).name
    tiny_roberta(folder / "tone", ["neutral", "toxic"], seed=2)
    assert len({before, after, load_screener(str(folder)).name}) == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"members": []}', '{"members": ["embedded"], "shift": "very"}'])
def test_a_damaged_file_is_named_with_an_example(folder: Path, text: str) -> None:
    (folder / "ensemble.json").write_text(text, "utf-8")
    with pytest.raises(SROError, match=r"ensemble\.json.*\n  fix: \{"):
        load_screener(str(folder))


def test_as_a_judge_it_refuses_what_one_of_them_would_cut(folder: Path) -> None:
    judge = StyleClassifier(folder)
    assert judge(["thank you"]).shape == (1,)
    with pytest.raises(SROError, match="row 2"):
        judge(["thank you", "thank " * 40])
