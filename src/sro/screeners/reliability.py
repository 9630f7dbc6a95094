"""Do probabilities mean what they say? The share of positives among the texts of each bin of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts with P(fail) in [low, high): their number, their mean P(fail), and the share that is labelled toxic."""

    low: float
    high: float
    texts: int
    mean_probability: float
    share_toxic: float


def reliability_table(p: np.ndarray, is_toxic: np.ndarray, bins: int = BINS) -> list[Bin]:
    """The non-empty bins among `bins` of equal width; P(fail) = 1 belongs to the last bin."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    return [
        Bin(i / bins, (i + 1) / bins, int(here.sum()), float(p[here].mean()), float(is_toxic[here].mean()))
        for i in range(bins)
        if (here := place == i).any()
    ]


def expected_calibration_error(table: Sequence[Bin]) -> float:
    """ECE: mean |P(fail) − share toxic| over the bins, weighted by their texts."""
    gaps = sum(b.texts * abs(b.mean_probability - b.share_toxic) for b in table)
    return gaps / sum(b.texts for b in table)
