"""How fast, how well and how soon does the embedded screener judge? Beside alt-profanity-check.

    pip install --no-deps alt-profanity-check==1.9.1      # MIT; joblib and scikit-learn come with sro (Python 3.11)
    D=${SRO_DATA:-../shared/data}
    python benchmarks/screening.py \
        --toxic "$D/sentences/dev_toxic.txt[-500:]" --clean "$D/sentences/dev_normal.txt[-500:]" \
        --texts $D/sentences/dev_normal.txt $D/toxic_spans/tsd_train.csv::text $D/davidson/labeled_data.csv::tweet

Both take the same list of texts in one call, on one core, in turn; each turn begins with another one. Speeds are
medians of `repeats` turns, by the clock, after one turn that is not counted; a ratio is the median of the ratios
within a turn. *Probabilities* is a number a text from either, *verdicts* what each calls an answer (`screen`,
`predict`). AUC and accuracy are on the labelled texts; the two were trained on different data, ours on none of these.

Start-up is a new process of `sro screener screen`, from its start to its end, so the first verdict is there sooner.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sro.config import parse
from sro.screeners import load_screener
from sro.screeners.check import auc
from sro.screeners.nblr import NBLR
from sro.sources import load_source

PEER = "profanity_check"
STARTUP = [sys.executable, "-m", "sro", "screener", "screen", "you idiot"]


@dataclass
class Work:
    """What to measure on what: sources FILE[::COLUMN][[-N:]]."""

    toxic: list[str] = field(default_factory=lambda: ["starter:toxic"], metadata={"help": "labelled toxic texts"})
    clean: list[str] = field(default_factory=lambda: ["starter:civil"], metadata={"help": "labelled clean texts"})
    texts: list[str] = field(default_factory=lambda: ["starter:civil"], metadata={"help": "texts to be fast on"})
    size: int = field(default=10_000, metadata={"help": "texts taken of each source of `texts`, from the first on"})
    repeats: int = field(default=7, metadata={"help": "turns, at least 5"})


System = Callable[[Sequence[str]], Any]


def systems(screener: NBLR) -> dict[str, System]:
    """What is measured, by name; the peer's two where it is installed."""
    ours: dict[str, System] = {"nblr, probabilities": screener.probabilities, "nblr, verdicts": screener.screen}
    if importlib.util.find_spec(PEER) is None:
        return ours
    import profanity_check

    return {
        **ours,
        "alt-profanity-check, probabilities": profanity_check.predict_prob,
        "alt-profanity-check, verdicts": profanity_check.predict,
    }


def timed(
    systems: dict[str, System], texts: Sequence[str], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each turn, by name; turn i begins with system i, and the first of all is not counted."""
    names, seconds = list(systems), {name: list[float]() for name in systems}
    for turn in range(-1, repeats):
        at = turn % len(names)
        for name in names[at:] + names[:at]:
            started = clock()
            systems[name](texts)
            if turn >= 0:
                seconds[name].append(clock() - started)
    return seconds


def table(name: str, texts: int, seconds: dict[str, list[float]]) -> str:
    """Texts a second, and how many times the speed of the peer's system of the same kind."""
    lines = [f"| {name} | texts/s | lowest | highest | times the peer |\n|---|--:|--:|--:|--:|\n"]
    for system, turns in seconds.items():
        rates = [texts / turn for turn in turns]
        peer = seconds.get("alt-profanity-check, " + system.split(", ")[1])
        ratio = f"{statistics.median(b / a for a, b in zip(turns, peer)):.2f}" if peer else "–"
        lines.append(
            f"| {system} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | {max(rates):,.0f} | {ratio} |\n"
        )
    return "".join(lines)


def quality(probabilities: System, toxic: Sequence[str], clean: Sequence[str]) -> tuple[float, float]:
    """AUC, and accuracy at .5."""
    p = np.asarray(probabilities([*toxic, *clean]))
    is_toxic = np.arange(len(p)) < len(toxic)
    return auc(p[is_toxic], p[~is_toxic]), float(np.mean((p >= 0.5) == is_toxic))


def startup(repeats: int) -> list[float]:
    """Seconds that a new process takes to screen one text; the first, which warms the disk's cache, is left out."""
    seconds = []
    for _ in range(1 + repeats):
        started = time.perf_counter()
        done = subprocess.run(STARTUP, check=True, capture_output=True, text=True)  # noqa: S603  a list of words
        seconds.append(time.perf_counter() - started)
        if not done.stdout.startswith("fail"):
            raise RuntimeError(f"no verdict: {done.stdout!r}")
    return seconds[1:]


def loaded(sources: Sequence[str]) -> list[str]:
    return [text for source in sources for text in load_source(source, training=False).texts]


def main(argv: list[str]) -> int:
    """Measure and print the tables."""
    work = parse(Work, argv, prog="screening.py", description=(__doc__ or "").splitlines()[0])
    screener = load_screener("embedded")
    assert isinstance(screener, NBLR)
    entrants = systems(screener)
    if len(entrants) == 2:
        print(f"without the peer: {(__doc__ or '').splitlines()[2].partition('#')[0].strip()}\n")
    for source in work.texts:
        texts = loaded([source])[: work.size]
        characters = sum(map(len, texts)) / len(texts)
        name = f"{source.rpartition('/')[2]}, {len(texts):,} texts of {characters:.0f} characters"
        print(table(name, len(texts), timed(entrants, texts, work.repeats)))
    toxic, clean = loaded(work.toxic), loaded(work.clean)
    print(f"| {len(toxic):,} toxic, {len(clean):,} clean | AUC | accuracy |\n|---|--:|--:|")
    for name, system in entrants.items():
        if name.endswith("probabilities"):
            print("| {} | {:.3f} | {:.3f} |".format(name.split(",")[0], *quality(system, toxic, clean)))
    seconds = startup(work.repeats)
    usual, most = statistics.median(seconds), max(seconds)
    print(f"\nstart to end of `sro screener screen`: median {usual:.2f} s, most {most:.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
