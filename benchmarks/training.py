"""How fast `SROTrainer` learns, beside the authors' procedure and TRL's nearest trainers; where its time goes.

    python benchmarks/training.py --comments "$SRO_DATA/sentences/dev_toxic.txt[:-500]" --output_dir runs/training
    python benchmarks/training.py --memory true --micro_batches 2 4      # peak memory of `sro train` instead

The same start (the embedded leader with its warm-up adapter), comments, completions a step, numeric mode and screener
(the embedded NB-LR) for all, and the sampling, learning rate and anchor of `recipes/rewriter.yaml`. In each of
`repeats` turns every loop plays `steps` optimizer steps after one that is not counted, on the same comments, and each
turn starts with another loop, so that what else the machine does falls on all alike. A rate is the median over turns,
and so is a ratio, of the ratios within a turn.

What is measured of the others is said in `training_authors.py` and `training_trl.py`; phases and operations of ours in
`training_ours.py`. A GPU is used if there is one.
"""

from __future__ import annotations

import gc
import json
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean, median

import torch
import training_authors
import training_memory
import training_ours
import training_trl
import yaml
from training_turn import Loop, Task, Turn, embedded_start, longest_bound, now

from sro.cli import give_memory_back, quiet_libraries
from sro.config import parse, plain
from sro.errors import SROError
from sro.leader import bf16_pays
from sro.provenance import atomic_write_text, version, write_manifest
from sro.rollout import Sampling
from sro.screeners import load_screener
from sro.sources import load_source


@dataclass(frozen=True)
class Row:
    """A loop, its description, and the row of ours with as many completions a comment that it is compared with."""

    loop: Loop
    says: str
    against: str | None = None


ROWS = {
    "sro": Row(training_ours.ours(1), "SROTrainer"),
    "authors": Row(training_authors.authors(True), "the authors' procedure, all weights, float32", "sro"),
    "authors-lora": Row(training_authors.authors(False), "the authors' procedure on our adapter", "sro"),
    "kto": Row(training_trl.kto("kto"), "TRL KTO after a rollout", "sro"),
    "kto-no-kl": Row(training_trl.kto("apo_zero_unpaired"), "TRL KTO without KL (apo_zero_unpaired)", "sro"),
    "sro-2": Row(training_ours.ours(2), "SROTrainer, 2 completions a comment"),
    "online-dpo": Row(training_trl.online_dpo, "TRL online DPO, 2 completions a comment", "sro-2"),
}
OF_TRL = ("kto", "kto-no-kl", "online-dpo")
VERSIONS = ("torch", "transformers", "peft", "accelerate", "trl", "sro")


@dataclass
class Work:
    """What to measure, and on which comments."""

    comments: str = field(default="starter:toxic", metadata={"help": "FILE[::COLUMN][[-N:]]"})
    max_words: int = field(default=25, metadata={"help": "longer comments are left out"})
    rows: list[str] = field(default_factory=lambda: list(ROWS), metadata={"help": f"of {', '.join(ROWS)}"})
    repeats: int = field(default=5, metadata={"help": "turns"})
    steps: int = field(default=2, metadata={"help": "optimizer steps of a turn that are counted"})
    batch_size: int = field(default=16, metadata={"help": "completions an optimizer step"})
    micro_batch: int = field(default=16, metadata={"help": "completions in one forward pass, of all loops alike"})
    authors_comments: int = field(default=6, metadata={"help": "comments of a turn of the authors' procedure"})
    memory: bool = field(default=False, metadata={"help": "measure the peak memory of `sro train` instead"})
    micro_batches: list[int] = field(default_factory=lambda: [2], metadata={"help": "comments at once, with --memory"})
    output_dir: str = field(default="runs/training", metadata={"help": "for table.md and figures.json"})


def main(argv: Sequence[str]) -> None:
    """Measure, print and write the table."""
    quiet_libraries()
    work = parse(Work, argv, prog="training.py", description=(__doc__ or "").partition("\n")[0])
    if work.memory:
        text = training_memory.as_table(
            training_memory.peaks(work.comments, work.micro_batches, work.batch_size, steps=3)
        )
        figures = {}
    else:
        give_memory_back()
        names = wanted(work.rows)
        texts, task = prepared(work)
        before = matmul_peak(task.bf16)
        turns = played(names, task, texts, work.repeats)
        peak = max(before, matmul_peak(task.bf16))  # what else ran may have halved either
        text = "\n".join([head(task), as_table(turns), limits(turns, peak), checks(turns, names)])
        figures = {name: [asdict(turn) for turn in found] for name, found in turns.items()} | {"peak": peak}
    print(text)
    folder = Path(work.output_dir)
    atomic_write_text(folder / ("memory.md" if work.memory else "table.md"), text)
    atomic_write_text(folder / "figures.json", json.dumps(figures, indent=2) + "\n")
    write_manifest(folder, ["benchmarks/training.py", *argv], plain(work), {}, 0)


def wanted(names: Sequence[str]) -> list[str]:
    """The rows to play: those asked for and those they are compared with, without TRL's where there is no TRL."""
    if unknown := set(names) - set(ROWS):
        raise SROError(f"no row {sorted(unknown)[0]!r}; there are {', '.join(ROWS)}")
    there = [name for name in names if name not in OF_TRL or training_trl.installed()]
    return [name for name in ROWS if name in there or any(ROWS[other].against == name for other in there)]


def prepared(work: Work) -> tuple[list[str], Task]:
    """Comments that the screener refuses, and the task with a bound on lengths that fits them all."""
    if work.batch_size % work.micro_batch or work.micro_batch % 2:
        raise SROError("--batch_size must be a multiple of --micro_batch, and that an even number")
    screener = load_screener("embedded")
    texts = load_source(work.comments, max_words=work.max_words).texts
    texts = [text for text, verdict in zip(texts, screener.screen(texts)) if not verdict.passed]
    needed = work.repeats * work.batch_size * (work.steps + 1)
    texts = texts[:: max(1, len(texts) // needed)][:needed] if texts else []
    if len(texts) < work.batch_size * (work.steps + 1):
        raise SROError(
            f"{len(texts)} comments that the screener refuses are too few\n  mend: --comments, fewer --steps"
        )
    recipe = yaml.safe_load(training_memory.RECIPE.read_text("utf-8"))
    sampling = Sampling(recipe["temperature"], recipe["top_p"])
    sampling = replace(sampling, max_new_tokens=longest_bound(embedded_start(), texts, sampling))
    task = Task(embedded_start, screener, sampling, work.batch_size, work.micro_batch, work.steps)
    folder = str(Path(work.output_dir) / "trainers")
    return texts, replace(
        task,
        learning_rate=recipe["learning_rate"],
        rpo_alpha=recipe["rpo_alpha"],
        bf16=bf16_pays(),
        authors_comments=work.authors_comments,
        output_dir=folder,
    )


def played(names: Sequence[str], task: Task, texts: Sequence[str], repeats: int) -> dict[str, list[Turn]]:
    """The turns of each row."""
    found: dict[str, list[Turn]] = {name: [] for name in names}
    needed = task.batch * (task.steps + 1)
    for number in range(repeats):
        comments = [texts[(number * needed + i) % len(texts)] for i in range(needed)]
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            begin = now()
            turn = ROWS[name].loop(task, comments)
            found[name].append(turn)
            gc.collect()
            print(f"turn {number + 1}: {name} {turn.rate:.2f} comments/s ({now() - begin:.0f} s in all)", flush=True)
    return found


def ratio(turns: dict[str, list[Turn]], name: str) -> float:
    """How many times as many comments a second ours learns from: median of the ratios within a turn."""
    against = ROWS[name].against
    assert against is not None
    return median(mine.rate / theirs.rate for mine, theirs in zip(turns[against], turns[name]))


def as_table(turns: dict[str, list[Turn]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| loop | comments/s | ours is | steps | completions | tokens a completion | mean loss |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, found in turns.items():
        compared = f"{ratio(turns, name):.1f} ×" if ROWS[name].against in turns else ""
        completions = sum(turn.completions for turn in found)
        lines.append(
            f"| {ROWS[name].says} | {median(turn.rate for turn in found):.3g} | {compared} "
            f"| {sum(turn.steps for turn in found)} | {completions} "
            f"| {sum(turn.tokens for turn in found) / completions:.1f} "
            f"| {fmean(loss for turn in found for loss in turn.losses):.3f} |"
        )
    return "\n".join([*lines, ""])


def limits(turns: dict[str, list[Turn]], peak: float) -> str:
    """Of each row that was taken apart: seconds a step, tokens and useful operations by phase, and their share of the
    measured peak (on a GPU: MFU)."""
    lines = [
        f"Matrix products reach {peak / 1e9:,.0f} GFLOP/s here.",
        "",
        "| loop | phase | s a step | share | useful GFLOP a step | utilisation |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name, found in turns.items():
        steps, total = sum(turn.steps for turn in found), sum(sum(turn.phases.values()) for turn in found)
        for phase in found[0].phases:
            seconds = sum(turn.phases[phase] for turn in found)
            flops = sum(turn.flops.get(phase, 0.0) for turn in found)
            counted = f"{flops / steps / 1e9:,.0f} | {flops / seconds / peak:.1%}" if flops else " | "
            lines.append(f"| {name} | {phase} | {seconds / steps:.2f} | {seconds / total:.0%} | {counted} |")
        if found[0].flops:
            flops = sum(sum(turn.flops.values()) for turn in found)
            lines.append(
                f"| {name} | all | {total / steps:.2f} | | {flops / steps / 1e9:,.0f} | {flops / total / peak:.1%} |"
            )
    return "\n".join([*lines, ""])


def checks(turns: dict[str, list[Turn]], names: Sequence[str]) -> str:
    """What a reader has to believe, said in a line each; and which rows are missing."""
    losses = [loss for found in turns.values() for turn in found for loss in turn.losses]
    finite = all(loss == loss and abs(loss) != float("inf") for loss in losses)
    lines = [f"- losses: {len(losses)}, {'all finite' if finite else 'NOT ALL FINITE'}"]
    for name, found in turns.items():
        lines += [f"- {name}, step against plain objective on the same moves, {check}" for check in found[-1].checks]
    if not training_trl.installed():
        lines.append(f"- left out, TRL is not installed: {', '.join(OF_TRL)}; {training_trl.INSTALL}")
    return "\n".join([*lines, ""])


def head(task: Task) -> str:
    """Machine, versions and settings in two lines."""
    mode = "bfloat16 autocast" if task.bf16 else "float32"
    packages = ", ".join(f"{name} {found}" for name in VERSIONS if (found := version(name)))
    return (
        f"{machine()}; {packages}; Python {platform.python_version()}\n{mode}, {task.batch} completions a step in "
        f"micro-batches of {task.micro_batch}, at most {task.sampling.max_new_tokens} tokens each\n"
    )


def machine() -> str:
    """Processor or GPU, and threads."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else []
    return f"{names[0] if names else platform.machine()}, {torch.get_num_threads()} threads"


def matmul_peak(bf16: bool, tries: int = 8) -> float:
    """Floating point operations a second of a large matrix product in the run's numeric mode, the best of some."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    size = 8192 if device == "cuda" else 1536
    left = torch.randn(size, size, device=device, dtype=torch.bfloat16 if bf16 else torch.float32)
    right, best = left.clone(), float("inf")
    for _ in range(tries + 1):
        begin = now()
        left @ right
        best = min(best, now() - begin)
    return 2 * size**3 / best


if __name__ == "__main__":
    main(sys.argv[1:])
