"""TRL's nearest trainers as rows of `training/run.py`: KTO, which is offline, and online DPO, which is experimental.

Both get the same leader, warm-up adapter (as a PEFT model to continue), comments, batch, sampling, learning rate and β
as `SROTrainer`. They have one length bound for all comments, and no label smoothing and no anchor on passes. They also
get each of our advantages that is not part of the method or of the scoring:

- the numeric mode. Accelerate's autocast wraps only the model's `forward`, and PEFT's `generate` does not call that
one.
  So TRL by default would sample in float32. Here `generate` runs under the same autocast.
- frozen linear weights stored in bfloat16, also in TRL's reference
  (`sro.core.precision.store_frozen_linears_in_bf16`).
- activations are kept and generation uses a cache: TRL's default of recomputing activations is switched off.
- the process's allocator (`sro.core.machine.keep_memory`).

KTO gets one completion per comment, sampled by `generate` on the whole batch, as a user would do it. Counted are
generation, the screener's verdicts, and the optimizer steps from batch to updated weights. Not counted are making the
data set, tokenising it and making the trainer, although a user needs them in each round.

Online DPO samples two completions per comment itself; the one with the smaller P(fail) is chosen. All of it is
counted.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset, disable_progress_bars
from huggingface_hub import constants
from transformers import PrinterCallback

from benchmarks.training.timing import Loop, Meter, StepClock, Task, Turn, until_end
from sro.core.precision import store_frozen_linears_in_bf16
from sro.leader.model import Leader
from sro.leader.token_ids import decode

INSTALL = "pip install trl    # 1.16.0 fits constraints.txt"


def installed() -> bool:
    """Whether TRL is installed. Also disables the telemetry that its trainers send at creation, and progress bars."""
    constants.HF_HUB_DISABLE_TELEMETRY = True
    disable_progress_bars()
    return importlib.util.find_spec("trl") is not None


def equipped(task: Task) -> Leader:
    """The starting leader as in `SROTrainer`: if the mode is bfloat16, frozen linear weights are stored in bfloat16,
    and `generate` runs under autocast."""
    leader = task.start()
    if task.bf16:
        store_frozen_linears_in_bf16(leader.model)
        leader.model.generate = torch.autocast(leader.model.device.type, torch.bfloat16)(leader.model.generate)
    return leader


def kto(loss_type: str) -> Loop:
    """KTO after a rollout; loss `kto` is that of the KTO paper, `apo_zero_unpaired` has no estimated KL."""

    def play(task: Task, comments: Sequence[str]) -> Turn:
        from trl import KTOConfig, KTOTrainer

        leader, meter = equipped(task), Meter()
        rows: list[dict[str, Any]] = []
        for at in range(0, task.batch * (task.steps + 1), task.batch):
            if at == task.batch:
                meter.clear()
            rows += rolled_out(task, leader, comments[at : at + task.batch], meter)
        found, clock = Meter(), StepClock(Meter())
        found.seconds, found.counts = meter.seconds.copy(), meter.counts.copy()
        trainer = KTOTrainer(
            model=leader.model,
            args=KTOConfig(
                **task.common,
                per_device_train_batch_size=task.micro_batch,
                gradient_accumulation_steps=task.batch // task.micro_batch,
                gradient_checkpointing=False,
                beta=task.beta,
                loss_type=loss_type,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=leader.tokenizer,
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        return Turn(
            seconds=sum(found.seconds.values()) + clock.inside,
            comments=task.batch * task.steps,
            completions=found.counts["completions"],
            tokens=found.counts["tokens"],
            steps=len(clock.ends) - 1,
            losses=clock.losses[1:],
            phases={**found.seconds, "update": clock.inside},
        )

    return play


def rolled_out(task: Task, leader: Leader, comments: Sequence[str], meter: Meter) -> list[dict[str, Any]]:
    """One completion per comment with its verdict, as rows of a KTO data set; times only generation and screening."""
    model, tokenizer = leader.model, leader.tokenizer
    prompts = [leader.prompt.replace("{text}", comment) for comment in comments]
    with meter.phase("rollout"), torch.no_grad():
        model.eval()
        batch = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left").to(model.device)
        output = model.generate(
            **batch,
            max_new_tokens=task.sampling.max_new_tokens,
            do_sample=True,
            temperature=task.sampling.temperature,
            top_p=task.sampling.top_p,
            top_k=task.sampling.top_k,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
        completions = output[:, batch["input_ids"].shape[1] :].tolist()
        texts = decode(tokenizer, completions)
    with meter.phase("screening"):
        verdicts = task.screener.screen(texts, sources=list(comments))
    meter.count([until_end(ids, tokenizer.eos_token_id) for ids in completions])
    return [
        {"prompt": prompt, "completion": f" {text}", "label": verdict.passed}
        for prompt, text, verdict in zip(prompts, texts, verdicts)
    ]


def online_dpo(task: Task, comments: Sequence[str]) -> Turn:
    """Online DPO with the screener's P(pass) as reward; half the comments per step, for as many completions."""
    from trl.experimental.online_dpo import OnlineDPOConfig, OnlineDPOTrainer

    leader, meter = equipped(task), Meter()
    clock, end = StepClock(meter), leader.tokenizer.eos_token_id

    def civility(
        completions: list[str], completion_ids: list[list[int]], comment: list[str], **others: Any
    ) -> list[float | None]:
        meter.count([until_end(ids, end) for ids in completion_ids])
        return [1 - verdict.probability for verdict in task.screener.screen(completions, sources=comment)]

    prompts = [leader.prompt.replace("{text}", comment) for comment in comments]
    trainer = OnlineDPOTrainer(
        model=leader.model,
        reward_funcs=civility,
        args=OnlineDPOConfig(
            **task.common,
            per_device_train_batch_size=task.micro_batch // 2,
            gradient_accumulation_steps=task.batch // task.micro_batch,
            gradient_checkpointing=False,
            beta=task.beta,
            max_new_tokens=task.sampling.max_new_tokens,
            temperature=task.sampling.temperature,
            top_p=task.sampling.top_p,
            top_k=task.sampling.top_k,
        ),
        train_dataset=Dataset.from_dict({"prompt": prompts, "comment": list(comments)}),
        processing_class=leader.tokenizer,
        callbacks=[clock],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return Turn(
        seconds=clock.elapsed,
        comments=task.batch // 2 * task.steps,
        completions=meter.counts["completions"],
        tokens=meter.counts["tokens"],
        steps=len(clock.ends) - 1,
        losses=clock.losses[1:],
    )
