"""Where the answers of `sro rewrite` go: blocks for people, JSON Lines for programs, submissions for CLEF's judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from sro.comments.clean import clean
from sro.core.files import one_line, whole_file
from sro.rewriting.rewriter import Rewrite
from sro.screeners.base import Verdict

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
        "candidates": found.candidates,
        "changes": [asdict(change) for change in found.changes],
    }
    return one_line(fields)


def block(found: Rewrite) -> Text:
    """What became of a comment, in one line or two, for people."""
    lines = Text()
    stamp(lines, found.before)
    lines.append(clean(found.source))
    if found.status == "unchanged":
        lines.append("  (unchanged)", "dim")
        return lines
    lines.append("\n")
    judged = f"{found.candidates} candidate{'' if found.candidates == 1 else 's'}"
    if found.after is None or found.similarity is None:
        lines.append("refused     ", "bold").append(f"({found.reason})", "dim")
    elif found.text is None:
        lines.append("refused     ", "bold").append(f"({found.reason}; best of {judged}: ", "dim")
        lines.append(f"{found.after.label} {found.after.probability:.2f}, similarity {found.similarity:.2f})", "dim")
    else:
        stamp(lines, found.after)
        lines.append(clean(found.text)).append(f"  (similarity {found.similarity:.2f}, {judged})", "dim")
    return lines


def stamp(lines: Text, verdict: Verdict) -> None:
    """The verdict, in a column of twelve."""
    lines.append(f"{verdict.label} {verdict.probability:.2f}   ", "green" if verdict.passed else "red")
