"""Measure how fast and how well engines rewrite: throughput, latency of single comments and quality, from one run.

    python -m benchmarks.rewriting --output runs/benchmarks/rewriting.json     # the last 500 of dev_toxic.txt
    python -m benchmarks.rewriting --variants all --output …                   # settings of our own engine instead

Every engine rewrites the same comments, in `repeats` turns. Each turn starts with another engine, so that other work
on the machine affects all engines alike. Speed is the median over turns of sentences per second, with one greedy
rewrite of each sentence, without loops. A ratio is the median of the ratios within a turn. *Tokens* are those of a
rewrite, because an engine with shorter rewrites would be faster. Latency is the time of `Rewriter.rewrite` for one
comment of at most `short` words that the screener fails, after warm-up, with screening and comparing. p50 and p95 are
computed within each turn; the table shows their medians.

The peers are transformers' own `generate` in float32 and in bfloat16; the engine `transformers` uses speculative
decoding with the same model (`sro.leader.speculative_decoding`).

Quality is that of these greedy rewrites: the number of texts that are identical to those of `generate` in float32; the
pass rate by the n-gram screener; J by the embedded judges (STA · SIM · FL, see `sro.evaluation`) with its 95 %
bootstrap interval; and the paired difference of J from float32. An engine is as good if that interval does not lie
below 0.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, median

import numpy as np

from benchmarks.generate_peer import by_generate
from benchmarks.machine import data_file, goal, save, this_machine
from sro.comments.sources import load_source
from sro.core.config import parse, to_plain_dict
from sro.core.errors import SROError
from sro.core.machine import quiet_libraries
from sro.core.markdown import write_table
from sro.evaluation.intervals import Interval, bootstrap
from sro.evaluation.judges.loading import Judges, load_judges
from sro.evaluation.protocols import Scores
from sro.evaluation.run import score
from sro.leader.engines.ctranslate2 import CTranslate2Generator
from sro.leader.engines.loading import Engine, EngineArguments, load_generator
from sro.leader.generation import Completion, Sampling
from sro.rewriting.phrase_table import load_phrase_variants
from sro.rewriting.rewriter import Fluency, RewriteArguments, Rewriter
from sro.screeners.base import Screener, Similarity
from sro.screeners.loading import load_screener
from sro.screeners.lora.acceptability import AcceptabilityWhenAsked
from sro.screeners.similarity import SentenceEncoder

GREEDY = Sampling(temperature=0.0, max_new_tokens=10_000, avoid_loops=True)
FLOAT32, BF16 = "generate-float32", "generate-bf16"
PEERS = (FLOAT32, BF16)
ENGINES = {
    FLOAT32: (EngineArguments("transformers"), False),
    BF16: (EngineArguments("transformers"), True),
    "transformers-float32": (EngineArguments("transformers"), False),
    "transformers-bf16": (EngineArguments("transformers"), True),
    "ctranslate2-float32": (EngineArguments("ctranslate2", engine_precision="float32"), None),
    "ctranslate2-int8": (EngineArguments("ctranslate2", engine_precision="int8"), None),
    "ctranslate2-float16": (EngineArguments("ctranslate2", engine_precision="float16"), None),
}
"""Name → arguments of `load_generator`: the engine, and whether to use bfloat16 autocast."""
SHIPPED = "as shipped"
VARIANTS = ("1x1:64", "1x2:64", "2x1:32", "2x1:128")
WARM = 2  # warm-up comments before latencies are measured
PACKAGES = ("sro", "torch", "transformers", "tokenizers", "ctranslate2", "numpy")

Seconds = dict[str, list[float]]
"""Engine → one number per turn."""


@dataclass
class Work:
    """The engines and the comments to measure."""

    comments: str = field(
        default_factory=lambda: data_file("sentences/dev_toxic.txt[-500:]", "starter:toxic"),
        metadata={"help": "FILE[::COLUMN][[-N:]]"},
    )
    engines: list[str] = field(
        default_factory=lambda: list(ENGINES)[:-1], metadata={"help": f"beside {FLOAT32}, of {', '.join(ENGINES)}"}
    )
    variants: list[str] = field(
        default_factory=list,
        metadata={"help": "`all`, or WORKERSxTHREADS:BATCH …: ctranslate2-int8 with so many instead"},
    )
    size: int = field(default=200, metadata={"help": "comments for throughput and quality, evenly spaced"})
    repeats: int = field(default=5, metadata={"help": "turns; fewer than 5 are unreliable"})
    batch_size: int = field(default=64, metadata={"help": "completions in a batch"})
    singles: int = field(default=40, metadata={"help": "comments for latency, each once per turn; 0: no latency"})
    short: int = field(default=20, metadata={"help": "most words of a short comment"})
    output: str = field(default="runs/benchmarks/rewriting.json", metadata={"help": "file for all figures"})


@dataclass(frozen=True)
class Quality:
    """Quality of one engine's greedy rewrites."""

    identical: float
    passed: float
    sta: float
    sim: float
    fl: float
    j: Interval
    difference: Interval
    """J minus J of the first engine, paired."""


def main(argv: Sequence[str]) -> None:
    """Measure, print and save."""
    machine = this_machine(PACKAGES)
    quiet_libraries()
    work = parse(Work, argv, prog="rewriting.py", description=(__doc__ or "").partition("\n")[0])
    everything = load_source(work.comments, training=False, max_words=10_000).texts
    texts = everything[:: max(1, len(everything) // work.size)][: work.size]
    engines = variants(work) if work.variants else loaded(work)
    for engine in engines.values():
        engine.generate(texts[:8], 1, GREEDY, 0)  # warm up, because the first call is slower
    screener = load_screener("embedded/linear")
    seconds, completions = throughput(engines, texts, work.repeats)
    latencies = latency(engines, everything, screener, work)
    said = {name: [one.text for [one] in found] for name, found in completions.items()}
    tokens = {name: fmean(len(one.ids) for [one] in found) for name, found in completions.items()}
    judges = load_judges(["embedded"], "paradetox")
    judged = quality(texts, said, screener, judges)
    head = (
        f"{machine}\n{len(texts)} comments of {work.comments}, {work.repeats} turns, batches of {work.batch_size}; "
        f"latency of {work.singles} comments of at most {work.short} words a turn; judges: "
        + ", ".join(judges.names().values())
    )
    against = [SHIPPED] if work.variants else [FLOAT32, BF16]
    parts = [head, speed_table(len(texts), seconds, latencies, tokens, against), quality_table(judged)]
    if not work.variants:
        parts.append(goals(seconds, latencies, judged))
    text = "\n\n".join(parts)
    print(f"\n{text}")
    figures = {
        "seconds": seconds,
        "latencies": latencies,
        "tokens": tokens,
        "quality": {name: asdict(found) for name, found in judged.items()},
        "comments": texts,
        "rewrites": said,
    }
    save(work.output, ["benchmarks/rewriting.py", *argv], to_plain_dict(work), machine, figures, text)


def loaded(work: Work) -> dict[str, Engine]:
    """The engines to compare, float32 first."""
    if unknown := set(work.engines) - set(ENGINES):
        raise SROError(f"no engine {sorted(unknown)[0]!r}; there are {', '.join(ENGINES)}")
    names = [name for name in ENGINES if name in {FLOAT32, *work.engines}]
    found = {
        name: load_generator(ENGINES[name][0], bf16=ENGINES[name][1], batch_size=work.batch_size) for name in names
    }
    return {name: by_generate(engine) if name in PEERS else engine for name, engine in found.items()}


def variants(work: Work) -> dict[str, Engine]:
    """Our engine with shipped settings, then with other settings; all in int8, on the CPU."""
    shipped = load_generator(ENGINES["ctranslate2-int8"][0], batch_size=work.batch_size)
    assert isinstance(shipped, CTranslate2Generator)
    return {SHIPPED: shipped} | {
        name: CTranslate2Generator(
            shipped.folder,
            prompt=shipped.prompt,
            max_prompt_length=shipped.max_prompt_length,
            workers=workers,
            threads=threads,
            batch_size=batch_size,
        )
        for name in (VARIANTS if work.variants == ["all"] else work.variants)
        for workers, threads, batch_size in [read_variant(name)]
    }


def read_variant(text: str) -> tuple[int, int, int]:
    """Workers, threads per worker, and completions in a batch, from `WORKERSxTHREADS:BATCH`.

    Raises:
        SROError: the text has another form.
    """
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*):([1-9]\d*)", text)
    if not found:
        raise SROError(f"no variant {text!r}\n  fix: WORKERSxTHREADS:BATCH, e.g. 2x1:32 or 1x2:64")
    workers, threads, completions = map(int, found.groups())
    return workers, threads, completions


def in_turn(names: Sequence[str], turn: int) -> list[str]:
    """The names, starting with another one in each turn."""
    first = turn % len(names)
    return [*names[first:], *names[:first]]


def throughput(
    engines: Mapping[str, Engine], texts: Sequence[str], repeats: int
) -> tuple[Seconds, dict[str, list[list[Completion]]]]:
    """Seconds of each engine in each turn, and its completions."""
    completions: dict[str, list[list[Completion]]] = {}
    seconds: Seconds = {name: [] for name in engines}
    for turn in range(repeats):
        for name in in_turn(list(engines), turn):
            begin = time.perf_counter()
            completions[name] = engines[name].generate(texts, 1, GREEDY, 0)
            seconds[name].append(time.perf_counter() - begin)
        print(f"turn {turn + 1}: " + ", ".join(f"{name} {seconds[name][-1]:.2f} s" for name in engines), flush=True)
    return seconds, {name: completions[name] for name in engines}


def latency(
    engines: Mapping[str, Engine], texts: Sequence[str], screener: Screener, work: Work
) -> dict[str, list[list[float]]]:
    """Seconds per short comment for each engine's rewriter, one comment at a time, by turn."""
    some = [text for text in texts if len(text.split()) <= work.short]
    failed = [text for text, verdict in zip(some, screener.screen(some)) if not verdict.passed]
    chosen = failed[:: max(1, len(failed) // work.singles)][: work.singles] if work.singles else []
    encoder = SentenceEncoder(cache_size=0)  # no cache, so that one engine's embeddings do not help the next
    fluency = AcceptabilityWhenAsked()
    fluency(["is loaded now"])
    rewriters = {name: serving(engine, screener, encoder, fluency) for name, engine in engines.items()}
    arguments = RewriteArguments(seed=None)  # as in `sro serve`
    seconds: dict[str, list[list[float]]] = {name: [[] for _ in range(work.repeats)] for name in engines}
    for rewriter in rewriters.values():
        for text in chosen[:WARM]:
            rewriter.rewrite([text], arguments)
    for turn in range(work.repeats):
        for i, text in enumerate(chosen):
            for name in in_turn(list(rewriters), turn + i):
                begin = time.perf_counter()
                rewriters[name].rewrite([text], arguments)
                seconds[name][turn].append(time.perf_counter() - begin)
    return seconds


def serving(engine: Engine, screener: Screener, similarity: Similarity, fluency: Fluency) -> Rewriter:
    """The same rewriter that `Rewriter.load` makes from an engine."""
    return Rewriter(
        generator=engine,
        screener=screener,
        similarity=similarity,
        fluency=fluency,
        phrases=load_phrase_variants("embedded"),
    )


def quality(
    texts: Sequence[str], said: Mapping[str, Sequence[str]], screener: Screener, judges: Judges
) -> dict[str, Quality]:
    """The quality of each engine's rewrites, and their agreement with those of the first engine."""
    first = next(iter(said))
    scores: dict[str, Scores] = {name: score(found, texts, None, "paradetox", judges) for name, found in said.items()}
    resampled = bootstrap({name: found.j for name, found in scores.items()})
    return {
        name: Quality(
            identical=fmean(a == b for a, b in zip(said[name], said[first])),
            passed=fmean(verdict.passed for verdict in screener.screen(said[name], sources=texts)),
            **{key: value for key, value in scores[name].means().items() if key != "j"},
            j=resampled.interval(name),
            difference=resampled.difference(name, first),
        )
        for name in said
    }


def ratio(seconds: Seconds, name: str, other: str) -> float:
    """How many times as fast as the other engine: median of the ratios within a turn."""
    return median(theirs / mine for mine, theirs in zip(seconds[name], seconds[other]))


def percentile(turns: Sequence[Sequence[float]], percent: float) -> float:
    """The median over turns of the percentile of each turn's latencies; nan if there are none."""
    return median(float(np.percentile(turn, percent)) if turn else float("nan") for turn in turns)


def speed_table(
    size: int,
    seconds: Seconds,
    latencies: Mapping[str, Sequence[Sequence[float]]],
    tokens: Mapping[str, float],
    against: Sequence[str],
) -> str:
    """Speeds, ratios to some engines (– if not measured) and latencies, in Markdown."""
    head = [
        "engine",
        "sentences/s",
        "lowest",
        "highest",
        "tokens",
        *(f"× {name}" for name in against),
        "p50 s",
        "p95 s",
    ]
    lines = []
    for name, turns in seconds.items():
        rates = [size / turn for turn in turns]
        cells = [name, f"{median(rates):.1f}", f"{min(rates):.1f}", f"{max(rates):.1f}", f"{tokens[name]:.1f}"]
        cells += [f"{ratio(seconds, name, other):.2f}" if other in seconds else "–" for other in against]
        cells += [f"{percentile(latencies[name], percent):.3f}" for percent in (50, 95)]
        lines.append(cells)
    return write_table(head, lines)


def quality_table(judged: Mapping[str, Quality]) -> str:
    """Quality in Markdown."""
    first = next(iter(judged))
    head = ["engine", "identical", "pass", "STA", "SIM", "FL", "J [95 %]", f"J less that of {first} [95 %]"]
    lines = [
        [
            name,
            *(f"{share:.3f}" for share in (q.identical, q.passed, q.sta, q.sim, q.fl)),
            f"{q.j.value:.3f} [{q.j.low:.3f}, {q.j.high:.3f}]",
            f"{q.difference.value:+.3f} [{q.difference.low:+.3f}, {q.difference.high:+.3f}]",
        ]
        for name, q in judged.items()
    ]
    return write_table(head, lines)


def goals(seconds: Seconds, latencies: Mapping[str, Sequence[Sequence[float]]], judged: Mapping[str, Quality]) -> str:
    """The goals for the fastest of our engines that is as good as float32."""
    ours = [name for name in seconds if name not in PEERS]
    good = [name for name in ours if judged[name].difference.high >= 0]
    if not good:
        return "- goals: none of our engines was measured that is as good as float32"
    best = min(good, key=lambda name: median(seconds[name]))
    lines = []
    for other in (FLOAT32, BF16):
        if other in seconds:
            times = ratio(seconds, best, other)
            lines.append(goal(f"{best} at least 4 times as fast as {other}, found {times:.2f}", times >= 4))
    p95 = percentile(latencies[best], 95)
    lines.append(goal(f"{best}, p95 of a short comment at most 0.7 s, found {p95:.3f}", p95 <= 0.7))
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
