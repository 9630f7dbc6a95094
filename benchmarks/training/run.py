"""Measure the speed of `SROTrainer`, the authors' procedure and TRL's nearest trainers, and the time per phase.

    python -m benchmarks.training.run --comments "$SRO_DATA/sentences/dev_toxic.txt[:-500]" --output_dir runs/training
    python -m benchmarks.training.run --memory true --micro_batches 2 4      # peak memory of `sro train` instead

In each of `repeats` turns, every loop runs one warm-up step and then `steps` counted optimizer steps, on the same
comments. Each turn starts with another loop, so that other work on the machine affects all loops alike. A rate is the
median over turns; a ratio is the median of the ratios within a turn. The exit status is 1 if a quality check failed;
see the end of the table.

All loops share the comments, the follower (a panel of the encoder, critic, cosine and rules of shape, or with
`--linear true` the n-gram screener alone), the embedded leader with its warm-up adapter, β = 0.1, AdamW with weight
decay 0.01, and this process with its allocator. They differ in these settings:

    loop     a step            trains       numbers           draws                    learns with
    ours     batch_size texts  the adapter  bfloat16, or      as the recipe; a bound   the recipe's learning rate and
                                            float32 where     of length for each       anchor, smoothing ε = 0.1
                                            that is faster
    authors  1 comment         all weights  float32           greedily, at most        their learning rate 2e-5,
                                                              20 tokens                ε = 0.1, no anchor
    TRL      as ours           as ours      as ours           as ours, but one bound   as ours, without anchor and ε
                                                              of length for all

The recipe, `recipes/rewriter.yaml`, is read for temperature, top_p, learning rate and the weight of the anchor.

So `authors` is their procedure unchanged, also where that costs speed; `authors-lora` is the same with our adapter.
`trl_loops.py` says which of our advantages TRL's loops also got, and `authors_loop.py` how the authors' loop was
rebuilt. `sro_loop.py` defines the phases and operations of our loop, and the rows that lack one optimisation;
`quality_checks.py` says what the checks compare. A GPU is used if there is one.
"""

from __future__ import annotations

import gc
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import yaml

from benchmarks.machine import this_machine
from benchmarks.training import authors_loop, peak_memory, sro_loop, trl_loops
from benchmarks.training.timing import PACKAGES, Loop, Task, Turn, embedded_start, longest_bound, matmul_peak, now
from sro.comments.sources import load_source
from sro.core.config import parse, to_plain_dict
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.machine import keep_memory, quiet_libraries
from sro.core.precision import compute_dtype
from sro.core.provenance import manifest
from sro.leader.generation import Sampling
from sro.screeners.base import Screener
from sro.screeners.follower import FollowerArguments, load_follower
from sro.screeners.loading import load_screener


@dataclass(frozen=True)
class Row:
    """A loop, its description, and the row of ours with the same number of completions per comment to compare with."""

    loop: Loop
    says: str
    against: str | None = None


ROWS = {
    "sro": Row(sro_loop.ours(1), "SROTrainer"),
    "authors": Row(authors_loop.authors(True), "the authors' procedure, all weights, float32", "sro"),
    "authors-lora": Row(authors_loop.authors(False), "the authors' procedure on our adapter", "sro"),
    "kto": Row(trl_loops.kto("kto"), "TRL KTO after a rollout", "sro"),
    "kto-no-kl": Row(trl_loops.kto("apo_zero_unpaired"), "TRL KTO without KL (apo_zero_unpaired)", "sro"),
    "sro-2": Row(sro_loop.ours(2), "SROTrainer, 2 completions a comment"),
    "online-dpo": Row(trl_loops.online_dpo, "TRL online DPO, 2 completions a comment", "sro-2"),
    "sro-no-tree": Row(sro_loop.ours(1, sro_loop.NoTree), "SROTrainer, no shared prefix", "sro"),
    "sro-2-no-tree": Row(sro_loop.ours(2, sro_loop.NoTree), "the same, 2 completions a comment", "sro-2"),
    "sro-row-each": Row(sro_loop.ours(1, sro_loop.RowEach), "SROTrainer, a padded row a comment", "sro"),
    "sro-no-guesses": Row(
        sro_loop.ours(1, sro_loop.TokenByToken), "SROTrainer, completions token by token (`generate`)", "sro"
    ),
    "sro-score-all-x": Row(
        sro_loop.ours(1, sro_loop.ScoresEveryComment), "SROTrainer, comments scored for fails too", "sro"
    ),
    "sro-fp32-store": Row(
        sro_loop.ours(1, sro_loop.StoresFloat32), "SROTrainer, frozen weights stored in float32", "sro"
    ),
}
OF_TRL = ("kto", "kto-no-kl", "online-dpo")
ON_DEMAND = ("authors-lora", "kto-no-kl", "sro-2-no-tree")
LEAST = 5  # with fewer turns, a median is unreliable


@dataclass
class Work:
    """The rows and the comments to measure."""

    comments: str = field(default="starter:toxic", metadata={"help": "FILE[::COLUMN][[-N:]]"})
    max_words: int = field(default=25, metadata={"help": "longer comments are left out"})
    rows: list[str] = field(
        default_factory=lambda: [name for name in ROWS if name not in ON_DEMAND],
        metadata={"help": f"of {', '.join(ROWS)} (default: all but {', '.join(ON_DEMAND)})"},
    )
    repeats: int = field(default=LEAST, metadata={"help": f"turns, at least {LEAST}"})
    steps: int = field(default=1, metadata={"help": "counted optimizer steps per turn"})
    batch_size: int = field(default=16, metadata={"help": "completions per optimizer step"})
    micro_batch: int = field(default=16, metadata={"help": "completions in one forward pass, for all loops"})
    authors_comments: int = field(default=4, metadata={"help": "comments per turn of the authors' procedure"})
    linear: bool = field(default=False, metadata={"help": "use the n-gram screener as the follower, not the panel"})
    memory: bool = field(default=False, metadata={"help": "measure the peak memory of `sro train` instead"})
    micro_batches: list[int] = field(default_factory=lambda: [2], metadata={"help": "comments at once, with --memory"})
    output_dir: str = field(
        default="runs/training", metadata={"help": "for table.md and figures.json, or memory.md and memory.json"}
    )


def main(argv: Sequence[str]) -> int:
    """Measure, print and write the table; 1 if a quality check failed."""
    quiet_libraries()
    work = parse(Work, argv, prog="training/run.py", description=(__doc__ or "").partition("\n")[0])
    origin, where = manifest(["benchmarks/training/run.py", *argv], to_plain_dict(work), {}, 0), this_machine(PACKAGES)
    text, figures, sound = memory(work) if work.memory else speed(work)
    text = f"{where}\n{text}"
    print(text)
    table, numbers = ("memory.md", "memory.json") if work.memory else ("table.md", "figures.json")
    found = {"machine": asdict(where), "manifest": origin, **figures}
    atomic_write_text(Path(work.output_dir) / table, text)
    atomic_write_text(Path(work.output_dir) / numbers, json.dumps(found, indent=2, default=str) + "\n")
    return 0 if sound else 1


def memory(work: Work) -> tuple[str, dict[str, Any], bool]:
    """Table and figures of `--memory true`; there are no quality checks."""
    found = peak_memory.peaks(work.comments, work.micro_batches, work.batch_size, steps=3)
    return peak_memory.as_table(found), {"peaks": [asdict(peak) for peak in found]}, True


def speed(work: Work) -> tuple[str, dict[str, Any], bool]:
    """Table and figures of the loops, and whether all quality checks passed."""
    keep_memory()
    names = wanted(work.rows)
    texts, task = prepared(work)
    before = matmul_peak(task.bf16)
    turns = played(names, task, texts, work.repeats)
    peak = max(before, matmul_peak(task.bf16))  # other processes may have slowed one of them
    text = "\n".join([settings(task), as_table(turns), limits(turns, peak), quality(turns)])
    rows = {name: [asdict(turn) for turn in found] for name, found in turns.items()}
    return text, {"peak": peak, "rows": rows}, is_sound(turns)


def wanted(names: Sequence[str]) -> list[str]:
    """The rows to run: those asked for and those they are compared with, without those that cannot run here."""
    if unknown := set(names) - set(ROWS):
        raise SROError(f"no row {sorted(unknown)[0]!r}; there are {', '.join(ROWS)}")
    there = [name for name in names if name not in missing()]
    return [name for name in ROWS if name in there or any(ROWS[other].against == name for other in there)]


def missing() -> dict[str, str]:
    """Rows that cannot run here, and why."""
    found: dict[str, str] = {}
    if not trl_loops.installed():
        found |= dict.fromkeys(OF_TRL, f"TRL is not installed; {trl_loops.INSTALL}")
    if not compute_dtype().bf16:
        found["sro-fp32-store"] = "without bfloat16 it is SROTrainer itself"
    return found


def _follower(linear: bool) -> tuple[Screener, Screener]:
    """The follower of all loops, and the toxicity screener in it."""
    if linear:
        alone = load_screener("embedded/linear")
        return alone, alone
    panel, toxicity, _ = load_follower(FollowerArguments(screener="embedded", faithfulness="embedded"))
    return panel, toxicity


def prepared(work: Work) -> tuple[list[str], Task]:
    """Comments that the screener fails, and the task with a length bound that fits all of them."""
    if work.repeats < LEAST or work.steps < 1:
        raise SROError(f"--repeats {work.repeats} must be at least {LEAST}, --steps {work.steps} at least 1")
    if work.batch_size % work.micro_batch or work.micro_batch % 2:
        raise SROError("--batch_size must be a multiple of --micro_batch, and that an even number")
    follower, toxicity = _follower(work.linear)
    texts = load_source(work.comments, max_words=work.max_words).texts
    texts = [text for text, verdict in zip(texts, toxicity.screen(texts)) if not verdict.passed]
    needed = work.repeats * work.batch_size * (work.steps + 1)
    texts = texts[:: max(1, len(texts) // needed)][:needed] if texts else []
    if len(texts) < work.batch_size * (work.steps + 1):
        raise SROError(
            f"{len(texts)} comments that the screener refuses are too few\n  fix: --comments, fewer --steps"
        )
    recipe = yaml.safe_load(peak_memory.RECIPE.read_text("utf-8"))
    sampling = Sampling(recipe["temperature"], recipe["top_p"])
    sampling = replace(sampling, max_new_tokens=longest_bound(embedded_start(), texts, sampling))
    task = Task(embedded_start, follower, sampling, work.batch_size, work.micro_batch, work.steps)
    folder = str(Path(work.output_dir) / "trainers")
    return texts, replace(
        task,
        learning_rate=recipe["learning_rate"],
        rpo_alpha=recipe["rpo_alpha"],
        bf16=compute_dtype().bf16,
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
            turn = ROWS[name].loop(replace(task, checked=number == repeats - 1), comments)
            found[name].append(turn)
            gc.collect()
            print(f"turn {number + 1}: {name} {turn.rate:.2f} comments/s ({now() - begin:.0f} s in all)", flush=True)
    return found


def ratio(turns: dict[str, list[Turn]], name: str) -> float:
    """Speed of our loop relative to this one, in comments per second: median of the ratios within a turn."""
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
    """For each row with phases: seconds per step, tokens and useful operations by phase, and their share of the
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


def is_sound(turns: dict[str, list[Turn]]) -> bool:
    """Whether every loss is a number and every check passed."""
    played = [turn for found in turns.values() for turn in found]
    finite = all(math.isfinite(loss) for turn in played for loss in turn.losses)
    return finite and all(check.holds for turn in played for check in turn.checks)


def quality(turns: dict[str, list[Turn]]) -> str:
    """The quality checks, one per line, and the rows that are missing."""
    losses = [loss for found in turns.values() for turn in found for loss in turn.losses]
    finite = "all finite" if all(map(math.isfinite, losses)) else "NOT ALL FINITE"
    lines = ["Quality, one pass against text by text:", "", f"- losses of all loops: {len(losses)}, {finite}"]
    for name, found in turns.items():
        lines += [f"- {name}, {check}" for turn in found for check in turn.checks]
    lines += [f"- {name} left out: {reason}" for name, reason in missing().items()]
    return "\n".join([*lines, ""])


def settings(task: Task) -> str:
    """The settings that our rows and TRL's share, in one line."""
    mode = "bfloat16 autocast" if task.bf16 else "float32"
    return (
        f"{mode} (the authors': float32), {task.batch} completions a step in micro-batches of {task.micro_batch} "
        f"(the authors': 1), at most {task.sampling.max_new_tokens} tokens each (the authors': "
        f"{authors_loop.LONGEST}); turn after turn, {task.steps} counted steps each\n"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
