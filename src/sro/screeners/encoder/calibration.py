"""Turn logits into calibrated probabilities, by Platt scaling for each attribute, and choose the thresholds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sro.screeners.base import sigmoid

Floats = NDArray[np.float64]


def fit_platt(logits: Floats, labels: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Scale and shift that minimise the log-loss of `sigmoid(scale · logit + shift)` on the labels.

    Args:
        logits: Logits of one attribute, shape [texts].
        labels: Values from 0 to 1; NaN is left out.
        weights: Weights of the texts, by default all equal. Use them to match the class proportions in deployment.
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
    """`fit_platt` with weights as if the share `prior` of the texts had the attribute (a label above a half)."""
    positive = labels >= 0.5
    weights = np.where(positive, prior / max(positive.mean(), 1e-9), (1 - prior) / max((~positive).mean(), 1e-9))
    return fit_platt(logits, labels, weights)


def expected_calibration_error(probabilities: Floats, labels: Floats, bins: int = 15) -> float:
    """ECE: the mean difference between probability and share of positives over `bins` bins of equal width."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        (places == place).mean() * abs(probabilities[places == place].mean() - labels[places == place].mean())
        for place in range(bins)
        if (places == place).any()
    ]
    return float(sum(gaps))


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
