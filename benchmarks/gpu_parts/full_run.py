"""SRO of all weights until the time is over, and the weight difference that it returns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import yaml
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from benchmarks.gpu_parts.leaders import ALL_WEIGHTS_RATE, full_start, refused_comments
from benchmarks.gpu_parts.recorder import Found, Recorder
from benchmarks.gpu_parts.weight_difference import apply, encode, kept_share
from benchmarks.training.peak_memory import RECIPE
from benchmarks.training.timing import now
from sro.core.precision import compute_dtype
from sro.leader.generation import Sampling
from sro.leader.model import Leader
from sro.leader.transformers_generator import TransformersGenerator
from sro.screeners.base import Screener
from sro.screeners.follower import FollowerArguments, load_follower
from sro.training.config import SROConfig
from sro.training.trainer import SROTrainer

if TYPE_CHECKING:
    from benchmarks.gpu import Work

FILE = "difference.safetensors"
AFTERWARDS = 40.0
"""Seconds that are reserved for computing and evaluating the difference."""


class StopInTime(TrainerCallback):
    """Stops training when fewer than `AFTERWARDS` seconds are left."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Called once per step."""
        if self.recorder.left < AFTERWARDS:
            control.should_training_stop = True


def play(recorder: Recorder, work: Work) -> None:
    """Train, save the difference, and compare it with the trained model: three rows."""
    sizes = work.sizes
    texts = refused_comments(work.comments)
    apart = min(sizes.held_out, len(texts) // 2)
    comments, held_out = texts[:-apart], texts[-apart:]
    follower, leader = recipe_follower(work.screener), full_start(work.leader)
    start = {name: weight.detach().clone() for name, weight in leader.model.named_parameters()}
    shares = {"start": passing(leader, follower, held_out)}
    if recorder.measure("SRO of all weights", partial(_train, recorder, work, leader, follower, comments)) is None:
        return

    def keep() -> Found:
        trained = dict(leader.model.named_parameters())
        parts = encode(start, trained)
        path = Path(work.output_dir) / FILE
        about = {"start": f"{work.leader} with its warm-up adapter merged", "format": "benchmarks.gpu_parts"}
        save_file(parts, path, metadata=about)
        kinds = [key.rpartition(".")[2] for key in parts]
        note = (
            f"{path.name}: {kinds.count('signs')} matrices by signs, {kinds.count('left')} by a low rank in int8; "
            f"{kept_share(start, trained, parts):.1%} of the squared difference is kept"
        )
        return Found(path.stat().st_size / 2**20, "MiB", {}, note)

    if recorder.measure("its difference of weights", keep) is None:
        return

    def judge() -> Found:
        shares["trained"] = passing(leader, follower, held_out)
        with torch.no_grad():
            for name, weight in leader.model.named_parameters():
                weight.copy_(start[name])
        apply(leader.model, load_file(Path(work.output_dir) / FILE))
        shares["start and difference"] = passing(leader, follower, held_out)
        note = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
        return Found(shares["start and difference"], "passing", {}, f"greedy, {len(held_out)} held out: {note}")

    recorder.measure("what the difference is worth", judge)


def recipe_follower(screener: str) -> Screener:
    """The panel of `recipes/rewriter.yaml`, with this toxicity screener."""
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    fields = ("min_similarity", "well_formed", "keep_meaning", "fluency")
    return load_follower(FollowerArguments(screener=screener, **{name: recipe[name] for name in fields}))[0]


def passing(leader: Leader, follower: Screener, comments: Sequence[str]) -> float:
    """Share of greedy rewrites that are finished and pass the follower."""
    generator = TransformersGenerator(leader.model, leader.tokenizer, leader.prompt, batch_size=256)
    with torch.autocast(leader.model.device.type, torch.bfloat16, enabled=compute_dtype().bf16):
        completions = [one for [one] in generator.generate(comments, 1, Sampling(temperature=0.0), 0)]
    verdicts = follower.screen([one.text for one in completions], sources=list(comments))
    passed = [verdict.passed and one.finished and bool(one.text) for one, verdict in zip(completions, verdicts)]
    return sum(passed) / len(passed)


def _train(recorder: Recorder, work: Work, leader: Leader, follower: Screener, comments: Sequence[str]) -> Found:
    recipe, sizes = yaml.safe_load(RECIPE.read_text("utf-8")), work.sizes
    micro = min(sizes.micro_batch, sizes.full_batch)
    trainer = SROTrainer(
        leader.model,
        SROConfig(
            output_dir=str(Path(work.output_dir) / "run"),
            prompt=leader.prompt,
            max_steps=work.steps,
            per_device_train_batch_size=micro,
            gradient_accumulation_steps=sizes.full_batch // micro,
            learning_rate=ALL_WEIGHTS_RATE,
            lr_scheduler_type="constant_with_warmup",
            warmup_steps=recipe["warmup_steps"],
            rpo_alpha=recipe["rpo_alpha"],
            temperature=recipe["temperature"],
            top_p=recipe["top_p"],
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            logging_steps=5,
            log_completions=False,
            bf16=compute_dtype().bf16,
            use_cpu=not torch.cuda.is_available(),
        ),
        follower,
        Dataset.from_dict({"comment": list(comments)}),
        leader.tokenizer,
        generator=TransformersGenerator(leader.model, leader.tokenizer, leader.prompt, batch_size=sizes.rollout),
        callbacks=[StopInTime(recorder)],
    )
    trainer.remove_callback(PrinterCallback)
    begin = now()
    trainer.train()
    seconds, steps = now() - begin, trainer.state.global_step
    vars(leader.model).pop("forward", None)  # remove Accelerate's, which runs under autocast
    share = [line["pass_rate"] for line in trainer.state.log_history if "pass_rate" in line]
    learnt = f"; passing while it played: {share[0]:.2f} at first, {share[-1]:.2f} at last" if share else ""
    why = f"; stopped: {trainer.guard.reason}" if trainer.guard.reason else ""
    note = f"{steps} of {work.steps} steps of {sizes.full_batch} comments, panel included{learnt}{why}"
    return Found(steps * sizes.full_batch / seconds, "comments/s", {}, note)
