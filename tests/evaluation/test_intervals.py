"""Intervals against what statistics says of simple columns; ranks and tallies by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sro.evaluation import intervals
from sro.evaluation.intervals import Tally, bootstrap, win_tie_loss


def test_a_resampled_mean_is_the_mean_of_the_sentences_drawn() -> None:
    column = np.array([1.0, 2.0, 4.0])
    found = bootstrap({"a": column}, resamples=500, seed=3)
    drawn = np.random.default_rng(3).integers(0, 3, size=(500, 3))
    assert found.resampled[0] == pytest.approx(column[drawn].mean(axis=1))


def test_the_interval_of_a_mean_is_the_one_of_the_textbook() -> None:
    column = np.random.default_rng(5).random(400)
    value, low, high = bootstrap({"a": column}).interval("a")
    error = 1.96 * column.std() / math.sqrt(400)
    assert value == pytest.approx(column.mean())
    assert (low, high) == pytest.approx((value - error, value + error), abs=0.05 * error)


def test_a_constant_lead_is_sure_though_the_intervals_overlap() -> None:
    column = np.random.default_rng(5).random(50)
    found = bootstrap({"behind": column, "ahead": column + 0.01}, resamples=1000)
    assert found.interval("behind").high > found.interval("ahead").low
    assert found.difference("ahead", "behind") == pytest.approx((0.01, 0.01, 0.01))  # the same sentences are drawn
    assert found.ranks() == {"behind": 2, "ahead": 1}


def test_difference_changes_its_sign_with_the_order() -> None:
    random = np.random.default_rng(1)
    found = bootstrap({"a": random.random(80), "b": random.random(80)}, resamples=2000)
    value, low, high = found.difference("a", "b")
    assert found.difference("b", "a") == pytest.approx((-value, -high, -low))


def test_ranks_tie_where_the_difference_may_be_nothing() -> None:
    noise = np.random.default_rng(2).normal(size=200)
    scores = {
        "best": noise + 1,
        "equal": noise + 1 + np.random.default_rng(3).normal(scale=0.5, size=200),
        "twin of best": noise + 1,
        "worst": noise,
    }
    assert bootstrap(scores, resamples=2000).ranks() == {"best": 1, "equal": 1, "twin of best": 1, "worst": 4}


def test_seeds_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {"a": np.random.default_rng(1).random(30), "b": np.random.default_rng(2).random(30)}
    whole = bootstrap(scores, resamples=200, seed=4).resampled
    monkeypatch.setattr(intervals, "CELLS", 70)
    # Not to the last bit: a matrix product of another height may add up in another order, as some processors' do.
    assert np.allclose(bootstrap(scores, resamples=200, seed=4).resampled, whole, rtol=1e-12)
    assert not np.allclose(bootstrap(scores, resamples=200, seed=5).resampled, whole, rtol=1e-2)


def test_a_table_of_twenty_systems() -> None:
    random = np.random.default_rng(0)
    found = bootstrap({f"system {i}": random.random(671) for i in range(20)})
    assert len(found.ranks()) == 20
    assert found.resampled.shape == (20, 10_000)


@pytest.mark.parametrize("scores", [{}, {"a": np.zeros(0)}, {"a": np.zeros(2), "b": np.zeros(3)}])
def test_tables_that_are_none(scores: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="the same one or more sentences"):
        bootstrap(scores)


def test_win_tie_loss_by_hand() -> None:
    found = win_tie_loss(np.array([0.5, 0.1 + 0.2, 0.1, 0.9]), np.array([0.4, 0.3, 0.2, 0.1]))
    assert found == Tally(win=2, tie=1, loss=1)  # .1 + .2 is .3, rounded differently
    with pytest.raises(ValueError, match="2 scores but 1"):
        win_tie_loss(np.zeros(2), np.zeros(1))
