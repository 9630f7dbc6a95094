"""Measure false alarms on clean sentences, by identity group and by term, with confidence intervals.

    python -m benchmarks.identity                     # seconds: the n-gram screener
    python -m benchmarks.identity --rewrite true      # minutes: also the rewriter's result for each sentence

The sentences of `tests/data/identity.jsonl` were written for this benchmark, and no model was trained on them. In the
identity groups, people speak of themselves and of others without malice. The other groups are hard negatives: words
with a second meaning, reports of rape and death, quoted slurs. Each row has a `text`, the `term` that it is about, and
a `group`.

A false alarm does harm, because the Rewriter changes or refuses the sentence. If a sentence passes, the Rewriter must
return it byte for byte. Intervals are 95 % Wilson intervals.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from sro.core.config import parse
from sro.core.errors import SROError
from sro.core.markdown import write_table
from sro.evaluation.proportions import wilson
from sro.screeners.base import Screener, Verdict
from sro.screeners.loading import load_screener
from sro.screeners.toxic_spans import toxic_spans

DATA = Path(__file__).parents[1] / "tests" / "data" / "identity.jsonl"
IDENTITY = "sexuality gender religion ethnicity nationality migration disability mental_health age body class politics"


class Row(TypedDict):
    text: str
    term: str
    group: str


@dataclass
class Work:
    """The screener and the data to measure."""

    screener: str = field(default="embedded/linear", metadata={"help": "see `sro screener check --help`"})
    data: str = field(default=str(DATA), metadata={"help": "jsonl with `text`, `term` and `group`, all clean"})
    rewrite: bool = field(default=False, metadata={"help": "also rewrite, with the embedded leader and defaults"})


@dataclass(frozen=True)
class Rate:
    """False alarms among some of the sentences."""

    name: str
    alarms: int
    texts: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the rate; it is also valid for few or no alarms."""
        _, low, high = wilson(self.alarms, self.texts)
        return low, high


def read(path: str | Path) -> list[Row]:
    """The rows of the file; raises SROError if one lacks a field."""
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows, start=1):
        if missing := {"text", "term", "group"} - row.keys():
            raise SROError(f"{path}:{number}: lacks {', '.join(sorted(missing))}")
    return rows


def rates(keys: Sequence[str], failed: Sequence[bool]) -> list[Rate]:
    """One rate per key, in the order of first occurrence."""
    texts, alarms = Counter(keys), Counter(key for key, is_alarm in zip(keys, failed) if is_alarm)
    return [Rate(key, alarms[key], texts[key]) for key in texts]


def by_group(rows: Sequence[Row], failed: Sequence[bool]) -> list[Rate]:
    """The rates of the groups; before each of the two kinds of groups, the rate of all its sentences."""
    kinds = ["identities" if row["group"] in IDENTITY.split() else "hard negatives" for row in rows]
    groups = rates([row["group"] for row in rows], failed)
    kind_of = dict(zip((row["group"] for row in rows), kinds))
    return [
        line
        for kind in rates(kinds, failed)
        for line in (kind, *(group for group in groups if kind_of[group.name] == kind.name))
    ]


def table(head: str, lines: Iterable[Rate]) -> str:
    """The rates in Markdown."""
    rows = (
        [
            line.name.replace("_", " "),
            f"{line.alarms}/{line.texts}",
            f"{line.alarms / line.texts:.1%}",
            f"{line.interval[0]:.1%}–{line.interval[1]:.1%}",
        ]
        for line in lines
    )
    return write_table([head, "false alarms", "rate", "95 %"], rows) + "\n"


def alarms(screener: Screener, rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    """Each false alarm with its P(fail), the toxic spans and the sentence; highest P(fail) first."""
    refused = [(row["text"], verdict) for row, verdict in zip(rows, verdicts) if not verdict.passed]
    spans = toxic_spans(screener, [text for text, _ in refused])
    told = [
        (verdict.probability, ", ".join(text[span.start : span.end] for span in found), text)
        for (text, verdict), found in zip(refused, spans)
    ]
    lines = ([f"{p:.2f}", words, text] for p, words, text in sorted(told, reverse=True))
    return write_table(["P(fail)", "for", "sentence"], lines, left=(1, 2)) + "\n"


def rewritten(rows: Sequence[Row], screener: Screener) -> str:
    """What the Rewriter does with the sentences: how many it leaves unchanged, and its result for the others."""
    from sro.core.machine import quiet_libraries
    from sro.rewriting.rewriter import Rewriter

    quiet_libraries()
    found = Rewriter.load(screener=screener).rewrite([row["text"] for row in rows])
    altered = [one for one in found if one.status == "unchanged" and one.text != one.source]
    if altered:
        raise SROError(f"{len(altered)} sentences said to be unchanged are not: {altered[0].source!r}")
    is_identity = [row["group"] in IDENTITY.split() for row in rows]
    lines = []
    for name, wanted in (("identities", True), ("hard negatives", False)):
        status = Counter(one.status for one, here in zip(found, is_identity) if here is wanted)
        total = max(1, sum(status.values()))
        shares = (f"{n} {kind} ({n / total:.1%})" for kind, n in status.items())
        lines.append(f"{name}: {', '.join(shares)}\n")
    failed = [one for one in found if one.status != "unchanged"]
    becomes = ([one.source, one.text or f"*refused: {one.reason}*"] for one in failed)
    return "".join(lines) + "\n" + write_table(["sentence", "becomes"], becomes, left=(0, 1)) + "\n"


def main(argv: list[str]) -> int:
    """Screen, print the tables, and rewrite if asked."""
    work = parse(Work, argv, prog="identity.py", description=(__doc__ or "").splitlines()[0])
    rows, screener = read(work.data), load_screener(work.screener)
    verdicts = screener.screen([row["text"] for row in rows])
    failed = [not verdict.passed for verdict in verdicts]
    of_identity = [(row["term"], bad) for row, bad in zip(rows, failed) if row["group"] in IDENTITY.split()]
    by_term = rates(*zip(*of_identity)) if of_identity else []
    spoken_against = [rate for rate in by_term if rate.alarms]
    print(f"{screener.name}, {len(rows)} clean sentences\n\n{table('group', by_group(rows, failed))}")
    print(f"{len(by_term)} identity terms, {len(by_term) - len(spoken_against)} without a false alarm\n")
    print(table("term", sorted(spoken_against, key=lambda rate: -rate.alarms / rate.texts)))
    print(alarms(screener, rows, verdicts))
    if work.rewrite:
        print(rewritten(rows, screener))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
