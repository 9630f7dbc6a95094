"""Train the embedded style judge: two classifiers that read differently, and the bar for the mean of their log-odds.

    sro judge train style --data ../shared/data --output_dir runs/judge_style

The first opinion is the MiniLM of `sro.evaluation.judge_training`, the second an adapter and a head on the embedded
leader (`sro.adapted_training`), which has five times the weights and read far more before it came here. They err
differently: each is better than the other at something, and their mean (`sro.screeners.opinions`) better than both.

A member that lies in the output folder already is kept, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import TrainingArguments

from sro import provenance
from sro.adapted import WEIGHTS
from sro.adapted_training import fine_tuned, save
from sro.evaluation.judge_data import RECORD, Labelled, Lesson
from sro.evaluation.judge_training import (
    JudgeConfig,
    print_reached,
    print_sets,
    record,
    taught,
    texts_of,
    tune_threshold,
    tuned,
)
from sro.screeners import load_screener
from sro.screeners.opinions import FILE, mean_log_odds
from sro.small_encoder import save_small

ENCODER, ADAPTER = "minilm", "smollm2"
OWN = ("adapter_rank", "adapter_learning_rate", "adapter_epochs", "adapter_seed")
"""Settings of `OpinionsConfig` that `JudgeConfig` has not."""


@dataclass
class OpinionsConfig(JudgeConfig):
    """`JudgeConfig` for the MiniLM, and what the adapter has of its own."""

    adapter_rank: int = field(default=16, metadata={"help": "rank of the adapter"})
    adapter_learning_rate: float = field(default=4e-4, metadata={"help": "peak learning rate of the adapter"})
    adapter_epochs: float = field(default=1.0, metadata={"help": "passes of the adapter over its texts"})
    adapter_seed: int = field(default=1, metadata={"help": "of its texts, their order and its head"})


def train_opinions(lesson: Lesson, data: Path, args: OpinionsConfig) -> Path:
    """Teach both members, set the bar, and return the judge's folder, which has `training.json` as any judge's has.

    Raises:
        SROError: a data set, the encoder or the embedded leader is missing.
    """
    folder = Path(str(args.output_dir))
    sets, tuning = lesson.training_rows(data), lesson.tuning_rows(data)
    print_sets(lesson, sets)
    if not (folder / ENCODER / RECORD).is_file():
        model, tokenizer = taught(lesson, sets, args)
        reached = tune_threshold(model, tokenizer, tuning, args.pass_rate)
        save_small(folder / ENCODER, model, tokenizer, {RECORD: record(lesson, sets, args, reached)})
    if not (folder / ADAPTER / WEIGHTS).is_file():
        rows = second_rows(lesson, sets, args)
        model, _ = fine_tuned(rows, args.adapter_rank, adapter_arguments(args))
        save(model, folder / ADAPTER, f"P({lesson.labels[1]}) of texts", "sro judge train")
    members = [load_screener(str(folder / name)) for name in (ENCODER, ADAPTER)]
    scale, shift, reached = tuned(mean_log_odds(members, texts_of(tuning)), tuning, args.pass_rate)
    print_reached(reached)
    told = {"members": [ENCODER, ADAPTER], "scale": round(scale, 6), "shift": round(shift, 6)}
    made = record(lesson, sets, args, reached)
    made["settings"] |= {name: getattr(args, name) for name in OWN} | {"adapter_rows": dict(lesson.second)}
    write_json(folder / RECORD, made)
    write_json(folder / FILE, told)
    return folder


def second_rows(
    lesson: Lesson, sets: Mapping[str, Sequence[Labelled]], args: OpinionsConfig
) -> list[tuple[str, float]]:
    """(text, P(refused)) for the adapter, shuffled: as many of each set as the lesson allows it."""
    draw = random.Random(args.adapter_seed)
    rows: list[tuple[str, float]] = []
    for name, found in sets.items():
        some = draw.sample(found, lesson.second[name]) if len(found) > lesson.second.get(name, len(found)) else found
        times = args.calibration_repeats if name == "judge_calibration" else 1
        rows += [(row.text, float(row.refused)) for row in some] * times
    draw.shuffle(rows)
    return rows


def adapter_arguments(args: OpinionsConfig) -> TrainingArguments:
    """The same Trainer with the adapter's settings."""
    return TrainingArguments(
        output_dir=str(args.output_dir),
        per_device_train_batch_size=args.per_device_train_batch_size,
        learning_rate=args.adapter_learning_rate,
        num_train_epochs=args.adapter_epochs,
        warmup_steps=60,
        lr_scheduler_type=args.lr_scheduler_type,
        train_sampling_strategy=args.train_sampling_strategy,
        logging_steps=args.logging_steps,
        save_strategy="no",
        report_to="none",
        seed=args.adapter_seed,
        bf16=args.bf16,
        use_cpu=args.use_cpu,
    )


def write_json(path: Path, told: Mapping[str, Any]) -> None:
    provenance.atomic_write_text(path, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
