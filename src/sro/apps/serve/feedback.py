"""Store what people did with suggestions in a file or database, and export it as training input for the next round.

A row is on disk before it is acknowledged (`sro.apps.serve.store`), so a server that is killed loses no accepted row.
Rows that arrive together share a commit. Scores that people suggest for comments are stored in the same place, in a
table of their own (`sro.apps.serve.suggested`).

In the game, a person who takes or refuses a rewrite is the follower, who answers the leader. So the export has
rewrites with verdicts: a taken suggestion is a pass, a refused one is a fail. If a person edited a suggestion, the
edit is a rewrite that passes, and the suggestion itself has no verdict, because it was neither taken nor refused. An
edit is never written as the parallel target of its comment, because one person's change of one suggestion is no model
for rewriting.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, get_args

from sro.apps.serve import suggested
from sro.apps.serve.postgres import PostgresStore
from sro.apps.serve.store import SqliteStore, Store, is_address
from sro.apps.serve.suggested import Suggestion, storable
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.provenance import version

Action = Literal["accepted", "edited", "refused"]
TABLE = f"""
CREATE TABLE IF NOT EXISTS feedback (
    number NUMBER,
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
INSERT = (
    "INSERT INTO feedback (id, at, sender, action, source, suggestion, final, software) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at, action = excluded.action, "
    "source = excluded.source, suggestion = excluded.suggestion, final = excluded.final, software = excluded.software"
)


@dataclass(frozen=True)
class Feedback:
    """What somebody did with a suggestion.

    Attributes:
        id: the sender's own; a second row of the same id and sender replaces the first: people change their minds.
        final: what was posted instead, if `edited`.
        sender: name of the API key.
    """

    action: Action
    source: str
    suggestion: str
    final: str | None = None
    id: str | None = None
    sender: str | None = None

    @property
    def stored_id(self) -> str | None:
        """An id that is unique across senders: no name or id holds a blank. Without a sender it is the id itself."""
        return self.id if self.id is None or self.sender is None else f"{self.sender} {self.id}"


def open_store(where: str | Path, patience: float = 0.0) -> Store:
    """Open the file or database, and create missing tables. Only the thread that opened it may use it.

    Args:
        where: an SQLite file, created for its owner only, or a PostgreSQL address (`sro.apps.serve.postgres`).
        patience: seconds for which to retry if a database cannot be reached.

    Raises:
        SROError: it cannot be opened, is no SQLite file, or a newer version wrote it.
    """
    store: Store = PostgresStore(str(where), patience) if is_address(where) else SqliteStore(where)
    store.create([TABLE, suggested.TABLE])
    return store


def keep(store: Store, rows: Sequence[Feedback | Suggestion]) -> None:
    """Write the rows in one commit; they are on disk when this returns."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    software = f"sro {version('sro')}"
    values = [
        (row.stored_id, now, row.sender, row.action, *map(storable, (row.source, row.suggestion, row.final)), software)
        for row in rows
        if isinstance(row, Feedback)
    ]
    suggestions = [row for row in rows if isinstance(row, Suggestion)]
    store.write([(INSERT, values), (suggested.INSERT, suggested.values(suggestions, now, software))])


def judged_rewrites(where: str | Path) -> Iterator[dict[str, Any]]:
    """Comment, rewrite and verdict of every row, oldest first; see the module.

    Raises:
        SROError: there is no such file or database, or it holds no feedback.
    """
    with _reading(where) as store:
        rows = store.read("SELECT source, suggestion, final, action, at FROM feedback ORDER BY number")
        for source, suggestion, final, action, at in rows:
            yield {
                "comment": source,
                "response": suggestion if final is None else final,
                "verdict": "fail" if action == "refused" else "pass",
                "by": "leader" if final is None else "person",
                "at": at,
            }


def suggested_scores(where: str | Path) -> Iterator[dict[str, Any]]:
    """Scores that people said comments should have, oldest first; see `sro.apps.serve.suggested.labels`.

    Raises:
        SROError: there is no such file or database, or it holds no feedback.
    """
    with _reading(where) as store:
        yield from suggested.labels(store)


@contextmanager
def _reading(where: str | Path) -> Iterator[Store]:
    opened: Store = PostgresStore(str(where)) if is_address(where) else SqliteStore.reading(where)
    with closing(opened) as store:
        yield store


def export(where: str | Path, output: str | Path) -> int:
    """Write `judged_rewrites` as JSON Lines, in one step; return the number of rows.

    Raises:
        SROError: as `judged_rewrites`, or the output is a file of the store.
    """
    return _write(judged_rewrites(where), where, output)


def export_scores(where: str | Path, output: str | Path) -> int:
    """Write `suggested_scores` as JSON Lines, in one step; return the number of rows. Raises as `export`."""
    return _write(suggested_scores(where), where, output)


def _write(rows: Iterable[dict[str, Any]], where: str | Path, output: str | Path) -> int:
    _refuse_own_file(where, output)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    atomic_write_text(output, "".join(line + "\n" for line in lines))
    return len(lines)


def _refuse_own_file(where: str | Path, output: str | Path) -> None:
    """Refuse an output that would replace the store, or a file in which SQLite keeps rows beside it."""
    if is_address(where):
        return
    own = [f"{os.path.realpath(where)}{end}" for end in ("", "-wal", "-shm", "-journal")]
    there = [one for one in own if os.path.exists(one)] if os.path.exists(output) else []
    if os.path.realpath(output) in own or any(os.path.samefile(one, output) for one in there):
        raise SROError(
            f"{output} is a file of the store {where}, which would be lost\n"
            "  fix: write to another file: --output feedback.jsonl"
        )
