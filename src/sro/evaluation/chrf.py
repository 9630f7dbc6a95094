"""chrF of rewrites against references, by sacrebleu: character n-grams up to 6, β = 2, no words (Popović 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sro.core.errors import SROError
from sro.core.provenance import version


class ChrF:
    """A judge that compares `texts` with `references` only; it needs no model."""

    @property
    def name(self) -> str:
        return f"chrF2 sacrebleu {version('sacrebleu')}"

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None, /
    ) -> np.ndarray:
        """chrF in [0, 100] of each text, float64 of shape [N]; `sources` are not read.

        Raises:
            SROError: no references, or sacrebleu is not installed.
        """
        if references is None:
            raise SROError("chrF compares with references, and there are none\n  fix: --reference FILE")
        return chrf(texts, references)


def chrf(texts: Sequence[str], references: Sequence[str]) -> np.ndarray:
    """Sentence chrF in [0, 100] of each text against its reference, float64 of shape [N]; 0 for an empty text.

    Raises:
        SROError: sacrebleu is not installed.
        ValueError: the lengths differ.
    """
    metric = chrf_metric()
    pairs = zip(texts, references, strict=True)
    return np.array([metric.sentence_score(text, [reference]).score for text, reference in pairs], dtype=np.float64)


def chrf_metric() -> Any:
    """Sacrebleu's metric. Call this early to see whether it is installed: it raises SROError if it is not."""
    try:
        from sacrebleu.metrics import CHRF
    except ImportError as error:
        raise SROError("chrF needs sacrebleu, which is not installed\n  fix: pip install -e '.[eval]'") from error
    return CHRF()
