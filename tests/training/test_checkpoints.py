"""Seals: which checkpoint a killed run may go on from. The run itself is killed in test_resume.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from transformers import TrainerControl, TrainerState

from sro.core.errors import SROError
from sro.leader.generation import Completion
from sro.screeners.base import Verdict
from sro.screeners.noisy import FlippingScreener
from sro.training.checkpoints import (
    SEAL,
    CheckpointSeal,
    ReferenceCache,
    checkpoint_to_resume,
    last_sealed_checkpoint,
)
from sro.training.monitor import CollapseGuard


class AlwaysPasses:
    name = "always passes 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("pass", 0.0, self.name) for _ in texts]


def checkpoint(folder: Path, step: int, sealed: bool = True) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "trainer_state.json").write_text("{}")
    if sealed:
        (path / SEAL).write_text("{}")
    return path


def arguments(folder: Path, bf16: bool = False, save_only_model: bool = False) -> SimpleNamespace:
    return SimpleNamespace(output_dir=str(folder), bf16=bf16, fp16=False, save_only_model=save_only_model)


def begin(seal: CheckpointSeal, folder: Path, resumed: Path | None, bf16: bool = False) -> None:
    """As a trainer does that goes on from `resumed` in the output folder `folder`."""
    seal.resumed = resumed
    seal.on_train_begin(arguments(folder, bf16), TrainerState(global_step=10 if resumed else 0), TrainerControl())


def test_the_newest_sealed_checkpoint_counts_by_number_not_by_name(tmp_path: Path) -> None:
    for step in (5, 50, 9):
        checkpoint(tmp_path, step)
    checkpoint(tmp_path, 100, sealed=False)
    assert last_sealed_checkpoint(tmp_path) == tmp_path / "checkpoint-50"
    assert last_sealed_checkpoint(str(tmp_path)) == tmp_path / "checkpoint-50"


def test_no_sealed_checkpoint(tmp_path: Path) -> None:
    assert last_sealed_checkpoint(tmp_path / "absent") is None
    checkpoint(tmp_path, 5, sealed=False)
    assert last_sealed_checkpoint(tmp_path) is None


@pytest.mark.parametrize("name", ["checkpoint-best", "checkpoint-", "checkpoint-50.bak", "checkpoint-7-old"])
def test_folders_that_are_no_checkpoint_of_the_run_are_passed_over(tmp_path: Path, name: str) -> None:
    checkpoint(tmp_path, 5)
    (tmp_path / name).mkdir()
    (tmp_path / name / SEAL).write_text("{}")
    assert last_sealed_checkpoint(tmp_path) == tmp_path / "checkpoint-5"


def test_the_seal_carries_the_reference_cache_to_the_last_bit(tmp_path: Path) -> None:
    cache = ReferenceCache({"you idiot": -17.123456789012345, "ünï\ncode": -1 / 3})
    checkpoint(tmp_path, 10, sealed=False)
    CheckpointSeal(cache).on_save(arguments(tmp_path), TrainerState(global_step=10), TrainerControl())
    assert last_sealed_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert json.loads((tmp_path / "checkpoint-10" / SEAL).read_text("utf-8"))["step"] == 10

    resumed = ReferenceCache()
    begin(CheckpointSeal(resumed), tmp_path, tmp_path / "checkpoint-10")
    assert resumed == cache


def test_what_is_resumed_brings_its_own_seal_whatever_lies_in_the_output_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A checkpoint of the same number may be another run's."""
    for name, value in (("ours", -1.0), ("theirs", -2.0)):
        checkpoint(tmp_path / name, 10, sealed=False)
        seal = CheckpointSeal(ReferenceCache({"you idiot": value}))
        seal.on_save(arguments(tmp_path / name), TrainerState(global_step=10), TrainerControl())
    for folder in ("theirs", "new"):
        resumed = ReferenceCache()
        begin(CheckpointSeal(resumed), tmp_path / folder, tmp_path / "ours" / "checkpoint-10")
        assert resumed == {"you idiot": -1.0}
    assert not caplog.text
    with pytest.raises(SROError, match="computed in float32"):
        begin(CheckpointSeal(ReferenceCache()), tmp_path / "new", tmp_path / "ours" / "checkpoint-10", bf16=True)
    torso = checkpoint(tmp_path / "ours", 11, sealed=False)
    begin(CheckpointSeal(ReferenceCache()), tmp_path / "new", torso)
    assert "checkpoint-11 is no complete checkpoint" in caplog.text


def test_weights_alone_are_no_checkpoint_to_go_on_from(tmp_path: Path) -> None:
    checkpoint(tmp_path, 10, sealed=False)
    state = TrainerState(global_step=10)
    CheckpointSeal(ReferenceCache()).on_save(arguments(tmp_path, save_only_model=True), state, TrainerControl())
    assert last_sealed_checkpoint(tmp_path) is None


def test_true_means_the_newest_complete_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="no complete checkpoint in"):
        checkpoint_to_resume(True, tmp_path)
    checkpoint(tmp_path, 5)
    checkpoint(tmp_path, 9, sealed=False)
    assert checkpoint_to_resume(True, tmp_path) == tmp_path / "checkpoint-5"
    assert checkpoint_to_resume("other/checkpoint-9", tmp_path) == Path("other/checkpoint-9")
    assert checkpoint_to_resume(None, tmp_path) is checkpoint_to_resume(False, tmp_path) is None


def test_the_seal_carries_how_many_verdicts_were_given(tmp_path: Path) -> None:
    flips, other = (
        FlippingScreener(AlwaysPasses(), 0.3, seed=4, given=31),
        FlippingScreener(AlwaysPasses(), 0.3, seed=4),
    )
    checkpoint(tmp_path, 10, sealed=False)
    state = TrainerState(global_step=10)
    CheckpointSeal(ReferenceCache(), flips).on_save(arguments(tmp_path), state, TrainerControl())
    begin(CheckpointSeal(ReferenceCache(), other), tmp_path, tmp_path / "checkpoint-10")
    assert other.given == 31
    with pytest.raises(SROError, match="cannot resume the flips"):
        wrong = FlippingScreener(AlwaysPasses(), 0.2, seed=4)
        begin(CheckpointSeal(ReferenceCache(), wrong), tmp_path, tmp_path / "checkpoint-10")


def test_on_another_number_of_processes_the_flips_begin_anew(tmp_path: Path) -> None:
    checkpoint(tmp_path, 10, sealed=False)
    state = {"given": 31, "seed": 4, "probability": 0.3}
    seal = {"step": 10, "dtype": "float32", "reference_x": {}, "flips": [state, state]}
    (tmp_path / "checkpoint-10" / SEAL).write_text(json.dumps(seal))
    flips = FlippingScreener(AlwaysPasses(), 0.3, seed=4)
    begin(CheckpointSeal(ReferenceCache(), flips), tmp_path, tmp_path / "checkpoint-10")
    assert flips.given == 0


def test_a_fresh_run_in_an_old_folder_takes_nothing_over(tmp_path: Path) -> None:
    seal = CheckpointSeal(ReferenceCache({"you idiot": -1.0}))
    checkpoint(tmp_path, 0)
    checkpoint(tmp_path, 10, sealed=False)
    seal.on_save(arguments(tmp_path), TrainerState(global_step=10), TrainerControl())
    fresh = ReferenceCache()
    begin(CheckpointSeal(fresh), tmp_path, None)
    assert fresh == {}


def test_only_the_main_process_seals(tmp_path: Path) -> None:
    checkpoint(tmp_path, 10, sealed=False)
    state = TrainerState(global_step=10, is_world_process_zero=False)
    CheckpointSeal(ReferenceCache()).on_save(arguments(tmp_path), state, TrainerControl())
    assert last_sealed_checkpoint(tmp_path) is None


@pytest.mark.parametrize("began", [False, True])
def test_a_run_that_would_go_on_in_another_number_format_is_refused(tmp_path: Path, began: bool) -> None:
    checkpoint(tmp_path, 10, sealed=False)
    seal, state = CheckpointSeal(ReferenceCache()), TrainerState(global_step=10)
    seal.on_save(arguments(tmp_path, began), state, TrainerControl())
    begin(seal, tmp_path, tmp_path / "checkpoint-10", began)
    first, second = ("bfloat16", "float32") if began else ("float32", "bfloat16")
    flag = "--bf16 true" if began else "--bf16 false"
    with pytest.raises(SROError, match=rf"computed in {first}, and .* in {second}\n  fix: {flag}"):
        begin(seal, tmp_path, tmp_path / "checkpoint-10", not began)


def test_the_seal_carries_what_the_guard_has_seen(tmp_path: Path) -> None:
    """So a resumed run stops at the step at which an unbroken one stops."""
    checkpoint(tmp_path, 10, sealed=False)
    guard, resumed = CollapseGuard(4, 0.3), CollapseGuard(4, 0.3)
    guard.see(["x"] * 3, [Completion("", [0], True)] * 3)
    CheckpointSeal(ReferenceCache(), parts={"guard": guard}).on_save(
        arguments(tmp_path), TrainerState(global_step=10), TrainerControl()
    )
    begin(CheckpointSeal(ReferenceCache(), parts={"guard": resumed}), tmp_path, tmp_path / "checkpoint-10")
    assert resumed.state_dict() == guard.state_dict() == {"recent": ["empty"] * 3, "seen": 3, "cut": 0}
