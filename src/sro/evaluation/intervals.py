"""Intervals for a table by paired bootstrap: intervals of J and of differences, win/tie/loss, ranks with ties.

    table = bootstrap({"ours": scores.j, "BART": theirs.j, …})
    table.interval("ours")              # Interval(value=0.61, low=0.58, high=0.64)
    table.difference("ours", "BART")    # of the mean difference, which is far narrower than the two intervals suggest
    table.ranks()                       # {"ours": 1, "BART": 1, …}

A resample draws N sentences with replacement, *the same ones for every system*. Two systems get the same easy and hard
sentences, so their difference is known better than either score (Koehn 2004, "Statistical significance tests for
machine translation evaluation"). Intervals are percentiles. They hold for other sentences of the same kind, not for
other training seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95
CELLS = 2_000_000  # draws held at a time: 50 MB, whatever the size of the table
EQUAL = 1e-9  # scores nearer than this are the same score, rounded differently


class Interval(NamedTuple):
    """An observed mean and its interval."""

    value: float
    low: float
    high: float


class Tally(NamedTuple):
    """Numbers of sentences on which a system is better than, as good as, or worse than another."""

    win: int
    tie: int
    loss: int


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Means of S systems, observed and in R resamples of the same sentences; use `bootstrap` to make one."""

    names: tuple[str, ...]
    means: np.ndarray
    """[S]"""
    resampled: np.ndarray
    """[S, R]"""
    level: float

    def interval(self, name: str) -> Interval:
        """Mean of a system and its interval."""
        i = self.names.index(name)
        return self._interval(self.means[i], self.resampled[i])

    def difference(self, name: str, other: str) -> Interval:
        """Mean of `name` minus mean of `other`, paired."""
        i, k = self.names.index(name), self.names.index(other)
        return self._interval(self.means[i] - self.means[k], self.resampled[i] - self.resampled[k])

    def ranks(self) -> dict[str, int]:
        """1 + the number of systems that are surely better: the interval of their difference lies wholly above 0.

        Two systems may share a rank although each of them differs from a third system. So read ranks from the top: no
        system of rank 1 is surely beaten by another.
        """
        better = dict.fromkeys(self.names, 0)
        for i, name in enumerate(self.names):
            for other in self.names[i + 1 :]:
                _, low, high = self.difference(name, other)
                if low > EQUAL:
                    better[other] += 1
                elif high < -EQUAL:
                    better[name] += 1
        return {name: 1 + count for name, count in better.items()}

    def _interval(self, value: float, resampled: np.ndarray) -> Interval:
        low, high = np.quantile(resampled, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Interval(float(value), float(low), float(high))


def bootstrap(
    scores: Mapping[str, np.ndarray], resamples: int = RESAMPLES, seed: int = 0, level: float = LEVEL
) -> Bootstrap:
    """Resample the sentences of a table.

    Args:
        scores: [N] scores of each system, of the same N sentences in the same order.
        resamples: R; 10,000 for 20 systems on 671 sentences take half a second.
        seed: of the draws; the same seed gives the same intervals.
        level: share of the resampled means that an interval holds.

    Raises:
        ValueError: no system, no sentence, or systems of different lengths.
    """
    lengths = {name: len(column) for name, column in scores.items()}
    if not lengths or len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(f"want one or more systems with the same one or more sentences, not {lengths}")
    table = np.stack([np.asarray(column, dtype=np.float64) for column in scores.values()])
    systems, n = table.shape
    random = np.random.default_rng(seed)
    resampled = np.empty((systems, resamples))
    step = max(1, CELLS // n)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        # The counts of each drawn sentence are enough: one matrix product then gives the means of all systems.
        drawn = random.integers(0, n, size=(rows, n)) + n * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        resampled[:, start : start + rows] = table @ counts.T / n
    return Bootstrap(tuple(scores), table.mean(axis=1), resampled, level)


def win_tie_loss(scores: np.ndarray, others: np.ndarray) -> Tally:
    """The numbers of sentences, of N, on which the first is better than, equal to, or worse than the second.

    Raises:
        ValueError: the lengths differ.
    """
    mine, theirs = np.asarray(scores, dtype=np.float64), np.asarray(others, dtype=np.float64)
    if mine.shape != theirs.shape:
        raise ValueError(f"{len(mine)} scores but {len(theirs)} to compare them with")
    win, loss = int((mine > theirs + EQUAL).sum()), int((mine < theirs - EQUAL).sum())
    return Tally(win, len(mine) - win - loss, loss)
