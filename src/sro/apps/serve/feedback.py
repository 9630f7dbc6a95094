"""What people did with suggestions, in an SQLite file; and the next round's training input out of it.

A row is on the disk before it is acknowledged (write-ahead log, synchronous FULL), so a server that is killed loses
none that it has accepted. Rows that arrive together share a commit. Scores that people suggest for comments are kept
beside them, in a table of their own (`sro.apps.serve.suggested`).

In the game a person who takes or refuses a rewrite is a follower who answers the leader's move. So the export has
*responses* with verdicts: a suggestion taken is a pass, one refused a fail, and of one edited the edit is a response
that passes, while the suggestion itself, neither taken nor refused, has no verdict. An edit is never written as the
parallel target of its comment: what a person makes of one suggestion is no model of how to rewrite.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, get_args

from sro.apps.serve import suggested
from sro.apps.serve.suggested import Suggestion, storable
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.provenance import version

Action = Literal["accepted", "edited", "refused"]
FORMAT = 2
"""1 had no table of suggested scores."""
TABLE = f"""
CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY,
    id TEXT UNIQUE,
    at TEXT NOT NULL,
    sender TEXT,
    action TEXT NOT NULL CHECK (action IN {get_args(Action)}),
    source TEXT NOT NULL,
    suggestion TEXT NOT NULL,
    final TEXT CHECK ((final IS NULL) = (action <> 'edited')),
    software TEXT NOT NULL
)
"""


@dataclass(frozen=True)
class Feedback:
    """What somebody did with a suggestion.

    Attributes:
        id: the sender's own; a second row of the same id is not stored.
        final: what was posted instead, if `edited`.
        sender: name of the API key.
    """

    action: Action
    source: str
    suggestion: str
    final: str | None = None
    id: str | None = None
    sender: str | None = None


def open_store(path: str | Path) -> sqlite3.Connection:
    """Open the file, or make it, for its owner alone. To be used by the thread that opened it.

    Raises:
        SROError: it cannot be opened, is no SQLite file, or a newer version wrote it.
    """
    try:
        Path(path).touch(mode=0o600)  # comments are nobody else's business; SQLite's own files beside it do likewise
        store = sqlite3.connect(path)
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("PRAGMA synchronous=FULL")
        found = store.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise SROError(f"{path}: format {found}, this version reads up to {FORMAT}; update sro")
        with store:
            store.execute(TABLE)
            store.execute(suggested.TABLE)
            store.execute(f"PRAGMA user_version={FORMAT}")
    except (OSError, sqlite3.Error) as error:
        raise SROError(f"{path}: no file for feedback: {error}") from error
    return store


def keep(store: sqlite3.Connection, rows: Sequence[Feedback | Suggestion]) -> None:
    """Write the rows in one commit; when this returns they are on the disk."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    software = f"sro {version('sro')}"
    values = [
        (row.id, now, row.sender, row.action, *map(storable, (row.source, row.suggestion, row.final)), software)
        for row in rows
        if isinstance(row, Feedback)
    ]
    with store:
        store.executemany(
            "INSERT INTO feedback (id, at, sender, action, source, suggestion, final, software) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            values,
        )
        suggested.insert(store, [row for row in rows if isinstance(row, Suggestion)], now, software)


def responses(path: str | Path) -> Iterator[dict[str, Any]]:
    """Comment, response and verdict of every row, oldest first; see the module.

    Raises:
        SROError: there is no such file, or it holds no feedback.
    """
    with _reading(path) as store:
        rows = store.execute("SELECT source, suggestion, final, action, at FROM feedback ORDER BY number")
        for source, suggestion, final, action, at in rows:
            yield {
                "comment": source,
                "response": suggestion if final is None else final,
                "verdict": "fail" if action == "refused" else "pass",
                "by": "leader" if final is None else "person",
                "at": at,
            }


def suggested_scores(path: str | Path) -> Iterator[dict[str, Any]]:
    """What people said that comments should have scored, oldest first; see `sro.apps.serve.suggested.labels`.

    Raises:
        SROError: there is no such file, or it holds no feedback.
    """
    with _reading(path) as store:
        yield from suggested.labels(store)


@contextmanager
def _reading(path: str | Path) -> Iterator[sqlite3.Connection]:
    if not Path(path).is_file():
        raise SROError(f"{path}: no such file; `sro serve --feedback {path}` makes one")
    try:
        with closing(sqlite3.connect(path)) as store:
            yield store
    except sqlite3.Error as error:
        raise SROError(f"{path}: cannot be read as feedback: {error}") from error


def export(path: str | Path, output: str | Path) -> int:
    """Write `responses` as JSON Lines, in one step; returns how many."""
    return _write(responses(path), output)


def export_scores(path: str | Path, output: str | Path) -> int:
    """Write `suggested_scores` as JSON Lines, in one step; returns how many."""
    return _write(suggested_scores(path), output)


def _write(rows: Iterable[dict[str, Any]], output: str | Path) -> int:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    atomic_write_text(output, "".join(line + "\n" for line in lines))
    return len(lines)
