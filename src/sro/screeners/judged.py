"""The judged candidates and comments in `assets/readings`; the critic and the encoder learn from them.

The files of candidates hold sentences of rude comments and candidates of this project's rewriter: greedy and sampled
rewrites of the leader, rewrites of the phrase table, and deletions. A language model read each pair and judged it; the
README of the files lists the questions. The files contain no human rewrites. The embedded leader learnt from some of
the answers.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sro.core.files import asset

CANDIDATES = (
    "candidates.jsonl.gz",
    "sentences_left_out.jsonl.gz",
    "own_rewrites.jsonl.gz",
    "fresh_candidates.jsonl.gz",
)
"""The files of candidates, oldest first; the last one holds all candidates of its sentences."""
COMMENTS = "comments.jsonl.gz"
"""Real sentences of which the encoder was unsure or wrong, with the attributes that a reader saw in them."""
HELD_OUT_PERCENT = 12
"""Percent of the sentences that are held out from training, with their candidates, for calibration and measurement."""


def judged_candidates() -> Iterator[dict[str, Any]]:
    """The judged candidates, in the order of the files: `sentence`, `candidate`, `kept`, `natural`, `civil`, …"""
    for name in CANDIDATES:
        yield from _rows(name)


def judged_comments() -> Iterator[dict[str, Any]]:
    """The judged comments: `text`, `label` (a code of `sro.screeners.encoder.contrast_files`) and `set`."""
    return _rows(COMMENTS)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(asset("readings") / name, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def is_held_out_sentence(sentence: str, percent: int = HELD_OUT_PERCENT) -> bool:
    """Whether a sentence and its candidates are held out of training; depends only on the sentence's text."""
    return int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:4], "big") / 2**32 < percent / 100
