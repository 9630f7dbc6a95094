"""Common parts of the embedded judges' data: rows, the parts of `judge_calibration`, and people's ratings.

`judge_calibration` has the only texts with labels of the official classifiers. It is split by *source* comment: all
rewrites of one comment are in the same part. A text of the held-out half is in no other part, even if it is also a
rewrite of another comment.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sro.comments.clean import clean, letters_and_digits
from sro.comments.corpus import Comment
from sro.comments.splitting import split
from sro.comments.test_set import is_held_out
from sro.core.errors import SROError

Part = Literal["train", "tune", "held_out"]
PARTS = {"train": 0.4, "tune": 0.1, "held_out": 0.5}
"""Shares of the source comments of `judge_calibration`: for training, for the threshold, for evaluation only."""

RECORD = "training.json"
"""The file in a judge's folder that says what the judge was made from."""


class Labelled(NamedTuple):
    """A text and whether it should be refused (toxic, or not acceptable): yes, no, or a probability."""

    text: str
    refused: float


class Tuning(NamedTuple):
    """Rows that were not used for training: rewrites with official labels, and comments that should all be refused."""

    rewrites: list[Labelled]
    comments: list[str]


@dataclass(frozen=True)
class JudgeSpec:
    """Labels, data and defaults of one judge; `sro.evaluation.judges.training.train` does the rest."""

    labels: tuple[str, str]
    """The judge's label for a text that it accepts, and for a text that it refuses."""
    training_rows: Callable[[Path], dict[str, list[Labelled]]]
    """Takes the folder of all data sets; returns rows by data set."""
    tuning_rows: Callable[[Path], Tuning]
    rounds: Sequence[Sequence[str]] = ()
    """Names of the data sets that a MiniLM learns from, in one round or in two."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ from `JudgeConfig`."""
    at_most: Mapping[str, int] = field(default_factory=dict)
    """Largest number of rows of a data set that an adapter learns from."""


class Rewrite(NamedTuple):
    """A text of `judge_calibration`, the comment it rewrites, and the official verdicts: toxic or not, and
    P(acceptable)."""

    text: str
    source: str
    toxic: bool
    acceptable: float


class Rated(NamedTuple):
    """A rewrite that people rated: its comment, its system, and three ratings from 0 to 1: style (0 toxic, 1 civil),
    fluency, and meaning (0 another meaning, 1 the comment's)."""

    text: str
    source: str
    system: str
    style: float
    fluency: float
    meaning: float


def calibration(data: Path) -> dict[Part, list[Rewrite]]:
    """The rewrites of `judge_calibration` in the parts of `PARTS`.

    Texts with the same letters and digits occur once: in the held-out half if they occur there, else at their first
    place.

    Raises:
        SROError: the file is missing.
    """
    rows = _calibration_rows(data)
    parts: dict[Part, list[Rewrite]] = {"train": [], "tune": [], "held_out": []}
    part_of = _part_of_source(row["source"] for row in rows)
    seen: set[str] = set()
    for row in sorted(
        rows, key=lambda row: part_of[letters_and_digits(row["source"])] != "held_out"
    ):  # stable: held out first
        if (mark := letters_and_digits(row["text"])) and mark not in seen:
            seen.add(mark)
            found = Rewrite(clean(row["text"]), clean(row["source"]), row["sta"] == 0, float(row["fluency"]))
            parts[part_of[letters_and_digits(row["source"])]].append(found)
    return parts


def calibration_sources(data: Path) -> dict[Part, list[str]]:
    """The comments of those rewrites, all taken as toxic: some rewrites are unchanged comments, and the official
    classifier refuses 239 of these 242."""
    sources = {letters_and_digits(row["source"]): clean(row["source"]) for row in _calibration_rows(data)}
    parts: dict[Part, list[str]] = {"train": [], "tune": [], "held_out": []}
    for mark, part in _part_of_source(sources.values()).items():
        parts[part].append(sources[mark])
    return parts


def _calibration_rows(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in open_data(data / "judge_calibration/official_labels.jsonl")]


def _part_of_source(sources: Iterable[str]) -> dict[str, Part]:
    """Part by key. It depends only on the comment, so new rows do not move old ones to another part."""
    unique = {letters_and_digits(source): source for source in sources}
    parts: Any = split((Comment(source, "", 0) for source in unique.values()), PARTS)
    return {letters_and_digits(comment.text): part for part, comments in parts.items() for comment in comments}


def ratings(data: Path) -> list[Rated]:
    """The 600 rewrites of emnlp10k that people rated (means of three)."""
    rows = csv.DictReader(open_data(data / "emnlp10k/human_ratings_mean.tsv"), delimiter="\t")
    return [
        Rated(
            clean(row["rewritten"]),
            clean(row["original"]),
            row["source"],
            *(float(row[name]) for name in ("style", "fluency", "meaning")),
        )
        for row in rows
    ]


def paradetox_pairs(data: Path) -> list[dict[str, str]]:
    """The records of ParaDetox train: `toxic`, and people's rewrites of it, `neutral1` to `neutral3`, "" if there are
    fewer. The file is quoted as CSV is: a quote in a text is doubled, and a text may have several lines."""
    return list(csv.DictReader(open_data(data / "paradetox_train/paradetox.tsv"), delimiter="\t"))


def unseen(rows: Iterable[Labelled], taken: set[str]) -> Iterator[Labelled]:
    """Rows that are neither in `taken` (by letters and digits) nor in the official test set. `taken` grows with each
    row."""
    for row in rows:
        if (mark := letters_and_digits(row.text)) not in taken and not is_held_out(row.text):
            taken.add(mark)
            yield row


def open_data(path: Path) -> Iterator[str]:
    """The lines of a file with their unchanged line ends, because offsets into texts count "\\r" and "\\n"."""
    with open(existing(path), encoding="utf-8", newline="") as file:
        yield from file


def existing(path: Path) -> Path:
    """Return `path`; raise SROError if there is no such file."""
    if not path.is_file():
        raise SROError(f"{path}: no such file\n  fix: --data FOLDER, or set SRO_DATA to the folder of the data sets")
    return path
