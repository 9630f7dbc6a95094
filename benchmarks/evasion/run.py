"""Measure how many disguised texts pass the screener, and if undoing disguises causes false alarms.

    python -m benchmarks.evasion.run               # the half that the rules were not tuned on
    python -m benchmarks.evasion.run --part tune --failures
    python -m benchmarks.evasion.run --marked tsd_test.csv   # words that other people marked as toxic, in their
    sentences

Content warning: --failures prints insults and slurs. `texts.py` writes the texts.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from benchmarks.evasion.texts import DISGUISES, Row
from sro.screeners.base import Screener
from sro.screeners.loading import load_screener
from sro.screeners.toxic_spans_check import read_marked

FOLDER = Path(__file__).parents[2] / "tests" / "data" / "evasion"


@dataclass(frozen=True)
class Measured:
    """Counts for one kind of text: all texts, and those that fail with normalisation off and on."""

    kind: str
    texts: int
    off: int
    on: int

    @property
    def shares(self) -> tuple[float, float]:
        """Share that fails with normalisation off, and on."""
        return self.off / self.texts, self.on / self.texts


def read(name: str, part: str = "report") -> list[Row]:
    """The texts of one file; `part` is "tune", "report" or "all"."""
    rows = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if part in (row["part"], "all")]


def fails(screener: Screener, texts: Sequence[str]) -> list[bool]:
    return [not verdict.passed for verdict in screener.screen(texts)]


def fails_unnormalised(screener: Screener, texts: Sequence[str]) -> list[bool]:
    """The same with normalisation off: the NB-LR gets texts that are only converted to lower case."""
    with patch("sro.screeners.nblr.model.normalise", str.lower):
        return fails(screener, texts)


def decided_by_disguised(screener: Screener, rows: Sequence[Row]) -> list[Row]:
    """Rows that fail without a disguise, and pass if "person" replaces the rude words.

    If the screener does not detect the plain words, it cannot detect them in disguise. If the rest of the sentence
    fails alone, a fail says nothing about the disguise.
    """
    plain = fails(screener, [row["plain"] for row in rows])
    frame = fails(screener, [row["frame"] for row in rows])
    return [row for row, failed, framed in zip(rows, plain, frame) if failed and not framed]


def marked_rows(path: str | Path) -> list[Row]:
    """Disguises of the words that people marked in the texts of SemEval-2021 task 5; independent of our word list.

    Uses texts of up to 250 characters with one to three marked words of three letters or more.
    """
    rows = []
    for item in read_marked(path):
        places = [m.span() for m in re.finditer(r"[A-Za-z]{3,}", item.text) if item.toxic.issuperset(range(*m.span()))]
        if len(item.text) > 250 or not 1 <= len(places) <= 3:
            continue
        frame = changed(item.text, places, lambda word: "person")
        for kind, disguise in DISGUISES.items():
            text = changed(item.text, places, partial(disguise, rng=random.Random(kind + item.text)))
            if text != item.text:
                rows.append({"text": text, "plain": item.text, "frame": frame, "kind": kind})
    return rows


def changed(text: str, places: Sequence[tuple[int, int]], change: Callable[[str], str]) -> str:
    """The text with its words at `places` changed."""
    for start, end in reversed(places):
        text = text[:start] + change(text[start:end]) + text[end:]
    return text


def by_kind(screener: Screener, rows: Sequence[Row]) -> list[Measured]:
    """One line per kind, then the total."""
    texts = [row["text"] for row in rows]
    both = list(zip(rows, fails_unnormalised(screener, texts), fails(screener, texts)))
    kinds = {kind: {kind} for kind in dict.fromkeys(row["kind"] for row in rows)}
    measured = []
    for name, members in {**kinds, "all": set(kinds)}.items():
        here = [(off, on) for row, off, on in both if row["kind"] in members]
        measured.append(Measured(name, len(here), sum(off for off, _ in here), sum(on for _, on in here)))
    return measured


def table(title: str, lines: Sequence[Measured]) -> Table:
    shown = Table(title=title, title_justify="left")
    for name in ("kind", "texts", "fail, normalisation off", "fail, on"):
        shown.add_column(name, justify="left" if name == "kind" else "right")
    for line in lines:
        off, on = line.shares
        shown.add_row(line.kind, str(line.texts), f"{off:.1%}", f"{on:.1%}")
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=["tune", "report", "all"], default="report")
    parser.add_argument("--failures", action="store_true", help="print disguised texts that pass and new false alarms")
    parser.add_argument("--screener", default="embedded/linear")
    parser.add_argument("--marked", help="disguise the marked words of this csv instead (SemEval-2021 task 5)")
    given = parser.parse_args()
    screener, console = load_screener(given.screener), Console()
    every = marked_rows(given.marked) if given.marked else read("obfuscated", given.part)
    source = Path(given.marked).name if given.marked else given.part
    disguised, harmless = decided_by_disguised(screener, every), read("innocent", given.part)
    title = f"disguised ({source}): of {len(every):,} those whose rude words decide"
    console.print(table(title, by_kind(screener, disguised)))
    console.print(table(f"innocent ({given.part})", by_kind(screener, harmless)))
    if given.failures:
        for row, failed in zip(disguised, fails(screener, [row["text"] for row in disguised])):
            if not failed:
                print(f"missed\t{row['kind']}\t{row['text']}\t({row['plain']})")
        texts = [row["text"] for row in harmless]
        for row, off, on in zip(harmless, fails_unnormalised(screener, texts), fails(screener, texts)):
            if on and not off:
                print(f"new alarm\t{row['kind']}\t{row['text']}")


if __name__ == "__main__":
    main()
