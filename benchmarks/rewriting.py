"""How fast engines rewrite, and how well: throughput, latency of single comments, quality, in one table.

    python benchmarks/rewriting.py --comments "$SRO_DATA/sentences/dev_toxic.txt[-500:]" --output_dir runs/rewriting

Every engine plays the same comments in turn, `repeats` times, and each turn starts with another engine, so that what
else the machine does falls on all alike. Speed is the median over turns of tokens a second; a ratio is the median of
the ratios within a turn. Latency is that of `Rewriter.rewrite` for one comment of at most `short` words that the
screener fails, warm, screening and comparing included. Quality is that of one greedy rewrite, without loops:
*identical* to the first engine's, *cosine* with it, *pass* by the embedded screener, *similarity* with the comment.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from sro.cli import quiet_libraries
from sro.config import parse, plain
from sro.engines import Engine, EngineArguments, load_rollout
from sro.errors import SROError
from sro.export import compare
from sro.provenance import atomic_write_text, write_manifest
from sro.rewriter import Rewriter
from sro.rollout import Paraphrase, Sampling
from sro.screeners import load_screener
from sro.similarity import SentenceEncoder
from sro.sources import load_source

GREEDY = Sampling(temperature=0.0, max_new_tokens=10_000, avoid_loops=True)
ENGINES = {
    "transformers-float32": (EngineArguments("transformers"), False),
    "transformers-bf16": (EngineArguments("transformers"), True),
    "ctranslate2-float32": (EngineArguments("ctranslate2", engine_precision="float32"), None),
    "ctranslate2-int8": (EngineArguments("ctranslate2", engine_precision="int8"), None),
    "ctranslate2-float16": (EngineArguments("ctranslate2", engine_precision="float16"), None),
}
"""Name → what `load_rollout` takes: the engine, and whether under bfloat16 autocast."""


@dataclass
class Work:
    """What to measure, and on which comments."""

    comments: str = field(default="starter:toxic", metadata={"help": "FILE[::COLUMN][[-N:]]"})
    engines: list[str] = field(
        default_factory=lambda: list(ENGINES)[:4],
        metadata={"help": f"of {', '.join(ENGINES)}; the first is what others are compared with"},
    )
    size: int = field(default=128, metadata={"help": "comments for throughput and quality, evenly spaced"})
    repeats: int = field(default=5, metadata={"help": "turns"})
    batch_size: int = field(default=64, metadata={"help": "moves side by side"})
    singles: int = field(default=100, metadata={"help": "comments for latency"})
    short: int = field(default=20, metadata={"help": "words of a short comment"})
    output_dir: str = field(default="runs/rewriting", metadata={"help": "for table.md and figures.json"})


@dataclass(frozen=True)
class Row:
    """An engine and what was measured of it; speeds per second, latencies in seconds."""

    engine: str
    tokens: float
    comments: float
    ratio: float
    p50: float
    p95: float
    identical: float
    cosine: float
    passed: float
    similarity: float


class Kept:
    """Moves that are there already, as a rollout."""

    def __init__(self, moves: list[list[Paraphrase]]) -> None:
        self.moves = moves

    def play(self, comments: Sequence[str], n: int, sampling: Sampling, seed: int) -> list[list[Paraphrase]]:
        """The moves."""
        return self.moves


def main(argv: Sequence[str]) -> None:
    """Measure, print and write the table."""
    quiet_libraries()
    work = parse(Work, argv, prog="rewriting.py", description=__doc__.partition("\n")[0])
    if unknown := set(work.engines) - set(ENGINES):
        raise SROError(f"no engine {sorted(unknown)[0]!r}; there are {', '.join(ENGINES)}")
    everything = load_source(work.comments, training=False, max_words=10_000).texts
    texts = everything[:: max(1, len(everything) // work.size)][: work.size]
    loaded: dict[str, Engine] = {}
    for name in work.engines:
        arguments, bf16 = ENGINES[name]
        loaded[name] = load_rollout(arguments, bf16=bf16, batch_size=work.batch_size)
        loaded[name].play(texts[:8], 1, GREEDY, 0)  # what is made at the first call is not counted
    seconds, moves = throughput(loaded, texts, work.repeats)
    latencies = latency(loaded, everything, work.singles, work.short)
    rows = [row(name, work.engines[0], texts, seconds, moves, latencies) for name in loaded]
    table = as_table(rows)
    print(table)
    folder = Path(work.output_dir)
    atomic_write_text(folder / "table.md", table)
    figures = {
        "threads": torch.get_num_threads(),
        "machine": platform.processor() or platform.machine(),
        "rows": [asdict(one) for one in rows],
        "seconds": seconds,
        "latencies": latencies,
    }
    atomic_write_text(folder / "figures.json", json.dumps(figures, indent=2) + "\n")
    write_manifest(folder, ["benchmarks/rewriting.py", *argv], plain(work), {}, 0)


def throughput(
    engines: dict[str, Engine], texts: Sequence[str], repeats: int
) -> tuple[dict[str, list[float]], dict[str, list[list[Paraphrase]]]]:
    """Seconds of each engine in each turn, and its moves."""
    names, moves = list(engines), {}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(repeats):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            begin = time.perf_counter()
            moves[name] = engines[name].play(texts, 1, GREEDY, 0)
            seconds[name].append(time.perf_counter() - begin)
        print(f"turn {turn + 1}: " + ", ".join(f"{name} {seconds[name][-1]:.2f} s" for name in names), flush=True)
    return seconds, moves


def latency(engines: dict[str, Engine], texts: Sequence[str], singles: int, short: int) -> dict[str, list[float]]:
    """Seconds that each engine's rewriter takes for one short comment at a time; the first three are not counted."""
    screener, encoder = load_screener("embedded"), SentenceEncoder()
    some = [text for text in texts if len(text.split()) <= short]
    failed = [text for text, verdict in zip(some, screener.screen(some)) if not verdict.passed]
    chosen = failed[:: max(1, len(failed) // (singles + 3))][: singles + 3]
    rewriters = {
        name: Rewriter(rollout=engine, screener=screener, similarity=encoder) for name, engine in engines.items()
    }
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for text in chosen:
        for name, rewriter in rewriters.items():
            begin = time.perf_counter()
            rewriter.rewrite([text])
            seconds[name].append(time.perf_counter() - begin)
    return {name: values[3:] for name, values in seconds.items()}


def row(
    name: str,
    first: str,
    texts: Sequence[str],
    seconds: dict[str, list[float]],
    moves: dict[str, list[list[Paraphrase]]],
    latencies: dict[str, list[float]],
) -> Row:
    """What was measured of one engine, in figures."""
    agreement = compare(Kept(moves[first]), Kept(moves[name]), texts)
    tokens = sum(len(move.ids) for [move] in moves[name])
    # Tokens, not turns, are compared: an engine that says less is not faster for it.
    of_first = sum(len(move.ids) for [move] in moves[first])
    return Row(
        engine=name,
        tokens=tokens / float(np.median(seconds[name])),
        comments=len(texts) / float(np.median(seconds[name])),
        ratio=float(np.median([b / a for a, b in zip(seconds[name], seconds[first])])) * tokens / of_first,
        p50=float(np.percentile(latencies[name], 50)),
        p95=float(np.percentile(latencies[name], 95)),
        identical=agreement.identical,
        cosine=agreement.cosine,
        passed=agreement.passed[1],
        similarity=agreement.similarity[1],
    )


def as_table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    head = "| engine | tokens/s | comments/s | × | p50 s | p95 s | identical | cosine | pass | similarity |"
    lines = [
        f"| {r.engine} | {r.tokens:.0f} | {r.comments:.1f} | {r.ratio:.2f} | {r.p50:.3f} | {r.p95:.3f} "
        f"| {r.identical:.3f} | {r.cosine:.3f} | {r.passed:.3f} | {r.similarity:.3f} |"
        for r in rows
    ]
    return "\n".join([head, "| --- |" + " --: |" * 9, *lines, ""])


if __name__ == "__main__":
    main(sys.argv[1:])
