"""Tables of systems: Markdown for readers, CSV for computation. Both name the judges.

A table shows more than one score. Besides J and its interval it shows the factors of J, how often the system beats the
human reference, how often the screener it was trained against passes it, and how much it copies, shortens and
resembles the reference. Systems share a rank if their paired difference may be 0.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sro.core.markdown import write_table
from sro.evaluation.intervals import RESAMPLES, Interval, Tally
from sro.evaluation.protocols import ProtocolName

TITLES: dict[ProtocolName, str] = {
    "paradetox": "ParaDetox",
    "clef24": "CLEF TextDetox 2024",
    "clef25": "CLEF TextDetox 2025",
}


@dataclass(frozen=True)
class Row:
    """One system: means over the sentences, shares in [0, 1]. None if there is no reference to compare with."""

    system: str
    sta: float
    sim: float
    fl: float
    j: Interval
    """Mean of STA · SIM · FL and its interval."""
    rank: int
    against_reference: Tally | None
    """Numbers of sentences with J above, equal to, and below the J of the human reference."""
    pass_rate: float
    """Share of outputs that the training screener passes and that are not empty."""
    refused: float
    """Share of comments that the system refused to rewrite; these stay unchanged and are scored as copies."""
    copy_rate: float
    """Share of outputs with the same letters and digits as the source."""
    length_ratio: float
    """Mean of words in the output / words in its source."""
    chrf: float | None
    """Mean chrF to the reference, in [0, 100]."""


@dataclass(frozen=True)
class Caption:
    """Description of a table's numbers."""

    protocol: ProtocolName
    sentences: int
    judges: Mapping[str, str]
    """Names by role (style, content, fluency)."""
    screener: str
    """The screener of the column `pass`."""
    resamples: int = RESAMPLES
    seed: int = 0

    def __str__(self) -> str:
        judged = "; ".join(f"{role} by {name}" for role, name in self.judges.items())
        return (
            f"{TITLES[self.protocol]} protocol on {self.sentences:,} sentences. Judges: {judged}. J is the mean of "
            f"STA·SIM·FL with its 95 % paired-bootstrap interval ({self.resamples:,} resamples, seed {self.seed}); "
            "w/t/l counts sentences above, at, below the J of the human reference; equal ranks where the paired "
            f"difference may be 0; pass: share that the screener {self.screener} passes; refused: share that the "
            "system refused to rewrite, which is scored as a copy of the comment."
        )


def markdown(rows: Sequence[Row], caption: Caption) -> str:
    """The caption and the table, best J first, without a line break at its end."""
    head = ["system", "STA", "SIM", "FL", "J [95 %]", "w/t/l", "rank", "pass", "refused", "copies", "length", "chrF"]
    return f"{caption}\n\n{write_table(head, map(_cells, _sorted(rows)))}"


def to_csv(rows: Sequence[Row], caption: Caption) -> str:
    """The table as CSV with a header, best J first. Every line names protocol and judges, so files can be joined."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(_record(rows[0], caption)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_record(row, caption) for row in _sorted(rows))
    return out.getvalue()


def _sorted(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.j.value, row.system))


def _cells(row: Row) -> list[str]:
    tally = row.against_reference
    return [
        row.system,
        *(f"{value:.3f}" for value in (row.sta, row.sim, row.fl)),
        f"{row.j.value:.3f} [{row.j.low:.3f}, {row.j.high:.3f}]",
        "–" if tally is None else "/".join(map(str, tally)),
        str(row.rank),
        *(f"{value:.3f}" for value in (row.pass_rate, row.refused, row.copy_rate)),
        f"{row.length_ratio:.2f}",
        "–" if row.chrf is None else f"{row.chrf:.1f}",
    ]


def _record(row: Row, caption: Caption) -> dict[str, object]:
    """Column names and values of a CSV line; a value is empty if there is no reference."""
    win, tie, loss = row.against_reference or ("", "", "")
    figures = {
        **{"sta": row.sta, "sim": row.sim, "fl": row.fl},
        **{"j": row.j.value, "j_low": row.j.low, "j_high": row.j.high},
        **{"pass_rate": row.pass_rate, "refused": row.refused, "copy_rate": row.copy_rate},
        "length_ratio": row.length_ratio,
        "chrf": row.chrf,
    }
    return {
        "system": row.system,
        **{name: "" if value is None else f"{value:.6f}" for name, value in figures.items()},
        **{"rank": row.rank, "win": win, "tie": tie, "loss": loss},
        **{"protocol": caption.protocol, "sentences": caption.sentences, "screener": caption.screener},
        **{f"{role}_judge": name for role, name in caption.judges.items()},
    }
