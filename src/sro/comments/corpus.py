"""Unpaired comments, read, cleaned and deduplicated: all the data that the method trains on.

    corpus = load_comments("comments.csv", where="toxic=1", quarantine="set_aside.jsonl")
    print(corpus.report.summary())
    # comments.csv: 90 of 1,000 rows kept, column 'text' (guessed); 900 without toxic=1;
    # 10 set aside (7 duplicate, 3 too_short) in set_aside.jsonl
    parts = split(corpus, {"train": 0.9, "heldout": 0.1})  # sro.comments.splitting

Every row that is not kept is counted under its reason and, if a quarantine file is named, written to it as it was.
`load_comments` is for training. `iter_comments` and `iter_rows` take constant memory and keep duplicates:
`iter_comments` gives cleaned comments, by default of any length, and `iter_rows` gives every row as it stands.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from sro.comments.clean import clean, fingerprint, letters_and_digits
from sro.comments.columns import Columns, Where, choose_columns
from sro.comments.readers import read_rows
from sro.comments.rows import Row, has_stray_bytes, quarantine_record
from sro.comments.test_set import is_held_out, refuse_held_out
from sro.core.errors import SROError
from sro.core.files import atomic_write_text

logger = logging.getLogger(__name__)

Reason = Literal[
    "malformed",  # not a row of its format: broken JSON, stray quote, other number of fields than the header
    "null",  # no value, or no such field in this JSON object
    "wrong_type",  # not a string
    "undecodable",  # bytes that are not valid in the encoding (default: UTF-8), or half a character in a JSON escape
    "empty",  # nothing left after cleaning; in training also: no letter and no digit
    "too_short",
    "too_long",
    "held_out",  # from the official test set
    "duplicate",  # the same letters and digits as an earlier row
]


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment and its source: `file` as the caller named it, `line` from 1. The text is cleaned unless the caller
    asked for it as it stands."""

    text: str
    file: str
    line: int


@dataclass
class CorpusReport:
    """Counts of the rows of one source: `read = unmatched + kept + all that were rejected`."""

    source: str = ""
    column: str = ""
    column_guessed: bool = False
    where: str | None = None
    read: int = 0
    unmatched: int = 0  # rows that do not meet `where`
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by Reason
    undecodable_line: int | None = None  # the first with bytes that are not valid in the encoding
    quarantine: str | None = None
    taken: str = ""  # which of the kept rows a slice takes (`sro.comments.sources`), in words

    def summary(self) -> str:
        """One line for the screen."""
        line = f"{self.source}: {self.kept:,} of {self.read:,} rows kept"
        if self.column:
            line += f", column {self.column!r}" + (" (guessed)" if self.column_guessed else "")
        if self.where:
            line += f"; {self.unmatched:,} without {self.where}"
        if self.rejected:
            reasons = ", ".join(f"{number:,} {reason}" for reason, number in self.rejected.most_common())
            line += f"; {self.rejected.total():,} set aside ({reasons})"
            line += f" in {self.quarantine}" if self.quarantine else ""
        line += f"; of those kept, {self.taken}" if self.taken else ""
        if self.undecodable_line is not None:
            line += (
                f"; line {self.undecodable_line:,} and others like it are not valid in the encoding"
                "\n  fix: if the file is not UTF-8, rewrite it: iconv -f windows-1252 -t utf-8 FILE > NEW"
            )
        return line


@dataclass(frozen=True)
class Corpus:
    """Comments of one source, in the order of the source, and the report of reading it."""

    comments: list[Comment]
    report: CorpusReport

    def __len__(self) -> int:
        return len(self.comments)

    def __iter__(self) -> Iterator[Comment]:
        return iter(self.comments)

    @property
    def texts(self) -> list[str]:
        return [comment.text for comment in self.comments]

    @property
    def sha256(self) -> str:
        """`texts_hash` of the texts; it identifies the data that a model was trained on."""
        return texts_hash(self.texts)


def texts_hash(texts: Iterable[str]) -> str:
    """The sha256 that `sha256sum` gives for a file of these texts, one a line."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{text}\n".encode())
    return digest.hexdigest()


def _length_fault(text: str, min_words: int, max_words: int | None) -> Reason | None:
    words = len(text.split())
    if not words:
        return "empty"
    if words < min_words:
        return "too_short"
    return "too_long" if max_words is not None and words > max_words else None


def load_comments(
    path: str | Path,
    *,
    column: str | None = None,
    format: str | None = None,
    where: str | None = None,
    min_words: int = 3,
    max_words: int | None = 60,
    training: bool = True,
    held_out: Literal["refuse", "drop"] = "refuse",
    quarantine: str | Path | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    as_it_stands: bool = False,
    say: Callable[[str], None] = logger.warning,
) -> Corpus:
    """Read a whole corpus: cleaned, bounded in length, without duplicates (of equal keys, the first comment stays).

    Args:
        path: file, `-` for standard input, or `hub:owner/name[:split]`; see `sro.comments.readers`.
        column: the column with the text; by default the first with a usual name.
        format: one of `sro.comments.formats.FORMATS`; by default chosen by the suffix.
        where: take only rows that meet this condition on another column, such as `label=1` or `toxicity>=0.5`.
        min_words, max_words: limits of the number of words between spaces, inclusive; None: no upper limit.
        training: keep the official test set out; pass False only to read data for evaluation.
        held_out: what to do with sentences of that test set: `refuse` the corpus, or `drop` them to quarantine.
        quarantine: JSON Lines file for the rows not kept: {file, line, reason, text}; replaced if it exists.
        delimiter, encoding: of a table, and of a file without a byte order mark; see `sro.comments.readers.read_rows`.
        as_it_stands: keep the texts as they are in the file, with the line breaks that mark quotes, lists and code;
            lengths and duplicates are still judged on the cleaned texts.
        say: called with a message about what the reader assumed, such as the first sheet of a workbook.

    Raises:
        SROError: the source, column or format cannot be found; no comment is left; test sentences are refused.
    """
    if held_out not in ("refuse", "drop"):
        raise SROError(f"held_out={held_out!r}: want 'refuse' or 'drop'")
    seen: set[str] = set()

    def fault(text: str) -> Reason | None:
        if reason := _length_fault(text, min_words, max_words):
            return reason
        if not letters_and_digits(text):
            return "empty"
        if training and held_out == "drop" and is_held_out(text):
            return "held_out"
        mark = fingerprint(text)
        if mark in seen:
            return "duplicate"
        seen.add(mark)
        return None

    report = CorpusReport()
    rows = iter_rows(
        path, column=column, format=format, where=where, delimiter=delimiter, encoding=encoding, report=report, say=say
    )
    comments = list(_sift(rows, str(path), fault, quarantine, report, as_it_stands))
    if not comments:
        raise SROError(
            f"no comment is left of {report.summary()}\n  fix: look at the column, the condition and the lengths"
        )
    corpus = Corpus(comments, report)
    if training and held_out == "refuse":
        refuse_held_out(corpus.texts, str(path), [comment.line for comment in comments])
    return corpus


def iter_comments(
    path: str | Path,
    *,
    column: str | None = None,
    format: str | None = None,
    where: str | None = None,
    min_words: int = 1,
    max_words: int | None = None,
    quarantine: str | Path | None = None,
    report: CorpusReport | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Iterator[Comment]:
    """Cleaned comments one by one, duplicates included: for reading, not for training.

    Memory is constant, except for the rows set aside for a `quarantine` file, which is written at the end.
    Arguments as for `load_comments`; a `report` that is passed in is filled during the iteration. Raises SROError as
    `load_comments` does, once iteration starts; it is not an error if no comment is left.
    """
    fault = partial(_length_fault, min_words=min_words, max_words=max_words)
    report = CorpusReport() if report is None else report
    rows = iter_rows(
        path, column=column, format=format, where=where, delimiter=delimiter, encoding=encoding, report=report
    )
    return _sift(rows, str(path), fault, quarantine, report)


def iter_rows(
    path: str | Path,
    *,
    column: str | None = None,
    format: str | None = None,
    where: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    all_columns: bool = False,
    report: CorpusReport | None = None,
    say: Callable[[str], None] = logger.warning,
) -> Iterator[Row]:
    """Every row that meets `where`, in order, with its number and its text as it stands: for one answer per row.

    Rows that hold no comment are yielded too; `Row.fault` says why. Malformed rows are always yielded, because it is
    unknown whether they meet `where`. Arguments as for `load_comments` and `sro.comments.readers.read_rows`; `report`
    counts the rows read and those that do not meet `where`.

    Raises:
        SROError: once iteration starts: the source, its column or its format cannot be found.
    """
    source, report = str(path), CorpusReport() if report is None else report
    condition = Where.parse(where) if where else None
    report.source, report.where = source, str(condition) if condition else None

    def choose(available: list[str]) -> Columns:
        columns = choose_columns(available, source, column, condition.column if condition else None)
        report.column, report.column_guessed = columns.text, columns.guessed
        if columns.guessed:
            logger.warning("%s: taking the comments from column %r; FILE::COLUMN names another", source, columns.text)
        return columns

    for row in read_rows(
        source, choose, format, delimiter=delimiter, encoding=encoding, all_columns=all_columns, say=say
    ):
        report.read += 1
        if condition and not row.malformed and not condition.matches(row.label):
            report.unmatched += 1
            continue
        if report.undecodable_line is None and row.fault == "undecodable" and has_stray_bytes(row.text):
            report.undecodable_line = row.line
        yield row


def _sift(
    rows: Iterator[Row],
    source: str,
    fault: Callable[[str], Reason | None],
    quarantine: str | Path | None,
    report: CorpusReport,
    as_it_stands: bool = False,
) -> Iterator[Comment]:
    """Yield the comments of the rows; count and set aside the other rows. `fault` judges cleaned texts."""
    report.quarantine = str(quarantine) if quarantine else None
    if report.quarantine and Path(report.quarantine).resolve() == Path(source).resolve():
        raise SROError(f"{source}: the quarantine file would replace the comments; give it another name")
    set_aside: list[str] = []
    for row in rows:
        text = ""
        reason: Reason | None = row.fault
        if reason is None:
            text = clean(row.text)
            reason = fault(text)
        if reason is None:
            report.kept += 1
            yield Comment(row.text if as_it_stands else text, source, row.line)
            continue
        report.rejected[reason] += 1
        if report.quarantine:
            set_aside.append(quarantine_record(row, source, reason))
    if report.quarantine:
        try:
            atomic_write_text(report.quarantine, "".join(set_aside))
        except OSError as error:
            raise SROError(f"{report.quarantine}: cannot write the quarantine file: {error}") from error
