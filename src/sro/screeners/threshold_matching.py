"""A threshold for another service's scores, in ours: which keeps today's decisions, and which flags as many.

    pairs = read_pairs("pairs.jsonl")                          # of `sro serve --shadow`
    match_threshold("TOXICITY", pairs["TOXICITY"], 0.8)        # ThresholdMatch(threshold=0.43, …)

Ours is compared with what the pairs hold: of comments scored earlier (`scored_pairs`) what `--threshold` is compared
with, of a shadowed service the scores that it answered.

Today a comment is flagged where their score is at the threshold or above. Ours keeps a decision where it says the same
of the comment. With few pairs, or few that are flagged, the best threshold is luck: `ENOUGH`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from sro.core.errors import SROError
from sro.screeners.base import Screener
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.label_maps import own_targets
from sro.screeners.sentencewise import screen_comments
from sro.screeners.thresholds import LOWEST

ENOUGH = 50
"""Comments on either side of today's threshold below which a match is not to be relied on."""
Pair = tuple[float, float]
"""Our probability and their score of one comment."""


@dataclass(frozen=True, slots=True)
class ThresholdMatch:
    """The thresholds of ours that stand for one of another service."""

    attribute: str
    their_threshold: float
    """The threshold of today."""
    pairs: int
    flagged: int
    """Comments that are flagged today."""
    threshold: float
    """Ours that keeps most decisions."""
    same_decisions: float
    """Share of the comments whose decision it keeps."""
    newly_flagged: int
    """Comments that it flags and that are not flagged today."""
    no_longer: int
    """Comments that are flagged today and that it does not flag."""
    equal_volume_threshold: float
    """The threshold of ours that flags as many comments as today, or as nearly as their scores allow."""

    @property
    def enough(self) -> bool:
        return min(self.flagged, self.pairs - self.flagged) >= ENOUGH


def match_threshold(attribute: str, pairs: Sequence[Pair], their_threshold: float) -> ThresholdMatch:
    """Match one threshold of another service.

    Args:
        attribute: what the scores are of.
        pairs: of the comments, in any order.
        their_threshold: the threshold of today, in (0, 1].

    Raises:
        SROError: there are no pairs, or the threshold lies outside (0, 1].
    """
    if not 0 < their_threshold <= 1:
        raise SROError(f"threshold={their_threshold} must be in (0, 1]: it is today's, for the other service's scores")
    if not pairs:
        raise SROError(f"no comment has both scores of {attribute}\n  fix: let `sro serve --shadow` run for longer")
    ours, old = np.array(pairs, dtype=np.float64).T
    flagged = old >= their_threshold
    # The thresholds that differ: below all of them, and above each value. Flagging falls from all to none.
    values, order = np.unique(ours), np.argsort(ours, kind="stable")
    below = np.searchsorted(ours[order], values, side="left")  # comments that pass at the threshold values[i]
    kept = np.concatenate([[0], np.cumsum(flagged[order])])  # of those that pass: flagged today
    no_longer, passing = kept[below], below
    newly = len(ours) - passing - (flagged.sum() - no_longer)
    highs = values
    if values[-1] < 1:  # a threshold above every value flags nothing
        highs, passing = np.append(values, 1.0), np.append(passing, len(ours))
        no_longer, newly = np.append(no_longer, flagged.sum()), np.append(newly, 0)
    lows = np.concatenate([[0.0], values])[: len(highs)]
    wrong, shift = no_longer + newly, np.abs(newly - no_longer)
    some = highs > 0  # nothing else flags all where a value is 0
    lows, highs, newly, no_longer, wrong, shift = (one[some] for one in (lows, highs, newly, no_longer, wrong, shift))
    best = int(np.lexsort((shift, wrong))[0])
    level = int(np.lexsort((wrong, shift))[0])
    return ThresholdMatch(
        attribute=attribute,
        their_threshold=their_threshold,
        pairs=len(ours),
        flagged=int(flagged.sum()),
        threshold=between(float(lows[best]), float(highs[best])),
        same_decisions=1 - float(wrong[best]) / len(ours),
        newly_flagged=int(newly[best]),
        no_longer=int(no_longer[best]),
        equal_volume_threshold=between(float(lows[level]), float(highs[level])),
    )


def between(low: float, high: float) -> float:
    """A number above `low` and not above `high`, near their middle, with as few digits as will do."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        found = round(middle, digits)
        if low < found <= high:
            return found
    return high


def read_pairs(path: str | Path) -> dict[str, list[Pair]]:
    """Pairs by attribute, from the file of `sro serve --shadow`; those of the screener that came last.

    Raises:
        SROError: the file cannot be read, or a line of it is no pair; with its number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: cannot be read as pairs: {error}\n  fix: the file of --shadow_pairs") from error
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            both = [(name, float(row["ours"][name]), float(score)) for name, score in row["theirs"].items()]
            rows.append((str(row["screener"]), both))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SROError(f"{path}:{number}: no pair of scores: {error!r}\n  fix: remove the line") from error
    if not rows:
        raise SROError(f"{path}: holds no pair yet\n  fix: let `sro serve --shadow` run for longer")
    pairs: dict[str, list[Pair]] = {}
    for screener, both in rows:
        if screener == rows[-1][0]:  # probabilities of another screener are others
            for name, ours, theirs in both:
                pairs.setdefault(name, []).append((ours, theirs))
    return pairs


def scored_pairs(screener: Screener, rows: Iterable[Mapping[str, object]], column: str) -> dict[str, list[Pair]]:
    """Pairs by attribute of comments that the other service scored earlier.

    Ours is what `--threshold` is compared with, the highest among a comment and its sentences.

    Args:
        screener: asked now.
        rows: records with the text in `column`, and the other's scores in columns named as the attributes, in any
            case.
        column: of the text.

    Raises:
        SROError: a row has no text, or a score that is no number from 0 to 1; or no column is named as an attribute,
            or none as one that the screener has.
    """
    kept = list(rows)
    texts = [row.get(column) for row in kept]
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            raise SROError(f"row {number}: no text in the column '{column}'\n  fix: --column names it")
    scores = [
        own_targets({name: value for name, value in row.items() if name != column}, f"row {number}")
        for number, row in enumerate(kept, start=1)
    ]
    names = [name for name in ATTRIBUTES if any(name in theirs for theirs in scores)]
    if not names:
        raise SROError(f"no column is named as an attribute\n  fix: name it as one of {', '.join(ATTRIBUTES)}")
    verdicts = screen_comments(screener, [str(text) for text in texts], threshold=LOWEST)
    pairs: dict[str, list[Pair]] = {}
    for theirs, verdict in zip(scores, verdicts):
        ours = {"TOXICITY": verdict.probability, **(verdict.attributes or {})}
        for name in names:
            if name in theirs and name in ours:
                pairs.setdefault(name, []).append((ours[name], theirs[name]))
    if not pairs:
        raise SROError(
            f"the scores are of {', '.join(names)}, which the screener {screener.name} does not score"
            "\n  fix: take a screener that scores it (--screener), or scores of TOXICITY"
        )
    return pairs


FOR_THRESHOLD = "use either as --threshold (and --fail_on for an attribute other than TOXICITY)"
FOR_SCORES = "compare either with the scores that `sro serve` returns"


def rendered(rows: Sequence[ThresholdMatch], use: str) -> Table:
    """The matches as a table for the screen, with a star where there are too few comments.

    Args:
        use: what the thresholds are for: `FOR_THRESHOLD` those of `scored_pairs`, `FOR_SCORES` those of `read_pairs`.
    """
    caption = (
        "same: comments whose decision stays; + newly flagged, − no longer\n"
        f"as many: the threshold that flags as many comments as today\nours, as many: {use}"
    )
    shown = Table(title="thresholds", title_justify="left", caption=caption, caption_justify="left")
    shown.add_column("attribute", no_wrap=True)
    for name in ("today", "comments", "flagged", "ours", "same", "+ −", "as many"):
        shown.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        shown.add_row(
            row.attribute + ("" if row.enough else " *"),
            f"{row.their_threshold:g}",
            f"{row.pairs:,}",
            f"{row.flagged:,}",
            f"{row.threshold}",  # all digits: it is to be typed
            f"{row.same_decisions:.1%}",
            f"+{row.newly_flagged:,} −{row.no_longer:,}",
            f"{row.equal_volume_threshold}",
        )
    return shown
