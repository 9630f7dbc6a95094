"""Candidates that readers judged: what the critic learns the leader's own bad moves from.

`assets/readings/candidates.jsonl.gz` holds sentences of rude comments with candidates of this project's rewriter (the
leader's greedy and drawn ones, the phrase table's, and deletions), and what a language model that read each pair said
of it; its README has the questions. Nobody wrote a rewrite for it, and no leader learns from it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence

from sro.core.files import asset
from sro.screeners.faithfulness.pairs import Pair

KEPT = {2: 1.0, 1: 0.6, 0: 0.0}
"""How much is kept where the reader said: everything, the main point, neither."""


def read_readings() -> list[Pair]:
    """All judged candidates, in the order of the file."""
    with gzip.open(asset("readings") / "candidates.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Pair(row["sentence"], row["candidate"], KEPT[row["kept"]], "reading", float(row["natural"] and row["civil"]))
        for row in rows
    ]


def split_readings(readings: Sequence[Pair], percent: int) -> tuple[list[Pair], list[Pair]]:
    """The readings to learn from, and about `percent` of a hundred to calibrate on; a sentence is in one of them."""
    out = [_share(pair.comment) < percent / 100 for pair in readings]
    return (
        [pair for pair, held in zip(readings, out) if not held],
        [pair for pair, held in zip(readings, out) if held],
    )


def _share(text: str) -> float:
    """A number in [0, 1) that the text alone decides."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32
