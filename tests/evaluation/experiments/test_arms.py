"""Arms share everything but what differs; what is done is not done again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sro.core.errors import SROError
from sro.evaluation.experiments import ablation, arms, claims, perturbation
from sro.evaluation.experiments.arms import PRESETS, Arm, Settings, train_arms
from sro.leader.model import Leader, LeaderArguments
from sro.screeners.follower import FollowerArguments
from sro.training.config import SROConfig
from sro.training.data import DataArguments, training_and_held_out

TWO = [Arm("SRO"), Arm("flipped", {"flip_verdicts": 0.1, "flip_rate": 0.1})]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    args = SROConfig(output_dir=str(tmp_path), seed=7, use_cpu=True, save_strategy="no")
    return Settings(DataArguments(), FollowerArguments(), LeaderArguments(), args)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The runs that were asked for; each leaves what a run leaves."""
    asked: list[Settings] = []

    def train(data: Any, follower: Any, leader: Any, args: SROConfig, before: list[str] | None = None) -> None:
        asked.append(Settings(data, follower, leader, args))
        assert before == (["start ."] if len(asked) > 1 else None)
        folder = Path(str(args.output_dir))
        folder.mkdir(parents=True)
        assert not list(folder.iterdir())
        args.prompt = "filled in by the run: {text}"
        row = {"comment": "a\u2028b", "before": "start .", "after": f"{follower.flip_verdicts} {args.seed}"}
        (folder / "rewrites.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", "utf-8")

    monkeypatch.setattr(arms, "train_run", train)
    return asked


def test_every_arm_and_seed_once_seed_by_seed(settings: Settings, runs: list[Settings]) -> None:
    found = train_arms(TWO, 2, settings)
    assert found.comments == ["a\u2028b"] and found.start == ["start ."]
    assert found.rewrites == {"SRO": [["0.0 7"], ["0.0 8"]], "flipped": [["0.1 7"], ["0.1 8"]]}
    assert [(run.args.seed, run.follower.flip_verdicts) for run in runs] == [(7, 0.0), (7, 0.1), (8, 0.0), (8, 0.1)]
    assert [run.follower.flip_seed for run in runs] == [7, 7, 8, 8]
    assert [run.args.flip_rate for run in runs] == [0.0, 0.1, 0.0, 0.1]
    assert settings.args.prompt == "" and settings.args.seed == 7  # the caller's own are left alone


def test_finished_runs_are_kept_and_torn_ones_made_again(settings: Settings, runs: list[Settings]) -> None:
    first = train_arms(TWO, 1, settings)
    torn = Path(str(settings.args.output_dir)) / "arms/flipped/seed-7"
    (torn / arms.ASKED).unlink()
    assert train_arms(TWO, 1, settings) == first
    assert [run.args.output_dir for run in runs[2:]] == [str(torn)]


def test_a_finished_run_with_other_settings_is_refused(settings: Settings, runs: list[Settings]) -> None:
    train_arms(TWO, 1, settings)
    settings.args.learning_rate = 0.5
    with pytest.raises(SROError, match=r"seed-7 holds a run with learning_rate=2e-05, not 0.5\n  fix: another"):
        train_arms(TWO, 1, settings)


def test_a_finished_run_that_does_not_say_what_it_was_made_of_is_refused(
    settings: Settings, runs: list[Settings]
) -> None:
    train_arms(TWO, 1, settings)
    path = Path(str(settings.args.output_dir)) / "arms/SRO/seed-7" / arms.ASKED
    path.write_text(json.dumps(settings.of(TWO[0], 7, path.parent).plain()), "utf-8")
    with pytest.raises(SROError, match=r"seed-7 holds a run with adapter=unknown, not embedded/warmup [0-9a-f]{8}\n"):
        train_arms(TWO, 1, settings)


@pytest.mark.parametrize("changed", ["adapter", "screener", "comments"])
def test_a_finished_run_of_other_parts_is_refused(
    settings: Settings, runs: list[Settings], tmp_path: Path, changed: str
) -> None:
    """The settings are the same; what their names stand for is not."""
    files = {
        "adapter": tmp_path / "warmed" / "adapter_model.safetensors",
        "screener": tmp_path / "mine" / "nblr.json",
        "comments": tmp_path / "comments.txt",
    }
    for path in files.values():
        path.parent.mkdir(exist_ok=True)
        path.write_text("you are an idiot\n", "utf-8")
    settings.leader.adapter, settings.follower.screener = str(tmp_path / "warmed"), str(tmp_path / "mine")
    settings.data.comments = [str(files["comments"])]
    first = train_arms(TWO, 1, settings)
    assert train_arms(TWO, 1, settings) == first and len(runs) == 2
    files[changed].write_text("you are another idiot\n", "utf-8")
    with pytest.raises(SROError, match=rf"seed-7 holds a run with {changed}=(\S+) \w{{8}}, not \1 \w{{8}}\n"):
        train_arms(TWO, 1, settings)
    assert len(runs) == 2


def test_progress_names_run_and_arm(settings: Settings, runs: list[Settings]) -> None:
    said: list[str] = []
    train_arms(TWO, 1, settings, said.append)
    assert said[0] == "run 1 of 2: SRO, seed 7"
    assert said[1].startswith("run 2 of 2: flipped, seed 7, ") and said[1].endswith(" min left")


def test_a_rate_that_is_given_twice_makes_one_arm() -> None:
    assert [arm.name for arm in perturbation.arms([0.1, 0.1], [0.1, 0.1], [0, 0.1])] == [
        *("SRO", "SRO p=0.1", "robust p=0.1", "SRO without anchor", "SRO without anchor p=0.1")
    ]


@pytest.mark.parametrize("found", [ablation.arms(4), perturbation.arms([0.05, 0.1], [0.1])], ids=["parts", "flips"])
def test_what_differs_are_settings_that_exist(settings: Settings, found: list[Arm], tmp_path: Path) -> None:
    assert len({arm.name for arm in found}) == len(found)
    made = [settings.of(arm, 7, tmp_path).plain() for arm in found]
    plain = settings.of(Arm("SRO"), 7, tmp_path).plain()
    for arm, own in zip(found, made):
        assert {name for name in own if own[name] != plain[name]} <= arm.differs.keys()
        assert {name: own[name] for name in arm.differs} == dict(arm.differs)


@pytest.mark.parametrize("batch, rollouts", [(4, 1), (4, 2), (2, 2), (8, 3)])
def test_rollouts_a_step_are_equal(batch: int, rollouts: int) -> None:
    for arm in ablation.arms(batch * rollouts):
        size = arm.differs.get("per_device_train_batch_size", batch)
        assert size * arm.differs.get("num_generations", rollouts) == batch * rollouts


@pytest.mark.parametrize("rollouts", [1, 2, 6])
def test_rollouts_that_best_of_four_cannot_play_are_refused(rollouts: int) -> None:
    with pytest.raises(SROError, match=rf"cannot play {rollouts} rollouts(.|\n)*fix: --per_device_train_batch_size 4"):
        ablation.arms(rollouts)


def test_all_seeds_hold_out_the_same_comments(settings: Settings, tiny_causal: Any, tmp_path: Path) -> None:
    settings.data.only_refused, settings.args.prompt = False, "Rude : {text} Polite :"
    player, nobody = Leader(*tiny_causal(), settings.args.prompt), SimpleNamespace()
    runs = [settings.of(arm, seed, tmp_path) for seed in (7, 8, 9) for arm in TWO]
    assert {run.data.split_seed for run in runs} == {7} and {run.args.seed for run in runs} == {7, 8, 9}
    held = [training_and_held_out(run.data, run.args, cast(Any, nobody), player)[1] for run in runs[::2]]
    assert held[0] and all(comments == held[0] for comments in held)
    settings.data.held_out = "starter:civil"  # they are named: no draw, and finished runs are the same as before
    assert settings.of(TWO[0], 8, tmp_path).data.split_seed is None


def test_runs_that_hold_out_other_comments_are_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(data: Any, follower: Any, leader: Any, args: SROConfig, before: list[str] | None = None) -> None:
        folder = Path(str(args.output_dir))
        folder.mkdir(parents=True)
        row = {"comment": f"of seed {args.seed}", "before": "start .", "after": "after ."}
        (folder / "rewrites.jsonl").write_text(json.dumps(row) + "\n", "utf-8")

    monkeypatch.setattr(arms, "train_run", train)
    with pytest.raises(SROError, match=r"seed-8 holds out other comments(.|\n)*fix: another --output_dir"):
        train_arms(TWO[:1], 2, settings)


def test_comments_of_the_test_set_are_left_out_before_anything_is_trained(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the follower's flips are estimated from is read first, and as the arms read it."""
    asked: list[Any] = []

    def refuse(names: list[str], **options: Any) -> Any:
        asked.append((names, options))
        raise SROError("read")

    monkeypatch.setattr("sro.training.data.load_sources", refuse)
    monkeypatch.setattr(claims, "train_arms", lambda *_: pytest.fail("trained first"))
    data = replace(settings.data, drop_test_set=True, max_words=20)
    judges: Any = None
    with pytest.raises(SROError, match="read"):
        claims.perturbation(replace(settings, data=data), 1, [0.1], [], [], judges, print)
    [(names, options)] = asked
    assert names == ["starter:toxic"] and options["held_out"] == "drop" and options["max_words"] == 20


def test_presets_are_settings() -> None:
    classes = (DataArguments, FollowerArguments, LeaderArguments, SROConfig)
    assert PRESETS.keys() <= {name for kind in classes for name in kind.__dataclass_fields__}
