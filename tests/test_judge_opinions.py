"""The style judge of two opinions: a tiny leader stands in for the embedded one, a tiny RoBERTa for the MiniLM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_judges import tiny_roberta

from sro.evaluation.judge_data import Labelled, Lesson, Tuning
from sro.evaluation.judge_opinions import OpinionsConfig, second_rows, train_opinions
from sro.screeners import load_screener
from sro.screeners.opinions import Opinions

PLACES = ("page", "comment", "idea", "friend", "edit", "talk")
TOXIC = [
    f"{who} {what} this {place} ." for who in ("you", "they") for what in ("idiot", "shut up") for place in PLACES
]
CIVIL = [
    f"{who} {what} this {place} ." for who in ("you", "they") for what in ("read", "think of") for place in PLACES
]
ROWS = [Labelled(text, True) for text in TOXIC] + [Labelled(text, False) for text in CIVIL]
LESSON = Lesson(
    ("neutral", "toxic"),
    lambda data: {"judge_calibration": ROWS[::2], "other": ROWS},
    lambda data: Tuning(ROWS, TOXIC[:4]),
    (("judge_calibration", "other"),),
    {},
    {"other": 30},
)


@pytest.fixture
def judge(tmp_path: Path, tiny_causal: Any, saved: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    leader: Path = saved(tmp_path / "leader", *tiny_causal())
    monkeypatch.setattr("sro.adapted.embedded_leader", lambda: leader)
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "judge"
    tiny_roberta(folder / "minilm", ["neutral", "toxic"])
    (folder / "minilm" / "training.json").write_text("{}", "utf-8")
    args = OpinionsConfig(
        output_dir=str(folder), adapter_learning_rate=1e-2, adapter_epochs=12, adapter_rank=4, use_cpu=True
    )
    return train_opinions(LESSON, tmp_path, args)


def test_it_keeps_the_member_that_is_there_and_teaches_the_other(judge: Path) -> None:
    both = load_screener(str(judge))
    assert isinstance(both, Opinions) and len(both.members) == 2
    adapted = load_screener(str(judge / "smollm2"))
    toxic, civil = ([v.probability for v in adapted.screen(texts)] for texts in (TOXIC, CIVIL))
    assert sum(toxic) / len(toxic) > 0.7 > 0.3 > sum(civil) / len(civil)
    assert both.members[1].screen(TOXIC[:1])[0].probability == pytest.approx(toxic[0])


def test_its_bar_lets_the_wanted_share_of_accepted_rewrites_pass(judge: Path) -> None:
    passed = [verdict.passed for verdict in load_screener(str(judge)).screen(CIVIL)]
    assert sum(passed) / len(passed) == pytest.approx(0.96, abs=0.05)  # JudgeConfig.pass_rate; 24 texts
    told = json.loads((judge / "training.json").read_text("utf-8"))
    assert told["tuned"]["pass_rate"] == pytest.approx(sum(passed) / len(passed), abs=0.01)
    assert told["settings"]["adapter_rank"] == 4 and [row["source"] for row in told["trained_on"]] == [
        "judge_calibration",
        "other",
    ]


def test_a_set_is_learnt_from_up_to_its_bound_and_calibration_as_often_as_told() -> None:
    args = OpinionsConfig(output_dir="unused", calibration_repeats=3, use_cpu=True)
    rows = second_rows(LESSON, LESSON.training_rows(Path()), args)
    assert len(rows) == 3 * 24 + 30
    assert rows == second_rows(LESSON, LESSON.training_rows(Path()), args)
    assert {p for text, p in rows if text in TOXIC} == {1.0} and {p for text, p in rows if text in CIVIL} == {0.0}
