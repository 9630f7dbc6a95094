"""Judged candidates as pairs; they teach the critic the leader's own bad rewrites. See `sro.screeners.judged`."""

from __future__ import annotations

from collections.abc import Sequence

from sro.screeners.faithfulness.pairs import Pair
from sro.screeners.judged import is_held_out_sentence, judged_candidates

KEPT = {2: 1.0, 1: 0.6, 0: 0.0}
"""Share of the meaning that is kept, by the reader's answer: everything (2), the main point (1), neither (0)."""


def read_readings() -> list[Pair]:
    """All judged candidates, in the order of the file."""
    return [
        Pair(row["sentence"], row["candidate"], KEPT[row["kept"]], "reading", float(row["natural"] and row["civil"]))
        for row in judged_candidates()
    ]


def split_readings(readings: Sequence[Pair], percent: int) -> tuple[list[Pair], list[Pair]]:
    """The readings to train on, and about `percent` % of them for calibration. No sentence is in both."""
    out = [is_held_out_sentence(pair.comment, percent) for pair in readings]
    return (
        [pair for pair, held in zip(readings, out) if not held],
        [pair for pair, held in zip(readings, out) if held],
    )
