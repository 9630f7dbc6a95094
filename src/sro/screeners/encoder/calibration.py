"""Turn logits into probabilities that mean what they say: one Platt scaling an attribute, and the thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sro.screeners.base import sigmoid

Floats = NDArray[np.float64]


def fit_platt(logits: Floats, labels: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Scale and shift by which `sigmoid(scale · logit + shift)` has the least log-loss on the labels.

    Args:
        logits: Of one attribute, shape [texts].
        labels: Shares of 0 to 1; NaN is left out.
        weights: Of the texts; default all equal. Weigh classes to the proportions in which texts will arrive.
    """
    known = ~np.isnan(labels)
    x, y = np.asarray(logits, dtype=float)[known], labels[known]
    w = np.ones(len(y)) if weights is None else weights[known]
    w = w / w.sum()

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[0] * x + parameters[1]
        error = w * (sigmoid(z) - y)
        return float((w * (np.logaddexp(0.0, z) - y * z)).sum()), np.array([(error * x).sum(), error.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 20.0), (-20.0, 20.0)])
    return float(found.x[0]), float(found.x[1])


def fit_to_prior(logits: Floats, labels: Floats, prior: float) -> tuple[float, float]:
    """`fit_platt` as if a share `prior` of the texts had the attribute, whatever share of `labels` is above a half."""
    positive = labels >= 0.5
    weights = np.where(positive, prior / max(positive.mean(), 1e-9), (1 - prior) / max((~positive).mean(), 1e-9))
    return fit_platt(logits, labels, weights)


def expected_calibration_error(probabilities: Floats, labels: Floats, bins: int = 15) -> float:
    """ECE: the mean gap between probability and share of positives over `bins` equal bins of probability."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        (places == place).mean() * abs(probabilities[places == place].mean() - labels[places == place].mean())
        for place in range(bins)
        if (places == place).any()
    ]
    return float(sum(gaps))


def balanced_threshold(probabilities: Floats, positive: NDArray[np.bool_], cost: float = 1.0) -> float:
    """The threshold with the best sum of recall and `cost` times the share of passed negatives.

    It lies half-way between the answers beside it. `cost` says how many times as bad a false alarm is as a miss, for
    classes of the same size.
    """
    order = np.unique(probabilities)
    hits = 1 - np.searchsorted(np.sort(probabilities[positive]), order) / positive.sum()
    passed = np.searchsorted(np.sort(probabilities[~positive]), order) / (~positive).sum()
    best = int(np.argmax(hits + cost * passed))
    return float((order[max(best - 1, 0)] + order[best]) / 2)
