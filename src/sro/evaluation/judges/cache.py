"""Scores that were paid for once: a second run of the same table calls no judge.

A column of scores lies under the hash of who judged (the judge's name holds model, version and threshold), of the
number format that models compute in, and of what was judged, each text in its order. Change a word, a model, a
threshold or the format and it is another column.

Files are `.npz` without pickled objects; a damaged one is scored again.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sro.core.files import atomic_write_bytes, cache_root
from sro.core.precision import compute_dtype

logger = logging.getLogger(__name__)

FORMAT = 2  # raise it when a judge computes otherwise under the same name
Texts = Sequence[str] | None


def cache_folder() -> Path:
    """`$SRO_CACHE/judges`, else `$XDG_CACHE_HOME/sro/judges`, else `~/.cache/sro/judges`."""
    return cache_root() / "judges"


def key(judge: str, columns: Sequence[Texts]) -> str:
    """64 hexadecimal digits for a judge's name, the number format it computes in and all that it is to read."""
    dtype = compute_dtype().name
    content = json.dumps([FORMAT, judge, dtype, [None if column is None else list(column) for column in columns]])
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


class ScoreCache:
    """Columns of scores in a folder, which is made when the first is written."""

    def __init__(self, folder: str | Path | None = None) -> None:
        """folder: by default `cache_folder()`."""
        self.folder = Path(folder) if folder is not None else cache_folder()

    def scores(self, judge: str, columns: Sequence[Texts], compute: Callable[[], np.ndarray]) -> np.ndarray:
        """The stored scores, float64 of shape [N], or those of `compute`, which are stored if all are numbers."""
        path = self.folder / f"{key(judge, columns)}.npz"
        if (stored := _read(path, len(columns[0] or ()))) is not None:
            return stored
        found = np.asarray(compute(), dtype=np.float64)
        if np.isfinite(found).all():
            _write(path, found, judge)
        return found


class NamedJudge(Protocol):
    """Any judge: a name that tells what it is, and scores of columns of texts."""

    @property
    def name(self) -> str: ...

    def __call__(self, *columns: Any, **_: Any) -> np.ndarray: ...


class CachedJudge:
    """Any judge, asked only about what it has not judged yet; called with the same columns of texts."""

    def __init__(self, judge: NamedJudge, cache: ScoreCache) -> None:
        self.judge, self.cache = judge, cache

    @property
    def name(self) -> str:
        return self.judge.name

    def __call__(self, *columns: Texts) -> np.ndarray:
        return self.cache.scores(self.name, columns, lambda: self.judge(*columns))


def _read(path: Path, rows: int) -> np.ndarray | None:
    """The stored column, or None where there is none of that length that can be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            scores: np.ndarray = stored["scores"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return scores if scores.shape == (rows,) and scores.dtype == np.float64 else None


def _write(path: Path, scores: np.ndarray, judge: str) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, scores=scores, judge=np.array(judge))
    try:
        atomic_write_bytes(path, buffer.getvalue())
    except OSError as error:  # minutes of judging are not thrown away for want of a place to keep them
        logger.warning("%s: scores cannot be kept: %s; name another folder by SRO_CACHE", path, error.strerror)
