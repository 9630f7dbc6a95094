"""A run that is killed, at any moment, and resumed ends with the same bits as a run that was left alone.

Each run is a process of its own and dies by SIGKILL: nothing is flushed, no handler runs. The processes are forked
from one server that has the libraries loaded, so a run takes a second. Twenty comments in batches of four make epochs
of five steps; rollouts feed two steps and checkpoints lie at every fourth: both meet epoch boundaries at odd places.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from transformers import TrainerCallback

from sro.leader.model import Leader, LeaderArguments, save_adapter
from sro.screeners.base import Verdict
from sro.training.checkpoints import last_sealed_checkpoint
from sro.training.config import SROConfig
from sro.training.trainer import SROTrainer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and forkserver are POSIX")

PROMPT = "Rude : {text} Polite :"
STEPS = 20
COMMENTS = [
    f"{who} {be} a {what}"
    for who in ("you", "they")
    for be in ("are", "is")
    for what in ("stupid idiot", "moron", "crap page", "fool and this is a long trash comment", "damn bad bad idea")
]
KINDS = ["causal-fresh", "causal-continued", "seq2seq-full"]


class OddLength:
    """A screener whose verdicts look random and are not: about half of all texts pass."""

    name = "odd length 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("pass" if len(text) % 2 else "fail", 0.5, self.name) for text in texts]


class Reporter(TrainerCallback):
    """Tells the parent each step, and dies before the seal of one checkpoint is written."""

    def __init__(self, pipe: Any, die: str | None) -> None:
        self.pipe, self.die = pipe, die

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.pipe.send(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.pipe.send(state.global_step)
        if self.die == f"after step {state.global_step}":
            os.kill(os.getpid(), signal.SIGKILL)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self.die == f"before seal {state.global_step}":
            os.kill(os.getpid(), signal.SIGKILL)


class HalfSaved(SROTrainer):
    """Dies amid a checkpoint: the weights are written, the optimizer is not."""

    die_at = 0

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.state.global_step == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._save_optimizer_and_scheduler(output_dir)


def run(kind: str, leader: Path, folder: Path, pipe: Any, die: str | None) -> None:
    """One training run from the last sealed checkpoint in `folder`, as `sro train` starts it."""
    from datasets import Dataset

    torch.set_num_threads(1)
    gc.freeze()  # `train` starts with a collection, which need not look through all of torch
    adapter = str(leader.parent / "adapter") if kind.endswith("continued") else "none"
    player = Leader.load(LeaderArguments(leader=str(leader), adapter=adapter), prompt=PROMPT, trainable=True)
    lora = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM") if kind.endswith("fresh") else None
    torch.manual_seed(0)  # of the fresh adapter
    trainer = HalfSaved(
        player.model,
        SROConfig(
            output_dir=str(folder),
            prompt=PROMPT,
            per_device_train_batch_size=2,
            gradient_accumulation_steps=2,
            num_generations=2,
            steps_per_generation=2,
            max_steps=STEPS,
            save_steps=4,
            warmup_steps=3,
            learning_rate=1e-2,
            max_completion_length=10,
            collapse_window=0,
            disable_tqdm=True,
            use_cpu=True,
        ),
        OddLength(),
        Dataset.from_dict({"comment": COMMENTS}),
        player.tokenizer,
        peft_config=lora,
        callbacks=[Reporter(pipe, die)],
    )
    trainer.die_at = int(die.removeprefix("amid ")) if die and die.startswith("amid") else 0
    checkpoint = last_sealed_checkpoint(folder)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    save_adapter(trainer.model, player.tokenizer, PROMPT, folder / "adapter")


Start = Callable[..., Any]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory, tiny_causal: Any, tiny_seq2seq: Any, saved: Any) -> Start:
    """A function that starts a run in a process: start(kind, folder, die) → (process, pipe)."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["datasets", "sro.training.trainer", "peft"])
    home = tmp_path_factory.mktemp("leaders")
    for name, tiny in (("causal", tiny_causal), ("seq2seq", tiny_seq2seq)):
        saved(home / name / "leader", *tiny())
    torch.manual_seed(5)
    start_from = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    save_adapter(get_peft_model(tiny_causal()[0], start_from), None, PROMPT, home / "causal" / "adapter")

    def begin(kind: str, folder: Path, die: str | None = None) -> Any:
        ours, theirs = context.Pipe(duplex=False)
        leader = home / kind.split("-")[0] / "leader"
        process = context.Process(target=run, args=(kind, leader, folder, theirs, die), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    return begin


def finish(process: Any, pipe: Any) -> list[int]:
    """Wait for a run to end; the steps it reported, the first one being where it began."""
    steps = []
    try:
        while pipe.poll(60):
            steps.append(pipe.recv())
    except EOFError:
        pass
    process.join(60)
    return steps


def result(folder: Path) -> dict[str, torch.Tensor]:
    [file] = (folder / "adapter").glob("*.safetensors")
    return load_file(file)


def same_bits(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def undisturbed(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, torch.Tensor]]:
    """The result of each kind of run that nobody killed."""
    known: dict[str, dict[str, torch.Tensor]] = {}

    def get(kind: str) -> dict[str, torch.Tensor]:
        if kind not in known:
            folder = tmp_path_factory.mktemp("undisturbed")
            process, pipe = start(kind, folder)
            assert finish(process, pipe) == list(range(STEPS + 1)) and process.exitcode == 0
            known[kind] = result(folder)
        return known[kind]

    return get


def test_the_runs_of_this_file_would_show_a_difference(undisturbed: Any, start: Start, tmp_path: Path) -> None:
    """A run learns something; and one that goes on from another checkpoint's optimizer state ends elsewhere."""
    process, pipe = start("causal-fresh", tmp_path, "after step 9")
    finish(process, pipe)
    newest = last_sealed_checkpoint(tmp_path)
    assert newest is not None and newest.name == "checkpoint-8"
    (newest / "optimizer.pt").write_bytes((tmp_path / "checkpoint-4" / "optimizer.pt").read_bytes())
    process, pipe = start("causal-fresh", tmp_path)
    finish(process, pipe)
    assert process.exitcode == 0
    assert not same_bits(result(tmp_path), undisturbed("causal-fresh"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "die, resumes_at, torso",
    [
        ("after step 3", 0, None),  # before the first checkpoint: from the start
        ("after step 11", 8, None),  # 8 lies in the second epoch, amid nothing
        ("amid 12", 8, 12),
        ("before seal 16", 12, 16),
    ],
)
def test_killed_at_a_certain_point(
    start: Start, undisturbed: Any, tmp_path: Path, kind: str, die: str, resumes_at: int, torso: int | None
) -> None:
    process, pipe = start(kind, tmp_path, die)
    finish(process, pipe)
    assert process.exitcode == -signal.SIGKILL
    if torso:
        assert (tmp_path / f"checkpoint-{torso}").is_dir()
    process, pipe = start(kind, tmp_path)
    steps = finish(process, pipe)
    assert process.exitcode == 0
    assert steps == list(range(resumes_at, STEPS + 1))
    assert same_bits(result(tmp_path), undisturbed(kind))


@pytest.mark.parametrize("kind", KINDS[:2])
@pytest.mark.parametrize("seed", [0, 1])
def test_killed_again_and_again_at_random_moments(
    start: Start, undisturbed: Any, tmp_path: Path, kind: str, seed: int
) -> None:
    """Three times over, from outside, some milliseconds into a random step: amid a rollout, a product, a write."""
    draw = random.Random(f"{kind} {seed}")
    begun = []
    for reach in (5, 10, 15):
        process, pipe = start(kind, tmp_path)
        begun.append(pipe.recv())
        step, until = begun[-1], draw.randint(begun[-1] + 1, reach)
        while step < until:
            step = pipe.recv()
        time.sleep(draw.uniform(0, 0.04))
        process.kill()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
    process, pipe = start(kind, tmp_path)
    steps = finish(process, pipe)
    assert process.exitcode == 0 and steps[-1] == STEPS
    assert any(begun), "every kill came before the first checkpoint"
    assert same_bits(result(tmp_path), undisturbed(kind))
