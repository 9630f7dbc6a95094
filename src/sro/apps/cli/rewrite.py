"""`sro rewrite`: rewrite toxic comments; those that pass the screener stay as they are.

    sro rewrite "you are an idiot" "thank you for the edit"
    sro rewrite "you are an idiot" --threshold 0.2 --samples 8 --refine 2
    sro rewrite "you are an idiot" --engine chat --chat_url http://localhost:11434/v1 --chat_model llama3.2
    sro rewrite --input comments.csv --column body --output rewritten.csv    # all columns kept, new ones added
    sort -u comments.txt | sro rewrite --output - | jq .text
    sro rewrite --clef --input in.jsonl --output ours.jsonl     # ids kept, for `sro evaluate --protocol clef24`
    sro rewrite --input comments/ --output rewritten/ --runner ray     # folders, resumable: docs/scale.md

Exit status 0 whatever the outcomes are (1 if a file of a folder cannot be read); the last lines count the outcomes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from rich.text import Text

from sro.apps.bulk.config import BulkArguments, is_bulk
from sro.apps.bulk.jobs import Rewriting, rewrite_columns
from sro.apps.bulk.summary import hours_minutes_seconds
from sro.apps.cli.folders import explain_stray, refuse_alone, run_folder, say
from sro.apps.cli.input import Input, InputArguments, InputRow, batches, split_words
from sro.apps.cli.output import makes_table, on_one_line, open_output, verdict_record, verdict_stamp
from sro.apps.cli.submission import check_clef_arguments, open_submission, read_submission
from sro.core.config import parse
from sro.core.machine import quiet_libraries
from sro.leader.engines.loading import EngineArguments
from sro.leader.generation import Metered
from sro.rewriting.config import ModelArguments
from sro.rewriting.rewriter import Rewrite, RewriteArguments, Rewriter

DESCRIPTION = (
    "Rewrite toxic comments: screen them, rewrite the sentences that fail, screen again, keep the best of N "
    "candidates, rewrite that one again if all fail, or refuse. Give comments as arguments before or after the flags "
    "(after `--` if one starts with a dash), in a file or folder with --input, or on standard input, one per line. "
    "The output has every row of a file, in order."
)
PROGRESS_SECONDS = 10
ROWS = 2_048  # read and answered together; as many as `Rewriter.stream` lets wait


@dataclass
class RewriteInput(InputArguments):
    """The input and output of comments."""

    clef: bool = field(
        default=False,
        metadata={
            "help": "input and output are CLEF submissions: .jsonl with {id, text} (2024) or .tsv with "
            "toxic_sentence, neutral_sentence, lang (2025); every row gets a text, refused comments their own"
        },
    )


@dataclass(kw_only=True)
class PartsArguments(ModelArguments):
    """The leader and the judges of its rewrites: the arguments of `Rewriter.load`, except the engine."""

    load_in_4bit: bool = field(
        default=False, metadata={"help": "load the leader's weights as NF4; needs a GPU and the extra `quant`"}
    )
    fluency: str | None = field(
        default=None,
        metadata={
            "help": "model that scores how well a candidate is written: `embedded`, `none`, or a folder from `sro "
            "fluency`; `embedded` counts for every candidate if the critic is `embedded` too, else the model only "
            "breaks ties between candidates (default: embedded if the embedded leader is installed, else none)"
        },
    )
    max_prompt_length: int = field(
        default=256, metadata={"help": "tokens of prompt and sentence together; longer sentences are refused"}
    )
    batch_size: int = field(default=64, metadata={"help": "number of candidates generated at the same time"})
    bf16: bool | None = field(
        default=None,
        metadata={"help": "compute in bfloat16, with the engine transformers only (default: where it is fast)"},
    )


@dataclass(frozen=True)
class RewriteResult:
    """The outcome of one row; `found` is None if the row holds no text."""

    row: InputRow
    found: Rewrite | None

    def record(self) -> dict[str, object]:
        """All fields of the result."""
        found = self.found
        if found is None:
            return {"text": None, "source": self.row.text, "status": "skipped", "reason": self.row.problem}
        return {
            "text": found.text,
            "source": found.source,
            "status": found.status,
            "reason": found.reason,
            "before": verdict_record(found.before),
            "after": found.after and verdict_record(found.after),
            "similarity": found.similarity and round(found.similarity, 4),
            "candidates": found.candidates,
            "changes": [asdict(change) for change in found.changes],
        }

    def cells(self) -> dict[str, object]:
        """The columns that the results of folders have, too."""
        if self.found is None:
            return {**dict.fromkeys(Rewriting.columns), "status": "skipped", "reason": self.row.problem}
        return rewrite_columns(self.found)

    def shown(self) -> Text:
        """The result on one or two lines."""
        lines, found = Text(), self.found
        if found is None:
            return lines.append("skipped     ", "bold").append(f"(row {self.row.number}: {self.row.problem})", "dim")
        verdict_stamp(lines, found.before)
        lines.append(on_one_line(found.source))
        if found.status == "unchanged":
            return lines.append("  (unchanged)", "dim")
        lines.append("\n")
        judged = f"{found.candidates} candidate{'' if found.candidates == 1 else 's'}"
        if found.after is None or found.similarity is None:
            lines.append("refused     ", "bold").append(f"({found.reason})", "dim")
        elif found.text is None:
            lines.append("refused     ", "bold").append(f"({found.reason}; best of {judged}: ", "dim")
            lines.append(
                f"{found.after.label} {found.after.probability:.2f}, similarity {found.similarity:.2f})", "dim"
            )
        else:
            verdict_stamp(lines, found.after)
            lines.append(on_one_line(found.text)).append(f"  (similarity {found.similarity:.2f}, {judged})", "dim")
        return lines


def run(argv: list[str]) -> int:
    """Rewrite what the command line names; print or write the outcomes."""
    quiet_libraries()
    schema = (RewriteInput, PartsArguments, EngineArguments, RewriteArguments, BulkArguments)
    words, flags = split_words(argv, schema)
    job, parts, engine, arguments, bulk = parse(schema, flags, prog="sro rewrite", description=DESCRIPTION)
    source = Input(job, words, say)
    folder = is_bulk(job.input, job.output)
    only_files = {**job.of_one_file(), "clef": job.clef or None}
    refuse_alone(bulk, only_files, folder=folder, table=makes_table(job.output) and not job.clef)
    if folder:
        rewriting = Rewriting(vars(parts), engine, arguments)
        return run_folder(job.input, job.output, rewriting, bulk, job.column, job.reading, ["rewrite", *argv])
    if job.clef:
        check_clef_arguments(job, words)
        source = read_submission(source)
    total = source.measure()
    output = open_submission(job.output, source) if job.clef else None
    with output or open_output(job.output, source, Rewriting.columns, bulk.prefix) as put:
        rewriter = Rewriter.load(**vars(parts), engine=engine)
        tally = RewriteTally(total, "row" if source.is_file else "comment", progress=job.output is not None)
        for some in batches(source.rows(), ROWS):
            for result in rewrite_rows(rewriter, some, arguments, parts.batch_size):
                put(result)
                tally.see(result)
    if source.left_out:
        say(f"{source.left_out:,} rows left out, which do not meet --where {source.where}")
    say(str(tally))
    if source.stray:
        say(explain_stray(source.stray, source.name, job.encoding))
    if isinstance(rewriter.generator, Metered):
        say(rewriter.generator.spent())
    return 0


def rewrite_rows(
    rewriter: Rewriter, rows: list[InputRow], arguments: RewriteArguments, batch_size: int
) -> Iterator[RewriteResult]:
    """Yield the outcome of each row, in order; rows without text are not rewritten."""
    texts = (row.text for row in rows if row.problem is None)
    found = (one for answers in rewriter.stream(texts, arguments, batch_size) for one in answers)
    for row in rows:
        yield RewriteResult(row, next(found) if row.problem is None else None)


class RewriteTally:
    """Counts the outcomes of the rows, and prints the progress on stderr from time to time."""

    def __init__(self, total: int | None, noun: str, progress: bool) -> None:
        self.total, self.noun, self.says_progress = total, noun, progress
        self.started = self.said = time.monotonic()
        self.counts: Counter[str] = Counter()
        self.reasons: dict[str, Counter[str]] = {"refused": Counter(), "skipped": Counter()}
        self.blank = 0

    def see(self, result: RewriteResult) -> None:
        """Count a result; print the progress if it is time to."""
        status = "skipped" if result.found is None else result.found.status
        self.counts[status] += 1
        reason = result.row.problem if result.found is None else result.found.reason
        if reason:
            self.reasons[status][reason] += 1
        self.blank += not result.row.text.strip() and result.row.problem is None
        now = time.monotonic()
        if self.says_progress and now - self.said >= PROGRESS_SECONDS:
            self.said = now
            say(self.progress(now - self.started))

    def progress(self, seconds: float) -> str:
        """Rows done, speed, time left, and the share of failing comments that now pass."""
        done = self.counts.total()
        rate = done / seconds
        parts = [f"{done:,}" + (f" of {self.total:,}" if self.total else "") + f" {self.noun}s", f"{rate:.1f}/s"]
        if self.total:
            parts.append(f"{hours_minutes_seconds((self.total - done) / rate)} left")
        failed = self.counts["rewritten"] + self.counts["refused"]
        if failed:
            parts.append(f"{self.counts['rewritten'] / failed:.0%} of the failed ones rewritten")
        return ", ".join(parts)

    def __str__(self) -> str:
        total = self.counts.total()
        parts = [f"{self.counts['unchanged']:,} unchanged" + (f" ({self.blank:,} blank)" if self.blank else "")]
        parts.append(f"{self.counts['rewritten']:,} rewritten")
        for status, reasons in self.reasons.items():
            if status == "refused" or self.counts[status]:
                why = ", ".join(f"{number:,} {reason}" for reason, number in reasons.most_common())
                parts.append(f"{self.counts[status]:,} {status}" + (f" ({why})" if why else ""))
        return f"{total:,} {self.noun}{'' if total == 1 else 's'}: {', '.join(parts)}"
