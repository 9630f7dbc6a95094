"""Peak memory of a LoRA run of the embedded leader: `sro train` as a user starts it, in its own process.

The recipe runs for three steps, with an allocator that returns freed memory (`FRUGAL`; by default, `sro train` keeps
freed memory if there is much, and is a third faster). The followers need more and more memory: toxicity alone as in
the paper; with meaning (a sentence encoder); with fluency (a classifier as large as the leader). The figure is the
child's maximum resident set `ru_maxrss` from the kernel. It cannot be lower than the memory of this process when it
starts the child; that lower limit is printed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sro.core.errors import SROError

RECIPE = Path(__file__).parents[2] / "recipes" / "rewriter.yaml"
GOAL = 2.0  # GB
FOLLOWERS = {
    "toxicity": ["--min_similarity", "0", "--well_formed", "false", "--fluency", "none"],
    "toxicity, meaning, shape": ["--fluency", "none"],
    "the recipe's: fluency too": [],
}
"""Follower → flags of `sro train` after the recipe."""
FRUGAL = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576", "MALLOC_ARENA_MAX": "2"}
"""Environment variables with which glibc returns large freed blocks at once."""


@dataclass(frozen=True)
class Peak:
    """Peak memory of a run: follower, comments per micro-batch, maximum resident set in GB (10⁹ bytes), seconds."""

    follower: str
    micro_batch: int
    gigabytes: float
    seconds: float


def peaks(comments: str, micro_batches: Sequence[int], batch: int, steps: int) -> list[Peak]:
    """The results of a run for each follower and micro-batch, one after the other."""
    return [
        measured(follower, comments, micro_batch, batch, steps)
        for micro_batch in micro_batches
        for follower in FOLLOWERS
    ]


def measured(follower: str, comments: str, micro_batch: int, batch: int, steps: int) -> Peak:
    """The result of one run; its outputs are deleted."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sro", "train", "--config", str(RECIPE), *FOLLOWERS[follower]]
        command += ["--comments", comments, "--held_out_size", "16"]
        command += ["--per_device_train_batch_size", str(micro_batch)]
        command += ["--gradient_accumulation_steps", str(batch // micro_batch)]
        command += ["--max_steps", str(steps), "--save_steps", str(steps), "--logging_steps", "1"]
        command += ["--output_dir", str(Path(folder) / "run")]
        return Peak(follower, micro_batch, *child(command))


def child(command: Sequence[str]) -> tuple[float, float]:
    """Maximum resident set in GB and seconds of a command. Raises SROError with the end of its output if it fails."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(  # noqa: S603  a list of words
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **FRUGAL}
        )
        # Not RUSAGE_CHILDREN, because that is the maximum over all children so far.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SROError(f"status {process.returncode}: {' '.join(command)}\n{output.read()[-2000:]}")
    return in_gigabytes(usage), time.perf_counter() - begin


def in_gigabytes(usage: resource.struct_rusage) -> float:
    """`ru_maxrss` in GB of 10⁹ bytes; Linux counts in KiB, macOS in bytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


def as_table(found: Sequence[Peak]) -> str:
    """The peaks in Markdown."""
    floor = in_gigabytes(resource.getrusage(resource.RUSAGE_SELF))
    rows = [
        f"| {p.follower} | {p.micro_batch} | {p.gigabytes:.2f} | {'yes' if p.gigabytes <= GOAL else 'no'} "
        f"| {p.seconds:.0f} |\n"
        for p in found
    ]
    titles = f"| follower | micro-batch | peak GB | ≤ {GOAL:g} GB | s |\n|---|--:|--:|---|--:|\n"
    note = f"No figure can lie below {floor:.2f} GB, what the measuring process itself held.\n"
    return f"\n{titles}{''.join(rows)}\n{note}"
