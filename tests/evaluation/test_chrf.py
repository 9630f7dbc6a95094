"""chrF against a count by hand."""

from __future__ import annotations

import sys

import pytest

from sro.core.errors import SROError
from sro.evaluation.chrf import ChrF, chrf

pytest.importorskip("sacrebleu", reason="chrF needs sacrebleu: pip install -e '.[eval]'")


def test_by_hand() -> None:
    # "abc" against "abd": 2 of 3 letters match, 1 of 2 pairs (ab), 0 of 1 triple. Both sides are equally long, so
    # precision = recall = F in each order; orders that neither side has do not count.
    assert chrf(["abc"], ["abd"])[0] == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3)


def test_recall_weighs_four_times_precision() -> None:
    # "a" against "ab": precision 1, recall 1/2 of the 1-grams; F = 5·P·R / (4·P + R); sacrebleu leaves out orders that
    # either side lacks ("effective order")
    assert chrf(["a"], ["ab"])[0] == pytest.approx(100 * 5 * 0.5 / 4.5)


def test_ends_of_the_scale_and_order_of_rows() -> None:
    assert chrf(["the cat", "", "xyz"], ["the cat", "a", "abc"]).tolist() == [100, 0, 0]


def test_as_a_judge() -> None:
    judge = ChrF()
    assert judge(["the cat"], ["not read"], ["the cat"]).tolist() == [100]
    assert judge.name.startswith("chrF2 sacrebleu ") and judge.name[-1].isdigit()
    with pytest.raises(SROError, match="chrF compares with references"):
        judge(["a"], ["a"], None)
    with pytest.raises(ValueError):
        chrf(["a", "b"], ["a"])


def test_without_sacrebleu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(SROError, match=r"pip install -e '.\[eval\]'"):
        chrf(["a"], ["a"])
