"""Train an encoder and write it to a folder for `load_screener`: read the data, train, calibrate, export.

    sro screener train --kind encoder --output my_encoder --public true
    sro screener train --kind encoder --output my_encoder --labelled comments.csv --minutes 20

`--public` trains on the mixture of the shipped screener, from the folder `SRO_DATA`. `--labelled` names files of your
own. They need a column `text` and a column for each labelled attribute, by our names (TOXICITY, THREAT, …) or Jigsaw's
(toxic, threat, …), in upper or lower case. A label is 0, 1, a number between, or empty if unknown. Both options can be
combined.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sro.comments import readers
from sro.comments.columns import choose_columns
from sro.comments.test_set import refuse_held_out
from sro.core.errors import SROError
from sro.core.files import atomic_write_text, file_sha256
from sro.screeners.base import sigmoid
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.calibration import balanced_threshold, fit_to_prior
from sro.screeners.encoder.inference import CARD, FORMAT, GRAPH, EncoderScreener
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.mixture import SHARES, groups_named, target_matrix
from sro.screeners.encoder.own_labels import attribute_of, own_targets
from sro.screeners.encoder.splits import evaluation_texts, in_development, merge, read_all
from sro.screeners.encoder.tokenizer import MAX_TOKENS

logger = logging.getLogger(__name__)

NATURAL = frozenset({"jigsaw6_small", "jigsaw_binary20k", "jigsaw_toxic", "wikipedia_talk"})
"""Sets of whole comments of one forum. TOXICITY is calibrated on these, because they resemble the texts of a forum."""
FEWEST_NATURAL = 300
PRIOR = {"TOXICITY": 0.1}
OTHER_PRIOR = 0.25
"""Share of texts with an attribute for which its probability is calibrated. For TOXICITY, it is about the share in a
forum. The other attributes are so rare there that a probability calibrated to their share would never reach a half."""
COST_OF_FALSE_ALARMS = {"TOXICITY": 2.0}
"""Cost of a false alarm relative to a miss. TOXICITY decides what passes, and failing a civil comment is worse than
passing a rude one."""
OWN_SHARE = 50.0  # share of the user's rows; the public mixture has 100


@dataclass
class EncoderData:
    """Training data of an encoder."""

    output: str = field(metadata={"help": "folder for model.onnx and encoder.json; a run that stopped goes on there"})
    labelled: list[str] = field(
        default_factory=list,
        metadata={"help": "files of your own (csv, tsv, jsonl, …) with a column `text` and one for each attribute"},
    )
    public: bool = field(default=False, metadata={"help": "learn the public sets in SRO_DATA"})
    development: int = field(default=2, metadata={"help": "percent of the texts kept for calibration"})


FAULTS = {
    "malformed": ("cannot be read as a row", "correct it, or take it out"),
    "undecodable": ("text that is not UTF-8", "save the file as UTF-8"),
    "wrong_type": ("the text is no string", "put quotes around it"),
}
"""Fault of a row without a comment → what is wrong, and the fix."""


def read_labelled(path: Path) -> Iterator[Row]:
    """Rows of a user's own file, in any format that comments can have. Logs which columns are used as labels.

    Raises SROError, with the line number, if a row has no text or a label is not a number from 0 to 1. Raises it at
    the end if no column has the name of an attribute.
    """
    seen: dict[str, str | None] = {}
    for row in readers.read_rows(str(path), lambda found: choose_columns(found, str(path), "text"), all_columns=True):
        if row.fields is None and not row.malformed:
            continue  # a blank line
        if row.fault is not None:
            what, fix = FAULTS.get(row.fault, ("no text", "fill the column `text`, or take the row out"))
            raise SROError(f"{path}, line {row.line}: {what}\n  fix: {fix}")
        fields = row.fields or {}
        seen |= {column: attribute_of(column) for column in fields if column not in seen}
        if targets := own_targets(fields, f"{path}, line {row.line}"):
            yield Row(row.text, targets, "own")
    labels = ", ".join(f"{column} as {attribute}" for column, attribute in seen.items() if attribute)
    others = ", ".join(column for column, attribute in seen.items() if not attribute and column.strip() != "text")
    if seen and not labels:
        raise SROError(
            f"{path}: no column is named as an attribute; there are: {others or 'no others than text'}"
            f"\n  fix: name the columns of labels as some of {', '.join(ATTRIBUTES)}"
        )
    logger.info("%s: labels: %s; not used: %s", path, labels or "none", others or "none")


def read_rows(data: EncoderData, public: Path | None) -> tuple[list[Row], list[Row]]:
    """Rows to train on and rows to calibrate on, without duplicates and held-out texts.

    Raises SROError if a file of the user holds sentences of the official test set.
    """
    own = []
    for name in data.labelled:
        rows = list(read_labelled(Path(name)))
        refuse_held_out((row.text for row in rows), name)
        own += rows
    forbidden: list[str] = []
    if data.public:
        if public is None:
            raise SROError("--public needs the public sets\n  fix: set SRO_DATA to their folder")
        own += read_all(public)
        forbidden = list(evaluation_texts(public))
    rows = merge(own, forbidden)
    for row in rows:
        row.groups = groups_named(row.text)
    kept = [in_development(row.text, data.development) for row in rows]
    return [row for row, out in zip(rows, kept) if not out], [row for row, out in zip(rows, kept) if out]


def shares_for(rows: Sequence[Row]) -> dict[str, float]:
    """The shares of the public mixture, and a share for the user's own rows if there are any."""
    own = {"own": OWN_SHARE} if any(row.source == "own" for row in rows) else {}
    return SHARES | own


def write_screener(arrays: Mapping[str, np.ndarray], rows: Sequence[Row], folder: Path) -> EncoderScreener:
    """Export the weights and calibrate them on `rows`. Returns the screener, loaded from `folder`.

    Args:
        arrays: State of an `EncoderClassifier`, float32.
        rows: Rows that were held out of training. `balanced_threshold` on them gives the thresholds; probabilities are
            calibrated for the shares of `PRIOR`.
        folder: `model.onnx`, `integer-….onnx` and `encoder.json` are written here.
    """
    from sro.screeners.encoder.onnx import write
    from sro.screeners.encoder.onnx_integer import write_integer

    layers = 1 + max(int(name.split(".")[1]) for name in arrays if name.startswith("layers."))
    write(arrays, folder / GRAPH, layers, heads=12, epsilon=1e-12)
    write_integer(arrays, folder / GRAPH, layers, heads=12, epsilon=1e-12)
    about: dict[str, Any] = {
        "format": FORMAT,
        "sha256": file_sha256(folder / GRAPH),
        "longest": MAX_TOKENS,
        "calibration": {name: [1.0, 0.0] for name in ATTRIBUTES},
        "thresholds": {name: 0.5 for name in ATTRIBUTES},
    }
    card = folder / CARD
    atomic_write_text(card, json.dumps(about, indent=1))
    logits, targets = EncoderScreener.load(folder).logits([row.text for row in rows]), target_matrix(list(rows))
    natural = np.array([row.source in NATURAL for row in rows])
    for column, name in enumerate(ATTRIBUTES):
        known = ~np.isnan(targets[:, column])
        labels = targets[known, column]
        if min((labels >= 0.5).sum(), (labels < 0.5).sum()) < 5:
            continue  # too few rows to calibrate on
        fitted = known & natural if name == "TOXICITY" and (known & natural).sum() >= FEWEST_NATURAL else known
        scale, shift = fit_to_prior(logits[fitted, column], targets[fitted, column], PRIOR.get(name, OTHER_PRIOR))
        probabilities = sigmoid(scale * logits[known, column] + shift)
        about["calibration"][name] = [scale, shift]
        about["thresholds"][name] = balanced_threshold(
            probabilities, labels >= 0.5, COST_OF_FALSE_ALARMS.get(name, 1.0)
        )
    atomic_write_text(card, json.dumps(about, indent=1))
    return EncoderScreener.load(folder)
