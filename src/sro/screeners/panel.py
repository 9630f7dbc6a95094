"""A follower of several screeners, and members that compare a rewrite with its source: meaning, shape and fluency.

    panel = Panel([load_screener("embedded"), SimilarityScreener(SentenceEncoder()), FormScreener()])
    panel.screen(["that is a bad idea ."], sources=["that is a damn stupid idea ."])

The toxicity screener alone does not check meaning or grammar. Trained against it alone, a leader learns to pass by
saying something else, by deleting the rude word and leaving a hole (`your is .`), or by repeating words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sro.core.errors import SROError
from sro.screeners.answers import ask_with
from sro.screeners.base import (
    Faithfulness,
    Fluency,
    Screener,
    Similarity,
    Verdict,
    distinct_pairs,
    paired,
)

__all__ = [
    "FaithfulnessScreener",
    "FluencyScreener",
    "Panel",
    "SimilarityScreener",
]


@dataclass(frozen=True)
class Panel:
    """Passes a text if all members pass it.

    The verdict of a fail names the members that failed the text, not the panel. P(fail) is the highest of the
    members'.

    Raises:
        SROError: no member.
    """

    members: Sequence[Screener]

    def __post_init__(self) -> None:
        if not self.members:
            raise SROError("a panel needs at least one screener")

    @property
    def name(self) -> str:
        return " and ".join(member.name for member in self.members)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Each member judges each distinct (text, source) once.

        So members must be deterministic. A random screener (`sro.screeners.noisy`) must wrap a panel, not be a member.
        """
        if sources is not None:
            paired(self.name, texts, sources)
        asked, about, places = distinct_pairs(texts, sources)
        answers = [ask_with(member)(asked, about) for member in self.members]
        joint = [self._joint(verdicts) for verdicts in zip(*answers, strict=True)]
        return [joint[place] for place in places]

    def _joint(self, verdicts: Sequence[Verdict]) -> Verdict:
        refusals = [verdict for verdict in verdicts if not verdict.passed]
        probability = max(verdict.probability for verdict in verdicts)
        if not refusals:
            return Verdict("pass", probability, self.name)
        return Verdict("fail", probability, " and ".join(refusal.screener for refusal in refusals))


@dataclass(frozen=True)
class SimilarityScreener:
    """Passes a text if its cosine similarity to its source is at least `minimum`; `similarity` computes the cosine.

    P(fail) is not a calibrated probability: it is ½ + (minimum − cosine) / 2, limited to [0, 1].
    """

    similarity: Similarity
    minimum: float = 0.7

    @property
    def name(self) -> str:
        return f"meaning {self.minimum:g}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`, or with a number of them other than of texts."""
        cosines = np.asarray(self.similarity.similarity(texts, paired(self.name, texts, sources)), dtype=float)
        if cosines.shape != (len(texts),) or not np.isfinite(cosines).all():
            raise SROError(f"{self.name}: similarity gave no number for each of the {len(texts)} texts")
        return [
            Verdict("pass" if cosine >= self.minimum else "fail", self._probability(cosine), self.name)
            for cosine in cosines.tolist()
        ]

    def _probability(self, cosine: float) -> float:
        return min(1.0, max(0.0, 0.5 + (self.minimum - cosine) / 2))


@dataclass(frozen=True)
class FluencyScreener:
    """Passes a text if its fluency is at least min(½, fluency of its source − `slack`).

    Comments are often not grammatical themselves, so a rewrite is compared with its source. `fluency` returns how
    acceptable a text is, in [0, 1]. P(fail) is ½ at the threshold and rises as the fluency falls.
    """

    fluency: Fluency
    slack: float = 0.1

    @property
    def name(self) -> str:
        return f"fluency {self.slack:g}"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`, or with a number of them other than of texts."""
        compared = paired(self.name, texts, sources)
        both = np.asarray(self.fluency([*texts, *compared], [*compared, *compared]), dtype=float)
        bars = np.minimum(0.5, both[len(texts) :] - self.slack)
        return [
            Verdict("pass" if value >= bar else "fail", min(1.0, max(0.0, 0.5 + (bar - value) / 2)), self.name)
            for value, bar in zip(both[: len(texts)].tolist(), bars.tolist())
        ]


@dataclass(frozen=True)
class FaithfulnessScreener:
    """Passes a text that keeps the meaning of its source, as judged by a critic that reads both together.

    P(fail) is the critic's P(not faithful). A text fails if P(fail) is above 1 − `critic.threshold`.
    """

    critic: Faithfulness
    name: str = "faithfulness"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`, or with a number of them other than of texts."""
        compared = paired(self.name, texts, sources)
        kept = self.critic.probabilities(list(zip(compared, texts))) if texts else np.zeros(0)
        return [
            Verdict("pass" if value >= self.critic.threshold else "fail", 1.0 - value, self.name)
            for value in np.asarray(kept, dtype=float).tolist()
        ]
