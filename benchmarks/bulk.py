"""Measure how fast a folder is screened and rewritten, and if memory stays flat: one table, and the curve in numbers.

    python -m benchmarks.bulk --engine ctranslate2 --output runs/benchmarks/bulk.json
    python -m benchmarks.bulk --jobs rewrite --rewrite_rows 2000 --engine ctranslate2

The rows are sampled from the comments with replacement; one in four (`--toxic`) comes from the first source, the toxic
one. If a row would repeat an earlier one, its words are rotated. The command is measured as people type it, in a
process of its own. Memory is the resident set of that process and all its children, every `interval` seconds. *Flat*
is the memory of the second half of the run divided by that of the second tenth: 1.00 is flat.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from benchmarks.machine import data_file, save, this_machine
from sro.comments.sources import load_source
from sro.core.config import parse, to_plain_dict
from sro.core.errors import SROError
from sro.core.markdown import write_table

PACKAGES = ("sro", "pyarrow", "torch", "transformers", "ctranslate2", "ray")
COMMANDS = {"screen": ["screener", "screen"], "rewrite": ["rewrite"]}


@dataclass
class Work:
    """What to measure, and on which comments."""

    comments: list[str] = field(
        default_factory=lambda: [
            data_file("sentences/dev_toxic.txt", "starter:toxic"),
            data_file("sentences/dev_normal.txt", "starter:civil"),
        ],
        metadata={"help": "FILE[::COLUMN] of toxic comments, then of others"},
    )
    jobs: list[str] = field(default_factory=lambda: ["screen", "rewrite"], metadata={"help": "screen, rewrite"})
    screen_rows: int = field(default=1_000_000, metadata={"help": "rows to screen"})
    rewrite_rows: int = field(default=10_000, metadata={"help": "rows to rewrite"})
    toxic: float = field(default=0.25, metadata={"help": "share of rows from the first source"})
    format: str = field(default="parquet", metadata={"help": "parquet or jsonl"})
    files: int = field(default=4, metadata={"help": "files of the input folder"})
    engine: str = field(default="transformers", metadata={"help": "for rewriting: transformers or ctranslate2"})
    screener: str = field(default="embedded/linear", metadata={"help": "see `sro screener screen --help`"})
    runner: str = field(default="here", metadata={"help": "here or ray"})
    workers: int | None = field(default=None, metadata={"help": "ray: see sro rewrite --help"})
    seed: int = field(default=0, metadata={"help": "random seed of the rows"})
    interval: float = field(default=1.0, metadata={"help": "seconds between two memory samples"})
    output: str = field(default="runs/benchmarks/bulk.json", metadata={"help": "file for all figures"})


@dataclass(frozen=True)
class Figures:
    """Figures of one command: times in seconds, memory in MB."""

    job: str
    rows: int
    failed: int
    errors: int
    seconds: float
    loading: float
    """Seconds until work on the first result began: imports, models."""
    cpu: float
    """CPU seconds of the process and its children after loading."""
    curve: list[tuple[float, float]]
    """(seconds since the start, resident memory), loading included."""

    @property
    def rate(self) -> float:
        """Rows per second after the models were loaded."""
        return self.rows / (self.seconds - self.loading)

    @property
    def cpu_rate(self) -> float:
        """Rows per second of CPU time: the speed of one thread on a quiet machine."""
        return self.rows / self.cpu

    @property
    def failed_cpu_rate(self) -> float:
        """Failing rows per second of CPU time; for rewriting, because the other rows cost almost nothing."""
        return self.failed / self.cpu

    @property
    def peak(self) -> float:
        return max(megabytes for _, megabytes in self.curve)

    @property
    def growth(self) -> float:
        """Median memory of the second half divided by that of the second tenth."""
        memory = [megabytes for seconds, megabytes in self.curve if seconds >= self.loading]
        tenth = max(1, len(memory) // 10)
        early, late = sorted(memory[tenth : 2 * tenth] or memory), sorted(memory[len(memory) // 2 :])
        return late[len(late) // 2] / early[len(early) // 2]


def main(argv: Sequence[str]) -> None:
    """Make the folders, run the commands, print and save."""
    machine = this_machine(PACKAGES)
    work = parse(Work, argv, prog="bulk.py", description=(__doc__ or "").partition("\n")[0])
    if unknown := set(work.jobs) - set(COMMANDS):
        raise SROError(f"no job {sorted(unknown)[0]!r}; there are {', '.join(COMMANDS)}")
    sources = [load_source(name, training=False, max_words=10_000).texts for name in work.comments]
    found = []
    with tempfile.TemporaryDirectory(prefix="sro-bulk-") as folder:
        for job in work.jobs:
            rows = work.screen_rows if job == "screen" else work.rewrite_rows
            source = Path(folder) / f"{job}_in"
            write_rows(source, sources, rows, work)
            found.append(measured(job, rows, source, Path(folder) / f"{job}_out", work))
    text = f"{machine}\n{', '.join(work.comments)}; runner {work.runner}, engine {work.engine}\n\n{as_table(found)}"
    print(text)
    figures = {"jobs": list(map(asdict, found))}
    save(work.output, ["benchmarks/bulk.py", *argv], to_plain_dict(work), machine, figures, text)


def write_rows(folder: Path, sources: Sequence[Sequence[str]], rows: int, work: Work) -> None:
    """Write an input folder of `rows` rows, file by file."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir()
    chance = random.Random(work.seed)
    seen: set[str] = set()
    for number in range(work.files):
        ids = range(rows * number // work.files, rows * (number + 1) // work.files)
        texts = []
        for _ in ids:
            toxic = len(sources) == 1 or chance.random() < work.toxic
            text = chance.choice(sources[0] if toxic else chance.choice(sources[1:]))
            if text in seen:
                words = text.split()
                start = chance.randrange(len(words))
                text = " ".join(words[start:] + words[:start])  # another order of the same words
            seen.add(text)
            texts.append(text)
        path = folder / f"part-{number}.{work.format}"
        if work.format == "parquet":
            parquet.write_table(pyarrow.table({"id": list(ids), "text": texts}), path)
        else:
            path.write_text(
                "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in zip(ids, texts)), "utf-8"
            )


def measured(job: str, rows: int, source: Path, target: Path, work: Work) -> Figures:
    """Run the command in a process of its own, and watch it."""
    flags = ["--input", str(source), "--output", str(target), "--runner", work.runner]
    flags += ["--screener", work.screener]
    flags += ["--workers", str(work.workers)] if work.workers else []
    flags += ["--engine", work.engine] if job == "rewrite" else []
    started = time.monotonic()
    curve: list[tuple[float, float]] = []
    loading, loading_cpu, cpu = 0.0, 0.0, 0.0
    with subprocess.Popen([sys.executable, "-m", "sro", *COMMANDS[job], *flags], stdout=subprocess.PIPE) as process:  # noqa: S603
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            seconds = time.monotonic() - started
            family = [watched, *children(watched)]
            cpu = max(cpu, sum(map(cpu_seconds, family)))
            if memory := sum(map(resident, family)):  # 0 if the process has just ended
                curve.append((round(seconds, 1), round(memory / 1e6, 1)))
            if not loading and any(target.rglob("*.partial")):
                loading, loading_cpu = seconds, cpu
            time.sleep(work.interval)
        said = process.stdout.read().decode() if process.stdout else ""
    seconds = time.monotonic() - started
    if process.returncode:
        raise SROError(f"sro {' '.join(COMMANDS[job])} ended with status {process.returncode}")
    print(said)
    counts = {name: number_in(said, name) for name in ("fail", "rewritten", "refused", "error")}
    failed = counts["fail"] + counts["rewritten"] + counts["refused"]
    return Figures(job, rows, failed, counts["error"], seconds, loading, cpu - loading_cpu, curve)


def number_in(table: str, name: str) -> int:
    """The count of a name in the command's table; 0 if there is no such row."""
    line = re.search(rf"\b{name}\b\D+([\d,]+)", table)
    return int(line[1].replace(",", "")) if line else 0


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0


def cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0
    return float(times.user + times.system)


def as_table(found: Sequence[Figures]) -> str:
    """The figures in Markdown, and ten points of each memory curve."""
    head = ["job", "rows", "failed", "errors", "seconds", "loading", "rows/s", "rows/CPU s", "failed/CPU s", "peak MB"]
    rows = (
        [
            one.job,
            *(f"{count:,}" for count in (one.rows, one.failed, one.errors)),
            *(f"{seconds:.0f}" for seconds in (one.seconds, one.loading)),
            *(f"{rate:,.1f}" for rate in (one.rate, one.cpu_rate)),
            f"{one.failed_cpu_rate:,.2f}",
            f"{one.peak:.0f}",
            f"{one.growth:.2f}",
        ]
        for one in found
    )
    lines = [write_table([*head, "flat"], rows)]
    for one in found:
        points = [one.curve[(len(one.curve) - 1) * i // 10] for i in range(11)]
        told = ", ".join(f"{megabytes:.0f} MB at {seconds:.0f} s" for seconds, megabytes in points)
        lines += ["", f"Memory of {one.job}: {told}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
