"""Settings that the trainings of small classifiers share: the judges, and the fluency follower."""

from __future__ import annotations

from dataclasses import dataclass, field

from transformers import TrainingArguments

from sro.core.training_arguments import check_steps, check_trackers, refuse_evaluation, resolve_bf16


@dataclass
class ClassifierConfig(TrainingArguments):
    """`transformers.TrainingArguments` with defaults for classifiers of short texts."""

    per_device_train_batch_size: int = field(default=32, metadata={"help": "texts per step on one device"})
    num_train_epochs: float = field(default=1.0, metadata={"help": "passes over the texts"})
    learning_rate: float = field(default=1e-4, metadata={"help": "peak learning rate"})
    lr_scheduler_type: str = field(default="linear", metadata={"help": "learning rate schedule"})
    train_sampling_strategy: str = field(
        default="group_by_length", metadata={"help": "how batches are formed; group_by_length needs little padding"}
    )
    logging_steps: float = field(default=50, metadata={"help": "steps between two log lines"})
    save_strategy: str = field(default="no", metadata={"help": "checkpoints: no, steps or epoch"})
    report_to: str = field(default="none", metadata={"help": "tensorboard, wandb, … or none"})
    bf16: bool | None = field(  # type: ignore[assignment]  # resolved before transformers reads it
        default=None,
        metadata={"help": "compute in bfloat16 (by autocast); default: if the GPU or processor is faster in it"},
    )

    def __post_init__(self) -> None:
        refuse_evaluation(self, "the run scores the texts that it holds out when it is done")
        resolve_bf16(self)
        check_steps(self)
        super().__post_init__()
        check_trackers(self)
