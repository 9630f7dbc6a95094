"""Does a content judge agree with people? Compare its cosines with people's ratings of the kept meaning.

    sro judge check content --judge embedded

The measure is Spearman's rank correlation with people's ratings of 600 rewrites of emnlp10k (means of three). There
are no official labels to compare with: `judge_calibration` has cosines of another encoder, not ratings by people. The
table also shows the share of words that both texts have. An encoder should at least be better than this baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sro.comments.clean import letters_and_digits
from sro.evaluation.judges.agreement.common import HumanAgreement, human_agreement, table
from sro.evaluation.judges.loading import ContentJudge, load_judges
from sro.evaluation.judges.training.data import Rated, ratings


class SharedWords:
    """A content judge without a model: the share of all words of two texts that both have (Jaccard's index)."""

    name = "shared words"

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        """[N] in [0, 1]. Words are compared by their letters and digits. Two texts without any words get 1."""
        pairs = [(_words(text), _words(source)) for text, source in zip(texts, sources)]
        return np.array([len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs])


def _words(text: str) -> set[str]:
    return {mark for word in text.split() if (mark := letters_and_digits(word))}


def agreement(judge: ContentJudge, rated: Sequence[Rated]) -> HumanAgreement:
    """The correlation of the judge's cosines (rewrite, comment) with people's ratings of the kept meaning."""
    found = judge([row.text for row in rated], [row.source for row in rated])
    return human_agreement(found, np.array([row.meaning for row in rated]), [row.system for row in rated])


def check_judges(judges: Sequence[str], data: Path) -> str:
    """The table of the judges of these names (see `load_judges`) and of shared words, in Markdown.

    Args:
        data: the folder of the data sets.

    Raises:
        SROError: no such judge, or the ratings are missing.
    """
    rated = ratings(data)
    chosen = [*(load_judges([f"content={name}"], "paradetox").content for name in judges), SharedWords()]
    return markdown({judge.name: agreement(judge, rated) for judge in chosen})


def markdown(found: Mapping[str, HumanAgreement]) -> str:
    """A table with a line for each judge, without a line break at its end."""
    some = next(iter(found.values()))
    head = ["judge", "people, all", *(f"people, {name}" for name in some.by_system)]
    return table(head, {name: [one.spearman, *one.by_system.values()] for name, one in found.items()})
