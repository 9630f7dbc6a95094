"""Measure this package on one large GPU, in at most eight minutes and without a network.

    python -m benchmarks.gpu --output_dir runs/gpu --comments "$SRO_DATA/sentences/dev_toxic.txt[:-500]"
    python -m benchmarks.gpu --output_dir /tmp/gpu --dry_run true        # tiny sizes: does everything work?

    part        seconds   measures
    sro             100   `SROTrainer` on the embedded leader, adapter and all weights, by batch: comments/s, MFU
    peers            60   the authors' loop, TRL's KTO and online DPO (where TRL is installed) as in training/run.py
    large            80   `SROTrainer` on a random leader of 1.5 billion weights: speed and memory only
    rewriting        60   rows/s: greedy by each engine, and the whole search
    screening        40   texts/s: linear, encoder on processors, encoder on the GPU
    full            the   SRO of all weights for `full_steps` steps or as long as there is time; what it changed is
                    rest  kept in `difference.safetensors`, at most 16 MiB (gpu_parts/weight_difference.py says how)

Each part runs in its own process with its own time limit. If a part fails, runs out of memory or hangs, the other
parts still run, and its finished rows are kept. Each row is printed when it is measured. `gpu.json` and `gpu.md` are
rewritten after each part. While one part runs, the next one imports its libraries and waits.

MFU is the rate of useful operations (defined in training/sro_loop.py) divided by the peak rate of one large matrix
product in the same number format, measured in the same process. Without a GPU everything runs on the CPU, and memory
is that of the process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import Machine, data_file, this_machine
from sro.core.config import parse, to_plain_dict
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.provenance import manifest

if TYPE_CHECKING:
    from benchmarks.gpu_parts.leaders import Sizes
    from benchmarks.gpu_parts.recorder import Recorder, Row

PARTS = {"sro": 100.0, "peers": 60.0, "large": 80.0, "rewriting": 60.0, "screening": 40.0, "full": 480.0}
"""Part → most seconds that it may take, in the order in which the parts run."""
GRACE = 10.0
"""Seconds that a part gets to finish after the time at which it starts nothing new."""
PACKAGES = ("sro", "torch", "transformers", "peft", "accelerate", "trl", "ctranslate2", "onnxruntime")


@dataclass
class Work:
    """The parts to measure, the leader and the comments."""

    parts: list[str] = field(default_factory=lambda: list(PARTS), metadata={"help": f"of {', '.join(PARTS)}"})
    seconds: float = field(default=460.0, metadata={"help": "time limit of all parts together"})
    leader: str = field(default="embedded", metadata={"help": "`embedded` or a folder of a decoder-only leader"})
    comments: str = field(
        default_factory=lambda: data_file("sentences/dev_toxic.txt[:-500]", "starter:toxic"),
        metadata={"help": "FILE[::COLUMN][[-N:]]"},
    )
    encoder: str = field(default="embedded", metadata={"help": "`embedded`, or the folder of an encoder screener"})
    screener: str = field(
        default="embedded/linear", metadata={"help": "toxicity screener in the panel of the full run"}
    )
    full_steps: int = field(default=300, metadata={"help": "optimizer steps of the full run"})
    dry_run: bool = field(default=False, metadata={"help": "tiny sizes, to test that everything works"})
    output_dir: str = field(default="runs/gpu", metadata={"help": "for gpu.json, gpu.md and difference.safetensors"})
    only: str = field(
        default="",
        metadata={"help": "internal: run only this part, in this process; stdin gives the Unix time to stop at"},
    )

    def __post_init__(self) -> None:
        unknown = [name for name in [*self.parts, *filter(None, [self.only])] if name not in PARTS]
        if unknown:
            raise SROError(f"no part {unknown[0]!r}\n  fix: of {', '.join(PARTS)}")

    @property
    def steps(self) -> int:
        """Optimizer steps of the full run."""
        return 2 if self.dry_run else self.full_steps

    @property
    def sizes(self) -> Sizes:
        """Batch sizes, model sizes and numbers of texts."""
        from benchmarks.gpu_parts.leaders import LARGE, TINY

        return TINY if self.dry_run else LARGE

    def rows_of(self, part: str) -> Path:
        """The file in which a part writes its rows."""
        return Path(self.output_dir) / "rows" / f"{part}.json"


def main(argv: Sequence[str]) -> int:
    """Measure, print and write; 1 if any row failed."""
    work = parse(Work, argv, prog="gpu.py", description=(__doc__ or "").partition("\n")[0])
    if work.only:
        play(work, work.only, lambda: float(sys.stdin.readline()) - time.time())
        return 0
    origin = manifest(["benchmarks/gpu.py", *argv], to_plain_dict(work), {}, 0)
    command = [sys.executable, "-m", "benchmarks.gpu", *argv, "--only"]
    rows = measure(work, lambda part: [*command, part], origin)
    return 1 if any(row.failed for row in rows) else 0


def play(work: Work, part: str, wait: Callable[[], float]) -> None:
    """Run one part in this process; `wait` returns when it may start, with the seconds that it has."""
    from benchmarks.gpu_parts import full_run, loops, rewriting, screening
    from benchmarks.gpu_parts.recorder import Recorder
    from sro.core.machine import quiet_libraries

    plays: dict[str, Callable[[Recorder, Work], None]] = {
        "sro": loops.play_sro,
        "peers": loops.play_peers,
        "large": loops.play_large,
        "rewriting": rewriting.play,
        "screening": screening.play,
        "full": full_run.play,
    }
    quiet_libraries()
    seconds = wait()
    plays[part](Recorder(part, work.rows_of(part), seconds, this_machine(PACKAGES)), work)


def measure(
    work: Work,
    command: Callable[[str], list[str]],
    origin: dict[str, Any],
    clock: Callable[[], float] = time.monotonic,
) -> list[Row]:
    """Run the parts one after the other, each in its own process, and write all results after each.

    Args:
        command: part → its command line; the process waits for a line on stdin with its deadline (Unix time).
        origin: the manifest, for the JSON file.
    """
    end, order = clock() + work.seconds, [name for name in PARTS if name in work.parts]
    for name in order:
        work.rows_of(name).unlink(missing_ok=True)  # rows of an earlier run
    rows: list[Row] = []
    waiting = _start(command(order[0]))
    for number, name in enumerate(order):
        process = waiting
        if number + 1 < len(order):
            waiting = _start(command(order[number + 1]))
        seconds = min(PARTS[name], end - clock())
        print(f"{name}: at most {max(0.0, seconds):.0f} s", flush=True)
        trouble = _run(process, seconds)
        rows += _rows_of(work, name, trouble)
        _write(work, rows, origin)
    return rows


def _start(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(list(command), stdin=subprocess.PIPE, text=True)  # noqa: S603  a list of words


def _run(process: subprocess.Popen[str], seconds: float) -> str:
    """Let the process start, and end it when its time is over. Returns what went wrong, or an empty string."""
    if seconds <= GRACE:
        process.kill()
        process.communicate()
        return "not begun: no time left"
    try:
        process.communicate(f"{time.time() + seconds - GRACE}\n", timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"ended after {seconds:.0f} s, unfinished"
    return f"ended with status {process.returncode}" if process.returncode else ""


def _rows_of(work: Work, part: str, trouble: str) -> list[Row]:
    from benchmarks.gpu_parts.recorder import Row, read_rows

    _, rows = read_rows(work.rows_of(part))
    if trouble:
        rows.append(Row(note=trouble, part=part, what="the whole part", failed=True))
        print(f"{part}: {trouble}", flush=True)
    return rows


def _write(work: Work, rows: list[Row], origin: dict[str, Any]) -> None:
    from benchmarks.gpu_parts.loops import compared
    from benchmarks.gpu_parts.recorder import as_table, read_rows

    machines = [machine for name in PARTS if (machine := read_rows(work.rows_of(name))[0])]
    rates = {row.what: row.rate for row in rows if row.rate}
    ratios = [
        f"- {ours}: {rates[ours] / rates[theirs]:.1f} × {theirs}"
        for ours, theirs in compared(work.sizes.peers_batch)
        if ours in rates and theirs in rates
    ]
    head = head_of(machines[0] if machines else None, work)
    text = "\n".join([head, "", as_table(rows), "", *ratios, ""])
    content = {
        "machine": asdict(machines[0]) if machines else None,
        "manifest": origin,
        "rows": [asdict(row) for row in rows],
    }
    atomic_write_text(Path(work.output_dir) / "gpu.md", text)
    atomic_write_text(Path(work.output_dir) / "gpu.json", json.dumps(content, indent=1, default=str) + "\n")


def head_of(machine: Machine | None, work: Work) -> str:
    """The lines above the table."""
    kind = "DRY RUN, tiny sizes: no figure means anything. " if work.dry_run else ""
    return f"{kind}{machine or 'no part came as far as to say what it runs on'}\n{work.leader}, {work.comments}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
