"""The probability that a reader would show a candidate, from critic, judge of fluency and screener together.

The critic of faithfulness had seen little English text before its training. The judge of fluency uses a language model
that was trained on much text, and notices a missing or wrong word that the critic misses. Their log-odds and the
screener's are added with the weights of a logistic regression on candidates that readers judged
(`benchmarks/acceptance_weights.py`): a product of experts. Each of them alone is less accurate
(docs/research/lab-notes.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sro.screeners.base import Fluency, log_odds, sigmoid

WEIGHT_KEPT, WEIGHT_FLUENT, WEIGHT_FLUENT_SOURCE, WEIGHT_FAILS, INTERCEPT = 0.77, 0.64, -0.49, -0.18, -0.06
"""Weights of the four log-odds in the logistic regression, and its intercept (2026-11-30). A badly written candidate
is penalised less if its source is badly written too."""

WORTH_ASKING = 0.1
"""The critic's probability below which a candidate is rejected without asking the judge of fluency."""

CLIP = 0.01
"""Probabilities are clipped to [CLIP, 1 − CLIP] before their log-odds are taken. The screener's are clipped to
[CLIP_FAILS, 1 − CLIP_FAILS], because differences between its small values matter."""
CLIP_FAILS = 0.001


class GoodEnough(NamedTuple):
    """Probabilities of a candidate from which the search stops to look for a better one.

    Attributes:
        of_any: from which it does not sample more of the leader's.
        of_rules: from which a rule's candidate is taken, and the leader is not used.
    """

    of_any: float
    of_rules: float


ENOUGH = GoodEnough(of_any=0.6, of_rules=0.75)
"""Chosen on 3,113 judged candidates (docs/research/lab-notes.md): if a rule's candidate has less than .75, asking the
leader too gives better rewrites, and above that it only costs time; sampling above .6 gives nothing."""


@dataclass(frozen=True)
class Acceptance:
    """What critic, judge of fluency and screener say together about a candidate.

    Attributes:
        fluency: the judge of fluency; it scores candidates and their sources, each text given as its own source.
        threshold: probability from which a candidate is accepted: readers would rather show it than not.
        enough: probabilities at which the search for a better candidate ends.
    """

    fluency: Fluency
    threshold: float = 0.5
    enough: GoodEnough = ENOUGH

    def probabilities(
        self, kept: NDArray[Any], fails: Sequence[float], sources: Sequence[str], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return the probabilities of N candidates, float64 of shape [N] in [0, 1].

        Below `WORTH_ASKING`, the critic's own probability is returned.

        Args:
            kept: [N] the critic's probabilities.
            fails: [N] the screener's probabilities.
            sources, texts: N sentences and their candidates.
        """
        found = np.array(kept, np.float64)
        asked = [i for i, probability in enumerate(kept) if probability >= WORTH_ASKING]
        if asked:
            said = [texts[i] for i in asked] + [sources[i] for i in asked]
            fluent, before = np.split(np.asarray(self.fluency(said, said), np.float64), 2)
            found[asked] = pooled(np.asarray(kept)[asked], fluent, before, np.asarray(fails)[asked])
        return found


def pooled(
    kept: NDArray[Any], fluent: NDArray[Any], fluent_source: NDArray[Any], fails: NDArray[Any]
) -> NDArray[np.float64]:
    """The probability from the four answers together; arrays of one shape, in [0, 1].

    >>> pooled(*np.array([[0.8, 0.2], [0.9, 0.9], [0.9, 0.9], [0.01, 0.01]])).round(2)
    array([0.94, 0.67])
    """
    weights = np.array([WEIGHT_KEPT, WEIGHT_FLUENT, WEIGHT_FLUENT_SOURCE, WEIGHT_FAILS])
    return sigmoid(answers_in_log_odds(kept, fluent, fluent_source, fails) @ weights + INTERCEPT)


def answers_in_log_odds(
    kept: NDArray[Any], fluent: NDArray[Any], fluent_source: NDArray[Any], fails: NDArray[Any]
) -> NDArray[np.float64]:
    """The inputs of the weighted sum, float64 of shape [N, 4]: the four answers, [N] each, clipped."""
    bounded = [log_odds(answer, CLIP) for answer in (kept, fluent, fluent_source)]
    return np.stack([*bounded, log_odds(fails, CLIP_FAILS)], axis=1)
