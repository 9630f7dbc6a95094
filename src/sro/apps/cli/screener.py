"""`sro screener`: train, check and use the screener that gives the verdicts.

    sro screener screen "you idiot" "thank you very much"
    sro screener screen --input comments.csv --column body --spans
    sro screener screen --fail_on insult threat --attributes true "I will find you"
    sro screener screen --input comments/ --output verdicts/          # folders, resumable: docs/scale.md
    sro screener check --screener embedded/linear --toxic data.csv::text::label=1 --clean data.csv::text::label=0
    sro screener thresholds --pairs pairs.jsonl --threshold 0.8       # translate another service's threshold to ours
    sro screener check_spans --gold tsd_test.csv --train tsd_train.csv --words bad_words.txt
    sro screener train --toxic toxic.txt --clean clean.txt --output_dir my_screener
    sro screener train --kind encoder --labelled my.csv --output my_encoder

A comment fails as a whole or by its worst sentence, as in folders, in the service and in `sro rewrite`; P(fail) is
that of the text or sentence that failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console

from sro.apps.cli import screening, thresholds
from sro.apps.cli.screening import ThresholdArguments
from sro.apps.cli.subcommands import run_action, take_flag
from sro.core.config import parse
from sro.core.data_folder import data_folder
from sro.core.errors import SROError
from sro.screeners.config import ScreenerArguments
from sro.screeners.loading import load_named_screener


@dataclass
class CheckArguments:
    """The texts to check on; either side may be left out."""

    toxic: list[str] = field(
        default_factory=list, metadata={"help": "toxic texts, one or more of FILE[::COLUMN[::WHERE]]"}
    )
    clean: list[str] = field(
        default_factory=list, metadata={"help": "clean texts, one or more of FILE[::COLUMN[::WHERE]]"}
    )
    worst: int = field(default=10, metadata={"help": "number of errors to show for toxic and for clean texts"})


@dataclass
class CheckThreshold(ThresholdArguments):
    """The threshold from which a text fails, or the false alarms that it may cost."""

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
class GoldArguments:
    """The spans that people marked, and the word lists to compare with."""

    gold: str = field(
        metadata={"help": "CSV with the columns `spans` (list of character offsets) and `text`, e.g. tsd_test.csv"}
    )
    train: str | None = field(
        default=None, metadata={"help": "CSV of the same form, from which a word list is taken for comparison"}
    )
    words: list[str] = field(
        default_factory=list, metadata={"help": "files with word lists to compare with, one word a line"}
    )
    texts: int | None = field(
        default=None, metadata={"help": "how many texts of --gold, evenly spaced (default: all of them)"}
    )

    def __post_init__(self) -> None:
        if self.texts is not None and self.texts < 1:
            raise SROError(f"texts={self.texts} must be ≥ 1")


@dataclass
class OutputArguments:
    """The folder for the trained screener."""

    output_dir: str = field(metadata={"help": "folder for the trained screener, nblr.json and nblr.safetensors"})


@dataclass
class OverusedData:
    """The rewrites of a leader and the civil comments in which its overused words are counted."""

    rewrites: list[str] = field(
        metadata={"help": "jsonl with `source` and `text` of a leader's rewrites (`sro rewrite --output FILE.jsonl`)"}
    )
    clean: list[str] = field(metadata={"help": "sources of civil comments by people, thousands of them"})
    output: str = field(metadata={"help": "file for the list, with a word and its ratio in each line"})


def run(argv: list[str]) -> int:
    """Run one of the `ACTIONS`."""
    return run_action(ACTIONS, argv, prog="sro screener", doc=__doc__)


def train(argv: list[str]) -> int:
    kind, rest = take_flag("--kind", argv)
    kind = "linear" if kind is None else kind
    if kind not in TRAINERS:
        raise SROError(f"unknown kind of screener '{kind}'\n  fix: --kind {' or --kind '.join(TRAINERS)}")
    return TRAINERS[kind](rest)


def train_encoder(argv: list[str]) -> int:
    import os
    from pathlib import Path

    from safetensors.numpy import load_file

    from sro.screeners.encoder import run as encoder
    from sro.screeners.encoder.knowledge import knowledge_from
    from sro.screeners.encoder.optimise import WEIGHTS, EncoderTraining
    from sro.screeners.encoder.training import fit

    data, settings = parse(
        (encoder.EncoderData, EncoderTraining),
        argv,
        prog="sro screener train --kind encoder",
        description=encoder.__doc__ or "",
    )
    folder = Path(data.output)
    folder.mkdir(parents=True, exist_ok=True)
    public = Path(data_folder())
    rows, development = encoder.read_rows(data, public if public.is_dir() else None)
    knowledge = knowledge_from(rows, settings.init)
    print(f"{len(rows):,} texts to learn, {len(development):,} to calibrate on", knowledge, sep="\n", flush=True)
    for line in fit(rows, settings, folder, encoder.shares_for(rows)):
        print(line, flush=True)
    if (folder / WEIGHTS).is_file() and os.environ.get("RANK", "0") == "0":
        screener = encoder.write_screener(load_file(folder / WEIGHTS), knowledge, development, folder)
        print(f"{screener.name} in {folder}")
    return 0


def train_faithfulness(argv: list[str]) -> int:
    import os
    from functools import partial
    from pathlib import Path

    from safetensors.numpy import load_file

    from sro.rewriting.phrase_table import load_phrase_table
    from sro.screeners.encoder.optimise import WEIGHTS, EncoderTraining
    from sro.screeners.faithfulness import run as critic
    from sro.screeners.faithfulness.training import fit

    data, settings = parse(
        (critic.CriticData, EncoderTraining),
        argv,
        prog="sro screener train --kind faithfulness",
        description=critic.__doc__ or "",
    )
    folder = Path(data.output)
    folder.mkdir(parents=True, exist_ok=True)
    public = Path(data_folder())
    material, kept = critic.read(data, public if public.is_dir() else None, partial(load_phrase_table().variants, n=2))
    print(f"{len(material.clean):,} clean and {len(material.rude):,} rude texts to make pairs of", flush=True)
    for line in fit(material, settings, folder):
        print(line, flush=True)
    if (folder / WEIGHTS).is_file() and os.environ.get("RANK", "0") == "0":
        trained, table = critic.write_critic(load_file(folder / WEIGHTS), kept, folder)
        print(table, f"{trained.name} in {folder}", sep="\n")
    return 0


def train_overused(argv: list[str]) -> int:
    from functools import partial
    from pathlib import Path

    from sro.comments import readers
    from sro.comments.columns import choose_columns
    from sro.comments.sources import load_sources
    from sro.screeners import overused

    data = parse(OverusedData, argv, prog="sro screener train --kind overused", description=overused.__doc__ or "")
    pairs = []
    for name in data.rewrites:
        columns = partial(choose_columns, source=name, text="source")
        for row in readers.read_rows(name, columns, all_columns=True):
            fields = row.fields or {}
            if isinstance(fields.get("text"), str) and isinstance(fields.get("source"), str):
                pairs.append((fields["source"], fields["text"]))
    clean, _ = load_sources(data.clean)
    found = overused.OverusedWords(overused.learn_overused(pairs, clean), "new")
    found.save(Path(data.output))
    print(f"{len(found.ratios):,} overused words and pairs of {len(pairs):,} rewrites in {data.output}")
    print("\n".join(f"{ratio:8.1f} × {word}" for word, ratio in list(found.ratios.items())[:20]))
    return 0


def train_linear(argv: list[str]) -> int:
    from sro.screeners.nblr.model import NBLRSettings
    from sro.screeners.nblr.training import Data
    from sro.screeners.nblr.training import train as train_screener

    data, settings, where = parse(
        (Data, NBLRSettings, OutputArguments), argv, prog="sro screener train", description="Train a NB-LR screener."
    )
    screener, summaries = train_screener(data, settings)
    screener.save(where.output_dir)
    print(*summaries, f"{screener.name}: {len(screener.vocabulary):,} n-grams in {where.output_dir}", sep="\n")
    return 0


def check(argv: list[str]) -> int:
    from sro.screeners.check import check as check_screener
    from sro.screeners.check import rendered
    from sro.screeners.nblr.training import load_texts
    from sro.screeners.thresholds import plot, threshold_table
    from sro.screeners.thresholds import rendered as rendered_thresholds

    schema = (ScreenerArguments, CheckArguments, CheckThreshold)
    which, sides, bar = parse(schema, argv, prog="sro screener check", description="How good is a screener?")
    toxic, clean = load_texts(sides.toxic), load_texts(sides.clean)  # first, so that an error in them shows at once
    screener = load_named_screener(which)
    table = threshold_table(screener, toxic, clean)
    chosen = None if bar.target_false_alarms is None else table.for_false_alarms(bar.target_false_alarms)
    threshold = bar.threshold if chosen is None else chosen.threshold
    Console().print(rendered(check_screener(screener, toxic, clean, sides.worst, threshold, table), threshold))
    Console().print(rendered_thresholds(table, chosen))
    if chosen is not None:
        alarms = round(chosen.false_alarms * len(clean))
        print(
            f"--threshold {chosen.threshold:g} keeps false alarms at {chosen.false_alarms:.2%} of the clean texts "
            f"({alarms:,} of {len(clean):,})"
        )
    if bar.plot is not None:
        plot(table, bar.plot, chosen)
        print(f"picture  {bar.plot}")
    return 0


def check_spans(argv: list[str]) -> int:
    from sro.screeners import toxic_spans_check

    which, gold = parse(
        (ScreenerArguments, GoldArguments),
        argv,
        prog="sro screener check_spans",
        description="Do its spans agree with people?",
    )
    marked = toxic_spans_check.evenly_spaced(toxic_spans_check.read_marked(gold.gold), gold.texts)
    screener = load_named_screener(which)
    rows = toxic_spans_check.check_spans(screener, marked, toxic_spans_check.lexicons(gold.train, gold.words))
    Console().print(toxic_spans_check.rendered(rows, len(marked)))
    return 0


TRAINERS = {
    "linear": train_linear,
    "encoder": train_encoder,
    "faithfulness": train_faithfulness,
    "overused": train_overused,
}
"""By `--kind`, which decides the other arguments."""
ACTIONS = {
    "screen": screening.run,
    "check": check,
    "check_spans": check_spans,
    "train": train,
    "thresholds": thresholds.run,
}
