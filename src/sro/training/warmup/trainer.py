"""Fine-tune any language model (decoder-only or encoder–decoder) on warm-up examples by maximum likelihood.

A `transformers.Trainer` whose loss is −log π(target|source) per token, computed by the same `log_probs` as the game.
The mean is over all target tokens of an optimizer step: batch 1 × accumulation 8 equals batch 8, and two processes
with batch 8 equal one with batch 16.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from sro.core.precision import store_frozen_linears_in_bf16
from sro.core.training_arguments import check_steps, check_trackers, refuse_evaluation, resolve_bf16
from sro.leader.model import check_prompt, is_peft
from sro.leader.token_ids import completion_ids, prompt_ids
from sro.training.checkpoints import CheckpointSeal, ReferenceCache
from sro.training.distributed import log_probs_in_wrapper
from sro.training.warmup.examples import Example


@dataclass
class WarmupConfig(TrainingArguments):
    """`transformers.TrainingArguments` with the warm-up's own defaults."""

    output_dir: str | None = field(default="runs/warmup", metadata={"help": "where the adapter and checkpoints go"})
    per_device_train_batch_size: int = field(default=16, metadata={"help": "examples per step on one device"})
    learning_rate: float = field(default=4e-4, metadata={"help": "peak learning rate of the adapter"})
    num_train_epochs: float = field(default=1.0, metadata={"help": "passes over the examples"})
    lr_scheduler_type: str = field(default="cosine", metadata={"help": "learning rate schedule"})
    warmup_steps: float = field(default=0.05, metadata={"help": "steps, or share of all steps, until the peak"})
    logging_steps: float = field(default=10, metadata={"help": "steps between two log lines"})
    save_strategy: str = field(default="no", metadata={"help": "checkpoints: no, steps or epoch"})
    report_to: str = field(default="none", metadata={"help": "tensorboard, wandb, … or none"})
    bf16: bool | None = field(  # type: ignore[assignment]  # resolved before transformers reads it
        default=None,
        metadata={"help": "compute in bfloat16 (by autocast); default: if the GPU or processor is faster in it"},
    )
    max_prompt_length: int = field(
        default=512, metadata={"help": "longest prompt in tokens; longer ones are set aside"}
    )
    prompt: str = field(default="", metadata={"help": "filled in from the leader"})

    def __post_init__(self) -> None:
        self.remove_unused_columns = False
        refuse_evaluation(self, "`sro evaluate` scores what the warmed-up leader rewrites")
        resolve_bf16(self)
        check_steps(self)
        super().__post_init__()
        check_trackers(self)


class WarmupTrainer(Trainer):
    """Fine-tunes a model on `Example`s.

    Args:
        model: causal LM or encoder–decoder, PEFT-wrapped or not.
        args: `WarmupConfig` with `prompt` set. It is copied, not changed.
        examples: the training examples.
        processing_class: the leader's tokenizer.
    """

    processing_class: Any

    def __init__(
        self, model: Any, args: WarmupConfig, examples: Sequence[Example], processing_class: Any, **kwargs: Any
    ) -> None:
        args = copy.copy(args)
        args._n_gpu = min(args.n_gpu, 1)  # one process uses one device: DataParallel cannot split lists of ids
        check_prompt(args.prompt)
        if args.gradient_checkpointing and is_peft(model):
            model.enable_input_require_grads()  # otherwise the frozen embeddings stop the gradient to the adapter
        if args.bf16:
            store_frozen_linears_in_bf16(model)
        super().__init__(
            model=model,
            args=args,
            train_dataset=_Tokenised(examples, processing_class, args, bool(model.config.is_encoder_decoder)),
            processing_class=processing_class,
            data_collator=_columns,
            **kwargs,
        )
        self.loss_is_scaled_for_ga = True  # compute_loss divides by the tokens of the whole optimizer step
        self.add_callback(CheckpointSeal(ReferenceCache()))

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], int]:
        """As in `Trainer`, with the number of target tokens of the optimizer step over all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        count = torch.tensor(sum(len(ids) for batch in batches for ids in batch["target"]), device=device)
        return batches, int(self.accelerator.gather(count).sum())

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """−log π(target|source) of one micro-batch, as its share of the mean over the optimizer step's tokens."""
        targets, pad = [[ids] for ids in inputs["target"]], self.processing_class.pad_token_id
        found = log_probs_in_wrapper(model, self.accelerator.unwrap_model(model), inputs["prompt"], targets, pad)
        # Gradients are averaged over processes with unequal numbers of tokens; the mean is over all tokens.
        count = num_items_in_batch or found.lengths().sum()
        loss = -found.values.sum() * self.accelerator.num_processes / count
        return (loss, found) if return_outputs else loss

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: the batches are lists of ids."""
        return 0


class _Tokenised(Dataset):
    def __init__(self, examples: Sequence[Example], tokenizer: Any, args: WarmupConfig, stands_alone: bool) -> None:
        self.prompts = prompt_ids(tokenizer, args.prompt, [e.source for e in examples], args.max_prompt_length)
        template = None if stands_alone else args.prompt
        self.targets = completion_ids(tokenizer, [e.target for e in examples], template)

    def __len__(self) -> int:
        return len(self.prompts)

    def __getitem__(self, i: int) -> dict[str, list[int]]:
        return {"prompt": self.prompts[i], "target": self.targets[i]}


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Turn rows into columns; `log_probs` does the padding."""
    return {key: [row[key] for row in rows] for key in rows[0]}
