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
from sro.screeners.sentencewise import screen_comments

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts with P(fail) in [low, high): their number, their mean P(fail), and the share that is labelled toxic."""

    low: float
    high: float
    texts: int
    mean_probability: float
    share_toxic: float


@dataclass(frozen=True, slots=True)
class ScreenerCheck:
    """What `check` measured. If one side was not given, the numbers that need it are NaN."""

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
    """Expected calibration error: mean |P(fail) − share toxic| over the bins, weighted by their texts."""
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
) -> ScreenerCheck:
    """Screen both sides and measure. One side may be empty (clean texts alone measure only false alarms).

    Recall and pass rate come from the verdicts; AUC, Brier score and calibration come from P(fail). `worst` errors are
    kept per side. A text fails if the whole text or one of its sentences (`sro.screeners.sentencewise`) has
    P(fail) ≥ `threshold` (None: the screener's own threshold). Raises SROError if both sides are empty.
    """
    if not toxic and not clean:
        raise SROError("nothing to check the screener on: give toxic texts, clean texts or both")
    verdicts = screen_comments(screener, [*toxic, *clean], threshold=threshold)
    p = np.array([verdict.probability for verdict in verdicts])
    passed = np.array([verdict.passed for verdict in verdicts])
    is_toxic = np.arange(len(verdicts)) < len(toxic)
    recall, pass_rate = _mean(~passed[is_toxic]), _mean(passed[~is_toxic])
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
        ece=sum(b.texts * abs(b.mean_probability - b.share_toxic) for b in reliability) / len(verdicts),
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


def reliability_table(p: np.ndarray, is_toxic: np.ndarray, bins: int = BINS) -> list[Bin]:
    """The non-empty bins among `bins` of equal width; P(fail) = 1 belongs to the last bin."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    return [
        Bin(i / bins, (i + 1) / bins, int(here.sum()), float(p[here].mean()), float(is_toxic[here].mean()))
        for i in range(bins)
        if (here := place == i).any()
    ]


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


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
