"""Which texts a command processes: arguments of the command line, or the rows of a file, unchanged.

Nothing is folded, cleaned or left out: every row has its number, and a row without text says why.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from sro.apps.bulk.config import Reading
from sro.apps.bulk.readers import bounded
from sro.comments.columns import Columns, Where, choose_columns
from sro.comments.formats import format_of
from sro.comments.readers import read_rows
from sro.comments.rows import Row, has_stray_bytes
from sro.core.errors import SROError

NESTED = ("jsonl", "parquet")
"""Formats with nested fields, which are not columns of a table, although they have dotted names."""


@dataclass
class InputArguments:
    """Where the comments come from."""

    input: str | None = field(
        default=None,
        metadata={
            "help": "file with the comments: .csv, .tsv, .jsonl, .txt with one comment a line (each also .gz), "
            ".parquet or .xlsx; a folder of such files; or `-`, standard input"
        },
    )
    output: str | None = field(
        default=None,
        metadata={
            "help": "file for the results; its suffix sets the format: .csv, .tsv and .parquet keep all columns and "
            "add new ones, .jsonl has one object per row; `-` prints JSON Lines; a folder if --input is one "
            "(default: print readable lines)"
        },
    )
    column: str | None = field(
        default=None,
        metadata={"help": "column with the comments; data.text in nested JSON (default: the first with a usual name)"},
    )
    format: str | None = field(
        default=None,
        metadata={"help": "format of --input: csv, tsv, jsonl, parquet, xlsx or text (default: from its suffix)"},
    )
    encoding: str | None = field(
        default=None,
        metadata={"help": "encoding of --input, e.g. windows-1252 (default: from its first bytes, else UTF-8)"},
    )
    delimiter: str | None = field(
        default=None,
        metadata={"help": "separator between the columns of a .csv or .tsv, e.g. ';' (default: detected)"},
    )
    where: str | None = field(
        default=None,
        metadata={"help": "take only rows whose column meets this condition, e.g. label=1 or toxicity>=0.5"},
    )
    sheet: str | None = field(
        default=None, metadata={"help": "sheet of an .xlsx with the comments (default: the first)"}
    )

    def __post_init__(self) -> None:
        if self.delimiter in ("\\t", "tab"):  # people type this for a tab
            self.delimiter = "\t"
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise SROError(f"delimiter={self.delimiter!r} must be one sign, such as ';', and no quote or line break")

    @property
    def reading(self) -> Reading:
        """How the input is read, whether it is a file or a folder."""
        return Reading(self.where, self.delimiter, self.encoding, self.sheet)

    def of_one_file(self) -> dict[str, object]:
        """Settings that do not apply to a folder, because it may hold files of several formats."""
        return {"format": self.format}


class InputRow(NamedTuple):
    """One text to process."""

    number: int
    """From 1: number of the row in its file, counting blank and malformed rows, or of the argument."""
    line: int | None
    """The line of the file on which the row begins, from 1; None for arguments."""
    text: str
    """The field as it stands; for a row without text, the row as it was read."""
    fields: Mapping[str, Any]
    """All columns of the row. A row without columns, such as a malformed one, has the text only; it has nothing if the
    text is not a column but a nested field (`data.text`)."""
    problem: str | None = None
    """Why there is no text: `malformed`, `null`, `wrong_type` or `undecodable`."""


class Input:
    """The rows of one command, in order, and what is known of their table."""

    def __init__(
        self,
        arguments: InputArguments,
        words: Sequence[str],
        say: Callable[[str], None],
        names: Sequence[str] = (),
    ) -> None:
        """Take the rows of the file that `arguments` name, or `words` instead.

        Args:
            say: is called with the name of the comment column, if no column was named.
            names: identifiers of the words, if they have some.

        Raises:
            SROError: both words and a file are given, or the condition cannot be read.
        """
        if words and arguments.input:
            raise SROError("comments on the command line and --input too: give one of the two")
        self.arguments, self.words, self.say, self.names = arguments, words, say, names
        self.where = Where.parse(arguments.where) if arguments.where else None
        self.column = "text"
        self.left_out = 0
        self.stray = 0  # rows whose bytes do not fit the encoding
        self._measured = False
        self._available = ["text"]  # columns that the beginning of the file gives
        self._seen: dict[str, None] = {}  # columns of the rows read so far; later rows of JSON Lines may have new ones

    @property
    def is_file(self) -> bool:
        """Whether rows come from a file or from standard input."""
        return not self.words

    @property
    def name(self) -> str:
        """The path of the file; `-` for standard input."""
        return self.arguments.input or "-"

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order: all of them after `measure`, else those of the rows read so far."""
        known = [name for name in self._available if name in self._seen]
        return [*known, *(name for name in self._seen if name not in known)] or self._available

    @property
    def knows_columns(self) -> bool:
        """Whether `columns` is complete once the first row is read. A pipe is read only once, and each object of its
        JSON Lines may have a new column."""
        if self.words or self._measured or self.name.startswith("hub:"):
            return True
        return (self.arguments.format or format_of(self.name)) != "jsonl"

    def rows(self) -> Iterator[InputRow]:
        """The rows that meet `--where`; the others are counted in `left_out`.

        Raises:
            SROError: there is no such file, it cannot be read, or no column with the comments is found in it.
        """
        self.left_out = self.stray = 0
        if self.words:
            for number, word in enumerate(self.words, 1):
                yield InputRow(number, None, word, {"text": word})
            return
        if self.arguments.input is None and sys.stdin.isatty():
            self.say("reading comments from the terminal, one a line, until Ctrl-D")
        asked = self.arguments
        for row in read_rows(
            self.name,
            self._choose,
            asked.format,
            delimiter=asked.delimiter,
            encoding=asked.encoding,
            sheet=asked.sheet,
            all_columns=True,
            say=self.say,
        ):
            self._seen.update(dict.fromkeys(row.fields or ()))  # a table has them even if no row is used
            if self.where and not row.malformed and not self.where.matches(row.label):
                self.left_out += 1
                continue
            yield self._row(row)

    def measure(self) -> int | None:
        """Count the rows, so that the time left can be estimated; None if the input can be read only once.

        This takes little time compared with rewriting. Errors in the file show before models are loaded, and all
        columns are known before the first row is written.
        """
        source = self.arguments.input
        if self.words:
            return len(self.words)
        if source is None or source == "-" or source.startswith("hub:"):
            return None
        if Path(source).exists() and not Path(source).is_file():  # a named pipe
            return None
        total = 0
        for _ in self.rows():
            total += 1
        self._measured = True
        self.say = lambda line: None  # so that the chosen column is announced only once
        return total

    def _choose(self, available: list[str]) -> Columns:
        condition = self.where.column if self.where else None
        columns = choose_columns(available, self.name, self.arguments.column, condition)
        if columns.guessed:
            self.say(f"{self.name}: taking the comments from column {columns.text!r}; another is named by --column")
        self.column, self._available = columns.text, available
        if not self.name.startswith("hub:") and (self.arguments.format or format_of(self.name)) in NESTED:
            self._available = [name for name in available if name.rpartition(".")[0] not in available]
        return columns

    def _row(self, row: Row) -> InputRow:
        problem = None if row.fault == "empty" else row.fault  # an empty comment is a comment, and stays as it is
        if problem is None:
            return InputRow(row.number, row.line, row.text, row.fields or self._alone(row.text))
        self.stray += problem == "undecodable" and has_stray_bytes(row.text)
        text = row.text if isinstance(row.text, str) else "" if row.text is None else str(row.text)
        return InputRow(row.number, row.line, text, row.fields or self._alone(text), problem)

    def _alone(self, text: str) -> dict[str, Any]:
        """The columns of a row that has only the text."""
        return {self.column: text} if self.column in self._available else {}


def batches(rows: Iterable[InputRow], size: int) -> Iterator[list[InputRow]]:
    """Lists of at most `size` rows and about 16 MB, because the columns beside the texts are in memory too."""
    return bounded(((row, sum(len(str(value)) for value in row.fields.values())) for row in rows), size)


def split_words(argv: Sequence[str], schema: Iterable[type]) -> tuple[list[str], list[str]]:
    """Split comments from flags: they stand before the first flag, after the last one and its value, or after `--`.

    Args:
        argv: the command line after the command's name.
        schema: the dataclasses of the flags. After a flag that takes several values (`--fail_on insult threat`) no
            comment is recognised, because it could be another value.
    """
    argv = list(argv)
    words, behind = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    first = next((i for i, word in enumerate(words) if _is_flag(word)), len(words))
    last = max((i for i, word in enumerate(words) if word.startswith("--") and _is_flag(word)), default=len(words))
    end = last + (1 if "=" in "".join(words[last : last + 1]) else 2)  # its value may begin with a dash: -1
    several = not _flags_of_several_values(schema).isdisjoint(words[last : last + 1])
    if several or any(map(_is_flag, words[end:])):  # the parser reports a flag after the end
        end = len(words)
    return words[:first] + words[end:] + behind, words[first:end]


def _flags_of_several_values(schema: Iterable[type]) -> set[str]:
    """Flags that take several values, in both spellings that the parser accepts: `--fail_on` and `--fail-on`."""
    names = [one.name for of in schema for one in fields(of) if str(one.type).startswith("list[")]
    return {f"--{spelling}" for name in names for spelling in (name, name.replace("_", "-"))}


def _is_flag(word: str) -> bool:
    """Whether a word is a flag: "-h" is, "- you again" is not."""
    return word.startswith("-") and " " not in word
