"""SROConfig: all settings of a training run in one dataclass; the YAML file and the flags use the same names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from transformers import TrainingArguments

from sro.core.errors import SROError, within
from sro.core.suggestion import suggestion
from sro.core.training_arguments import check_steps, check_trackers, refuse_evaluation, resolve_bf16
from sro.leader.generation import Sampling
from sro.training.objective import Objective


@dataclass
class SROConfig(TrainingArguments):
    """Settings of `SROTrainer`: `transformers.TrainingArguments` and the method's own settings, named as in TRL.

    Each field below gives its meaning, unit and default. All fields are also flags of `sro train`. The symbols are
    those of Xie, Li, Zhu, "Learning from Response not Preference" (arXiv 2410.20298): `beta` is β of the loss
    (`sro.training.objective`), `label_smoothing` is ε, `num_generations` is K. If `bf16` is not set, it depends on the
    hardware (`sro.core.precision`).

    Raises:
        SROError: a value outside its range, an unknown objective or tracker, fp16 without a GPU, an evaluation loop.

    Example:
        >>> SROConfig(prompt="Rude: {text}\\nPolite:", beta=0.2, use_cpu=True).num_generations
        1
    """

    # The game (docs/concepts/game.md)
    objective: Objective = field(
        default="sro",
        metadata={
            "help": "the loss: sro; sro_contrast, which compares a failing completion with the passing ones of its "
            "comment (several num_generations); or for comparison pass_only, fail_only, kto, imitation"
        },
    )
    beta: float = field(default=0.1, metadata={"help": "β, strength of the pull towards the reference"})
    label_smoothing: float = field(default=0.1, metadata={"help": "ε, chance that a verdict is wrong, in [0, 0.5)"})
    flip_rate: float = field(
        default=0.0,
        metadata={
            "help": "p in [0, 0.5), known share of wrong verdicts; the loss corrects for it, see `sro.training.noise`"
        },
    )
    num_generations: int = field(default=1, metadata={"help": "K, completions per comment"})
    steps_per_generation: int = field(
        default=1, metadata={"help": "optimizer steps taken on each batch of completions"}
    )
    rpo_alpha: float = field(
        default=0.0,
        metadata={
            "help": "weight of −log π(y|x)/|y| on passing completions: an anchor against both log π(y|x) and "
            "log π(x|x) falling (likelihood displacement)"
        },
    )

    interpolate_to_init: float = field(
        default=0.0,
        metadata={
            "help": "share of the initial weights in the final leader, in [0, 1): WiSE-FT, see "
            "`sro.training.weight_averaging`"
        },
    )

    # The leader's completions
    prompt: str = field(default="", metadata={"help": "prompt template with {text}; empty: the leader's own"})
    temperature: float = field(default=1.0, metadata={"help": "sampling temperature; 0 is greedy"})
    top_p: float = field(
        default=1.0, metadata={"help": "nucleus sampling threshold, in (0, 1]; 1 samples from the policy itself"}
    )
    top_k: int = field(default=0, metadata={"help": "sample among this many likeliest tokens; 0: all"})
    max_prompt_length: int = field(
        default=512,
        metadata={"help": "longest prompt in tokens; comments that need more are set aside before the first step"},
    )
    max_completion_length: int = field(default=96, metadata={"help": "longest completion in tokens"})
    max_length_ratio: float = field(
        default=1.5, metadata={"help": "longest completion, as a multiple of its comment's tokens, plus 8"}
    )

    # Logs, and when to stop
    log_completions: bool = field(
        default=True, metadata={"help": "write the completions since the last logging step to completions/"}
    )
    num_completions_to_print: int = field(default=0, metadata={"help": "completions printed at each logging step"})
    collapse_window: int = field(
        default=128, metadata={"help": "number of latest completions checked for collapse; 0: no check"}
    )
    collapse_share: float = field(
        default=0.3, metadata={"help": "stop when more than this share of them is empty, cut off or repeats itself"}
    )

    # TrainingArguments with other defaults
    output_dir: str | None = field(default="runs/sro", metadata={"help": "where adapter, checkpoints and logs go"})
    per_device_train_batch_size: int = field(default=16, metadata={"help": "comments per step on one device"})
    learning_rate: float = field(
        default=2e-5, metadata={"help": "peak learning rate (the paper's 2e-5 is for full models)"}
    )
    weight_decay: float = field(default=0.01, metadata={"help": "as in the paper"})
    num_train_epochs: float = field(default=1.0, metadata={"help": "passes over the comments (the paper: 15)"})
    max_grad_norm: float = field(default=1.0, metadata={"help": "gradient clipping"})
    logging_steps: float = field(default=5, metadata={"help": "steps between two log lines"})
    save_steps: float = field(default=50, metadata={"help": "steps between two checkpoints"})
    save_total_limit: int | None = field(default=2, metadata={"help": "checkpoints kept, at least 2"})
    report_to: str = field(default="none", metadata={"help": "tensorboard, wandb, … or none"})
    bf16: bool | None = field(  # type: ignore[assignment]  # resolved before transformers reads it
        default=None,
        metadata={"help": "compute in bfloat16 (by autocast); default: if the GPU or processor is faster in it"},
    )

    def __post_init__(self) -> None:
        self.remove_unused_columns = False
        known = get_args(Objective)
        if self.objective not in known:
            raise SROError(
                f"objective={self.objective!r} is unknown{suggestion(self.objective, known)}\n"
                f"  fix: one of {', '.join(known)}"
            )
        refuse_evaluation(
            self,
            "`sro train` rewrites the comments of --held_out before and after, because there is no loss until the "
            "leader rewrites a comment",
        )
        if self.auto_find_batch_size:
            raise SROError(
                "auto_find_batch_size: this training draws its batches before it is known which size fits\n"
                "  fix: a smaller --per_device_train_batch_size, with more --gradient_accumulation_steps"
            )
        resolve_bf16(self)
        check_steps(self)
        within("beta", self.beta, self.beta > 0, "> 0")
        within("label_smoothing", self.label_smoothing, 0 <= self.label_smoothing < 0.5, "in [0, 0.5)")
        within("flip_rate", self.flip_rate, 0 <= self.flip_rate < 0.5, "in [0, 0.5)")
        if self.objective == "sro_contrast" and (self.num_generations < 2 or self.flip_rate):
            raise SROError(
                "objective=sro_contrast compares completions of one comment, and does not correct for wrong verdicts\n"
                "  fix: num_generations of 2 or more and flip_rate=0, or objective=sro"
            )
        within("num_generations", self.num_generations, self.num_generations >= 1, "≥ 1")
        within("steps_per_generation", self.steps_per_generation, self.steps_per_generation >= 1, "≥ 1")
        within("rpo_alpha", self.rpo_alpha, self.rpo_alpha >= 0, "≥ 0")
        within("interpolate_to_init", self.interpolate_to_init, 0 <= self.interpolate_to_init < 1, "in [0, 1)")
        within("temperature", self.temperature, self.temperature >= 0, "≥ 0")
        within("top_p", self.top_p, 0 < self.top_p <= 1, "in (0, 1]")
        within("top_k", self.top_k, self.top_k >= 0, "≥ 0")
        within("max_prompt_length", self.max_prompt_length, self.max_prompt_length >= 1, "≥ 1")
        within("max_completion_length", self.max_completion_length, self.max_completion_length >= 1, "≥ 1")
        within("max_length_ratio", self.max_length_ratio, self.max_length_ratio > 0, "> 0")
        limit = self.save_total_limit
        within(
            "save_total_limit", limit, limit is None or limit >= 2, "≥ 2: a run killed while saving needs the other"
        )
        if self.save_strategy == "steps" and self.save_steps >= 1 and self.save_steps % self.steps_per_generation:
            raise SROError(
                f"save_steps={self.save_steps:g} is no multiple of steps_per_generation={self.steps_per_generation}: "
                "a checkpoint between the steps of one generation could not be resumed exactly"
            )
        super().__post_init__()
        check_trackers(self)

    @property
    def sampling(self) -> Sampling:
        """How the leader's completions are sampled."""
        return Sampling(self.temperature, self.top_p, self.top_k, self.max_completion_length, self.max_length_ratio)
