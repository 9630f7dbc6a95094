"""Seals: which checkpoint a killed run may go on from. The run itself is killed in test_resume.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from transformers import TrainerControl, TrainerState

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.noisy import FlippingScreener
from sro.training.checkpoints import SEAL, CheckpointSeal, ReferenceCache, last_sealed_checkpoint


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


def arguments(folder: Path, bf16: bool = False) -> SimpleNamespace:
    return SimpleNamespace(output_dir=str(folder), bf16=bf16, fp16=False)


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
    CheckpointSeal(resumed).on_train_begin(arguments(tmp_path), TrainerState(global_step=10), TrainerControl())
    assert resumed == cache


def test_the_seal_carries_how_many_verdicts_were_given(tmp_path: Path) -> None:
    flips, other = (
        FlippingScreener(AlwaysPasses(), 0.3, seed=4, given=31),
        FlippingScreener(AlwaysPasses(), 0.3, seed=4),
    )
    checkpoint(tmp_path, 10, sealed=False)
    state = TrainerState(global_step=10)
    CheckpointSeal(ReferenceCache(), flips).on_save(arguments(tmp_path), state, TrainerControl())
    CheckpointSeal(ReferenceCache(), other).on_train_begin(arguments(tmp_path), state, TrainerControl())
    assert other.given == 31
    with pytest.raises(SROError, match="cannot resume the flips"):
        wrong = FlippingScreener(AlwaysPasses(), 0.2, seed=4)
        CheckpointSeal(ReferenceCache(), wrong).on_train_begin(arguments(tmp_path), state, TrainerControl())


def test_on_another_number_of_processes_the_flips_begin_anew(tmp_path: Path) -> None:
    checkpoint(tmp_path, 10, sealed=False)
    state = {"given": 31, "seed": 4, "probability": 0.3}
    seal = {"step": 10, "dtype": "float32", "reference_x": {}, "flips": [state, state]}
    (tmp_path / "checkpoint-10" / SEAL).write_text(json.dumps(seal))
    flips = FlippingScreener(AlwaysPasses(), 0.3, seed=4)
    CheckpointSeal(ReferenceCache(), flips).on_train_begin(
        arguments(tmp_path), TrainerState(global_step=10), TrainerControl()
    )
    assert flips.given == 0


def test_a_fresh_run_in_an_old_folder_takes_nothing_over(tmp_path: Path) -> None:
    seal = CheckpointSeal(ReferenceCache({"you idiot": -1.0}))
    checkpoint(tmp_path, 0)
    checkpoint(tmp_path, 10, sealed=False)
    seal.on_save(arguments(tmp_path), TrainerState(global_step=10), TrainerControl())
    fresh = ReferenceCache()
    CheckpointSeal(fresh).on_train_begin(arguments(tmp_path), TrainerState(global_step=0), TrainerControl())
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
    seal.on_train_begin(arguments(tmp_path, began), state, TrainerControl())
    first, second = ("bfloat16", "float32") if began else ("float32", "bfloat16")
    flag = "--bf16 true" if began else "--bf16 false"
    with pytest.raises(SROError, match=rf"computed in {first}, and .* in {second}\n  fix: {flag}"):
        seal.on_train_begin(arguments(tmp_path, not began), state, TrainerControl())
