"""What the readers said: preferences over decided pairs, fit-to-show rates, and how far readers agree.

Readers of one sheet judge the same pairs, so their answers are not independent trials. One reader's shares have the
intervals of independent pairs (exact for preferences, Wilson's for fit). Together, a pair counts once: it goes to the
side that more readers prefer, and its fit is the mean of theirs, with a bootstrap over pairs. The intervals speak of
other comments of the same kind, not of other readers.
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
    """How often a side was preferred, of the pairs that were shown."""

    a: int
    b: int
    same: int
    """Together: also pairs on which readers are divided."""
    missing: int
    share: Interval | None
    """a / (a + b) with its exact interval; None where nothing is decided."""
    p: float | None
    """Of the sign test."""
    left: Interval | None
    """Share of the decided answers that went to the left, exact; far from 1/2, a reader went by the place. None
    together."""


@dataclass(frozen=True)
class Fit:
    """How many rewrites of a system are fit to show."""

    fit: float
    """A whole number; together the sum of the readers' means."""
    answered: int
    missing: int
    share: Interval | None
    """None where nothing is answered."""


@dataclass(frozen=True)
class Score:
    """Of one reader, or of all together."""

    preference: Preference
    a: Fit
    b: Fit
    difference: Interval | None
    """Share of fit rewrites of a less that of b, on the pairs where both are answered; bootstrap over pairs."""
    neither: int
    """Pairs of which neither rewrite is fit; together: neither in any reader's eyes."""


@dataclass(frozen=True, eq=False)
class Result:
    """What `sro experiment read score` says."""

    sheet: Sheet
    readings: tuple[Reading, ...]
    scores: dict[str, Score]
    """By reader."""
    together: Score | None
    """None with one reader."""
    agreements: dict[tuple[str, str], dict[str, Agreement | None]]
    """By two readers and question: `preferred`, `fit`."""


def score(sheet: Sheet, readings: Sequence[Reading]) -> Result:
    """Count what one or more readers answered.

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
    """The fits without those of refusals: what a rule fills in, nobody has judged."""
    judged: np.ndarray = np.where(refusals(sheet), np.nan, fit)
    return judged


def _preference(preferred: np.ndarray, left: Interval | None) -> Preference:
    """Of [N] answers: 1 a, -1 b, 0 the same, NaN none."""
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
    """Mean over readers of what they answered; NaN where none did."""
    answers = np.stack(columns)
    known = (~np.isnan(answers)).sum(axis=0)
    mean: np.ndarray = np.where(known > 0, np.nansum(answers, axis=0) / np.maximum(known, 1), np.nan)
    return mean
