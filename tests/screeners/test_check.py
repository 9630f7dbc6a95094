"""The figures of a check, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from rich.console import Console

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.check import auc, check, rendered
from sro.screeners.reliability import expected_calibration_error, reliability_table
from sro.screeners.thresholds import threshold_table


class Says:
    """Texts are their own P(fail); threshold 0.5."""

    name = "says 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if float(text) >= 0.5 else "pass", float(text), self.name) for text in texts]


def test_figures_by_hand() -> None:
    result = check(Says(), toxic=["0.9", "0.8", "0.3"], clean=["0.1", "0.6"])
    assert (result.toxic, result.clean, result.screener) == (3, 2, "says 1")
    assert result.recall == pytest.approx(2 / 3)
    assert result.pass_rate == pytest.approx(1 / 2)
    assert result.balanced_accuracy == pytest.approx(7 / 12)
    assert result.auc == pytest.approx(5 / 6)  # of six pairs only (0.3, 0.6) is the wrong way round
    assert result.brier == pytest.approx((0.01 + 0.04 + 0.49 + 0.01 + 0.36) / 5)
    assert result.ece == pytest.approx((0.1 + 0.2 + 0.7 + 0.1 + 0.6) / 5)  # each text is alone in its bin
    assert result.misses == ((0.3, "0.3"),)
    assert result.false_alarms == ((0.6, "0.6"),)


class Longest:
    """P(fail) is the length of the longest word in tenths, halved for a text of several sentences; threshold 0.5."""

    name = "longest 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        found = [max(len(word.strip(".")) for word in text.split()) / (20 if ". " in text else 10) for text in texts]
        return [Verdict("fail" if p >= 0.5 else "pass", p, self.name) for p in found]


def test_only_recall_and_pass_rate_depend_on_the_threshold() -> None:
    toxic, clean = ["One two eight. Abcdefgh is here.", "Abcdefg."], ["Abcd is fine. So is abc.", "Abcde. And ab."]
    found = [check(Longest(), toxic, clean, threshold=bar) for bar in (None, 0.1, 0.45, 0.75, 1.0)]
    assert len({(one.auc, one.brier, one.ece, one.reliability) for one in found}) == 1
    assert found[0].auc == 1.0 and found[0].brier == pytest.approx((0.2**2 + 0.3**2 + 0.4**2 + 0.5**2) / 4)
    assert [(one.recall, one.pass_rate) for one in found] == [(1, 0.5), (1, 0), (1, 0.5), (0.5, 1), (0, 1)]
    assert found[-1].misses == ((0.7, toxic[1]), (0.8, toxic[0]))
    table = threshold_table(Longest(), toxic, clean)
    assert check(Longest(), toxic, clean, threshold=0.45, table=table) == found[2]


def test_worst_errors_come_surest_first_and_no_more_than_asked() -> None:
    result = check(Says(), toxic=["0.4", "0.1", "0.2"], clean=["0.7", "0.95", "0.8"], worst=2)
    assert [p for p, _ in result.misses] == [0.1, 0.2]
    assert [p for p, _ in result.false_alarms] == [0.95, 0.8]


def test_one_side_measures_what_it_can() -> None:
    result = check(Says(), toxic=[], clean=["0.1", "0.6", "0.2", "0.3"])
    assert result.pass_rate == 0.75
    assert np.isnan([result.recall, result.balanced_accuracy, result.auc]).all()


def test_nothing_to_check_on_is_an_error() -> None:
    with pytest.raises(SROError, match="give toxic texts"):
        check(Says(), [], [])


def test_auc_of_ties_is_a_half_and_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score

    assert auc(np.array([0.5, 0.5]), np.array([0.5])) == 0.5
    generator = np.random.default_rng(0)
    p = generator.integers(0, 20, 200) / 20
    toxic = generator.random(200) < 0.3
    assert auc(p[toxic], p[~toxic]) == pytest.approx(roc_auc_score(toxic, p))


def test_reliability_bins() -> None:
    bins = reliability_table(np.array([0.0, 0.05, 0.95, 1.0]), np.array([False, True, True, True]))
    assert [(b.low, b.texts, b.share_toxic) for b in bins] == [(0.0, 2, 0.5), (0.9, 2, 1.0)]
    assert bins[1].mean_probability == pytest.approx(0.975)
    assert expected_calibration_error(bins) == pytest.approx((2 * 0.475 + 2 * 0.025) / 4)


def test_rendered_tables_show_the_figures_and_texts_with_brackets() -> None:
    class Brackets(Says):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            return [Verdict("pass", 0.25, self.name) for _ in texts]

    console = Console(record=True, width=100)
    console.print(rendered(check(Brackets(), ["you [b]idiot[/b]"], [])))
    shown = console.export_text()
    assert "you [b]idiot[/b]" in shown
    assert "0.250" in shown
    assert "–" in shown  # no clean side, no pass rate
