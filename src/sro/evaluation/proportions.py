"""Confidence intervals for a share (k successes in n independent trials), and the sign test.

`wilson` is for rates (Wilson 1927): its coverage is near its level on average, also if k is 0 or n. `exact` is for
claims (Clopper and Pearson 1934): its coverage is at least its level. It lies wholly above 1/2 only if the one-sided
sign test rejects a share of 1/2 at (1 - level) / 2.
"""

from __future__ import annotations

from typing import Literal

from sro.evaluation.intervals import LEVEL, Interval


def wilson(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """The share of successes with Wilson's score interval.

    Raises:
        ValueError: there is no trial, or there are more successes than trials.
    """
    return _interval(successes, trials, level, "wilson")


def exact(successes: int, trials: int, level: float = LEVEL) -> Interval:
    """The share of successes with the interval of Clopper and Pearson. Errors are those of `wilson`."""
    return _interval(successes, trials, level, "exact")


def sign_test(wins: int, losses: int) -> float:
    """Two-sided P of a split that is at least as uneven, if both outcomes were equally likely. Leave out ties before.

    Raises:
        ValueError: there is neither a win nor a loss.
    """
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue)


def _interval(successes: int, trials: int, level: float, method: Literal["wilson", "exact"]) -> Interval:
    from scipy.stats import binomtest

    bounds = binomtest(successes, trials).proportion_ci(level, method=method)
    return Interval(successes / trials, float(bounds.low), float(bounds.high))
