"""Where the answers of `sro rewrite` go: blocks for people, JSON Lines for programs, submissions for CLEF's judges."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from sro.comments.corpus import clean
from sro.core.errors import SROError
from sro.rewriting.rewriter import Rewrite
from sro.screeners.loading import Verdict

Put = Callable[[Rewrite, int | None], None]
"""Shows or writes what became of a comment; the number is the line it stands on, where it was read from a file."""


@contextmanager
def sink(output: str | None) -> Iterator[Put]:
    """Where answers go: blocks to read without `output`, else JSON Lines."""
    if output is None:
        console = Console(highlight=False, soft_wrap=True)
        yield lambda found, line: console.print(block(found))
    elif output == "-":
        yield lambda found, line: print(record(found, line), flush=True)
    else:
        with whole_file(Path(output)) as write:
            yield lambda found, line: write(record(found, line) + "\n")


@contextmanager
def submission(ids: Iterable[str], output: str) -> Iterator[Put]:
    """CLEF JSON Lines `{"id": …, "text": …}`, the answers being those of `ids`, in order.

    A submission has a text for every row: a refused comment stands as it was, which the judges then see.
    """
    left = iter(ids)

    def line(found: Rewrite) -> str:
        return one_line({"id": next(left), "text": found.source if found.text is None else found.text})

    with whole_file(Path(output)) as write:
        yield lambda found, _: write(line(found) + "\n")


@contextmanager
def whole_file(path: Path) -> Iterator[Callable[[str], None]]:
    """Write a file piece by piece; it takes its name when all is written, and until then what was there stays."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")

    def write(text: str) -> None:
        with told(path):
            file.write(text)

    if path.is_dir():
        raise SROError(f"{path} is a folder; name a file in it")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(partial, "x", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed below
    try:
        yield write
        with told(path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(partial, path)
    finally:
        with suppress(OSError):  # a full disk has been told of; closing would tell it again
            file.close()
        partial.unlink(missing_ok=True)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """What the operating system has against writing `path`, in a sentence."""
    try:
        yield
    except OSError as error:
        raise SROError(f"{path}: cannot be written: {error.strerror}") from error


def record(found: Rewrite, line: int | None) -> str:
    """What became of a comment, as a line of JSON Lines."""
    fields = {
        **({} if line is None else {"line": line}),
        "text": found.text,
        "source": found.source,
        "status": found.status,
        "reason": found.reason,
        "before": asdict(found.before),
        "after": found.after and asdict(found.after),
        "similarity": found.similarity and round(found.similarity, 4),
        "tries": found.tries,
        "changes": [asdict(change) for change in found.changes],
    }
    return one_line(fields)


def one_line(fields: Mapping[str, object]) -> str:
    """A JSON object on one line of UTF-8."""
    text = json.dumps(fields, ensure_ascii=False)
    # Escaped as a whole where it holds what UTF-8 cannot (half a character) or what some readers end a line at.
    return text if text.isprintable() else json.dumps(fields)


def block(found: Rewrite) -> Text:
    """What became of a comment, in one line or two, for people."""
    lines = Text()
    stamp(lines, found.before)
    lines.append(clean(found.source))
    if found.status == "unchanged":
        lines.append("  (unchanged)", "dim")
        return lines
    lines.append("\n")
    tries = f"{found.tries} {'try' if found.tries == 1 else 'tries'}"
    if found.after is None or found.similarity is None:
        lines.append("refused     ", "bold").append(f"({found.reason})", "dim")
    elif found.text is None:
        lines.append("refused     ", "bold").append(f"({found.reason}; best of {tries}: ", "dim")
        lines.append(f"{found.after.label} {found.after.probability:.2f}, similarity {found.similarity:.2f})", "dim")
    else:
        stamp(lines, found.after)
        lines.append(clean(found.text)).append(f"  (similarity {found.similarity:.2f}, {tries})", "dim")
    return lines


def stamp(lines: Text, verdict: Verdict) -> None:
    """The verdict, in a column of twelve."""
    lines.append(f"{verdict.label} {verdict.probability:.2f}   ", "green" if verdict.passed else "red")
