"""Train a NB-LR screener from named sources of unpaired comments, for `sro screener train`.

Sources are named as in `sro.comments.sources`: `FILE`, `FILE::COLUMN`, `FILE::COLUMN::WHERE`, `starter:toxic`,
`…[:-500]`. A source that is named n times counts n times.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sro.comments.sources import load_source
from sro.screeners.nblr.fitting import fit
from sro.screeners.nblr.model import NBLR, NBLRSettings

logger = logging.getLogger(__name__)


@dataclass
class Data:
    """Both sides of a screener's training data, as lists of sources."""

    toxic: list[str] = field(metadata={"help": "sources of toxic comments: FILE[::COLUMN[::WHERE]], starter:toxic, …"})
    clean: list[str] = field(metadata={"help": "sources of clean comments, better of the same genre"})
    min_words: int = field(default=1, metadata={"help": "shortest comment taken"})
    max_words: int = field(default=60, metadata={"help": "longest comment taken; long ones are toxic in part only"})


def train(data: Data, settings: NBLRSettings) -> tuple[NBLR, list[str]]:
    """The fitted screener, and a line of text about each source to print.

    Sentences of the official test set are left out; the lines count them. Raises the SROErrors of `load_comments`.
    """
    texts: dict[str, list[str]] = {"toxic": [], "clean": []}
    trained_on: list[dict[str, Any]] = []
    summaries = []
    for side, names in (("toxic", data.toxic), ("clean", data.clean)):
        for name in names:
            corpus = load_source(name, min_words=data.min_words, max_words=data.max_words, held_out="drop")
            texts[side] += corpus.texts
            summaries.append(f"{side}: {corpus.report.summary()}")
            trained_on.append({"side": side, "source": _short(name), "rows": len(corpus), "sha256": corpus.sha256})
    return fit(texts["toxic"], texts["clean"], settings, trained_on), summaries


def load_texts(names: Sequence[str]) -> list[str]:
    """Texts of several sources for an evaluation: uncleaned, as in every command, of any length, with test sets. Logs
    how many rows of each source were used or left out."""
    texts = []
    for name in names:
        corpus = load_source(name, training=False, min_words=1, max_words=None, as_it_stands=True)
        logger.info("%s", corpus.report.summary())
        texts += corpus.texts
    return texts


def _short(name: str) -> str:
    """The source with only the last two parts of its path, because other folders exist on this machine only."""
    path, *rest = name.split("::")
    return "::".join(["/".join(Path(path).parts[-2:]), *rest])
