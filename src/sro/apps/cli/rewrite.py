"""`sro rewrite`: rewrite toxic comments; those that pass the screener stay as they are.

    sro rewrite "you are an idiot" "thank you for the edit"
    sro rewrite "you are an idiot" --threshold 0.2 --samples 8 --refine 2
    sro rewrite --input comments.csv --column body --output rewritten.jsonl
    sort -u comments.txt | sro rewrite --output - | jq .text
    sro rewrite --clef --input in.jsonl --output ours.jsonl     # ids kept: what `sro evaluate --protocol clef24` reads
    sro rewrite --input comments/ --output rewritten/ --runner ray     # folders, resumable: docs/scale.md

Exit status 0 whatever becomes of the comments (1 if a file of a folder cannot be read); the last lines count them.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sro.apps.bulk.config import BulkArguments, is_bulk
from sro.apps.bulk.jobs import Rewriting
from sro.apps.cli.folders import refuse_alone, run_folder
from sro.apps.cli.output import sink, submission
from sro.comments.corpus import CorpusReport, iter_comments
from sro.core.config import parse
from sro.core.errors import SROError
from sro.core.machine import quiet_libraries
from sro.evaluation.clef import is_clef, read_clef
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.rewriter import Rewrite, RewriteArguments, Rewriter

DESCRIPTION = (
    "Rewrite toxic comments: screen, rewrite the sentences that fail, screen again, best of N, once more from there, "
    "or refuse. Give comments as words before the flags or behind them (those that begin with a dash behind `--`), in "
    "a file or a folder by --input, or on standard input, one a line."
)
PROGRESS_SECONDS = 10


@dataclass
class Job:
    """Which comments, and where to."""

    input: str | None = field(
        default=None,
        metadata={"help": "csv, tsv, jsonl (each also .gz), parquet or text file; a folder; `-`: standard input"},
    )
    output: str | None = field(
        default=None,
        metadata={"help": "JSON Lines file, replaced whole at the end; a folder; `-`: standard output"},
    )
    column: str | None = field(default=None, metadata={"help": "column with the comments (default: a usual name)"})
    format: str | None = field(default=None, metadata={"help": "csv, tsv, jsonl, parquet, text (default: by suffix)"})
    where: str | None = field(default=None, metadata={"help": "only rows like label=1 or toxicity>=0.5"})
    quarantine: str | None = field(default=None, metadata={"help": "JSON Lines file for rows that hold no comment"})
    clef: bool = field(
        default=False,
        metadata={"help": "files are CLEF's, {id, text}: every row out with its id, refused comments as they were"},
    )


@dataclass
class Parts:
    """Who rewrites and who judges: what `Rewriter.load` takes, the engine apart."""

    leader: str = field(default="embedded", metadata={"help": "`embedded`, or a hub or folder name"})
    adapter: str | None = field(
        default=None,
        metadata={
            "help": "`none`, `embedded/rewriter`, hub or folder name (default: embedded/rewriter "
            "if the leader is `embedded`, else none)"
        },
    )
    prompt: str | None = field(default=None, metadata={"help": "template with {text} (default: the adapter's own)"})
    load_in_4bit: bool = field(default=False, metadata={"help": "NF4 weights; needs a GPU and the extra `quant`"})
    screener: str = field(default="embedded", metadata={"help": "`embedded`, an NB-LR folder, or a classifier's name"})
    similarity: str = field(default="embedded", metadata={"help": "sentence encoder: `embedded`, folder or hub name"})
    fluency: str | None = field(
        default=None,
        metadata={
            "help": "decides among candidates that are worth the same: `embedded`, `none`, or a folder that "
            "`sro fluency` made (default: embedded, where the embedded leader is installed)"
        },
    )
    phrases: str | None = field(
        default=None,
        metadata={
            "help": "drafts beside the leader's moves: `embedded` (English), `none`, or a phrase table's file "
            "(default: embedded if the leader is `embedded`, else none)"
        },
    )
    max_prompt_length: int = field(default=256, metadata={"help": "tokens of prompt and sentence; longer are refused"})
    batch_size: int = field(default=64, metadata={"help": "moves generated side by side"})
    bf16: bool | None = field(
        default=None, metadata={"help": "bfloat16 autocast, by transformers only (default: where it is fast)"}
    )


def run(argv: list[str]) -> int:
    """Rewrite what the command line names; print or write what became of it."""
    quiet_libraries()
    texts, flags = split_words(argv)
    schema = (Job, Parts, EngineArguments, RewriteArguments, BulkArguments)
    job, parts, engine, arguments, bulk = parse(schema, flags, prog="sro rewrite", description=DESCRIPTION)
    if texts and job.input:
        raise SROError("comments on the command line and --input too: give one of the two")
    folder = is_bulk(job.input, job.output)
    reading = {"where": job.where, "format": job.format, "quarantine": job.quarantine}
    refuse_alone(bulk, {**reading, "clef": job.clef or None}, folder)
    if folder:
        rewriting = Rewriting(vars(parts), engine, arguments)
        return run_folder(job.input, job.output, rewriting, bulk, job.column, ["rewrite", *argv])
    rows = clef_rows(job) if job.clef else {}
    texts = texts or list(rows.values())
    total = len(texts) or count(job)
    report = CorpusReport()
    lines: deque[int | None] = deque()  # of the comments that the rewriter has taken and not answered yet
    with submission(rows, job.output) if job.clef and job.output else sink(job.output) as put:
        rewriter = Rewriter.load(**vars(parts), engine=engine)
        tally = Tally(total, talks=job.output is not None)
        for answers in rewriter.stream(read(job, texts, report, lines), arguments, parts.batch_size):
            for found in answers:
                put(found, lines.popleft())
            tally.see(answers)
    if report.rejected:
        print(f"sro: {report.summary()}", file=sys.stderr)
    print(f"sro: {tally}", file=sys.stderr)
    return 0


# --- in --------------------------------------------------------------------------------------------------------------


def split_words(argv: list[str]) -> tuple[list[str], list[str]]:
    """Comments and flags: comments stand before the first flag, behind the last one and its value, or behind `--`."""
    words, behind = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    first = next((i for i, word in enumerate(words) if _is_flag(word)), len(words))
    last = max((i for i, word in enumerate(words) if word.startswith("--") and _is_flag(word)), default=len(words))
    end = last + (1 if "=" in "".join(words[last : last + 1]) else 2)  # its value may begin with a dash: -1
    if any(map(_is_flag, words[end:])):
        end = len(words)  # for the parser to find fault with
    return words[:first] + words[end:] + behind, words[first:end]


def _is_flag(word: str) -> bool:
    """Of "- you again" and "-h" the latter."""
    return word.startswith("-") and " " not in word


def clef_rows(job: Job) -> dict[str, str]:
    """Texts by id of a CLEF file; all of them, as they stand there.

    Raises:
        SROError: a row is broken, input or output is no such file, or a flag says how to read some other one.
    """
    others = {"column": job.column, "format": job.format, "where": job.where, "quarantine": job.quarantine}
    if given := [name for name, value in others.items() if value is not None]:
        raise SROError(f"--{given[0]} is for other files: --clef takes `id` and `text` of every row")
    if not (job.input and is_clef(job.input) and job.output and is_clef(job.output)):
        raise SROError("--clef wants files whose names tell their format: --input FILE.jsonl --output FILE.jsonl")
    return read_clef(job.input)


def read(job: Job, texts: list[str], report: CorpusReport, lines: deque[int | None]) -> Iterator[str]:
    """The comments: `texts` as they stand, else those of the file, cleaned. Their lines go to `lines`."""
    for text in texts:
        lines.append(None)
        yield text
    if texts:
        return
    if job.input is None and sys.stdin.isatty():
        print("sro: reading comments from the terminal, one a line, until Ctrl-D", file=sys.stderr)
    for comment in iter_comments(
        job.input or "-",
        column=job.column,
        format=job.format,
        where=job.where,
        quarantine=job.quarantine,
        report=report,
    ):
        lines.append(comment.line)
        yield comment.text


def count(job: Job) -> int | None:
    """How many comments the file holds, so that the time left is known; None for what can be read only once.

    Reading the file is nothing beside rewriting it, and mistakes in its format show before the models are loaded.
    """
    if job.input is None or job.input == "-" or job.input.startswith("hub:"):
        return None
    if Path(job.input).exists() and not Path(job.input).is_file():  # a pipe with a name
        return None
    report = CorpusReport()
    total = sum(1 for _ in read(job, [], report, deque(maxlen=0)))
    job.column = job.column or report.column or None  # so that the guess is announced once
    return total


# --- progress --------------------------------------------------------------------------------------------------------


class Tally:
    """Counts what became of the comments, and says now and then on stderr how far it is."""

    def __init__(self, total: int | None, talks: bool) -> None:
        self.total, self.talks = total, talks
        self.started = self.said = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    def see(self, answers: list[Rewrite]) -> None:
        """Count them; talk if it is time."""
        self.counts.update(found.status for found in answers)
        self.reasons.update(found.reason for found in answers if found.reason)
        now = time.monotonic()
        if self.talks and now - self.said >= PROGRESS_SECONDS:
            self.said = now
            print(f"sro: {self.progress(now - self.started)}", file=sys.stderr, flush=True)

    def progress(self, seconds: float) -> str:
        """How far, how fast, how long still, and how many of the comments that failed now pass."""
        done = self.counts.total()
        rate = done / seconds
        parts = [f"{done:,}" + (f" of {self.total:,}" if self.total else "") + " comments", f"{rate:.1f}/s"]
        if self.total:
            left = round((self.total - done) / rate)
            parts.append(f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02} left")
        failed = self.counts["rewritten"] + self.counts["refused"]
        if failed:
            parts.append(f"{self.counts['rewritten'] / failed:.0%} of the failed ones rewritten")
        return ", ".join(parts)

    def __str__(self) -> str:
        counts = ", ".join(f"{self.counts[status]:,} {status}" for status in ("unchanged", "rewritten", "refused"))
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in self.reasons.most_common())
        total = self.counts.total()
        return f"{total:,} comment{'' if total == 1 else 's'}: {counts}" + (f" ({reasons})" if reasons else "")
