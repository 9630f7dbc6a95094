"""What each threshold costs, by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.thresholds import ThresholdRow, ThresholdTable, plot, rendered, threshold_table


class Says:
    """P(fail) is the largest number among the first two words."""

    name = "says 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        found = [max(float(word.rstrip("!")) for word in text.split()[:2]) for text in texts]
        return [Verdict("fail" if p >= 0.5 else "pass", p, self.name) for p in found]


TABLE = ThresholdTable("says 1", np.array([0.9, 0.8, 0.3]), np.array([0.1, 0.6, 0.2, 0.25]))


def test_rows_by_hand() -> None:
    assert TABLE.row(0.3) == ThresholdRow(0.3, 1.0, 0.25, pytest.approx(4 / 7))
    assert TABLE.row(0.61) == ThresholdRow(0.61, pytest.approx(2 / 3), 0.0, pytest.approx(2 / 7))
    assert [row.threshold for row in TABLE.rows] == sorted(row.threshold for row in TABLE.rows)


@pytest.mark.parametrize(
    ("target", "threshold", "false_alarms"),
    [(0.0, 0.6001, 0.0), (0.24, 0.6001, 0.0), (0.25, 0.2501, 0.25), (0.5, 0.2001, 0.5), (0.99, 0.1001, 0.75)],
)
def test_the_lowest_threshold_for_a_target(target: float, threshold: float, false_alarms: float) -> None:
    chosen = TABLE.for_false_alarms(target)
    assert (chosen.threshold, chosen.false_alarms) == (threshold, false_alarms)
    assert chosen == TABLE.row(threshold)


def test_a_target_that_cannot_be_reached_is_named() -> None:
    sure = ThresholdTable("says 1", np.array([]), np.array([1.0, 0.2]))
    with pytest.raises(SROError, match=r"1 of 2 clean texts have P\(fail\) 1.0"):
        sure.for_false_alarms(0.1)
    assert sure.for_false_alarms(0.5).threshold == 0.2001
    with pytest.raises(SROError, match="none"):
        ThresholdTable("says 1", np.array([1.0]), np.array([])).for_false_alarms(0.1)
    for wrong in (-0.1, 1.0):
        with pytest.raises(SROError, match=r"must be in \[0, 1\)"):
            TABLE.for_false_alarms(wrong)


def test_a_text_counts_by_its_worst_sentence() -> None:
    table = threshold_table(Says(), ["0.1 0.2! 0.9 0.1!", "0.3 0.3"], ["0.1 0.1"])
    assert table.toxic.tolist() == [0.9, 0.3] and table.clean.tolist() == [0.1]
    with pytest.raises(SROError, match="toxic texts, clean texts or both"):
        threshold_table(Says(), [], [])


def test_the_table_shows_the_threshold_that_was_chosen(tmp_path: Path) -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(rendered(TABLE, TABLE.for_false_alarms(0.25)))
    assert "* 0.2501" in (said := console.export_text()) and "25.0%" in said
    console.print(rendered(ThresholdTable("says 1", np.array([0.9]), np.array([]))))
    assert "–" in console.export_text()


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_picture(tmp_path: Path, suffix: str) -> None:
    plot(TABLE, tmp_path / f"p.{suffix}", TABLE.for_false_alarms(0.25))
    assert (tmp_path / f"p.{suffix}").stat().st_size > 1000
    with pytest.raises(SROError, match=r"\.png, \.svg or \.pdf"):
        plot(TABLE, tmp_path / "p.xyz")
