"""Fine-tune the embedded leader to tell two kinds of text apart, with an adapter and a head
(`sro.screeners.lora.classifier`)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments, set_seed

from sro.core import files
from sro.core.precision import store_frozen_linears_in_bf16
from sro.core.progress import use_progress_lines
from sro.leader.model import default_lora, name_the_base
from sro.screeners.lora.classifier import base, encode


def fine_tune_classifier(rows: Sequence[tuple[str, float]], rank: int, args: TrainingArguments) -> tuple[Any, Any]:
    """Train an adapter and a head on `rows` of (text, probability); returns the model and its tokenizer.

    `args` is copied and not changed.
    """
    from peft import TaskType, get_peft_model

    set_seed(args.seed)
    model, tokenizer = base()
    lora = default_lora(rank, 2 * rank, encoder_decoder=False)
    lora.task_type = TaskType.SEQ_CLS  # which also trains and saves the head
    model = get_peft_model(model, lora)
    if args.bf16:
        store_frozen_linears_in_bf16(model)
    ids = encode(tokenizer, [text for text, _ in rows])
    args = copy.copy(args)
    args.disable_tqdm = True
    trainer = Trainer(
        model=model,
        args=args,
        train_dataset=[{"input_ids": row, "labels": label} for row, (_, label) in zip(ids, rows)],
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        compute_loss_func=_loss,
    )
    use_progress_lines(trainer)
    trainer.train()
    return model, tokenizer


def save(model: Any, folder: Path, meaning: str, command: str) -> None:
    """Write adapter and head in float16, and a card with the meaning of the probability and the command."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.half()
    with files.atomic_folder(folder) as fresh:
        model.save_pretrained(fresh)
        base_name = name_the_base(Path(fresh))
        card = f"{meaning}: LoRA adapter and head for {base_name}, made by `{command}`.\n"
        files.atomic_write_text(Path(fresh) / "README.md", card)


def soft_cross_entropy(log_odds: torch.Tensor, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Cross-entropy of log-odds [N] with labels [N] in [0, 1]; mean over all texts of an optimizer step."""
    total = binary_cross_entropy_with_logits(log_odds.float(), labels.float(), reduction="sum")
    return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)


def _loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    return soft_cross_entropy(outputs.logits[:, 0], labels, num_items_in_batch)
