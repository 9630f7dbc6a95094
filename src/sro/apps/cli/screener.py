"""`sro screener`: train, check and use the screener that gives the verdicts.

    sro screener screen "you idiot" "thank you very much"
    sro screener screen --input comments.csv --column body --spans
    sro screener screen --screener embedded/encoder --fail_on insult threat --attributes true "I will find you"
    sro screener screen --input comments/ --output verdicts/          # folders, resumable: docs/scale.md
    sro screener check --screener embedded --toxic data.csv::text::label=1 --clean data.csv::text::label=0
    sro screener check-spans --gold tsd_test.csv --train tsd_train.csv --words bad_words.txt
    sro screener train --toxic toxic.txt --clean clean.txt --output my_screener
    sro screener train --kind encoder --labelled my.csv --output my_encoder

`screen` prints one line a comment: verdict, P(fail), text, with tabs between. A comment fails as a whole or by its
worst sentence, as it does in folders, in the service and in `sro rewrite`; P(fail) is that of what failed. With
`--spans` it also prints the words that made it fail, each with the characters where it begins and ends:
`8-17 i d i o t`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile

from rich.console import Console

from sro.apps.bulk.config import BulkArguments
from sro.apps.bulk.jobs import Screening
from sro.apps.cli.folders import refuse_alone, run_folder
from sro.comments.corpus import Comment, iter_comments
from sro.core.config import parse, suggestion
from sro.core.errors import SROError
from sro.screeners.loading import load_screener
from sro.screeners.sentencewise import screen_comments

BATCH = 256  # comments screened and printed at a time


@dataclass
class Which:
    """Which screener."""

    screener: str = field(default="embedded", metadata={"help": "`embedded`, an NB-LR folder, or a classifier's name"})
    toxic_labels: list[str] = field(
        default_factory=list, metadata={"help": "toxic labels of a Hugging Face classifier (default: by their names)"}
    )


@dataclass
class Bar:
    """From which P(fail) on a comment fails."""

    threshold: float | None = field(
        default=None,
        metadata={"help": "P(fail) from which on a comment fails, in (0, 1] (default: the screener's own)"},
    )
    fail_on: list[str] = field(
        default_factory=list,
        metadata={"help": "attributes of an encoder screener that fail a comment: insult threat (default: toxicity)"},
    )

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise SROError(f"threshold={self.threshold} must be in (0, 1]")


@dataclass
class Input:
    """Which comments; texts on the command line stand before the first flag."""

    input: str = field(default="-", metadata={"help": "csv, tsv, jsonl, parquet or text file; -: standard input"})
    output: str | None = field(default=None, metadata={"help": "folder for the rows of --input with their verdicts"})
    column: str | None = field(default=None, metadata={"help": "column with the comments (default: a usual name)"})
    format: str | None = field(default=None, metadata={"help": "csv, tsv, jsonl, parquet, text (default: by suffix)"})


@dataclass
class Sides:
    """What to check on; one side may be left out."""

    toxic: list[str] = field(default_factory=list, metadata={"help": "toxic texts: FILE[::COLUMN[::WHERE]] …"})
    clean: list[str] = field(default_factory=list, metadata={"help": "clean texts, likewise"})
    worst: int = field(default=10, metadata={"help": "errors shown a side"})


@dataclass
class CheckThreshold(Bar):
    """From which P(fail) on a text fails, or what it may cost."""

    target_false_alarms: float | None = field(
        default=None,
        metadata={"help": "pick the lowest threshold at which at most this share of --clean fails, in [0, 1)"},
    )
    plot: str | None = field(
        default=None,
        metadata={"help": "file (.png, .svg, .pdf) for a picture of recall and false alarms by threshold"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold is not None and self.target_false_alarms is not None:
            raise SROError("--threshold and --target_false_alarms both say when a text fails: give one of the two")


@dataclass
class Show:
    """What is printed."""

    spans: bool = field(default=False, metadata={"help": "also print which words made the text fail"})
    attributes: bool = field(
        default=False, metadata={"help": "also print the probability of each attribute, where the screener has them"}
    )


@dataclass
class Gold:
    """What people marked."""

    gold: str = field(metadata={"help": "csv with `spans` (list of character offsets) and `text`: tsd_test.csv"})
    train: str | None = field(default=None, metadata={"help": "such a csv to take a word list from, for comparison"})
    words: list[str] = field(default_factory=list, metadata={"help": "word lists to compare with, one word a line"})


@dataclass
class Output:
    """Where the trained screener goes."""

    output: str = field(metadata={"help": "folder for nblr.json and nblr.safetensors"})


KINDS = ("linear", "encoder")


def kind_and_rest(argv: list[str]) -> tuple[str, list[str]]:
    """The value of `--kind` (default: linear), on which the other arguments depend, and those others."""
    if "--kind" not in argv:
        return KINDS[0], argv
    at = argv.index("--kind")
    value = argv[at + 1] if at + 1 < len(argv) else ""
    if value not in KINDS:
        raise SROError(f"unknown kind of screener '{value}'. fix: give --kind {' or --kind '.join(KINDS)}")
    return value, argv[:at] + argv[at + 2 :]


def run(argv: list[str]) -> int:
    """Dispatch to one of the `ACTIONS`."""
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: sro screener {{{','.join(ACTIONS)}}} …   (each has its --help)\n\n{__doc__}")
        return 0 if argv else 2
    if argv[0] not in ACTIONS:
        raise SROError(f"unknown action '{argv[0]}'{suggestion(argv[0], ACTIONS)} (one of {', '.join(ACTIONS)})")
    return ACTIONS[argv[0]](argv[1:])


def train(argv: list[str]) -> int:
    kind, rest = kind_and_rest(argv)
    return train_encoder(rest) if kind == "encoder" else train_linear(rest)


def train_encoder(argv: list[str]) -> int:
    import os
    from pathlib import Path

    from safetensors.numpy import load_file

    from sro.screeners.encoder import run as encoder
    from sro.screeners.encoder.training import EncoderTraining, fit

    data, settings = parse(
        (encoder.EncoderData, EncoderTraining),
        argv,
        prog="sro screener train --kind encoder",
        description=encoder.__doc__ or "",
    )
    folder = Path(data.output)
    folder.mkdir(parents=True, exist_ok=True)
    public = Path(os.environ.get("SRO_DATA", "../shared/data"))
    rows, development = encoder.read_rows(data, public if public.is_dir() else None)
    print(f"{len(rows):,} texts to learn, {len(development):,} to calibrate on")
    for line in fit(rows, settings, folder, encoder.shares_for(rows)):
        print(line, flush=True)
    if (folder / "model.safetensors").is_file() and os.environ.get("RANK", "0") == "0":
        screener = encoder.write_screener(load_file(folder / "model.safetensors"), development, folder)
        print(f"{screener.name} in {folder}")
    return 0


def train_linear(argv: list[str]) -> int:
    from sro.screeners.nblr.model import NBLRSettings
    from sro.screeners.nblr.training import Data
    from sro.screeners.nblr.training import train as train_screener

    data, settings, where = parse(
        (Data, NBLRSettings, Output), argv, prog="sro screener train", description="Train a NB-LR screener."
    )
    screener, summaries = train_screener(data, settings)
    screener.save(where.output)
    print(*summaries, f"{screener.name}: {len(screener.vocabulary):,} n-grams in {where.output}", sep="\n")
    return 0


def check(argv: list[str]) -> int:
    from sro.screeners.check import check as check_screener
    from sro.screeners.check import rendered
    from sro.screeners.nblr.training import load_texts
    from sro.screeners.thresholds import plot, threshold_table
    from sro.screeners.thresholds import rendered as rendered_thresholds

    schema = (Which, Sides, CheckThreshold)
    which, sides, bar = parse(schema, argv, prog="sro screener check", description="How good is a screener?")
    screener = load_screener(which.screener, toxic_labels=which.toxic_labels)
    toxic, clean = load_texts(sides.toxic), load_texts(sides.clean)
    table = threshold_table(screener, toxic, clean)
    chosen = None if bar.target_false_alarms is None else table.for_false_alarms(bar.target_false_alarms)
    threshold = bar.threshold if chosen is None else chosen.threshold
    Console().print(rendered(check_screener(screener, toxic, clean, sides.worst, threshold)))
    Console().print(rendered_thresholds(table, chosen))
    if chosen is not None:
        print(f"--threshold {chosen.threshold:g} keeps false alarms at {chosen.false_alarms:.2%} of the clean texts")
    if bar.plot is not None:
        plot(table, bar.plot, chosen)
    return 0


def check_spans(argv: list[str]) -> int:
    from sro.screeners import toxic_spans_check

    which, gold = parse(
        (Which, Gold), argv, prog="sro screener check-spans", description="Do its spans agree with people?"
    )
    marked = toxic_spans_check.read_marked(gold.gold)
    screener = load_screener(which.screener, toxic_labels=which.toxic_labels)
    rows = toxic_spans_check.check_spans(screener, marked, toxic_spans_check.lexicons(gold.train, gold.words))
    Console().print(toxic_spans_check.rendered(rows, len(marked)))
    return 0


def screen(argv: list[str]) -> int:
    texts = list(takewhile(lambda word: not word.startswith("--"), argv))
    from sro.screeners.toxic_spans import spans_of_failing

    schema = (Which, Bar, Input, Show, BulkArguments)
    which, bar, source, show, bulk = parse(
        schema, argv[len(texts) :], prog="sro screener screen [TEXT ...]", description="Print or write verdicts."
    )
    folder = source.output is not None
    refuse_alone(bulk, {"format": source.format, "spans": show.spans or None}, folder)
    if folder:
        if texts:
            raise SROError("--output is for --input; verdicts on single comments are printed")
        if bar.fail_on:
            raise SROError("--fail_on is for verdicts that are printed. fix: leave out --output or --fail_on")
        job = Screening(which.screener, tuple(which.toxic_labels), bar.threshold)
        return run_folder(source.input, source.output, job, bulk, source.column, ["screener", "screen", *argv])
    screener = load_screener(which.screener, toxic_labels=which.toxic_labels, fail_on=bar.fail_on)
    given = (Comment(text, "command line", 0) for text in texts)
    comments = given if texts else iter_comments(source.input, column=source.column, format=source.format)
    while batch := [comment.text for _, comment in zip(range(BATCH), comments)]:
        verdicts = screen_comments(screener, batch, threshold=bar.threshold)
        found = spans_of_failing(screener, batch, verdicts) if show.spans else []
        for place, (text, verdict) in enumerate(zip(batch, verdicts)):
            line = f"{verdict.label}\t{verdict.probability:.3f}\t{text}"
            if show.attributes:
                line += "\t" + " ".join(f"{name}={p:.3f}" for name, p in (verdict.attributes or {}).items())
            if show.spans:
                spans = found[place]
                line += "\t" + "; ".join(f"{span.start}-{span.end} {text[span.start : span.end]}" for span in spans)
            sys.stdout.write(line + "\n")
    return 0


ACTIONS: dict[str, Callable[[list[str]], int]] = {
    "train": train,
    "check": check,
    "check-spans": check_spans,
    "screen": screen,
}
