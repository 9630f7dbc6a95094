"""Measure speed, quality and start-up time of the n-gram screener, and compare with alt-profanity-check.

    pip install --no-deps alt-profanity-check==1.9.1      # MIT; joblib and scikit-learn come with sro (Python 3.11)
    python -m benchmarks.screening --output runs/benchmarks/screening.json

Both systems get the same list of texts in one call, in turn; each turn starts with another system. Speeds are medians
of `repeats` turns in wall time, after one warm-up turn. A ratio is the median of the ratios within a turn.
*Probabilities* means one number per text; *verdicts* means the results of `screen` and `predict`. Each source is
measured with all its texts, and again with its short texts only. The texts are the same in each turn, so our word
cache is warm; words also recur in any real stream of comments. AUC and accuracy are on labelled texts. The two systems
were trained on different data, ours on none of these texts.

Start-up is the time of a new process of `sro screener screen` without flags, which uses `embedded`, from start to end.
The first verdict comes earlier.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.machine import data_file, goal, save, this_machine
from sro.comments.sources import load_source
from sro.core.config import parse, to_plain_dict
from sro.screeners.check import auc
from sro.screeners.loading import load_screener
from sro.screeners.nblr.model import NBLR

PEER = "alt-profanity-check"
MEND = "`pip install --no-deps alt-profanity-check==1.9.1`"
KINDS = ("probabilities", "verdicts")
STARTUP = [sys.executable, "-m", "sro", "screener", "screen", "you idiot"]
PACKAGES = ("sro", "numpy", "scikit-learn", PEER)


def _texts(name: str, otherwise: str) -> Any:
    return lambda: [data_file(name, otherwise)]


@dataclass
class Work:
    """The sources to measure on: FILE[::COLUMN][[-N:]], by default of the data folder, else of the starter corpus."""

    toxic: list[str] = field(
        default_factory=_texts("sentences/dev_toxic.txt[-500:]", "starter:toxic"),
        metadata={"help": "labelled toxic texts"},
    )
    clean: list[str] = field(
        default_factory=_texts("sentences/dev_normal.txt[-500:]", "starter:civil"),
        metadata={"help": "labelled clean texts"},
    )
    texts: list[str] = field(
        default_factory=_texts("sentences/dev_normal.txt", "starter:civil"), metadata={"help": "texts to time"}
    )
    size: int = field(default=10_000, metadata={"help": "texts to take from each source of `texts`, the first ones"})
    short: int = field(default=8, metadata={"help": "most words of a short text"})
    repeats: int = field(default=7, metadata={"help": "turns; fewer than 5 are unreliable"})
    output: str = field(default="runs/benchmarks/screening.json", metadata={"help": "file for all figures"})


System = Callable[[Sequence[str]], Any]


def systems(screener: NBLR) -> dict[str, System]:
    """The systems to measure, by name; includes the peer's two if it is installed."""
    ours: dict[str, System] = {"nblr, probabilities": screener.probabilities, "nblr, verdicts": screener.screen}
    if importlib.util.find_spec("profanity_check") is None:
        return ours
    import profanity_check

    theirs = dict(zip(KINDS, (profanity_check.predict_prob, profanity_check.predict)))
    return {**ours, **{f"{PEER}, {kind}": system for kind, system in theirs.items()}}


def timed(
    systems: dict[str, System], texts: Sequence[str], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each turn, by name. Turn i starts with system i; a first warm-up turn is not counted."""
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
    """Texts per second, and the speed relative to the peer's system of the same kind."""
    lines = [f"| {name} | texts/s | lowest | highest | times the peer |\n|---|--:|--:|--:|--:|\n"]
    for system, turns in seconds.items():
        rates = [texts / turn for turn in turns]
        peer = seconds.get(f"{PEER}, " + system.split(", ")[1])
        ratio = f"{statistics.median(b / a for a, b in zip(turns, peer)):.2f}" if peer else "–"
        lines.append(
            f"| {system} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | {max(rates):,.0f} | {ratio} |\n"
        )
    lines += [f"| {name} | not installed: {MEND} | | | |\n" for name in absent(seconds)]
    return "".join(lines)


def absent(systems: Iterable[str]) -> list[str]:
    """The peer's systems that are missing from `systems`."""
    there = set(systems)
    return [name for kind in KINDS if (name := f"{PEER}, {kind}") not in there]


def quality(probabilities: System, toxic: Sequence[str], clean: Sequence[str]) -> tuple[float, float]:
    """AUC, and accuracy at .5."""
    p = np.asarray(probabilities([*toxic, *clean]))
    is_toxic = np.arange(len(p)) < len(toxic)
    return auc(p[is_toxic], p[~is_toxic]), float(np.mean((p >= 0.5) == is_toxic))


def startup(repeats: int) -> list[float]:
    """Seconds that a new process takes to screen one text. A first process warms the disk cache and is not counted."""
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


def collections(work: Work) -> dict[str, list[str]]:
    """The texts for measuring speed, by their name in the table: all texts of each source, then its short ones."""
    found = {}
    for source in work.texts:
        texts, name = loaded([source])[: work.size], source.rpartition("/")[2]
        found[name] = texts
        if short := [text for text in texts if len(text.split()) <= work.short]:
            found[f"{name}, at most {work.short} words"] = short
    return found


def goals(seconds: dict[str, dict[str, list[float]]], sizes: dict[str, int], start: float) -> str:
    """The goals, checked on the slower kind of result for each collection."""
    lines = []
    for name, found in seconds.items():
        rate = min(sizes[name] / statistics.median(found[f"nblr, {kind}"]) for kind in KINDS)
        lines.append(goal(f"50,000 texts a second, found {rate:,.0f} ({name})", rate >= 50_000))
        if not absent(found):
            both = [(found[f"nblr, {kind}"], found[f"{PEER}, {kind}"]) for kind in KINDS]
            times = min(statistics.median(b / a for a, b in zip(*pair)) for pair in both)
            lines.append(goal(f"ahead of {PEER}, found {times:.2f} times ({name})", times > 1))
    return "\n".join([*lines, goal(f"start-up at most 0.6 s, found {start:.2f}", start <= 0.6)])


def main(argv: list[str]) -> int:
    """Measure, print and save."""
    machine = this_machine(PACKAGES)
    work = parse(Work, argv, prog="screening.py", description=(__doc__ or "").splitlines()[0])
    screener = load_screener("embedded/linear")
    assert isinstance(screener, NBLR)
    entrants = systems(screener)
    parts = [f"{machine}\n{screener.name}; {work.repeats} turns"]
    seconds, sizes = {}, {}
    for name, texts in collections(work).items():
        seconds[name], sizes[name] = timed(entrants, texts, work.repeats), len(texts)
        characters = sum(map(len, texts)) / len(texts)
        parts.append(table(f"{name}: {len(texts):,} texts of {characters:.0f} characters", len(texts), seconds[name]))
    toxic, clean = loaded(work.toxic), loaded(work.clean)
    judged = {
        name.split(",")[0]: quality(system, toxic, clean)
        for name, system in entrants.items()
        if name.endswith("probabilities")
    }
    lines = [f"| {len(toxic):,} toxic, {len(clean):,} clean | AUC | accuracy |", "|---|--:|--:|"]
    lines += ["| {} | {:.3f} | {:.3f} |".format(name, *found) for name, found in judged.items()]
    lines += [f"| {PEER} | not installed: {MEND} | |"] if PEER not in judged else []
    starts = startup(work.repeats)
    usual, most = statistics.median(starts), max(starts)
    parts += ["\n".join(lines), f"start to end of `sro screener screen`: median {usual:.2f} s, most {most:.2f} s"]
    parts.append(goals(seconds, sizes, usual))
    text = "\n\n".join(part.strip() for part in parts)
    print(text)
    figures = {"seconds": seconds, "texts": sizes, "quality": judged, "startup": starts}
    save(work.output, ["benchmarks/screening.py", *argv], to_plain_dict(work), machine, figures, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
