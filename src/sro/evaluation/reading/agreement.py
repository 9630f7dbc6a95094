"""Agreement of two readers beyond chance: Cohen's kappa, with an interval.

kappa = (p_o - p_e) / (1 - p_e). p_o is the share of equal answers. p_e is the share expected by chance, if each reader
gave their answers at random with the same frequencies (Cohen 1960). 1: the readers always agree; 0: no more than by
chance. The interval comes from a bootstrap over pairs of rewrites, so that the answers to one pair stay together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sro.evaluation.intervals import LEVEL, Interval, bootstrap


class Agreement(NamedTuple):
    """Agreement of two readers on one question."""

    answers: int
    """Number of answers that both readers gave."""
    equal: float
    """Share of these answers that are the same."""
    kappa: Interval | None
    """None if kappa is not defined, because both readers always gave the same single answer."""


def agreement(first: np.ndarray, second: np.ndarray, seed: int = 0) -> Agreement | None:
    """The agreement of two readers' answers; None if the readers answered nothing in common.

    Args:
        first, second: [N] or [N, Q], the answers as numbers, NaN for no answer; the bootstrap draws rows.
        seed: random seed of the bootstrap.
    """
    first, second = (np.asarray(one, dtype=np.float64).reshape(len(one), -1) for one in (first, second))
    both = ~(np.isnan(first) | np.isnan(second))
    if not both.any():
        return None
    kinds = np.unique(np.concatenate([first[both], second[both]]))
    # [N, K, K]: how often, in row n, the first reader gave answer i and the second answer k.
    crossed = np.zeros((len(first), len(kinds), len(kinds)))
    rows = np.nonzero(both)[0]
    np.add.at(crossed, (rows, np.searchsorted(kinds, first[both]), np.searchsorted(kinds, second[both])), 1)
    crossed = crossed[both.any(axis=1)]
    cells = {f"{i} {k}": crossed[:, i, k] for i in range(len(kinds)) for k in range(len(kinds))}
    resampled = bootstrap(cells, seed=seed).resampled.reshape(len(kinds), len(kinds), -1)
    total = crossed.sum(axis=0)
    value = float(cohens_kappa(total[..., None])[0])
    kappas = cohens_kappa(resampled)
    kappas = kappas[~np.isnan(kappas)]
    equal = float(np.trace(total) / total.sum())
    if np.isnan(value) or not len(kappas):
        return Agreement(int(total.sum()), equal, None)
    low, high = np.quantile(kappas, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Agreement(int(total.sum()), equal, Interval(value, float(low), float(high)))


def cohens_kappa(crossed: np.ndarray) -> np.ndarray:
    """[R] kappa of R cross tables [K, K, R] of two readers' answers; NaN if the agreement by chance is 1."""
    total = crossed.sum(axis=(0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.trace(crossed) / total
        expected = (crossed.sum(axis=0) * crossed.sum(axis=1)).sum(axis=0) / total**2
        kappa: np.ndarray = np.where(expected > 1 - 1e-12, np.nan, (observed - expected) / (1 - expected))
    return kappa
