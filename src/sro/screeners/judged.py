"""The candidates in `assets/readings` that readers judged, from which the critic and the encoder learn.

The files hold sentences of rude comments with candidates of this project's rewriter (the leader's greedy and drawn
ones, the phrase table's, and deletions), and what a language model that read each pair said of it; their README has
the questions. Nobody wrote a rewrite for them, and the embedded leader has not learnt from them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sro.core.files import asset

FILES = ("candidates.jsonl.gz", "sentences_left_out.jsonl.gz")
HELD_OUT_PERCENT = 12
"""Percent of the sentences whose candidates are kept for calibration and measurement, in every training."""


def judged_candidates() -> Iterator[dict[str, Any]]:
    """All judged candidates, in the order of the files: `sentence`, `candidate`, `kept`, `natural`, `civil`, …"""
    for name in FILES:
        with gzip.open(asset("readings") / name, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def is_held_out_sentence(sentence: str, percent: int = HELD_OUT_PERCENT) -> bool:
    """Whether the candidates of a sentence are kept out of training; the text alone decides."""
    return int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:4], "big") / 2**32 < percent / 100
