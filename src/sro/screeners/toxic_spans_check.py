"""Measure how well the spans agree with people, by the metric of SemEval-2021 task 5, and compare with word lists.

    sro screener check_spans --gold tsd_test.csv --train tsd_train.csv --words ldnoobw_en

The metric is the mean over texts of F1 over characters. If neither side marks anything in a text, its F1 is 1; if only
one side marks something, 0 (Pavlopoulos et al. 2021, "SemEval-2021 Task 5: Toxic Spans Detection").
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from sro.comments.words import read_word_list
from sro.core.errors import SROError
from sro.screeners.base import Screener
from sro.screeners.toxic_spans import Span, toxic_spans

WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and the offsets of the characters that people marked as toxic."""

    text: str
    toxic: frozenset[int]


@dataclass(frozen=True, slots=True)
class Row:
    """One way to mark spans; precision and recall are over all characters of all texts."""

    system: str
    f1: float
    precision: float
    recall: float
    unmarked: float
    """Share of the texts in which the system marks nothing."""


def read_marked(path: str | Path) -> list[Marked]:
    """Texts of a csv file in the task's form: columns `spans` (a list of offsets) and `text`.

    Raises:
        SROError: the file cannot be read, a column is missing, or the spans of a line are not a list of offsets.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not {"spans", "text"} <= set(rows.fieldnames or ()):
                raise SROError(f"{path}: needs the columns `spans` and `text`, as in SemEval-2021 task 5")
            marked = []
            for row in rows:
                try:
                    marked.append(Marked(row["text"], frozenset(map(int, json.loads(row["spans"])))))
                except (ValueError, TypeError) as error:
                    raise SROError(f"{path}:{rows.line_num}: spans must be a list of offsets: {error}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SROError(f"{path}: cannot be read as csv: {error}") from error
    if not marked:
        raise SROError(f"{path}: holds no text")
    return marked


def evenly_spaced(marked: Sequence[Marked], texts: int | None) -> list[Marked]:
    """At most `texts` of them, evenly spaced over the file; None: all."""
    if texts is None or texts >= len(marked):
        return list(marked)
    return [marked[at * len(marked) // texts] for at in range(texts)]


def f1(found: Set[int], gold: Set[int]) -> float:
    """F1 of one text: 2·|both| / (|found| + |gold|); 1 if both are empty."""
    return 2 * len(found & gold) / (len(found) + len(gold)) if found or gold else 1.0


def characters(spans: Sequence[Span]) -> set[int]:
    return {place for span in spans for place in range(span.start, span.end)}


def _matcher(words: Sequence[str]) -> re.Pattern[str]:
    longest_first = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE)


def _places(pattern: re.Pattern[str], text: str) -> set[int]:
    return {place for match in pattern.finditer(text) for place in range(*match.span())}


def marked_words(train: Sequence[Marked]) -> list[str]:
    """A lexicon from the training texts: words that people marked in at least half of their occurrences."""
    seen, toxic = Counter[str](), Counter[str]()
    for item in train:
        for word in WORD.finditer(item.text):
            seen[word.group().lower()] += 1
            toxic[word.group().lower()] += word.start() in item.toxic
    return sorted(word for word, times in seen.items() if 2 * toxic[word] >= times)


def check_spans(
    screener: Screener, gold: Sequence[Marked], lexicons: dict[str, Sequence[str]] | None = None
) -> list[Row]:
    """One row per system: the screener (on texts that it fails, and on all texts), each word list, and no marks."""
    texts = [item.text for item in gold]
    everywhere = list(map(characters, toxic_spans(screener, texts, only_refused=False)))
    verdicts = screener.screen(texts)
    systems = {
        screener.name: [set() if verdict.passed else found for verdict, found in zip(verdicts, everywhere)],
        f"{screener.name}, also where it passes": everywhere,
    }
    for name, words in (lexicons or {}).items():
        pattern = _matcher(words)
        systems[f"word list: {name} ({len(words):,})"] = [_places(pattern, text) for text in texts]
    systems["nothing"] = [set() for _ in texts]
    return [_row(name, found, gold) for name, found in systems.items()]


def _row(name: str, found: Sequence[Set[int]], gold: Sequence[Marked]) -> Row:
    both = sum(len(places & item.toxic) for places, item in zip(found, gold))
    marked, toxic = sum(map(len, found)), sum(len(item.toxic) for item in gold)
    return Row(
        system=name,
        f1=sum(f1(places, item.toxic) for places, item in zip(found, gold)) / len(gold),
        precision=both / marked if marked else float("nan"),
        recall=both / toxic if toxic else float("nan"),
        unmarked=sum(not places for places in found) / len(gold),
    )


def lexicons(train: str | None, words: Sequence[str]) -> dict[str, Sequence[str]]:
    """Word lists by name: from the training texts, and from the files."""
    learnt = {f"marked in {Path(train).name}": marked_words(read_marked(train))} if train else {}
    return {**learnt, **{Path(path).name: read_word_list(path) for path in words}}


def rendered(rows: Sequence[Row], texts: int) -> Table:
    """The rows as a table for the screen."""
    table = Table(title=f"toxic spans, {texts:,} texts", title_justify="left")
    for name in ("system", "F1", "precision", "recall", "unmarked"):
        table.add_column(name, justify="left" if name == "system" else "right")
    for row in rows:
        table.add_row(row.system, *(f"{value:.3f}" for value in (row.f1, row.precision, row.recall, row.unmarked)))
    return table
