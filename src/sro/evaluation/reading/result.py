"""The result of a reading: preferences over decided pairs, fit-to-show rates, and the readers' agreement.

Readers of one sheet judge the same pairs, so their answers are not independent trials. The pairs of one reader are
independent, so one reader's shares have exact intervals (preferences) or Wilson's (fit). For all readers together, a
pair counts once: it goes to the side that more readers prefer, its fit is the mean over the readers, and the interval
comes from a bootstrap over pairs. The intervals hold for other comments of the same kind, not for other readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sro.core.errors import SROError
from sro.evaluation.intervals import Interval, bootstrap
from sro.evaluation.proportions import exact, sign_test, wilson
from sro.evaluation.reading.agreement import Agreement, agreement
from sro.evaluation.reading.answers import Reading, refusals
from sro.evaluation.reading.sheet import Sheet


@dataclass(frozen=True)
class Preference:
    """How often each side was preferred, among the pairs that were shown."""

    a: int
    b: int
    same: int
    """For all readers together: also pairs on which the readers are divided."""
    missing: int
    share: Interval | None
    """a / (a + b) with its exact interval; None if no pair is decided."""
    p: float | None
    """P of the sign test."""
    left: Interval | None
    """Share of decided answers for the left side, with its exact interval. If it is far from 1/2, the reader chose by
    position. None for all readers together."""


@dataclass(frozen=True)
class Fit:
    """How many rewrites of a system are fit to show."""

    fit: float
    """A whole number; for all readers together, the sum of their means."""
    answered: int
    missing: int
    share: Interval | None
    """None if nothing is answered."""


@dataclass(frozen=True)
class Score:
    """The score of one reader, or of all readers together."""

    preference: Preference
    a: Fit
    b: Fit
    difference: Interval | None
    """Share of fit rewrites of a minus that of b, on pairs with an answer for both; bootstrap over pairs."""
    neither: int
    """Pairs in which neither rewrite is fit; for all readers together: no reader called one of them fit."""


@dataclass(frozen=True, eq=False)
class Result:
    """The result of `sro experiment read score`."""

    sheet: Sheet
    readings: tuple[Reading, ...]
    scores: dict[str, Score]
    """By reader."""
    together: Score | None
    """None if there is only one reader."""
    agreements: dict[tuple[str, str], dict[str, Agreement | None]]
    """By pair of readers and question: `preferred`, `fit`."""


def score(sheet: Sheet, readings: Sequence[Reading]) -> Result:
    """Count the answers of one or more readers.

    Raises:
        SROError: two readers have the same name.
    """
    names = [reading.reader for reading in readings]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SROError(f"two files are of the reader {twice[0]!r}\n  fix: one file a reader, named after them")
    return Result(
        sheet,
        tuple(readings),
        {reading.reader: _of_reader(sheet, reading) for reading in readings},
        _together(readings) if len(readings) > 1 else None,
        {
            (first.reader, second.reader): {
                "preferred": agreement(first.preferred, second.preferred),
                "fit": agreement(_judged(sheet, first.fit), _judged(sheet, second.fit)),
            }
            for first, second in combinations(readings, 2)
        },
    )


def _of_reader(sheet: Sheet, reading: Reading) -> Score:
    lefts = np.array([1 if pair.left == "a" else -1 for pair in sheet.pairs]) * reading.preferred
    left, right = int((lefts == 1).sum()), int((lefts == -1).sum())
    return Score(
        _preference(reading.preferred, exact(left, left + right) if left + right else None),
        a=_fit_of_reader(reading.fit[:, 0]),
        b=_fit_of_reader(reading.fit[:, 1]),
        difference=_difference(reading.fit),
        neither=int((reading.fit == 0).all(axis=1).sum()),
    )


def _together(readings: Sequence[Reading]) -> Score:
    preferred = _mean([reading.preferred for reading in readings])
    fit = _mean([reading.fit for reading in readings])
    return Score(
        _preference(np.sign(preferred), None),
        a=_fit_together(fit[:, 0]),
        b=_fit_together(fit[:, 1]),
        difference=_difference(fit),
        neither=int((fit == 0).all(axis=1).sum()),
    )


def _judged(sheet: Sheet, fit: np.ndarray) -> np.ndarray:
    """The fits without those of refusals, because a rule fills them in and no reader judged them."""
    judged: np.ndarray = np.where(refusals(sheet), np.nan, fit)
    return judged


def _preference(preferred: np.ndarray, left: Interval | None) -> Preference:
    """The preference in [N] answers: 1 a, -1 b, 0 the same, NaN none."""
    a, b, same = (int((preferred == answer).sum()) for answer in (1, -1, 0))
    decided = a + b > 0
    return Preference(
        a,
        b,
        same,
        missing=int(np.isnan(preferred).sum()),
        share=exact(a, a + b) if decided else None,
        p=sign_test(a, b) if decided else None,
        left=left,
    )


def _fit_of_reader(fit: np.ndarray) -> Fit:
    answered, yes = int((~np.isnan(fit)).sum()), int((fit == 1).sum())
    return Fit(float(yes), answered, len(fit) - answered, wilson(yes, answered) if answered else None)


def _fit_together(fit: np.ndarray) -> Fit:
    known = fit[~np.isnan(fit)]
    share = bootstrap({"fit": known}).interval("fit") if len(known) else None
    return Fit(float(known.sum()), len(known), len(fit) - len(known), share)


def _difference(fit: np.ndarray) -> Interval | None:
    both = fit[~np.isnan(fit).any(axis=1)]
    return bootstrap({"a": both[:, 0], "b": both[:, 1]}).difference("a", "b") if len(both) else None


def _mean(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Mean over the readers that answered; NaN if none did."""
    answers = np.stack(columns)
    known = (~np.isnan(answers)).sum(axis=0)
    mean: np.ndarray = np.where(known > 0, np.nansum(answers, axis=0) / np.maximum(known, 1), np.nan)
    return mean
