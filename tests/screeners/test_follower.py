"""The follower of a run: which screeners answer, and what each setting adds. Meaning is a stub: equal words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.screeners import follower
from sro.screeners.base import Screener
from sro.screeners.follower import FollowerArguments, load_follower

COMMENT = "you stupid idiot , this page is bad"
MILD, RUDE, FAR, ILL = (
    "you are wrong , this page is bad",
    "you fucking idiot , this page is bad",
    "thank you very much for all of it",
    "you are the , this page is bad",  # a hole
)


class Shared:
    """Share of the words of the text that its source has; remembers its name."""

    made: ClassVar[list[str]] = []

    def __init__(self, name: str) -> None:
        self.made.append(name)

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        pairs = [(set(text.split()), set(source.split())) for text, source in zip(texts, sources)]
        return np.array([len(one & other) / len(one) for one, other in pairs], np.float32)


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "SentenceEncoder", Shared)
    monkeypatch.setattr(Shared, "made", [])


def passes(screener: Screener, *texts: str) -> list[bool]:
    return [verdict.passed for verdict in screener.screen(texts, sources=[COMMENT] * len(texts))]


def test_by_default_a_rewrite_has_to_be_mild_near_and_well_formed() -> None:
    follower, _, _ = load_follower(FollowerArguments(min_similarity=0.7))
    assert passes(follower, MILD, RUDE, FAR, ILL) == [True, False, False, False]


def test_the_paper_looks_at_toxicity_alone() -> None:
    follower, toxicity, _ = load_follower(FollowerArguments(min_similarity=0.0, well_formed=False))
    assert follower is toxicity
    assert passes(follower, MILD, RUDE, FAR, ILL) == [True, False, True, True]


def test_policy_and_labels_reach_the_screener(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("sro.screeners.loading.load_screener", lambda name, **policy: asked.extend([name, policy]))
    load_follower(FollowerArguments("mine", toxic_labels=["rude"], fail_on=["insult"]))
    assert asked == ["mine", {"toxic_labels": ["rude"], "fail_on": ["insult"]}]


@pytest.mark.parametrize(
    ("settings", "verdicts"),
    [
        ({"min_similarity": 0.0}, [True, False, True, False]),
        ({"well_formed": False}, [True, False, False, True]),
        ({"well_formed": False, "min_similarity": 0.76}, [False, False, False, False]),
    ],
)
def test_each_member_can_be_left_out(settings: dict[str, Any], verdicts: list[bool]) -> None:
    follower, _, _ = load_follower(FollowerArguments(**{"min_similarity": 0.7, **settings}))
    assert passes(follower, MILD, RUDE, FAR, ILL) == verdicts


def test_overused_words_are_a_member_where_a_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("wrong\t40\n", encoding="utf-8")
    settings = FollowerArguments(min_similarity=0.0, well_formed=False, overused=str(tmp_path / "list.txt"))
    assert passes(load_follower(settings)[0], MILD, RUDE, FAR) == [False, False, True]


def test_what_comes_back_beside_the_follower() -> None:
    """The toxicity screener that the table is measured with sees no meaning; the similarity is the follower's own."""
    follower, toxicity, similarity = load_follower(FollowerArguments(similarity="a/name"))
    assert toxicity.screen([FAR])[0].passed and not toxicity.screen([RUDE])[0].passed
    assert similarity.similarity(["a b"], ["a c"]) == pytest.approx([0.5])
    assert Shared.made == ["a/name"]
    assert toxicity.name in follower.name


def test_flipped_verdicts_are_those_of_the_whole_follower() -> None:
    straight, _, _ = load_follower(FollowerArguments(min_similarity=0.7))
    flipped, toxicity, _ = load_follower(FollowerArguments(min_similarity=0.7, flip_verdicts=1.0))
    assert passes(flipped, MILD, RUDE, FAR, ILL) == [not passed for passed in passes(straight, MILD, RUDE, FAR, ILL)]
    assert toxicity.screen([MILD])[0].passed  # the table is never flipped


def test_flips_are_as_many_as_asked_for_and_seeded() -> None:
    def flips(seed: int) -> list[bool]:
        follower, _, _ = load_follower(FollowerArguments(flip_verdicts=0.25, flip_seed=seed, min_similarity=0.0))
        return [not passed for passed in passes(follower, *[MILD] * 400)]

    assert 60 < sum(flips(1)) < 140
    assert flips(1) == flips(1) != flips(2)


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_outside_the_unit_interval_is_refused(share: float) -> None:
    with pytest.raises(SROError, match=r"probability in \[0, 1\]"):
        load_follower(FollowerArguments(flip_verdicts=share))


def test_an_unknown_screener_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="absent"):
        load_follower(FollowerArguments(screener=str(tmp_path / "absent")))


def test_fluency_holds_a_rewrite_to_its_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter is a stub that knows two texts; which one was asked for is remembered."""
    loaded: list[str] = []

    def load(folder: str) -> Any:
        loaded.append(folder)
        known = {COMMENT: 0.45, MILD: 0.4, FAR: 0.3}
        return lambda texts, sources: np.array([known[text] for text in texts])

    monkeypatch.setattr("sro.screeners.lora.acceptability.Acceptability.load", load)
    alone: dict[str, Any] = {"min_similarity": 0.0, "well_formed": False, "fluency": "runs/fluency/adapter"}
    assert passes(load_follower(FollowerArguments(**alone))[0], MILD, FAR) == [True, False]
    assert passes(load_follower(FollowerArguments(**alone, fluency_slack=0.2))[0], MILD, FAR) == [True, True]
    assert loaded == ["runs/fluency/adapter"] * 2
