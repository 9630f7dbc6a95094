"""Measure a screener: discrimination, calibration and the worst errors, on toxic and on clean texts.

A single accuracy hides what matters to the game. A follower that passes toxic rewrites teaches the leader nothing. A
follower that fails clean rewrites teaches the leader to say something else. So both sides are always reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sro.comments.clean import clean
from sro.core.errors import SROError
from sro.screeners.base import Screener
from sro.screeners.reliability import Bin, expected_calibration_error, reliability_table
from sro.screeners.sentencewise import screen_comments
from sro.screeners.thresholds import ThresholdTable, mean_or_nan, threshold_table


@dataclass(frozen=True, slots=True)
class ScreenerCheck:
    """What `check` measured. If one side was not given, the numbers that need it are NaN.

    P(fail) is the highest of a text and its sentences, to which every threshold applies.
    """

    screener: str
    toxic: int
    clean: int
    recall: float
    """Share of the toxic texts that fail."""
    pass_rate: float
    """Share of the clean texts that pass."""
    balanced_accuracy: float
    auc: float
    """Probability that a random toxic text has a higher P(fail) than a random clean one."""
    brier: float
    """Mean squared error of P(fail)."""
    ece: float
    """Expected calibration error of P(fail), over the bins of `reliability`."""
    reliability: tuple[Bin, ...]
    misses: tuple[tuple[float, str], ...]
    """Toxic texts that pass, lowest P(fail) first, as (P(fail), text)."""
    false_alarms: tuple[tuple[float, str], ...]
    """Clean texts that fail, highest P(fail) first."""


def check(
    screener: Screener,
    toxic: Sequence[str],
    clean: Sequence[str],
    worst: int = 10,
    threshold: float | None = None,
    table: ThresholdTable | None = None,
) -> ScreenerCheck:
    """Screen both sides and measure. One side may be empty (clean texts alone measure only false alarms).

    Recall and pass rate come from the verdicts, at `threshold` (None: the screener's own). AUC, Brier score and
    calibration come from P(fail), so they are the same at every threshold.

    Args:
        worst: Number of errors that are kept per side.
        threshold: A text fails if the whole text or one of its sentences (`sro.screeners.sentencewise`) has this
            P(fail) or more.
        table: `threshold_table` of the screener and these texts, if there is one already.

    Raises SROError if both sides are empty.
    """
    if not toxic and not clean:
        raise SROError("nothing to check the screener on: give toxic texts, clean texts or both")
    table = threshold_table(screener, toxic, clean) if table is None else table
    p = np.concatenate([table.toxic, table.clean])
    if threshold is None:
        passed = np.array([verdict.passed for verdict in screen_comments(screener, [*toxic, *clean])])
    else:
        passed = p < threshold
    is_toxic = np.arange(len(p)) < len(toxic)
    recall, pass_rate = mean_or_nan(~passed[is_toxic]), mean_or_nan(passed[~is_toxic])
    reliability = reliability_table(p, is_toxic)
    misses = sorted((q, text) for q, ok, text in zip(p[is_toxic].tolist(), passed[is_toxic], toxic) if ok)
    of_clean = zip(p[~is_toxic].tolist(), passed[~is_toxic], clean)
    false_alarms = sorted(((q, text) for q, ok, text in of_clean if not ok), reverse=True)
    return ScreenerCheck(
        screener=screener.name,
        toxic=len(toxic),
        clean=len(clean),
        recall=recall,
        pass_rate=pass_rate,
        balanced_accuracy=(recall + pass_rate) / 2,
        auc=auc(p[is_toxic], p[~is_toxic]),
        brier=float(np.mean((p - is_toxic) ** 2)),
        ece=expected_calibration_error(reliability),
        reliability=tuple(reliability),
        misses=tuple(misses[:worst]),
        false_alarms=tuple(false_alarms[:worst]),
    )


def auc(toxic: np.ndarray, clean: np.ndarray) -> float:
    """Area under the ROC curve of two samples of scores; a tie counts half. NaN if one sample is empty."""
    from scipy.stats import rankdata

    if not len(toxic) or not len(clean):
        return float("nan")
    ranks = rankdata(np.concatenate([toxic, clean]))[: len(toxic)]
    return float((ranks.sum() - len(toxic) * (len(toxic) + 1) / 2) / (len(toxic) * len(clean)))


def rendered(result: ScreenerCheck, threshold: float | None = None) -> RenderableType:
    """The check as tables for the screen. `threshold`: the one that was given to `check`."""
    at = "the screener's own threshold" if threshold is None else f"threshold {threshold:g}"
    title = f"{result.screener}: {result.toxic:,} toxic and {result.clean:,} clean texts"
    caption = f"at {at}; recall: toxic texts that fail; pass rate: clean texts that pass; balanced: their mean"
    head = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    figures = {
        "recall": result.recall,
        "pass rate": result.pass_rate,
        "balanced": result.balanced_accuracy,
        "AUC": result.auc,
        "Brier": result.brier,
        "ECE": result.ece,
    }
    for name in figures:
        head.add_column(name, justify="right")
    head.add_row(*map(_number, figures.values()))
    calibration = Table(title="reliability", title_justify="left")
    for name in ("P(fail)", "texts", "mean P(fail)", "toxic indeed"):
        calibration.add_column(name, justify="right")
    for b in result.reliability:
        span = f"{b.low:.1f}–{b.high:.1f}"
        calibration.add_row(span, f"{b.texts:,}", _number(b.mean_probability), _number(b.share_toxic))
    errors = [
        _error_table("toxic texts that pass, surest first", result.misses),
        _error_table("clean texts that fail, surest first", result.false_alarms),
    ]
    return Group(head, calibration, *errors)


def _error_table(title: str, errors: Sequence[tuple[float, str]]) -> Table:
    table = Table("P(fail)", "text", title=title, title_justify="left")
    for probability, text in errors:
        table.add_row(_number(probability), Text(clean(text)))  # Text, so that rich does not read brackets as markup
    return table


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"
