"""NB-LR is fitted: the log-count ratio, what is kept, and what cannot be fitted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.screeners.nblr.fitting import fit, log_count_ratio
from sro.screeners.nblr.model import NBLRSettings

TOXIC = ["you idiot", "shut up you idiot", "what an idiot", "you stupid idiot", "stupid stupid page"]
CLEAN = ["thank you", "thank you for the page", "what a good page", "you are right", "good page thank you"]


def test_log_count_ratio_by_hand() -> None:
    # p = 1 + (3, 0) = (4, 1), q = 1 + (0, 1) = (1, 2): r = ln(4/5) − ln(1/3), ln(1/5) − ln(2/3)
    ratio = log_count_ratio(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[0.0, 1.0]]), 1.0)
    assert ratio == pytest.approx([math.log(0.8 * 3), math.log(0.2 * 1.5)])


def test_pruning_keeps_the_weightiest_and_refits() -> None:
    pruned = fit(TOXIC, CLEAN, NBLRSettings(min_df=1, max_features=20))
    assert len(pruned.vocabulary) == 20
    assert [v.label for v in pruned.screen(["an idiot", "thank you"])] == ["fail", "pass"]


def test_words_only_as_in_the_paper() -> None:
    words_only = fit(TOXIC, CLEAN, NBLRSettings(min_df=1, character_ngrams=0))
    assert {gram[0] for gram in words_only.vocabulary} == {"w"}


def test_fitting_again_gives_the_same_screener() -> None:
    once, again = (fit(TOXIC, CLEAN, NBLRSettings(min_df=1)) for _ in range(2))
    assert once.name == again.name


def test_one_side_is_not_enough() -> None:
    with pytest.raises(SROError, match="both sides: got 5 toxic and 0 clean"):
        fit(TOXIC, [])


def test_too_little_text_is_told() -> None:
    with pytest.raises(SROError, match="lower min_df"):
        fit(["a"], ["b"], NBLRSettings(min_df=5))
