"""Common parts of the embedded judges' cards: rank correlation with people, tables, writing the card.

    sro judge check style --judge packages/sro-embedded/sro_embedded/judge_style embedded/linear
    sro judge check fluency --judge packages/sro-embedded/sro_embedded/judge_fluency relative
    sro judge check content --judge embedded

Each command has a module of its own beside this one: `style`, `fluency` and `content`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sro.core.errors import SROError
from sro.core.markdown import write_table
from sro.evaluation.judges.training.data import RECORD
from sro.screeners.reliability import Bin


class HumanAgreement(NamedTuple):
    """Rank correlation of a judge with people."""

    spearman: float
    """Over the rewrites of all systems."""
    by_system: dict[str, float]
    """The same within each system, so that differences between systems do not add to the correlation."""
    rated: int
    """Rewrites."""


def human_agreement(found: np.ndarray, wanted: np.ndarray, systems: Sequence[str]) -> HumanAgreement:
    """The correlation of a judge's scores [N] with people's [N]; `systems` names the system of each rewrite."""
    system = np.array(systems)
    by_system = {name: spearman(found[system == name], wanted[system == name]) for name in dict.fromkeys(systems)}
    return HumanAgreement(spearman(found, wanted), by_system, len(found))


def spearman(found: np.ndarray, wanted: np.ndarray) -> float:
    """Rank correlation of two samples [N] in [−1, 1]. Ties share their mean rank; NaN if a sample is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(found), rankdata(wanted)]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])


# --- tables and cards ------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Mapping[str, Iterable[float]]) -> str:
    """A Markdown table with a named line for each judge, without a line break at its end. NaN becomes a dash."""

    def cells(figures: Iterable[float]) -> list[str]:
        return ["–" if np.isnan(figure) else f"{figure:.3f}" for figure in figures]

    return write_table(head, ([name, *cells(figures)] for name, figures in rows.items()))


def reliability(bins: Iterable[Bin]) -> str:
    """The lines of a Markdown table: bin of P(refused), texts, mean, share refused by the official classifier."""
    return "\n".join(
        f"| {b.low:.1f}–{b.high:.1f} | {b.texts:,} | {b.mean_probability:.2f} | {b.share_toxic:.2f} |" for b in bins
    )


def record_of(folder: Path) -> dict[str, Any]:
    """The record that `sro judge train` wrote into a judge's folder.

    Raises:
        SROError: the judge was not made by `sro judge train`.
    """
    path = folder / RECORD
    if not path.is_file():
        raise SROError(f"{path}: no such file; a card is for a folder made by `sro judge train`\n  fix: --card false")
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def size_of(folder: Path) -> int:
    """Size of a judge's folder in bytes, without the cards."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.name != "README.md")


def described(record: Mapping[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    """The parts of every card that say how the judge was made, by name."""
    settings = record["settings"]
    trained_on = "\n".join(
        f"| {row['source']} | {row[labels[1]]:,} | {row[labels[0]]:,} | {row['sha256'][:12]} |"
        for row in record["trained_on"]
    )
    return {
        **settings,
        "trained_on": trained_on,
        "settings": ", ".join(f"{name} {value}" for name, value in settings.items()),
        "packages": ", ".join(f"{name} {version}" for name, version in record["packages"].items()),
        **{f"tuned_{name}": value for name, value in record["tuned"].items()},
    }
