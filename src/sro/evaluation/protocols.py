"""STA, SIM, FL and J of every sentence, by the three protocols in use: pure functions of the judges' scores.

With source x, rewrite y, reference r, and p = P(neutral):

    paradetox   STA = [p_y ≥ 1/2]   SIM = cos(x, y)                       FL = [P(acceptable) ≥ 1/2]
    clef24      STA = p_y           SIM = cos(x, y)                       FL = chrF(y, r) / 100
    clef25      STA = max((p_y + [p_x ≤ p_y]) / 2, [p_r ≤ p_y])
                                    SIM = 0.4·cos(x, y) + 0.6·cos(r, y)   FL = XCOMET-lite(x, y, r)

    J = STA · SIM · FL of each sentence; a system's J is the mean of these products, never the product of the means

Sources: Logacheva et al., ParaDetox, ACL 2022; the evaluation code of the CLEF TextDetox tasks of 2024 and 2025. CLEF
2025 reports one mean for each language, so give one file for each language. Note a property of its STA: a rewrite that
equals the reference gets 1, whatever the classifier says.

1/2 is the threshold (argmax) of a classifier with two labels. A classifier with another threshold returns 0 or 1
(`sro.evaluation.judges.models.OwnVerdict`). Cosines are neither clipped nor rescaled. A row without a score is an
error that names the row; it never counts as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sro.core.errors import SROError

ProtocolName = Literal["paradetox", "clef24", "clef25"]
NEEDS_REFERENCE: tuple[ProtocolName, ...] = ("clef24", "clef25")

SHOWN_ROWS = 8  # rows that a message lists; it only counts the others
PROBABILITY, COSINE, CHRF, ANY = (0.0, 1.0), (-1.0, 1.0), (0.0, 100.0), (-np.inf, np.inf)
SLACK = 1e-4  # rounding may move a score this far beyond its bounds


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of N sentences, float64 of shape [N] each."""

    sta: np.ndarray
    """Is it neutral?"""
    sim: np.ndarray
    """Does it say the same?"""
    fl: np.ndarray
    """Is it well written?"""

    @property
    def j(self) -> np.ndarray:
        """STA · SIM · FL, sentence by sentence."""
        joint: np.ndarray = self.sta * self.sim * self.fl
        return joint

    def means(self) -> dict[str, float]:
        """Means over the sentences of `sta`, `sim`, `fl` and `j`."""
        columns = {"sta": self.sta, "sim": self.sim, "fl": self.fl, "j": self.j}
        return {name: float(column.mean()) for name, column in columns.items()}


def paradetox(p_neutral: np.ndarray, cosine: np.ndarray, p_acceptable: np.ndarray) -> Scores:
    """ParaDetox: the verdicts of two classifiers, and the cosine of source and rewrite. All arguments [N].

    Args:
        p_neutral: P(neutral) of each rewrite.
        cosine: cosine of each source and its rewrite.
        p_acceptable: P(acceptable) of each rewrite. A probability that is 0 or 1 already stays unchanged.

    Raises:
        SROError: a row has no score, or an impossible one; the message names judge and rows.
        ValueError: not N ≥ 1 scores in each argument.
    """
    style, content, fluency = _checked(
        ("P(neutral)", p_neutral, PROBABILITY), ("cosine", cosine, COSINE), ("fluency", p_acceptable, PROBABILITY)
    )
    return Scores(_yes(style), content, _yes(fluency))


def clef24(p_neutral: np.ndarray, cosine: np.ndarray, chrf: np.ndarray) -> Scores:
    """CLEF TextDetox 2024. All arguments [N].

    Args:
        p_neutral, cosine: as for `paradetox`.
        chrf: chrF of each rewrite against its reference, in [0, 100].

    Raises:
        SROError, ValueError: as for `paradetox`.
    """
    style, content, fluency = _checked(
        ("P(neutral)", p_neutral, PROBABILITY), ("cosine", cosine, COSINE), ("chrF", chrf, CHRF)
    )
    return Scores(style, content, fluency / 100)


def clef25(
    p_rewrite: np.ndarray,
    p_source: np.ndarray,
    p_reference: np.ndarray,
    cosine_source: np.ndarray,
    cosine_reference: np.ndarray,
    fluency: np.ndarray,
) -> Scores:
    """CLEF TextDetox 2025. All arguments [N].

    Args:
        p_rewrite, p_source, p_reference: P(neutral) of rewrite, source and reference.
        cosine_source, cosine_reference: cosine of the rewrite with its source, and cosine with its reference.
        fluency: XCOMET-lite of (source, rewrite, reference).

    Raises:
        SROError, ValueError: as for `paradetox`.
    """
    p_y, p_x, p_r, cos_x, cos_r, fl = _checked(
        ("P(neutral)", p_rewrite, PROBABILITY),
        ("P(neutral) of the source", p_source, PROBABILITY),
        ("P(neutral) of the reference", p_reference, PROBABILITY),
        ("cosine with the source", cosine_source, COSINE),
        ("cosine with the reference", cosine_reference, COSINE),
        ("fluency", fluency, ANY),
    )
    return Scores(np.maximum((p_y + (p_x <= p_y)) / 2, p_r <= p_y), 0.4 * cos_x + 0.6 * cos_r, fl)


def name_rows(rows: np.ndarray) -> str:
    """`row 3`, or `rows 3, 7, 9 and 12 more`, counted from 1, from indices that count from 0."""
    shown = ", ".join(str(row + 1) for row in rows[:SHOWN_ROWS])
    more = f" and {len(rows) - SHOWN_ROWS:,} more" if len(rows) > SHOWN_ROWS else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def _yes(probability: np.ndarray) -> np.ndarray:
    return (probability >= 0.5).astype(np.float64)


def _checked(*columns: tuple[str, np.ndarray, tuple[float, float]]) -> list[np.ndarray]:
    """The columns as float64, after a check that each is complete and within its bounds."""
    arrays = [np.asarray(values, dtype=np.float64) for _, values, _ in columns]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1 or any(array.ndim != 1 or not array.size for array in arrays):
        raise ValueError(f"want one or more scores, and as many of each kind, not {[a.shape for a in arrays]}")
    for array, (name, _, (low, high)) in zip(arrays, columns):
        for fault, wrong in (
            ("is missing", ~np.isfinite(array)),
            (f"lies outside [{low:g}, {high:g}]", (array < low - SLACK) | (array > high + SLACK)),
        ):
            if wrong.any():
                raise SROError(
                    f"{name} {fault} in {name_rows(np.flatnonzero(wrong))} of {len(array):,} (counted from 1)\n"
                    "  fix: look at these rows of input, output and reference, or leave them out of all three; "
                    "a row that cannot be scored is not a row that scores 0"
                )
    return arrays
