"""Turn logits into calibrated probabilities, by Platt scaling for each attribute, and choose the thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sro.screeners.base import sigmoid

Floats = NDArray[np.float64]


def fit_platt(logits: Floats, labels: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Scale and shift that minimise the log-loss of `sigmoid(scale · logit + shift)` on the smoothed labels.

    Labels of 1 and 0 are smoothed to (n₁ + 1) / (n₁ + 2) and 1 / (n₀ + 2), where n₁ and n₀ are the numbers of texts
    with and without the attribute (Platt 1999). Without this, a few texts that the logits separate would make every
    probability almost 0 or 1.

    Args:
        logits: Logits of one attribute, shape [texts].
        labels: Values from 0 to 1; NaN is left out.
        weights: Weights of the texts, by default all equal. Use them to match the class proportions in deployment.
    """
    known = ~np.isnan(labels)
    x, y = np.asarray(logits, dtype=float)[known], smoothed(labels[known])
    w = np.ones(len(y)) if weights is None else weights[known]
    w = w / w.sum()

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[0] * x + parameters[1]
        error = w * (sigmoid(z) - y)
        return float((w * (np.logaddexp(0.0, z) - y * z)).sum()), np.array([(error * x).sum(), error.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 20.0), (-20.0, 20.0)])
    return float(found.x[0]), float(found.x[1])


def smoothed(labels: Floats) -> Floats:
    """Labels as Platt smooths them; see `fit_platt`.

    >>> smoothed(np.array([0.0, 0.0, 1.0, 1.0, 1.0])).tolist()
    [0.25, 0.25, 0.8, 0.8, 0.8]
    """
    present = int((labels >= 0.5).sum())
    low, high = 1 / (len(labels) - present + 2), (present + 1) / (present + 2)
    return low + (high - low) * labels


def fit_to_prior(logits: Floats, labels: Floats, prior: float) -> tuple[float, float]:
    """`fit_platt` with weights as if the share `prior` of the texts had the attribute (a label above a half)."""
    positive = labels >= 0.5
    weights = np.where(positive, prior / max(positive.mean(), 1e-9), (1 - prior) / max((~positive).mean(), 1e-9))
    return fit_platt(logits, labels, weights)


def balanced_threshold(probabilities: Floats, positive: NDArray[np.bool_], cost: float = 1.0) -> float:
    """The threshold with the highest sum of recall and `cost` times the share of negatives that pass.

    It lies half-way between the two nearest answers. A false alarm costs `cost` times as much as a miss, for classes
    of the same size.
    """
    order = np.unique(probabilities)
    hits = 1 - np.searchsorted(np.sort(probabilities[positive]), order) / positive.sum()
    passed = np.searchsorted(np.sort(probabilities[~positive]), order) / (~positive).sum()
    best = int(np.argmax(hits + cost * passed))
    return float((order[max(best - 1, 0)] + order[best]) / 2)
