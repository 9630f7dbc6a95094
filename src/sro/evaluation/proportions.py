"""How sure are we of a share? Intervals of k successes in n independent trials, and the sign test.

`wilson` is for rates (Wilson 1927): near its level on average, also where k is 0 or n. `exact` is for claims
(Clopper and Pearson 1934): it covers at least at its level, and lies wholly above 1/2 only where the sign test
refutes "as likely as not" on that side at (1 - level) / 2.
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
    """The share of successes with the interval of Clopper and Pearson; errors as those of `wilson`."""
    return _interval(successes, trials, level, "exact")


def sign_test(wins: int, losses: int) -> float:
    """Two-sided P of a split at least as uneven, if either outcome were equally likely; ties are left out before.

    Raises:
        ValueError: there is neither a win nor a loss.
    """
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue)


def _interval(successes: int, trials: int, level: float, method: Literal["wilson", "exact"]) -> Interval:
    from scipy.stats import binomtest

    bounds = binomtest(successes, trials).proportion_ci(level, method=method)
    return Interval(successes / trials, float(bounds.low), float(bounds.high))
