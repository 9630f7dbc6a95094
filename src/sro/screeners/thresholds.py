"""Recall, false alarms and share of flagged comments at each threshold, and the threshold for a target.

    table = threshold_table(load_screener("embedded"), toxic, clean)
    table.rows[3]                          # ThresholdRow(threshold=0.2, recall=…, false_alarms=…, flagged=…)
    table.for_false_alarms(0.01)           # the lowest threshold at which at most 1 % of the clean texts fail

A comment fails at a threshold if the whole comment or one of its sentences fails (`sro.screeners.sentencewise`). So
the figures here hold for `--threshold` in every command.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from sro.core.errors import SROError
from sro.core.files import atomic_write_bytes
from sro.screeners.base import Screener
from sro.screeners.sentencewise import screen_comments

THRESHOLDS = (0.01, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.99)
STEP = 1e-4
"""Chosen thresholds are multiples of this, so that they are short enough to type."""
LOWEST = 1e-9


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """The figures if texts with P(fail) ≥ `threshold` fail; NaN if the side that a figure needs was not given."""

    threshold: float
    recall: float
    """Share of the toxic texts that fail."""
    false_alarms: float
    """Share of the clean texts that fail."""
    flagged: float
    """Share of all texts given that fail."""


@dataclass(frozen=True)
class ThresholdTable:
    """P(fail) of the toxic and the clean texts, float64 of shape [texts]: the highest of a text and its sentences."""

    screener: str
    toxic: np.ndarray
    clean: np.ndarray

    def row(self, threshold: float) -> ThresholdRow:
        """The figures at one threshold in (0, 1]."""
        toxic, clean = self.toxic >= threshold, self.clean >= threshold
        return ThresholdRow(threshold, *map(mean_or_nan, (toxic, clean, np.concatenate([toxic, clean]))))

    @property
    def rows(self) -> list[ThresholdRow]:
        """The figures at each of `THRESHOLDS`."""
        return list(map(self.row, THRESHOLDS))

    def for_false_alarms(self, target: float) -> ThresholdRow:
        """The lowest threshold, in steps of `STEP`, at which at most the share `target` of the clean texts fails.

        Raises:
            SROError: the target is outside [0, 1), there is no clean text, or no threshold reaches the target.
        """
        if not 0 <= target < 1:
            raise SROError(f"target_false_alarms={target} must be in [0, 1)")
        if not len(self.clean):
            raise SROError(
                "target_false_alarms is a share of clean texts, and there are none\n  fix: give --clean too"
            )
        allowed = math.floor(target * len(self.clean) + 1e-9)
        highest = float(np.sort(self.clean)[::-1][allowed]) if allowed < len(self.clean) else 0.0
        threshold = round((math.floor(highest / STEP + 1e-9) + 1) * STEP, 4)
        if threshold > 1:
            sure = int((self.clean > 1 - STEP).sum())
            raise SROError(
                f"no threshold keeps false alarms at {target:.2%} or below: {sure} of {len(self.clean)} clean texts "
                "have P(fail) 1.0\n  fix: a higher target, or clean texts without mistakes"
            )
        return self.row(threshold)


def threshold_table(screener: Screener, toxic: Sequence[str], clean: Sequence[str]) -> ThresholdTable:
    """Screen both sides once. One side may be empty.

    Raises:
        SROError: both sides are empty.
    """
    if not toxic and not clean:
        raise SROError("nothing to choose a threshold on: give toxic texts, clean texts or both")
    # At this threshold all texts fail, so each verdict has the highest P(fail) of the whole and its sentences.
    verdicts = screen_comments(screener, [*toxic, *clean], threshold=LOWEST)
    p = np.array([verdict.probability for verdict in verdicts], dtype=np.float64)
    return ThresholdTable(screener.name, p[: len(toxic)], p[len(toxic) :])


def rendered(table: ThresholdTable, chosen: ThresholdRow | None = None) -> Table:
    """The rows as a table for the screen, sorted by threshold; a star marks `chosen`."""
    caption = "recall: toxic texts that fail; false alarms: clean texts that fail; flagged: all texts that fail"
    shown = Table(title="by threshold", title_justify="left", caption=caption, caption_justify="left")
    for name in ("threshold", "recall", "false alarms", "flagged"):
        shown.add_column(name, justify="right")
    rows = [*table.rows, *([chosen] if chosen else [])]
    for row in sorted(rows, key=lambda row: row.threshold):
        threshold = f"* {row.threshold:.4f}" if row is chosen else f"{row.threshold:.2f}"
        shown.add_row(threshold, *map(_percent, (row.recall, row.false_alarms, row.flagged)))
    return shown


def plot(table: ThresholdTable, path: str | Path, chosen: ThresholdRow | None = None) -> None:
    """Plot recall, false alarms and flagged share by threshold to a file; its suffix chooses the format.

    Raises:
        SROError: matplotlib cannot write the format of the suffix, or the file cannot be written.
    """
    from matplotlib.figure import Figure

    rows = [table.row(step / 200) for step in range(1, 201)]
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    lines = (("recall", "#0072B2"), ("false alarms", "#D55E00"), ("flagged", "#666666"))
    for name, colour in lines:
        shares = [100 * float(getattr(row, name.replace(" ", "_"))) for row in rows]
        axes.plot([row.threshold for row in rows], shares, label=name, color=colour)
    if chosen is not None:
        axes.axvline(chosen.threshold, color="#222222", linestyle=":", label=f"threshold {chosen.threshold:g}")
    axes.set(xlabel="threshold: a text fails from this P(fail) on", ylabel="share of texts, %", title=table.screener)
    axes.set(xlim=(0, 1), ylim=(0, 100))
    axes.legend()
    picture = io.BytesIO()
    try:
        figure.savefig(picture, format=Path(path).suffix.lstrip(".").lower() or "png", dpi=150)
    except ValueError as error:
        raise SROError(f"{path}: {error}\n  fix: a name that ends in .png, .svg or .pdf") from error
    atomic_write_bytes(path, picture.getvalue())


def mean_or_nan(values: np.ndarray) -> float:
    """The mean; NaN if there are no values."""
    return float(values.mean()) if len(values) else float("nan")


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{share:.1%}"
