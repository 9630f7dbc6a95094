"""What the log says of the game, and when a collapsed leader is stopped."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import TrainerControl, TrainerState

from sro.leader.generation import Completion
from sro.training.monitor import CollapseGuard, CompletionRow, CompletionTable, Gauges, completion_gauges, game_gauges

ONE_PROCESS = SimpleNamespace(num_processes=1)


def completion(text: str, finished: bool = True) -> Completion:
    return Completion(text, list(range(len(text.split()) + 1)), finished)


def test_completion_gauges() -> None:
    sources = ["you idiot", "shut up now", "what crap", "go away"]
    completions = [
        completion("you, IDIOT!"),
        completion(""),
        completion("ha ha ha ha", finished=False),
        completion("please leave me now"),
    ]
    cosine = np.array([1.0, 0.0, 0.5, 0.25])
    gauges = completion_gauges(sources, completions, [False, False, False, True], cosine)
    assert gauges == {
        "pass_rate": [0, 0, 0, 1],
        "copy_rate": [1, 0, 0, 0],
        "empty_rate": [0, 1, 0, 0],
        "repeat_rate": [0, 0, 1, 0],
        "length_ratio": [1, 0, 2, 2],
        "completions/mean_length": [3, 1, 5, 5],
        "completions/clipped_ratio": [0, 0, 1, 0],
        "similarity": [1, 0, 0.5, 0.25],
    }
    assert "similarity" not in completion_gauges(sources, completions, [True] * 4, None)


def test_game_gauges_are_rewards_as_trl_defines_them() -> None:
    gauges = game_gauges(
        delta_y=torch.tensor([2.0, 4.0]),
        delta_x=torch.tensor([-1.0, 0.0]),
        logp_y=torch.tensor([-10.0, -20.0]),
        logp_x=torch.tensor([-5.0]),
        length=torch.tensor([4, 8]),
        passed=torch.tensor([True, False]),
        beta=0.5,
    )
    assert gauges == {
        "rewards/chosen": [1.0],
        "rewards/rejected": [-0.5],
        "rewards/margins": [1.5],
        "rewards/failed": [2.0],
        "logps/paraphrase": [-10.0, -20.0],
        "logps/source": [-5.0],
        "kl": [0.5, 0.5],
    }


def test_gauges_are_means_over_values_not_over_batches_and_drain() -> None:
    gauges = Gauges()
    gauges.add({"a": [1.0, 2.0, 3.0], "b": []})
    gauges.add({"a": [10.0], "b": [4.0], "never": []})
    assert gauges.drain(ONE_PROCESS) == {"a": 4.0, "b": 4.0}
    assert gauges.drain(ONE_PROCESS) == {}
    gauges.add({"a": [7.0]})
    assert gauges.drain(ONE_PROCESS) == {"a": 7.0}


def row(text: str, step: int = 0) -> CompletionRow:
    return CompletionRow(step, "you idiot", text, "pass", 0.25, "stub 1", None)


def table(folder: Path, **options: Any) -> CompletionTable:
    given = {"output_dir": folder, "log_completions": True, "num_completions_to_print": 0, "process_index": 0}
    return CompletionTable(SimpleNamespace(**{**given, **options}))


def test_completions_are_written_once_and_a_step_run_again_replaces_its_file(tmp_path: Path) -> None:
    completions = table(tmp_path)
    completions.see([row("ünïcode"), row("two")])
    completions.write(5)
    completions.write(10)  # nothing was seen since
    [file] = (tmp_path / "completions").iterdir()
    assert file.name == "step_000005.jsonl"
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["paraphrase"] for line in lines] == ["ünïcode", "two"]
    assert lines[0] == {
        "step": 0,
        "source": "you idiot",
        "paraphrase": "ünïcode",
        "verdict": "pass",
        "probability": 0.25,
        "screener": "stub 1",
        "similarity": None,
    }
    completions.see([row("again")])
    completions.write(5)
    assert [json.loads(line)["paraphrase"] for line in file.read_text("utf-8").splitlines()] == ["again"]


def test_completions_are_logged_where_asked(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="sro")
    completions = table(tmp_path, log_completions=False, num_completions_to_print=1)
    completions.see([row("shown"), row("hidden")])
    completions.write(5)
    assert "shown" in caplog.text and "hidden" not in caplog.text
    assert not list(tmp_path.iterdir())


def test_only_the_main_process_writes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="sro")
    completions = table(tmp_path, process_index=1, num_completions_to_print=9)
    completions.see([row("one")])
    completions.write(5)
    assert not list(tmp_path.iterdir()) and not caplog.messages


def judge(guard: CollapseGuard) -> bool:
    control = guard.on_step_end(SimpleNamespace(), TrainerState(global_step=12), TrainerControl())
    assert control.should_training_stop == (guard.reason is not None)
    return control.should_training_stop


def test_the_guard_waits_for_a_full_window_and_a_large_enough_share() -> None:
    guard = CollapseGuard(window=10, share=0.3)
    guard.see(["x"] * 9, [completion("")] * 9)
    assert not judge(guard)  # nine are no window
    guard.see(["x"] * 10, [completion("")] * 3 + [completion("fine")] * 7)
    assert not judge(guard)  # just the share is not more than it
    guard.see(["x"], [completion("")])  # pushes an empty one out
    assert not judge(guard)
    guard.see(["x"] * 4, [completion("ha ha ha")] * 4)
    assert judge(guard)
    assert guard.reason is not None
    assert "at step 12" in guard.reason and "5 of its last 10" in guard.reason and "repeating" in guard.reason
    assert "--learning_rate" in guard.reason  # the fix


def test_window_0_never_stops() -> None:
    guard = CollapseGuard(window=0, share=0.3)
    guard.see(["x"] * 500, [completion("")] * 500)
    assert not judge(guard)
