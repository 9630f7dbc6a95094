"""`sro screener screen`: a verdict on every comment, printed, or written beside the rows of a file.

    sro screener screen "you idiot" "thank you very much"
    sro screener screen --input comments.csv --column body --output verdicts.csv    # all columns kept, new ones added
    sro screener screen --input comments.csv --spans
    sro screener screen --input comments/ --output verdicts/          # folders, resumable: docs/scale.md

Without --output it prints a line per comment, with fields separated by tabs: `pass` or `fail`, P(fail), the text (line
breaks and tabs as `\\n` and `\\t`). For files it also prints the number of the row; with --attributes the probability
of each; with --language the comment's language, or nothing if it is not known; with --spans the words that made it
fail, each with the characters where it begins and ends: `8-17 i d i o t`. The first field of a row without text is the
reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sro.apps.bulk.config import BulkArguments, is_bulk
from sro.apps.bulk.jobs import Screening, screen_columns
from sro.apps.cli.folders import explain_stray, refuse_alone, run_folder, say
from sro.apps.cli.input import Input, InputArguments, InputRow, batches, split_words
from sro.apps.cli.output import makes_table, on_one_line, open_output
from sro.comments.languages import language_of
from sro.core.config import parse
from sro.core.errors import SROError
from sro.screeners.base import Screener, Verdict
from sro.screeners.config import ScreenerArguments
from sro.screeners.loading import load_named_screener
from sro.screeners.sentencewise import screen_comments
from sro.screeners.toxic_spans import Span, spans_of_failing

ROWS = 256  # screened and printed together
MORE = {"spans": "spans", "attributes": "attributes", "language": "detected_language"}
"""Flags that ask for another column; for single files only."""
DESCRIPTION = (
    "Print or write the screener's verdict on every comment. Give comments as arguments before or after the flags "
    "(after `--` if one starts with a dash), in a file or folder with --input, or on standard input, one per line. "
    "The output has every row of a file, in order."
)


@dataclass
class ThresholdArguments:
    """The P(fail) from which a comment fails."""

    threshold: float | None = field(
        default=None,
        metadata={"help": "a comment fails if P(fail) is at least this, in (0, 1] (default: the screener's own)"},
    )

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise SROError(f"threshold={self.threshold} must be in (0, 1]")


@dataclass
class VerdictArguments(ThresholdArguments):
    """The P(fail) from which a comment fails, and what else to print."""

    spans: bool = field(default=False, metadata={"help": "also say which words made a comment fail"})
    attributes: bool = field(
        default=False, metadata={"help": "also say the probability of each attribute, if the screener has attributes"}
    )
    language: bool = field(
        default=False,
        metadata={"help": "also print the language code of each comment, e.g. `de`; `und` if not recognised"},
    )


@dataclass(frozen=True)
class ScreenResult:
    """The verdict on one row; None if the row holds no text. `spans` is None if spans were not asked for."""

    row: InputRow
    verdict: Verdict | None
    spans: list[Span] | None
    of_file: bool
    attributes: bool = False
    language: bool = False

    def record(self) -> dict[str, object]:
        """All fields of the result."""
        return {**self.cells(), "text": self.row.text}

    def cells(self) -> dict[str, object]:
        """The columns that the results of folders have, too."""
        found = screen_columns(self.verdict) if self.verdict else dict.fromkeys(Screening.columns)
        spans = {} if self.spans is None else {"spans": [[span.start, span.end] for span in self.spans]}
        attributes = {"attributes": self.verdict and self.verdict.attributes} if self.attributes else {}
        language = {"detected_language": self.verdict and language_of(self.row.text)} if self.language else {}
        return {**found, **spans, **attributes, **language, "error": self.row.problem}

    def shown(self) -> str:
        """One line with tabs between its fields."""
        text = self.row.text
        label, chance = (
            (self.row.problem, "")
            if self.verdict is None
            else (
                self.verdict.label,
                f"{self.verdict.probability:.3f}",
            )
        )
        parts = [str(label), chance, on_one_line(text)]
        if self.of_file:
            parts.append(str(self.row.number))
        if self.attributes:
            chances = (self.verdict and self.verdict.attributes) or {}
            parts.append(" ".join(f"{name}={chance:.3f}" for name, chance in chances.items()))
        if self.language:
            parts.append((self.verdict and language_of(text)) or "")
        if self.spans is not None:
            words = (f"{span.start}-{span.end} {text[span.start : span.end]}" for span in self.spans)
            parts.append(on_one_line("; ".join(words)))
        return "\t".join(parts)


def run(argv: list[str]) -> int:
    """Screen what the command line names; print or write the verdicts."""
    schema = (ScreenerArguments, VerdictArguments, InputArguments, BulkArguments)
    words, flags = split_words(argv, schema)
    which, asked, job, bulk = parse(schema, flags, prog="sro screener screen", description=DESCRIPTION)
    source = Input(job, words, say)
    folder = is_bulk(job.input, job.output)
    only_files = {**job.of_one_file(), **{name: getattr(asked, name) or None for name in MORE}}
    refuse_alone(bulk, only_files, folder=folder, table=makes_table(job.output))
    if folder:
        screening = Screening(which.screener, tuple(which.toxic_labels), asked.threshold, tuple(which.fail_on))
        words = ["screener", "screen", *argv]
        return run_folder(job.input, job.output, screening, bulk, job.column, job.reading, words)
    if job.output not in (None, "-"):
        source.measure()  # to get all columns
    columns = {
        **Screening.columns,
        **{column: "text" for name, column in MORE.items() if getattr(asked, name)},
        "error": "text",
    }
    counts: Counter[str] = Counter()
    with open_output(job.output, source, columns, bulk.prefix) as put:
        screener = load_named_screener(which)
        for some in batches(source.rows(), ROWS):
            for result in screen_rows(screener, some, asked, of_file=source.is_file):
                put(result)
                counts[result.verdict.label if result.verdict else str(result.row.problem)] += 1
    if source.is_file:
        say(summary(counts, source))
        if source.stray:
            say(explain_stray(source.stray, source.name, job.encoding))
    return 0


def screen_rows(
    screener: Screener, rows: list[InputRow], asked: VerdictArguments, *, of_file: bool
) -> Iterator[ScreenResult]:
    """Yield the verdict on each row, in order; rows without text are not screened."""
    texts = [row.text for row in rows if row.problem is None]
    verdicts = screen_comments(screener, texts, threshold=asked.threshold)
    spans: list[list[Span]] | list[None] = [None] * len(texts)
    if asked.spans:
        spans = spans_of_failing(screener, texts, verdicts)
    answers = iter(zip(verdicts, spans))
    for row in rows:
        verdict, words = next(answers) if row.problem is None else (None, None)
        yield ScreenResult(row, verdict, words, of_file, asked.attributes, asked.language)


def summary(counts: Counter[str], source: Input) -> str:
    """The line that says how many rows pass, fail, or hold no text, and why."""
    skipped = {name: number for name, number in counts.items() if name not in ("pass", "fail")}
    parts = [f"{counts['pass']:,} pass", f"{counts['fail']:,} fail"]
    if skipped:
        why = ", ".join(f"{number:,} {reason}" for reason, number in skipped.items())
        parts.append(f"{sum(skipped.values()):,} skipped ({why})")
    if source.left_out:
        parts.append(f"{source.left_out:,} left out by --where")
    return f"{counts.total():,} rows: {', '.join(parts)}"
