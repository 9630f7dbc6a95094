"""A cache of the judges' scores: a second run of the same table calls no judge.

The key of a column of scores is a hash of three things: the judge's name (with model, version and threshold), the
number format that models compute in, and the judged texts in their order. If a word, a model, a threshold or the
format changes, the column is computed again.

Files are `.npz` without pickled objects; a damaged one is scored again.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sro.core.files import atomic_write_bytes, cache_root
from sro.core.precision import compute_dtype

logger = logging.getLogger(__name__)

FORMAT = 2  # raise it when a judge computes other scores under the same name
Texts = Sequence[str] | None


def cache_folder() -> Path:
    """`$SRO_CACHE/judges`, else `$XDG_CACHE_HOME/sro/judges`, else `~/.cache/sro/judges`."""
    return cache_root() / "judges"


def key(judge: str, columns: Sequence[Texts]) -> str:
    """64 hexadecimal digits for a judge's name, the number format it computes in and all texts that it reads."""
    dtype = compute_dtype().name
    content = json.dumps([FORMAT, judge, dtype, [None if column is None else list(column) for column in columns]])
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


class ScoreCache:
    """Columns of scores in a folder. The folder is created with the first column."""

    def __init__(self, folder: str | Path | None = None) -> None:
        """folder: by default `cache_folder()`."""
        self.folder = Path(folder) if folder is not None else cache_folder()

    def scores(self, judge: str, columns: Sequence[Texts], compute: Callable[[], np.ndarray]) -> np.ndarray:
        """The stored scores, float64 of shape [N]. If there are none, call `compute` and store its scores, unless some
        are not numbers."""
        path = self.folder / f"{key(judge, columns)}.npz"
        if (stored := _read(path, len(columns[0] or ()))) is not None:
            return stored
        found = np.asarray(compute(), dtype=np.float64)
        if np.isfinite(found).all():
            _write(path, found, judge)
        return found


class NamedJudge(Protocol):
    """Any judge: a name that identifies it, and scores of columns of texts."""

    @property
    def name(self) -> str: ...

    def __call__(self, *columns: Any, **_: Any) -> np.ndarray: ...


class CachedJudge:
    """A judge with a cache: it is called only for columns of texts that it has not judged yet."""

    def __init__(self, judge: NamedJudge, cache: ScoreCache) -> None:
        self.judge, self.cache = judge, cache

    @property
    def name(self) -> str:
        return self.judge.name

    def __call__(self, *columns: Texts) -> np.ndarray:
        return self.cache.scores(self.name, columns, lambda: self.judge(*columns))


def _read(path: Path, rows: int) -> np.ndarray | None:
    """The stored column, or None if there is no readable column of that length."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            scores: np.ndarray = stored["scores"]
    except Exception:  # a damaged archive fails in zipfile, zlib, lzma or numpy, each with errors of its own
        return None
    return scores if scores.shape == (rows,) and scores.dtype == np.float64 else None


def _write(path: Path, scores: np.ndarray, judge: str) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, scores=scores, judge=np.array(judge))
    try:
        atomic_write_bytes(path, buffer.getvalue())
    except OSError as error:  # the scores are still returned if they cannot be stored
        logger.warning("%s: scores cannot be stored: %s; set SRO_CACHE to another folder", path, error.strerror)
