"""Measure acceptable rewrites, similarity and seconds, by number of samples N, refinement and minimum similarity.

    python -m benchmarks.policy_curve --comments "$SRO_DATA/paradetox_train/paradetox.tsv::toxic[-500:]" \
        --output_dir runs/policy_curve

All settings use the same completions, so that they differ only in their policy. The greedy one and `max(samples)`
samples of each text are generated once and stored in `moves.jsonl`; each setting takes what it needs. A second run
reads the file and generates only what is missing. Seconds are CPU time of this process, from the mean cost of a greedy
completion and of a sampled one; screening and comparing (a few milliseconds) are not counted.

A comment is *acceptable* if it is rewritten and the embedded style judge, which is not the screener, finds the rewrite
neutral. Shares are of the comments that the screener fails; similarity is the mean over the rewritten ones.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np

from sro.comments.sources import load_source
from sro.core.config import parse
from sro.core.files import atomic_write_text
from sro.core.machine import quiet_libraries
from sro.evaluation.judges.loading import embedded_judge
from sro.evaluation.judges.models import StyleClassifier
from sro.leader.generation import Completion, Generator, Sampling
from sro.rewriting.rewriter import NOT_READ, Rewrite, RewriteArguments, Rewriter


@dataclass
class Work:
    """The settings and the comments to measure."""

    comments: list[str] = field(metadata={"help": "sources FILE[::COLUMN][[-N:]], `size` comments of each"})
    size: int = field(default=60, metadata={"help": "comments of each source, evenly spaced"})
    samples: list[int] = field(default_factory=lambda: [0, 1, 2, 4, 8], metadata={"help": "values of N"})
    refine: list[int] = field(default_factory=lambda: [0, 1, 2], metadata={"help": "further rounds"})
    min_similarity: list[float] = field(
        default_factory=lambda: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8], metadata={"help": "bars of meaning"}
    )
    output_dir: str = field(default="runs/policy_curve", metadata={"help": "for completions, table and plot"})


@dataclass(frozen=True)
class Row:
    """A setting and its results."""

    samples: int
    refine: int
    min_similarity: float
    rewritten: float
    acceptable: float
    similarity: float
    tries: float
    seconds: float


class Recorded:
    """A generator that generates no completion twice, and counts what they would have cost."""

    def __init__(self, generator: Generator, file: Path, draws: int) -> None:
        self.generator, self.file, self.draws = generator, file, draws
        self.known: dict[tuple[str, bool], list[Completion]] = {}
        self.spent = {False: [0.0, 0], True: [0.0, 0]}  # sampled? → seconds and completions generated
        self.dealt = {False: 0, True: 0}
        if file.exists():
            for line in file.read_text("utf-8").splitlines():
                row = json.loads(line)
                self._add_candidates(
                    row["text"], row["drawn"], [Completion(*one) for one in row["moves"]], row["seconds"]
                )

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `Generator`."""
        drawn = sampling.temperature > 0
        if new := [text for text in dict.fromkeys(comments) if (text, drawn) not in self.known]:
            started = time.process_time()
            played = self.generator.generate(new, self.draws if drawn else 1, sampling, seed)
            seconds = (time.process_time() - started) / len(new)
            for text, completions in zip(new, played):
                self._add_candidates(text, drawn, completions, seconds)
                row = {"text": text, "drawn": drawn, "seconds": seconds}
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({**row, "moves": [[m.text, m.ids, m.finished] for m in completions]}) + "\n")
        self.dealt[drawn] += n * len(comments)
        return [self.known[text, drawn][:n] for text in comments]

    def _add_candidates(self, text: str, drawn: bool, completions: list[Completion], seconds: float) -> None:
        self.known[text, drawn] = completions
        self.spent[drawn][0] += seconds
        self.spent[drawn][1] += len(completions)

    def bill(self) -> float:
        """Cost in seconds of the completions used since the last call."""
        cost = sum(
            self.dealt[drawn] * total / max(1, completions) for drawn, (total, completions) in self.spent.items()
        )
        self.dealt = {False: 0, True: 0}
        return cost


def main(argv: list[str]) -> int:
    """Measure, print the tables, draw the plots."""
    quiet_libraries()
    work = parse(Work, argv, prog="policy_curve.py", description=(__doc__ or "").splitlines()[0])
    folder = Path(work.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    rewriter = Rewriter.load(screener="embedded/linear")
    recorded = Recorded(rewriter.generator, folder / "moves.jsonl", max(work.samples))
    rewriter = replace(rewriter, generator=recorded)
    judge = StyleClassifier(embedded_judge("style"))
    for number, source in enumerate(work.comments):
        texts = load_source(source, training=False).texts
        texts = texts[:: max(1, len(texts) // work.size)][: work.size]
        rows = list(measured(rewriter, recorded, judge, texts, work))
        print(f"\n{Path(source).name}, {len(texts)} comments\n\n{table(rows)}", flush=True)
        atomic_write_text(folder / f"table_{number}.md", table(rows))
        draw(rows, folder / f"curve_{number}.png", Path(source).name)
    return 0


def measured(
    rewriter: Rewriter, recorded: Recorded, judge: StyleClassifier, texts: list[str], work: Work
) -> Iterator[Row]:
    """One row per setting."""
    for samples, refine, bar in product(work.samples, work.refine, work.min_similarity):
        arguments = RewriteArguments(samples=samples, refine=refine, min_similarity=bar)
        recorded.bill()
        found = [rewrite for rewrite in rewriter.rewrite(texts, arguments) if rewrite.status != "unchanged"]
        yield row(arguments, found, judge, recorded.bill())


def row(arguments: RewriteArguments, found: list[Rewrite], judge: StyleClassifier, seconds: float) -> Row:
    """The means over the comments that failed, `found`."""
    texts = [rewrite.text for rewrite in found if rewrite.text is not None]
    kept = [rewrite.similarity for rewrite in found if rewrite.text is not None]
    n = max(1, len(found))
    return Row(
        arguments.samples,
        arguments.refine,
        NOT_READ if arguments.min_similarity is None else arguments.min_similarity,
        rewritten=len(texts) / n,
        acceptable=float((judge(texts) >= 0.5).sum()) / n if texts else 0.0,
        similarity=float(np.mean(kept)) if texts else float("nan"),  # type: ignore[arg-type]  # rewritten ones have it
        tries=sum(rewrite.candidates for rewrite in found) / n,
        seconds=seconds / n,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    head = "| N | refine | min. similarity | rewritten | acceptable | similarity | tries | s a comment |\n"
    lines = (
        f"| {r.samples} | {r.refine} | {r.min_similarity:g} | {r.rewritten:.3f} | {r.acceptable:.3f} "
        f"| {r.similarity:.3f} | {r.tries:.2f} | {r.seconds:.2f} |\n"
        for r in rows
    )
    return head + "|--:" * 8 + "|\n" + "".join(lines)


def draw(rows: Sequence[Row], path: Path, title: str) -> None:
    """Plot. Left: acceptable rewrites over time by N and refinement. Right: the effect of the minimum similarity."""
    from matplotlib.figure import Figure

    usual = RewriteArguments()
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    figure.suptitle(f"Trying harder: {title}")
    left, right = figure.subplots(1, 2)
    rounds = sorted({r.refine for r in rows})
    for at, refine in enumerate(rounds):  # later lines are thinner, so that equal lines stay visible
        line = [r for r in rows if r.refine == refine and r.min_similarity == NOT_READ]
        look = {"linewidth": 1 + 2 * (len(rounds) - at), "markersize": 5 + 2 * (len(rounds) - at)}
        left.plot([r.seconds for r in line], [r.acceptable for r in line], "o-", label=f"refine {refine}", **look)
        for r in line if refine in (rounds[0], rounds[-1]) else ():
            place = (4, -14 if refine == rounds[0] else 8)
            left.annotate(f"N={r.samples}", (r.seconds, r.acceptable), place, textcoords="offset points", fontsize=8)
    left.set(xlabel="CPU seconds a comment", ylabel="rewritten acceptably (share)")
    line = [r for r in rows if (r.samples, r.refine) == (usual.samples, usual.refine)]
    bars = [r.min_similarity for r in line]
    for name, values in (
        ("rewritten acceptably (share)", [r.acceptable for r in line]),
        ("similarity (mean of the rewritten)", [r.similarity for r in line]),
    ):
        right.plot(bars, values, "o-", label=name)
    right.set(xlabel=f"minimum similarity (N = {usual.samples}, refine {usual.refine})")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
