"""What critic, judge of fluency and screener say together of a candidate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sro.rewriting.acceptance import WORTH_ASKING, Acceptance, pooled
from sro.screeners.base import log_odds

EVEN = np.array([0.5])


class Hears:
    """A judge of fluency for which a text without `hole` is fluent; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None
    ) -> np.ndarray:
        self.asked += texts
        return np.array([0.1 if "hole" in text else 0.9 for text in texts])


@pytest.mark.parametrize(("place", "rises"), [(0, True), (1, True), (2, False), (3, False)])
def test_each_answer_pulls_its_own_way(place: int, rises: bool) -> None:
    less, more = ([EVEN] * place + [np.array([p])] + [EVEN] * (3 - place) for p in (0.2, 0.8))
    assert (pooled(*more) > pooled(*less)) == rises


def test_certain_answers_are_bounded_so_none_decides_alone() -> None:
    zero, one = np.zeros(1), np.ones(1)
    assert 0.0 < pooled(zero, zero, one, one)[0] < pooled(one, one, zero, zero)[0] < 1.0
    assert log_odds(zero)[0] == pytest.approx(-log_odds(one)[0])
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()


def test_what_the_critic_finds_lost_stays_lost_and_nobody_else_is_asked() -> None:
    fluency = Hears()
    pool = Acceptance(fluency)
    kept = np.array([WORTH_ASKING / 2, 0.6, 0.6])
    found = pool.probabilities(kept, [0.01] * 3, ["rude"] * 3, ["lost", "good", "a hole"])
    assert sorted(set(fluency.asked)) == ["a hole", "good", "rude"]
    assert found[0] == kept[0] < pool.threshold
    assert found[1] >= pool.threshold > found[2]
    assert pool.probabilities(np.zeros(0), [], [], []).shape == (0,)
    assert pool.probabilities(np.array([0.01]), [0.0], ["rude"], ["lost"]).tolist() == [0.01]


def test_a_candidate_that_reads_as_badly_as_its_source_is_blamed_less() -> None:
    pool = Acceptance(Hears())
    clean, broken = pool.probabilities(np.full(2, 0.6), [0.01] * 2, ["rude", "rude hole"], ["a hole", "a hole"])
    assert broken > clean
