"""Measures of rewrites that belong together: pass rate, similarity, copies, repetitions, length and fluency.

    rows = {"copy": measure_rewrites(sources, copy(sources), judge, SentenceEncoder()), "ours": measure_rewrites(…)}
    rich.print(table(rows))

A leader can pass with an empty rewrite, with another statement, or with a copy if the screener has a gap. So the pass
rate is shown with similarity, copies, empty and repeating rewrites, length and fluency. Use `joint` to rank. The judge
must not be the screener that the leader was trained against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.markup import escape
from rich.table import Table

from sro.comments.clean import letters_and_digits
from sro.core.markdown import write_table
from sro.screeners.base import Screener, Similarity
from sro.screeners.rules.repetition import repeats

LOW_SIMILARITY = 0.35
"""Hardly any good rewrite by a person is below this (all-MiniLM-L6-v2; the lowest found was .34)."""

Fluency = Callable[[Sequence[str]], np.ndarray]
"""Mean log-probability per token of each text, [N]; −inf for an empty one. See `sro.evaluation.judges.lm_fluency`."""


@dataclass(frozen=True)
class Measures:
    """The measures of `n` rewrites; rates and shares in [0, 1]."""

    n: int
    pass_rate: float
    """Share that passes and is not empty."""
    similarity: float
    """Mean cosine with the source."""
    joint: float
    """Mean of pass · cosine over rewrites. It is not the product of the two means, which would reward a leader that
    keeps the meaning of one half and detoxifies the other."""
    copy_rate: float
    """Share of rewrites with the same letters and digits as their source."""
    empty_rate: float
    """Share of rewrites without letters and digits."""
    repeat_rate: float
    """Share of rewrites that stutter although their source does not."""
    length_ratio: float
    """Mean of words in the rewrite / words in its source."""
    low_similarity: float
    """Share with a cosine below `LOW_SIMILARITY`: these say something else."""
    fluency: float | None = None
    """Mean gain in log-probability per token, in nats, over rewrites that are not empty; None: not measured."""


def measure(
    sources: Sequence[str],
    rewrites: Sequence[str],
    passed: Sequence[bool],
    similarity: np.ndarray,
    fluency_gain: np.ndarray | None = None,
) -> Measures:
    """Measures of judged rewrites. A refusal counts as the text that the caller shows instead, or as "".

    Args:
        sources, rewrites: N texts each.
        passed: [N] the judge's verdicts.
        similarity: [N] cosine of each rewrite with its source.
        fluency_gain: [N] mean log-probability per token of the rewrite minus that of its source.

    Raises:
        ValueError: the lengths differ, or N is 0.
    """
    lengths = [len(column) for column in (sources, rewrites, passed, similarity)]
    lengths += [] if fluency_gain is None else [len(fluency_gain)]
    if not lengths[0] or len(set(lengths)) > 1:
        raise ValueError(f"want one or more rows, and as many of each column, not {lengths}")
    empty = np.array([not letters_and_digits(rewrite) for rewrite in rewrites])
    good = np.asarray(passed, dtype=bool) & ~empty
    cosine = np.asarray(similarity, dtype=np.float64)
    pairs = list(zip(sources, rewrites))
    return Measures(
        n=len(pairs),
        pass_rate=float(good.mean()),
        similarity=float(cosine.mean()),
        joint=float((good * cosine).mean()),
        copy_rate=_share(letters_and_digits(rewrite) == letters_and_digits(source) for source, rewrite in pairs),
        empty_rate=float(empty.mean()),
        repeat_rate=_share(repeats(rewrite, source) for source, rewrite in pairs),
        length_ratio=float(np.mean([len(rewrite.split()) / max(1, len(source.split())) for source, rewrite in pairs])),
        low_similarity=float((cosine < LOW_SIMILARITY).mean()),
        fluency=None if fluency_gain is None else _finite_mean(fluency_gain),
    )


def measure_rewrites(
    sources: Sequence[str],
    rewrites: Sequence[str],
    screener: Screener,
    similarity: Similarity,
    fluency: Fluency | None = None,
) -> Measures:
    """`measure`, with the screener as judge; it gets each source together with its rewrite."""
    gain = None
    if fluency is not None:
        with np.errstate(invalid="ignore"):  # −inf minus −inf, if both are empty
            gain = fluency(rewrites) - fluency(sources)
    passed = [verdict.passed for verdict in screener.screen(rewrites, sources=sources)]
    return measure(sources, rewrites, passed, similarity.similarity(rewrites, sources), gain)


def _share(hits: Iterable[bool]) -> float:
    return float(np.mean(list(hits)))


def _finite_mean(values: np.ndarray) -> float | None:
    finite = np.asarray(values, dtype=np.float64)[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else None


# --- tables ----------------------------------------------------------------------------------------------------------

FLUENCY = "fluency ↑"
COLUMNS: dict[str, Callable[[Measures], str]] = {
    "n": lambda m: f"{m.n:,}",
    "pass ↑": lambda m: f"{m.pass_rate:.3f}",
    "similarity ↑": lambda m: f"{m.similarity:.3f}",
    "joint ↑": lambda m: f"{m.joint:.3f}",
    FLUENCY: lambda m: "–" if m.fluency is None else f"{m.fluency:+.2f}",
    "copies": lambda m: f"{m.copy_rate:.3f}",
    "empty": lambda m: f"{m.empty_rate:.3f}",
    "repeats": lambda m: f"{m.repeat_rate:.3f}",
    "length": lambda m: f"{m.length_ratio:.2f}",
    f"below {LOW_SIMILARITY:g}": lambda m: f"{m.low_similarity:.3f}",
}


def table(rows: Mapping[str, Measures]) -> Table:
    """A table for the terminal, one line per system, in the given order."""
    (_, *names), *lines = cells(rows)
    shown = Table("system")
    for name in names:
        shown.add_column(name, justify="right")
    for line in lines:
        shown.add_row(*map(escape, line))
    return shown


def markdown(rows: Mapping[str, Measures]) -> str:
    """The same table as Markdown, without a line break at its end."""
    head, *lines = cells(rows)
    return write_table(head, lines)


def cells(rows: Mapping[str, Measures]) -> list[list[str]]:
    """Head and lines of the table; it has a column for fluency only if fluency was measured."""
    measured = any(measures.fluency is not None for measures in rows.values())
    columns = {name: show for name, show in COLUMNS.items() if measured or name != FLUENCY}
    return [["system", *columns], *([system, *(show(m) for show in columns.values())] for system, m in rows.items())]
