"""Train the embedded style judge: two different classifiers, and a threshold for the mean of their log-odds.

    sro judge train style --data ../shared/data --output_dir runs/judge_style

- `ngrams`: a logistic regression on TF-IDF of words and parts of words (`sro.screeners.nblr.model`, without naive
  Bayes). It knows the rude words of its texts and their spellings, but it does not read whole sentences.
- `smollm2`: an adapter and a head on the embedded leader (`sro.screeners.lora.training`). It reads sentences.

They make different errors, so their mean (`sro.screeners.ensemble`) is better than either. AUC against the official
labels on the held-out half of `judge_calibration`: n-grams .913, SmolLM2 .931, both **.947**. The earlier judge, a
MiniLM, has .919; with n-grams .935, with SmolLM2 .934, all three .945. Scaling n-grams by naive Bayes, as the embedded
screener does, is worse here (.893; with SmolLM2 .935).

A member that is already in the output folder is kept, so that a stopped run continues where it was. A member that was
made with other settings or data is refused.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sro.core import files
from sro.core.errors import SROError
from sro.core.pretrained import ADAPTER_WEIGHTS
from sro.evaluation.judges.training.data import RECORD, JudgeSpec, Labelled
from sro.evaluation.judges.training.train import log_reached, log_sets, record, texts_of, tune
from sro.screeners.ensemble import FILE, mean_log_odds
from sro.screeners.loading import load_screener
from sro.screeners.lora.config import ClassifierConfig
from sro.screeners.lora.training import fine_tune_classifier, save
from sro.screeners.nblr.fitting import fit
from sro.screeners.nblr.model import CARD, NBLRSettings

NGRAMS, ADAPTER = "ngrams", "smollm2"
REGRESSION = NBLRSettings(bayes=False, clean_weight=1.0)


@dataclass
class EnsembleConfig(ClassifierConfig):
    """`ClassifierConfig` for the adapter."""

    output_dir: str | None = field(default="runs/judge_style", metadata={"help": "output folder of the judge"})
    lora_rank: int = field(default=16, metadata={"help": "rank of the adapter"})
    calibration_repeats: int = field(
        default=3, metadata={"help": "how many times each row of judge_calibration counts"}
    )
    pass_rate: float = field(
        default=0.96,
        metadata={"help": "of the rewrites that the official classifier accepts, the share that must pass"},
    )
    learning_rate: float = field(default=4e-4, metadata={"help": "peak learning rate of the adapter"})
    num_train_epochs: float = field(default=1.0, metadata={"help": "passes of the adapter over its texts"})
    warmup_steps: float = field(default=60, metadata={"help": "steps, or share of all steps, until the peak"})
    logging_steps: float = field(default=25, metadata={"help": "steps between two log lines"})
    seed: int = field(default=1, metadata={"help": "random seed for the adapter's texts, their order and its head"})


SETTINGS = ("lora_rank", "calibration_repeats", "pass_rate", "per_device_train_batch_size", "learning_rate")


def train_ensemble(spec: JudgeSpec, data: Path, args: EnsembleConfig) -> Path:
    """Train both members, set the threshold, and return the judge's folder (with `training.json`, as every judge has).

    Raises:
        SROError: a data set or the embedded leader is missing, or the folder holds members made with other settings
            or data.
    """
    folder = Path(str(args.output_dir))
    sets, tuning = spec.training_rows(data), spec.tuning_rows(data)
    log_sets(spec, sets)
    settings = {name: getattr(args, name) for name in (*SETTINGS, "num_train_epochs", "warmup_steps", "bf16", "seed")}
    settings["adapter_rows"] = dict(spec.at_most)
    begin(folder, record(spec, sets, settings, {}))
    repeated = {**sets, "judge_calibration": sets["judge_calibration"] * args.calibration_repeats}
    if not (folder / NGRAMS / CARD).is_file():
        rows = [row for found in repeated.values() for row in found]
        refused, accepted = ([row.text for row in rows if (row.refused >= 0.5) is side] for side in (True, False))
        fit(refused, accepted, REGRESSION).save(folder / NGRAMS)
    if not (folder / ADAPTER / ADAPTER_WEIGHTS).is_file():
        model, _ = fine_tune_classifier(adapter_rows(spec, repeated, args.seed), args.lora_rank, args)
        save(model, folder / ADAPTER, f"P({spec.labels[1]}) of texts", "sro judge train")
    members = [load_screener(str(folder / name)) for name in (NGRAMS, ADAPTER)]
    scale, shift, reached = tune(mean_log_odds(members, texts_of(tuning)), tuning, args.pass_rate)
    log_reached(reached)
    told = {"members": [NGRAMS, ADAPTER], "scale": round(scale, 6), "shift": round(shift, 6)}
    _write(folder / RECORD, record(spec, sets, settings, reached))
    _write(folder / FILE, told)
    return folder


def begin(folder: Path, made_of: Mapping[str, Any]) -> None:
    """Record the settings and data of the members in `folder` before the members exist. A later run compares them, so
    that it does not keep a member that was made differently.

    Raises:
        SROError: the folder holds members that were made with other settings or data, or members without a record.
    """
    told = folder / RECORD
    if not any((folder / name).exists() for name in (NGRAMS, ADAPTER)):
        _write(told, made_of)
    there = json.loads(told.read_text("utf-8")) if told.is_file() else None
    if there is None or _members_of(there) != _members_of(json.loads(json.dumps(made_of))):
        raise SROError(
            f"{folder} holds members of a judge that was made with other settings or data\n"
            f"  fix: another --output_dir, or remove it: rm -r {folder}"
        )


def _members_of(told: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The part of a judge's record that affects the members: the data, and all settings except `pass_rate`."""
    return told["trained_on"], {name: value for name, value in told["settings"].items() if name != "pass_rate"}


def adapter_rows(spec: JudgeSpec, sets: Mapping[str, Sequence[Labelled]], seed: int) -> list[tuple[str, float]]:
    """(text, P(refused)), shuffled: at most `at_most` rows of each set, drawn at random."""
    draw = random.Random(seed)
    rows: list[tuple[str, float]] = []
    for name, found in sets.items():
        most = spec.at_most.get(name, len(found))
        some = draw.sample(found, most) if len(found) > most else found
        rows += [(row.text, float(row.refused)) for row in some]
    draw.shuffle(rows)
    return rows


def _write(path: Path, told: Mapping[str, Any]) -> None:
    files.atomic_write_text(path, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
