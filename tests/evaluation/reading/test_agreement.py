"""Cohen's kappa: by hand, against scikit-learn, and does its interval cover?"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from sro.evaluation.reading.agreement import agreement

NAN = float("nan")


def two_readers(random: np.random.Generator, n: int, copied: float) -> tuple[np.ndarray, np.ndarray]:
    """The second gives the answer of the first with this chance, else one of his own; kappa is then that chance."""
    first, own = random.integers(0, 3, n).astype(float), random.integers(0, 3, n).astype(float)
    return first, np.where(random.random(n) < copied, first, own)


def test_by_hand() -> None:
    # 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: p_o = .7, p_e = .5 · .6 + .5 · .4 = .5
    first = np.repeat([1.0, 1.0, 0.0, 0.0], [20, 5, 10, 15])
    second = np.repeat([1.0, 0.0, 1.0, 0.0], [20, 5, 10, 15])
    found = agreement(first, second)
    assert found is not None and found.kappa is not None
    assert (found.answers, found.equal, found.kappa.value) == (50, pytest.approx(0.7), pytest.approx(0.4))
    assert 0 < found.kappa.low < 0.4 < found.kappa.high < 0.7


def test_as_scikit_learn_has_it() -> None:
    first, second = two_readers(np.random.default_rng(3), 80, 0.5)
    found = agreement(first, second)
    assert found is not None and found.kappa is not None
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first, second))


def test_answers_that_one_reader_lacks_are_left_out() -> None:
    found = agreement(np.array([[1, NAN], [0, 1], [NAN, NAN]]), np.array([[1, 0], [0, 0], [1, 1]]))
    assert found is not None and (found.answers, found.equal) == (3, pytest.approx(2 / 3))
    assert agreement(np.array([1, NAN]), np.array([NAN, 0])) is None


def test_readers_of_one_answer_have_no_kappa() -> None:
    found = agreement(np.ones(9), np.ones(9))
    assert found is not None and (found.equal, found.kappa) == (1, None)


def test_strangers_agree_by_chance_alone() -> None:
    found = agreement(*two_readers(np.random.default_rng(0), 2_000, 0.0))
    assert found is not None and found.kappa is not None
    assert abs(found.kappa.value) < 0.06 and found.equal == pytest.approx(1 / 3, abs=0.04)


def test_the_interval_covers() -> None:
    random = np.random.default_rng(1)
    found = [agreement(*two_readers(random, 100, 0.5)) for _ in range(50)]
    covers = [one.kappa.low <= 0.5 <= one.kappa.high for one in found if one and one.kappa]
    assert len(covers) == 50 and sum(covers) >= 43
