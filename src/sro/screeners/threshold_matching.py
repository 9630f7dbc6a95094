"""Convert another service's threshold to ours: one that keeps most decisions, and one that flags as many comments.

    pairs = read_pairs("pairs.jsonl")                          # of `sro serve --shadow`
    match_threshold("TOXICITY", pairs["TOXICITY"], 0.8)        # ThresholdMatch(threshold=0.43, …)

Our threshold applies to our probabilities in the pairs. For comments scored earlier (`scored_pairs`), these are the
probabilities that `--threshold` applies to. For a shadowed service, they are the scores that `sro serve` returned.

Today a comment is flagged if the other service's score is at its threshold or above. Our threshold keeps a decision if
it gives the same result for the comment. With few pairs, or few flagged ones, the best threshold is chance (`ENOUGH`).
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
from sro.screeners.encoder.own_labels import own_targets
from sro.screeners.sentencewise import screen_comments
from sro.screeners.thresholds import LOWEST

ENOUGH = 50
"""A match is reliable only if at least this many comments lie on each side of today's threshold."""
Pair = tuple[float, float]
"""Our probability and the other service's score for one comment."""


@dataclass(frozen=True, slots=True)
class ThresholdMatch:
    """Our thresholds that correspond to one threshold of another service."""

    attribute: str
    their_threshold: float
    """The other service's threshold, used today."""
    pairs: int
    flagged: int
    """Comments that are flagged today."""
    threshold: float
    """Our threshold that keeps most decisions."""
    same_decisions: float
    """Share of the comments for which `threshold` gives the same decision as today."""
    newly_flagged: int
    """Comments that `threshold` flags and that are not flagged today."""
    no_longer: int
    """Comments that are flagged today and that `threshold` does not flag."""
    equal_volume_threshold: float
    """Our threshold that flags as many comments as today, or as close to that as the scores allow."""

    @property
    def enough(self) -> bool:
        return min(self.flagged, self.pairs - self.flagged) >= ENOUGH


def match_threshold(attribute: str, pairs: Sequence[Pair], their_threshold: float) -> ThresholdMatch:
    """Find our thresholds for one threshold of another service.

    Args:
        attribute: the attribute that the scores measure.
        pairs: one pair per comment, in any order.
        their_threshold: the other service's threshold, used today, in (0, 1].

    Raises:
        SROError: there are no pairs, or the threshold lies outside (0, 1].
    """
    if not 0 < their_threshold <= 1:
        raise SROError(f"threshold={their_threshold} must be in (0, 1]: it is today's, for the other service's scores")
    if not pairs:
        raise SROError(f"no comment has both scores of {attribute}\n  fix: let `sro serve --shadow` run for longer")
    ours, old = np.array(pairs, dtype=np.float64).T
    flagged = old >= their_threshold
    # All thresholds with different results: one below all values, and one above each value.
    values, order = np.unique(ours), np.argsort(ours, kind="stable")
    below = np.searchsorted(ours[order], values, side="left")  # comments that pass at the threshold values[i]
    kept = np.concatenate([[0], np.cumsum(flagged[order])])  # how many of the passing comments are flagged today
    no_longer, passing = kept[below], below
    newly = len(ours) - passing - (flagged.sum() - no_longer)
    highs = values
    if values[-1] < 1:  # a threshold above every value flags nothing
        highs, passing = np.append(values, 1.0), np.append(passing, len(ours))
        no_longer, newly = np.append(no_longer, flagged.sum()), np.append(newly, 0)
    lows = np.concatenate([[0.0], values])[: len(highs)]
    wrong, shift = no_longer + newly, np.abs(newly - no_longer)
    some = highs > 0  # a threshold must be above 0
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
    """A number in (low, high], near the middle, with as few digits as possible."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        found = round(middle, digits)
        if low < found <= high:
            return found
    return high


def read_pairs(path: str | Path) -> dict[str, list[Pair]]:
    """Pairs by attribute, from the file of `sro serve --shadow`; only those of the last screener in the file.

    Raises:
        SROError: the file cannot be read, or a line is not a pair; the message gives the line number.
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
        if screener == rows[-1][0]:  # probabilities of different screeners cannot be mixed
            for name, ours, theirs in both:
                pairs.setdefault(name, []).append((ours, theirs))
    return pairs


def scored_pairs(screener: Screener, rows: Iterable[Mapping[str, object]], column: str) -> dict[str, list[Pair]]:
    """Pairs by attribute of comments that the other service scored earlier.

    Our probability is the one that `--threshold` applies to: the highest among a comment and its sentences.

    Args:
        screener: it scores the comments now.
        rows: records with the text in `column`, and the other service's scores in columns with the attributes' names,
            in upper or lower case.
        column: name of the text's column.

    Raises:
        SROError: a row has no text; a score is not a number from 0 to 1; no column has the name of an attribute; or
            the screener has none of these attributes.
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
        ours = verdict.attributes or {"TOXICITY": verdict.probability}
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
    """The matches as a table for the screen; a star marks rows with too few comments.

    Args:
        use: what to do with the thresholds: `FOR_THRESHOLD` after `scored_pairs`, `FOR_SCORES` after `read_pairs`.
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
            f"{row.threshold}",  # all digits, because users copy it
            f"{row.same_decisions:.1%}",
            f"+{row.newly_flagged:,} −{row.no_longer:,}",
            f"{row.equal_volume_threshold}",
        )
    return shown
