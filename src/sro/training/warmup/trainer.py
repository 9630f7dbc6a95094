"""Fine-tune any language model (decoder-only or encoder–decoder) on warm-up examples by maximum likelihood.

A `transformers.Trainer` whose loss is −log π(target|source) per token, computed by the same `log_probs` as the game.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from sro.core.precision import store_frozen_linears_in_bf16
from sro.core.training_arguments import check_steps, check_trackers, refuse_evaluation, resolve_bf16
from sro.leader.logprobs import log_probs
from sro.leader.model import check_prompt, is_peft
from sro.leader.token_ids import completion_ids, prompt_ids
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
        args: `WarmupConfig` with `prompt` set.
        examples: the training examples.
        processing_class: the leader's tokenizer.
    """

    processing_class: Any

    def __init__(
        self, model: Any, args: WarmupConfig, examples: Sequence[Example], processing_class: Any, **kwargs: Any
    ) -> None:
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
        self.model_accepts_loss_kwargs = False

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Mean over the batch's tokens of −log π(target|source)."""
        found = log_probs(
            model, inputs["prompt"], [[ids] for ids in inputs["target"]], self.processing_class.pad_token_id
        )
        loss = -found.values.sum() / found.lengths().sum()
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
