"""Shared by all rows of `training/run.py`: the task, the results of a turn, and the clocks.

A turn is `1 + steps` optimizer steps from the same start on the same comments. The first step is not counted, because
it includes the warm-up of the libraries. Time runs from the end of the first step to the end of the last.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import TrainerCallback

from sro.leader.generation import Sampling
from sro.leader.model import Leader, LeaderArguments
from sro.leader.token_ids import prompt_ids
from sro.leader.transformers_generator import length_bounds
from sro.screeners.base import Screener

PACKAGES = ("torch", "transformers", "peft", "accelerate", "trl", "sro")


@dataclass(frozen=True)
class Task:
    """Settings of one optimizer step, and the number of steps. `training/run.py` says which row uses which setting.

    `batch` is the completions per step, and `micro_batch` how many of them are in memory at once. `sampling` has a
    length bound that fits the longest comment, for loops that can have only one bound for all comments. `checked`:
    whether our rows run the quality checks after the clock has stopped.
    """

    start: Callable[[], Leader]
    screener: Screener
    sampling: Sampling
    batch: int = 16
    micro_batch: int = 16
    steps: int = 2
    learning_rate: float = 6e-5
    beta: float = 0.1
    label_smoothing: float = 0.1
    rpo_alpha: float = 1.0
    bf16: bool = False
    authors_comments: int = 6
    checked: bool = True
    output_dir: str = "runs/training"

    @property
    def common(self) -> dict[str, Any]:
        """Fields for all `transformers.TrainingArguments`: nothing is saved, and the comments keep their order."""
        return {
            "output_dir": self.output_dir,
            "max_steps": self.steps + 1,
            "learning_rate": self.learning_rate,
            "weight_decay": 0.01,
            "lr_scheduler_type": "constant",
            "train_sampling_strategy": "sequential",
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "bf16": self.bf16,
            "use_cpu": not torch.cuda.is_available(),
        }


@dataclass(frozen=True)
class Check:
    """A comparison of two ways to compute the same: the largest absolute difference found, and the allowed one."""

    what: str
    found: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the difference is within the bound; False for NaN."""
        return self.found <= self.bound

    def __str__(self) -> str:
        verdict = "equal" if self.holds else "NOT EQUAL"
        return f"{verdict}: {self.what}: largest difference {self.found:.2g}, allowed {self.bound:.2g}"


@dataclass
class Turn:
    """Counts after the first step.

    seconds: wall time of `comments` comments. losses: one per optimizer step. phases: seconds by phase; flops: useful
    floating point operations of matrix products, if they were measured.
    """

    seconds: float
    comments: int
    completions: int
    tokens: int
    steps: int
    losses: list[float]
    phases: dict[str, float] = field(default_factory=dict)
    flops: dict[str, float] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Comments per second."""
        return self.comments / self.seconds


Loop = Callable[[Task, Sequence[str]], Turn]
"""Runs one turn on these comments: as many as its steps need, in order of the steps."""


def now() -> float:
    """Time in seconds, after all queued GPU work is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


class Meter:
    """Seconds by phase, and counts; reset after the first step."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the time inside the `with` block to the seconds of `name`."""
        begin = now()
        try:
            yield
        finally:
            self.seconds[name] += now() - begin  # type: ignore[assignment]  # a Counter holds floats as well

    def count(self, completions: Sequence[Sequence[int]]) -> None:
        """Count completions, given as token ids with their end tokens and without padding."""
        self.counts["completions"] += len(completions)
        self.counts["tokens"] += sum(map(len, completions))

    def clear(self) -> None:
        """Reset all."""
        self.seconds.clear()
        self.counts.clear()


class StepClock(TrainerCallback):
    """Records the start, the end and the loss of each optimizer step."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.begins: list[float] = []
        self.ends: list[float] = []
        self.losses: list[float] = []

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        """The batch is ready; forward and backward follow."""
        self.begins.append(now())

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        """The weights are updated."""
        self.ends.append(now())
        if len(self.ends) == 1:
            self.meter.clear()

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Losses are read from the log entries."""
        if "loss" in kwargs["logs"]:
            self.losses.append(float(kwargs["logs"]["loss"]))

    @property
    def elapsed(self) -> float:
        """Seconds from the end of the first step to the end of the last."""
        return self.ends[-1] - self.ends[0]

    @property
    def inside(self) -> float:
        """Seconds within the steps after the first, without the time between steps."""
        return sum(end - begin for begin, end in zip(self.begins[1:], self.ends[1:]))


def embedded_start() -> Leader:
    """The embedded leader with its warm-up adapter, which the training continues; weights in float32."""
    return Leader.load(LeaderArguments(leader="embedded"), "embedded/warmup", trainable=True)


def longest_bound(leader: Leader, comments: Sequence[str], sampling: Sampling) -> int:
    """The largest length limit in tokens that `SROTrainer` sets for a completion of any of these comments."""
    prompts = prompt_ids(leader.tokenizer, leader.prompt, comments, max_length=512)
    return max(length_bounds(leader.tokenizer, leader.prompt, prompts, sampling))


def until_end(row: Sequence[int], end: int) -> list[int]:
    """A sampled row up to and including its first end token; the whole row if there is none."""
    ids = list(row)
    return ids[: ids.index(end) + 1] if end in ids else ids


def matmul_peak(bf16: bool, tries: int = 8) -> float:
    """Floating point operations per second of a large matrix product in the run's numeric mode; best of `tries`."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if device == "cuda" else 1536
    left = torch.randn(size, size, device=device, dtype=torch.bfloat16 if bf16 else torch.float32)
    right, best = left.clone(), float("inf")
    for _ in range(tries + 1):
        begin = now()
        left @ right
        best = min(best, now() - begin)
    return 2 * size**3 / best
