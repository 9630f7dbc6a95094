"""Rows of a part of `benchmarks/gpu.py`. Each row is printed and written as soon as it is measured.

If a measurement raises an error, or no time is left for it, its row says so.
"""

from __future__ import annotations

import gc
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from benchmarks.machine import Machine
from benchmarks.training.peak_memory import in_gigabytes
from sro.core.files import atomic_write_text
from sro.core.markdown import write_table


@dataclass(frozen=True)
class Found:
    """The result of one measurement: a rate with its unit, and notes.

    use: phase → useful operations as a share of the peak of matrix products (MFU).
    """

    rate: float | None = None
    unit: str = ""
    use: dict[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Row(Found):
    """A measurement of a part, its peak memory in GB (10⁹ bytes), and its seconds, including preparation.

    failed: it raised an error, ran out of time or was not started; `note` says which.
    """

    part: str = ""
    what: str = ""
    peak_gb: float | None = None
    seconds: float = 0.0
    failed: bool = False


HEAD = ("part", "what", "rate", "unit", "MFU rollout", "reference", "update", "step", "peak GB", "s", "note")


def cells(row: Row) -> list[str]:
    """A row of the table; – if there is no figure."""
    use = [f"{row.use[phase]:.1%}" if phase in row.use else "–" for phase in ("rollout", "reference", "update", "all")]
    rate = "–" if row.rate is None else f"{row.rate:.3g}" if row.rate < 100 else f"{row.rate:,.0f}"
    peak = "–" if row.peak_gb is None else f"{row.peak_gb:.1f}"
    return [row.part, row.what, rate, row.unit, *use, peak, f"{row.seconds:.0f}", row.note]


def as_table(rows: Sequence[Row]) -> str:
    """All rows in Markdown."""
    return write_table(HEAD, map(cells, rows), left=(0, 1, 3, 10))


class Recorder:
    """Runs the measurements of one part.

    Args:
        part: its name.
        path: JSON file of its rows, rewritten after each.
        seconds: time limit from now; after it, no measurement starts.
        machine: the machine that it runs on.
        clock: returns seconds; tests replace it.
    """

    def __init__(
        self,
        part: str,
        path: Path,
        seconds: float,
        machine: Machine,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part, self.path, self.machine, self.clock = part, path, machine, clock
        self.deadline = clock() + seconds
        self.rows: list[Row] = []
        self._write()

    @property
    def left(self) -> float:
        """Seconds left for this part."""
        return self.deadline - self.clock()

    def measure(self, what: str, measurement: Callable[[], Found], least: float = 0.0) -> Found | None:
        """Run a measurement and record its row. Returns None if it failed, or fewer than `least` seconds were left."""
        if self.left < least:
            self._add(Row(note=f"not begun: {self.left:.0f} s left", part=self.part, what=what, failed=True))
            return None
        forget_peak()
        begin, found, failed = self.clock(), None, False
        try:
            result = found = measurement()
        except Exception as error:  # any error, because the other rows must still run
            lines = str(error).strip().splitlines() or ["no message"]
            result, failed = Found(note=f"failed: {type(error).__name__}: {lines[0][:200]}"), True
        row = Row(
            **vars(result),
            part=self.part,
            what=what,
            peak_gb=peak_gb(),
            seconds=self.clock() - begin,
            failed=failed,
        )
        self._add(row)
        return found

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        print(" | ".join(cells(row)), flush=True)
        self._write()

    def _write(self) -> None:
        content = {"machine": asdict(self.machine), "rows": [asdict(row) for row in self.rows]}
        atomic_write_text(self.path, json.dumps(content, indent=1) + "\n")


def read_rows(path: Path) -> tuple[Machine | None, list[Row]]:
    """The rows that a part has written so far; none if it has written nothing."""
    if not path.is_file():
        return None, []
    content = json.loads(path.read_text("utf-8"))
    return Machine(**content["machine"]), [Row(**row) for row in content["rows"]]


def forget_peak() -> None:
    """Free the memory of the last measurement, and reset the GPU's peak (the peak of a process cannot be reset)."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gb() -> float:
    """Peak memory of tensors on the GPU since `forget_peak`; without a GPU, the process's maximum resident set."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return in_gigabytes(resource.getrusage(resource.RUSAGE_SELF))
