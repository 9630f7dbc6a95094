"""Measure if `embedded/linear` can pass some texts so that `embedded` need not read them, and the speed of both.

    python -m benchmarks.cascade --data ../shared/data --texts 300

A cascade would pass a text without the encoder if the n-gram screener, which is a hundred times as fast, gives it a
P(fail) below a threshold. The threshold is the highest at which the cascade would pass at most the share `--lost` of
the texts that the encoder fails. It is chosen on contrast cases (`dynahate`, test), Jigsaw's last sentences of both
sides and threats together. The share of texts below the threshold is what the cascade would save. Speeds are in CPU
time, so that other work on the machine hardly matters.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from sro.core.markdown import write_table
from sro.screeners.base import Screener, Verdict
from sro.screeners.encoder.sources import read_records
from sro.screeners.loading import load_screener


def sets(data: Path, texts: int) -> dict[str, list[str]]:
    """The texts by set, at most `texts` of each."""
    dynahate = read_records(data / "toxicity/dynahate/dynahate.jsonl.gz")
    found = {
        "dynahate, test": [row["text"] for row in dynahate if row["split"] in ("test", "test_v02")],
        "Jigsaw, toxic": (data / "sentences/dev_toxic.txt").read_text("utf-8").splitlines()[-500:],
        "Jigsaw, not toxic": (data / "sentences/dev_normal.txt").read_text("utf-8").splitlines()[-500:],
        "threats and wishes": [
            row["text"]
            for row in read_records(data / "toxicity/threats_and_wishes/threats_and_wishes.jsonl.gz")
            if row.get("gold_threat") and row["source"] != "openai_moderation"
        ],
    }
    return {name: some if len(some) <= texts else random.Random(0).sample(some, texts) for name, some in found.items()}


def highest_bar(of_failing: Sequence[float], lost: float) -> float:
    """The highest threshold with at most the share `lost` of these P(fail) below it.

    >>> highest_bar([0.1, 0.4, 0.6, 0.9], lost=0.25)
    0.4
    """
    ordered = sorted(of_failing)
    return ordered[int(lost * len(ordered))]


def ask(screener: Screener, texts: Sequence[str]) -> tuple[list[Verdict], float]:
    """The verdicts, and their CPU time in seconds."""
    began = time.process_time()
    return screener.screen(texts), time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--texts", type=int, default=300, help="number of texts from each set (default: 300)")
    parser.add_argument(
        "--lost",
        type=float,
        default=0.005,
        help="largest share of the encoder's fails that may be lost (default: 0.005)",
    )
    given = parser.parse_args()
    by_set = sets(given.data, given.texts)
    texts = [text for some in by_set.values() for text in some]
    names = np.array([name for name, some in by_set.items() for _ in some])
    linear, encoder = load_screener("embedded/linear"), load_screener("embedded")
    for screener in (linear, encoder):
        screener.screen(texts[:32])  # warm up: the first call loads and compiles
    (first, quick), (read, slow) = ask(linear, texts), ask(encoder, texts)
    probability = np.array([verdict.probability for verdict in first])
    fails = np.array([not verdict.passed for verdict in read])
    bar = highest_bar(probability[fails].tolist(), given.lost)
    rows = []
    for name in [*by_set, "together"]:
        here = (names == name) | (name == "together")
        gone = (probability < bar)[here]
        rows.append(
            [
                *(name, f"{here.sum():,}", f"{fails[here].sum():,}"),
                *(f"{(gone & fails[here]).sum():,}", f"{gone.mean():.1%}"),
            ]
        )
    console = Console()
    console.print(f"bar: P(fail) of {linear.name} below {bar:.4f}; {encoder.name} reads the rest")
    console.print(write_table(["set", "texts", "encoder fails", "lost", "spared"], rows))
    console.print(
        f"a second of one processor: {len(texts) / quick:,.0f} texts by {linear.name}, {len(texts) / slow:,.0f} by "
        f"{encoder.name}; {slow / quick:,.0f} times as long"
    )


if __name__ == "__main__":
    main()
