"""Intervals of shares: by hand, and do they cover?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from sro.evaluation.proportions import exact, sign_test, wilson

N = 30


def test_wilson_by_hand() -> None:
    # z² = 3.8415: centre (8 + z²/2) / (10 + z²), half width z √(8·2/10 + z²/4) / (10 + z²)
    assert wilson(8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10).low == 0 and 0 < wilson(0, 10).high < 0.3


def test_exact_by_hand() -> None:
    # Of n successes in n: low is the p with p^n = 0.025.
    assert exact(10, 10) == pytest.approx((1.0, 0.025**0.1, 1.0))


def test_the_sign_test_by_hand() -> None:
    assert sign_test(5, 0) == pytest.approx(2 / 32)
    assert sign_test(3, 3) == 1


@pytest.mark.parametrize("wins", range(N + 1))
def test_the_exact_interval_leaves_one_half_where_the_sign_test_refutes_it(wins: int) -> None:
    share = exact(wins, N)
    assert (share.low > 0.5 or share.high < 0.5) == (sign_test(wins, N - wins) < 0.05)


def test_intervals_cover_the_truth() -> None:
    truths = np.linspace(0.02, 0.98, 97)
    chances = binom.pmf(np.arange(N + 1)[:, None], N, truths)
    coverage = {}
    for method in (exact, wilson):
        bounds = np.array([method(k, N)[1:] for k in range(N + 1)])
        holds = (bounds[:, :1] <= truths) & (truths <= bounds[:, 1:])
        coverage[method.__name__] = (chances * holds).sum(axis=0)
    assert coverage["exact"].min() >= 0.95  # guaranteed for every truth
    assert 0.94 < coverage["wilson"].mean() < 0.96  # on average, and so narrower


def test_no_trial_has_no_share() -> None:
    with pytest.raises(ValueError):
        wilson(0, 0)
    with pytest.raises(ValueError):
        sign_test(0, 0)
