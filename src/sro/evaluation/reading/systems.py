"""Read the rewrites of a system from a file with comments and rewrites. Systems are joined by comment.

NAME=FILE                      a file of `sro rewrite --output` or `sro evaluate --output_dir` (sentences.jsonl)
NAME=FILE::COMMENT::REWRITE    any other table, with its two columns: people=test.jsonl::toxic::reference

Without NAME, the file name is the name of the system. If a file has several systems (a column `system`), NAME chooses
one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sro.comments.clean import letters_and_digits, readable
from sro.comments.columns import USUAL_COLUMNS, Columns, choose_columns
from sro.comments.formats import require_file
from sro.comments.readers import Row, read_rows
from sro.core.errors import SROError

NAMED = "name its columns: NAME=FILE::COMMENT::REWRITE"


class Rewrite(NamedTuple):
    """A comment and a system's rewrite, each on one line, so that line breaks do not reveal the system."""

    comment: str
    text: str | None
    """None if the system refused, or gave nothing."""


@dataclass(frozen=True)
class System:
    """A system's name, its file, and its rewrites, keyed by the letters and digits of the comment."""

    name: str
    path: str
    rewrites: dict[str, Rewrite]


def read_system(word: str) -> System:
    """The system that a word of the command line names; see the module's docstring.

    If a comment occurs twice, its first rewrite is used. Rows without a comment are left out.

    Raises:
        SROError: the file is missing or malformed, lacks the columns, or holds several systems and none is named.
    """
    name, path, named = _parts(word)
    require_file(Path(path))

    def choose(available: list[str]) -> Columns:
        return (
            choose_columns(available, path, text=named[0], label=named[1]) if named else usual_columns(available, path)
        )

    found: dict[str | None, dict[str, Rewrite]] = {}
    for system, rewrite in _rewrites(read_rows(path, choose, all_columns=True), path):
        found.setdefault(system, {}).setdefault(letters_and_digits(rewrite.comment), rewrite)
    if not found:
        raise SROError(f"{path}: holds no comment with a rewrite")
    label = _choose_system([one for one in found if one is not None], name, path)
    return System(name or label or Path(path).stem, path, found[label])


def _parts(word: str) -> tuple[str, str, tuple[str, str] | None]:
    """Name ("" if none is given), path, and the named columns."""
    name, equals, rest = word.partition("=")
    if not equals or Path(word.split("::")[0]).exists():
        name, rest = "", word
    path, *columns = rest.split("::")
    if not path or len(columns) not in (0, 2):
        raise SROError(f"{word!r} names no system\n  fix: NAME=FILE, or {NAMED}")
    return name, path, (columns[0], columns[1]) if columns else None


def usual_columns(available: list[str], path: str, fix: str = NAMED) -> Columns:
    """The columns `source` and `text`, or a usual name for comments and `rewrite`: this package writes both forms.

    Raises:
        SROError: the file has neither; the message ends in `fix`.
    """
    if "rewrite" in available:
        if "source" in available:
            return Columns("source", "rewrite")
        others = [name for name in available if name.strip().lower() in USUAL_COLUMNS]
        if others:
            return Columns(choose_columns(others, path).text, "rewrite")
    elif {"source", "text"} <= set(available):
        return Columns("source", "text")
    listing = ", ".join(map(repr, available))
    raise SROError(f"{path}: no column with rewrites beside one with comments. Columns: {listing}.\n  fix: {fix}")


def _rewrites(rows: Iterator[Row], path: str) -> Iterator[tuple[str | None, Rewrite]]:
    """System (None if the file has no such column) and rewrite of each row that holds a comment."""
    for row in rows:
        where = f"{path}:{row.line}"
        if row.malformed:
            raise SROError(f"{where}: cannot be read as a row\n  fix: correct or remove the line")
        fields = row.fields or {}
        if row.fault or not letters_and_digits(row.text) or fields.get("status") == "skipped":
            continue
        if not isinstance(row.label, str | None):
            raise SROError(f"{where}: the rewrite has to be text, not {row.label!r:.40}\n  fix: {NAMED}")
        text = readable(row.label or "")
        refused = not text or fields.get("status") == "refused"
        system = fields.get("system")
        yield None if system is None else str(system), Rewrite(readable(row.text), None if refused else text)


def _choose_system(systems: list[str], name: str, path: str) -> str | None:
    """The system in a file that is meant; None if the file has no column `system`."""
    if not systems:
        return None
    if name in systems:
        return name
    if len(systems) == 1:
        return systems[0]
    listing = ", ".join(systems)
    raise SROError(f"{path}: holds several systems ({listing})\n  fix: say which: '{systems[0]}={path}'")
