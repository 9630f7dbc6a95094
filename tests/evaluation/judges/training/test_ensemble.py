"""The style judge of two opinions: a tiny leader stands in for the embedded one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sro.core.errors import SROError
from sro.evaluation.judges.training.data import JudgeSpec, Labelled, Tuning
from sro.evaluation.judges.training.ensemble import EnsembleConfig, adapter_rows, begin, train_ensemble
from sro.screeners.ensemble import Ensemble
from sro.screeners.loading import load_screener

PLACES = ("page", "comment", "idea", "friend", "edit", "talk")
TOXIC = [
    f"{who} {what} this {place} ." for who in ("you", "they") for what in ("idiot", "shut up") for place in PLACES
]
CIVIL = [
    f"{who} {what} this {place} ." for who in ("you", "they") for what in ("read", "think of") for place in PLACES
]
ROWS = [Labelled(text, True) for text in TOXIC] + [Labelled(text, False) for text in CIVIL]
JUDGE = JudgeSpec(
    ("neutral", "toxic"),
    lambda data: {"judge_calibration": ROWS[::2], "other": ROWS},
    lambda data: Tuning(ROWS, TOXIC[:4]),
    at_most={"other": 30},
)


def settings(folder: Path) -> EnsembleConfig:
    return EnsembleConfig(
        output_dir=str(folder), learning_rate=1e-2, num_train_epochs=12, lora_rank=4, warmup_steps=5, use_cpu=True
    )


@pytest.fixture
def judge(tmp_path: Path, tiny_causal: Any, saved: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    leader: Path = saved(tmp_path / "leader", *tiny_causal())
    monkeypatch.setattr("sro.screeners.lora.classifier.embedded_leader", lambda: leader)
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "judge"
    return train_ensemble(JUDGE, tmp_path, settings(folder))


def test_either_member_learns_and_both_are_asked(judge: Path) -> None:
    both = load_screener(str(judge))
    assert isinstance(both, Ensemble) and len(both.members) == 2
    for name in ("ngrams", "smollm2"):
        toxic, civil = ([v.probability for v in load_screener(str(judge / name)).screen(t)] for t in (TOXIC, CIVIL))
        assert sum(toxic) / len(toxic) > 0.7 > 0.3 > sum(civil) / len(civil)


def test_a_second_run_keeps_the_members_that_are_there(judge: Path, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in judge.glob("*/*.safetensors")}
    name = load_screener(str(judge)).name
    (judge / "ensemble.json").unlink()
    train_ensemble(JUDGE, tmp_path, settings(judge))
    assert {file: file.stat().st_mtime_ns for file in judge.glob("*/*.safetensors")} == before and len(before) == 2
    assert load_screener(str(judge)).name == name
    train_ensemble(JUDGE, tmp_path, replace(settings(judge), pass_rate=0.5))  # which is the bar's alone
    assert {file: file.stat().st_mtime_ns for file in judge.glob("*/*.safetensors")} == before


def test_members_of_another_training_are_refused_and_not_kept(judge: Path, tmp_path: Path) -> None:
    message = r"holds members of a judge that was made with other settings or data\n  fix: another --output_dir"
    told = (judge / "training.json").read_text("utf-8")
    with pytest.raises(SROError, match=message):
        train_ensemble(JUDGE, tmp_path, replace(settings(judge), lora_rank=8))
    with pytest.raises(SROError, match=message):
        train_ensemble(
            replace(JUDGE, training_rows=lambda data: {"judge_calibration": ROWS}), tmp_path, settings(judge)
        )
    assert (judge / "training.json").read_text("utf-8") == told
    (judge / "training.json").unlink()  # nobody knows what they were made of
    with pytest.raises(SROError, match=message):
        train_ensemble(JUDGE, tmp_path, settings(judge))


def test_a_training_that_was_stopped_has_said_what_it_makes(tmp_path: Path) -> None:
    made_of = {"trained_on": [], "settings": {"seed": 1}}
    begin(tmp_path, {"trained_on": [], "settings": {"seed": 2}})
    begin(tmp_path, made_of)  # there is no member yet
    (tmp_path / "ngrams").mkdir()
    begin(tmp_path, made_of)
    with pytest.raises(SROError, match="other settings or data"):
        begin(tmp_path, {"trained_on": [], "settings": {"seed": 2}})


def test_its_bar_lets_the_wanted_share_of_accepted_rewrites_pass(judge: Path) -> None:
    passed = [verdict.passed for verdict in load_screener(str(judge)).screen(CIVIL)]
    assert sum(passed) / len(passed) == pytest.approx(0.96, abs=0.05)  # JudgeConfig.pass_rate; 24 texts
    told = json.loads((judge / "training.json").read_text("utf-8"))
    assert told["tuned"]["pass_rate"] == pytest.approx(sum(passed) / len(passed), abs=0.01)
    assert told["settings"]["lora_rank"] == 4 and [row["source"] for row in told["trained_on"]] == [
        "judge_calibration",
        "other",
    ]


def test_a_set_is_learnt_from_up_to_its_bound() -> None:
    sets = JUDGE.training_rows(Path())
    rows = adapter_rows(JUDGE, sets, 1)
    assert len(rows) == 24 + 30 and rows == adapter_rows(JUDGE, sets, 1)
    assert {p for text, p in rows if text in TOXIC} == {1.0} and {p for text, p in rows if text in CIVIL} == {0.0}
