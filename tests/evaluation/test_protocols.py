"""The three protocols on rows that can be reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.protocols import Scores, clef24, clef25, name_rows, paradetox


def columns(*values: list[float]) -> list[np.ndarray]:
    return [np.array(column) for column in values]


def test_paradetox_by_hand() -> None:
    found = paradetox(*columns([0.9, 0.5, 0.49, 0.8], [0.8, 1.0, 0.9, 0.5], [1, 0.7, 0.99, 0.4]))
    assert found.sta.tolist() == [1, 1, 0, 1]  # the classifier's own threshold, not .8
    assert found.sim.tolist() == [0.8, 1.0, 0.9, 0.5]
    assert found.fl.tolist() == [1, 1, 1, 0]
    assert found.j.tolist() == [0.8, 1.0, 0.0, 0.0]
    assert found.means() == pytest.approx({"sta": 3 / 4, "sim": 3.2 / 4, "fl": 3 / 4, "j": 1.8 / 4})


def test_clef24_by_hand() -> None:
    found = clef24(*columns([0.9, 0.2], [0.8, 1.0], [50.0, 100.0]))
    assert found.sta.tolist() == [0.9, 0.2]  # soft
    assert found.fl.tolist() == [0.5, 1.0]
    assert found.j == pytest.approx([0.36, 0.2])
    assert found.means()["j"] == pytest.approx(0.28)


def test_clef25_by_hand() -> None:
    # row 1: better than source, worse than reference: (.8 + 1)/2
    # row 2: worse than both: (.2 + 0)/2
    # row 3: as good as the reference: 1, whatever p is
    # row 4: as good as its source (≤, not <), worse than the reference: (.3 + 1)/2
    found = clef25(
        *columns(
            [0.8, 0.2, 0.4, 0.3],
            [0.1, 0.3, 0.6, 0.3],
            [0.9, 0.9, 0.4, 0.5],
            [0.5, 1.0, 0.2, 0.9],
            [0.9, 0.5, 0.7, 0.4],
            [0.9, 0.5, 1.0, -0.1],
        )
    )
    assert found.sta == pytest.approx([0.9, 0.1, 1.0, 0.65])
    assert found.sim == pytest.approx([0.2 + 0.54, 0.4 + 0.3, 0.08 + 0.42, 0.36 + 0.24])
    assert found.fl.tolist() == [0.9, 0.5, 1.0, -0.1]
    assert found.j == pytest.approx([0.9 * 0.74 * 0.9, 0.1 * 0.7 * 0.5, 0.5, -0.65 * 0.6 * 0.1])


def test_copy_and_reference_under_clef25() -> None:
    copy = clef25(*columns([0.1], [0.1], [0.9], [1.0], [0.8], [1.0]))
    assert copy.j == pytest.approx([(0.1 + 1) / 2 * (0.4 + 0.48)])
    human = clef25(*columns([0.05], [0.1], [0.05], [0.8], [1.0], [1.0]))
    assert human.sta.tolist() == [1.0]  # though the classifier thinks it toxic


def test_j_is_a_mean_of_products_and_no_product_of_means() -> None:
    found = paradetox(*columns([1.0, 0.0], [0.0, 1.0], [1.0, 1.0]))
    means = found.means()
    assert means["j"] == 0
    assert means["sta"] * means["sim"] * means["fl"] == 0.25


def test_a_missing_score_is_an_error_that_names_its_row_and_its_judge() -> None:
    with pytest.raises(SROError, match=r"^cosine is missing in row 2 of 3 \(counted from 1\)"):
        paradetox(*columns([0.9] * 3, [0.8, np.nan, 0.7], [1.0] * 3))
    with pytest.raises(SROError, match=r"^fluency is missing in rows 1, 3 of 3"):
        paradetox(np.full(3, 0.9), np.full(3, 0.8), np.array([None, 1, np.inf], dtype=object))
    with pytest.raises(SROError, match=r"P\(neutral\) of the reference is missing in row 1 of 1"):
        clef25(*columns([0.5], [0.5], [np.nan], [0.5], [0.5], [0.5]))


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (([1.2], [0.5], [50.0]), r"P\(neutral\) lies outside \[0, 1\] in row 1"),
        (([0.9], [-1.5], [50.0]), r"cosine lies outside \[-1, 1\]"),
        (([0.9], [0.5], [101.0]), r"chrF lies outside \[0, 100\]"),
    ],
)
def test_scores_that_no_judge_gives(scores: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(SROError, match=message):
        clef24(*columns(*scores))


def test_rounding_beyond_a_bound_is_no_error() -> None:
    assert clef24(*columns([1.0 + 1e-9], [1.0 + 1e-6], [100.0])).j == pytest.approx([1.0], abs=1e-5)


@pytest.mark.parametrize("wrong", [([0.5], [0.5, 0.5], [1.0]), ([], [], [])])
def test_columns_of_other_lengths_or_none_at_all(wrong: tuple[list[float], ...]) -> None:
    with pytest.raises(ValueError, match="one or more scores"):
        paradetox(*columns(*wrong))


def test_a_similarity_matrix_is_refused() -> None:
    with pytest.raises(ValueError, match="as many of each kind"):
        paradetox(np.ones(2), np.ones((2, 2)), np.ones(2))


def test_many_rows_are_counted() -> None:
    assert name_rows(np.arange(12)) == "rows 1, 2, 3, 4, 5, 6, 7, 8 and 4 more"
    assert name_rows(np.array([4])) == "row 5"


def test_scores_keep_their_columns_apart() -> None:
    found = Scores(*columns([0.5], [0.25], [0.5]))
    assert found.means() == {"sta": 0.5, "sim": 0.25, "fl": 0.5, "j": 0.0625}
