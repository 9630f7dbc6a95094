"""Checks of `TrainingArguments` that every training of this package makes before it loads or writes anything."""

from __future__ import annotations

import torch
from transformers import TrainingArguments
from transformers.integrations import get_available_reporting_integrations

from sro.core.errors import SROError, within
from sro.core.precision import compute_dtype


def resolve_bf16(arguments: TrainingArguments) -> None:
    """Choose `bf16` while the arguments are made, before transformers reads it.

    Raises:
        SROError: `fp16` without a GPU.
    """
    if arguments.fp16 and not torch.cuda.is_available():
        raise SROError(
            "fp16 needs a GPU, and torch finds none here\n  fix: leave out --fp16; on a processor use --bf16 true or "
            "float32 (--bf16 false)"
        )
    if arguments.bf16 is None:
        device = "cpu" if arguments.use_cpu else None
        chosen = compute_dtype(False if arguments.fp16 else None, device)
        arguments.bf16 = chosen.bf16


def refuse_evaluation(arguments: TrainingArguments, instead: str) -> None:
    """Raise SROError if the arguments ask for an evaluation loop; transformers would stop in the middle of the run.

    Args:
        instead: the end of the `fix:`, which names another way to see how well the run does.
    """
    asked = [name for name in ("do_eval", "eval_on_start", "load_best_model_at_end") if getattr(arguments, name)]
    if (strategy := getattr(arguments.eval_strategy, "value", arguments.eval_strategy)) != "no":
        asked = [f"eval_strategy {strategy}"]
    if asked:
        raise SROError(f"--{asked[0]}: this training has no evaluation loop\n  fix: leave it out; {instead}")


def refuse_named_checkpoint(arguments: TrainingArguments) -> None:
    """Raise SROError if the command line names a checkpoint to resume from. A run resumes only from the last complete
    checkpoint of its own folder."""
    if arguments.resume_from_checkpoint is not None:
        raise SROError(
            f"--resume_from_checkpoint {arguments.resume_from_checkpoint}: a run goes on in its own folder only, from "
            "its last complete checkpoint\n  fix: --resume true with the --output_dir of that run"
        )


def check_steps(arguments: TrainingArguments) -> None:
    """Raise SROError for a batch size or gradient accumulation below 1, or a learning rate below 0."""
    for name in ("per_device_train_batch_size", "gradient_accumulation_steps"):
        within(name, value := getattr(arguments, name), value >= 1, "≥ 1")
    within("learning_rate", arguments.learning_rate, arguments.learning_rate >= 0, "≥ 0")


def check_trackers(arguments: TrainingArguments) -> None:
    """Raise SROError for a tracker in `report_to` that is not installed; transformers would fail during the run."""
    asked = arguments.report_to  # a list by now: transformers has resolved `none` and `all`
    missing = sorted(set(asked or ()) - set(get_available_reporting_integrations()))
    if missing:
        names = ", ".join(missing)
        raise SROError(
            f"--report_to {names}: not installed, or unknown to transformers\n"
            f"  fix: pip install {' '.join(missing)}, or --report_to none"
        )
