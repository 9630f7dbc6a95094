"""The store of feedback: an SQLite file, or a PostgreSQL database that several services share.

    store = open_store("feedback.db")                             store = open_store("postgresql://sro@db.example.org/sro")
    store.write([("INSERT INTO feedback (…) VALUES (?, …)", rows)])      # on the disk when it returns, or not at all

Both use the same SQL except for the type of row numbers, so `feedback` and `suggested` need only one version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from sro.core.errors import SROError

FORMAT = 2
"""Format 1 had no table of suggested scores."""
SCHEMES = ("postgresql://", "postgres://")

Statement = tuple[str, Sequence[tuple[Any, ...]]]
"""SQL with a `?` for each value, and the rows to run it with."""


class StoreAway(SROError):
    """The database cannot be reached at the moment; nothing was written."""


class Store(Protocol):
    """Only the thread that opened it may use it."""

    def create(self, tables: Sequence[str]) -> None:
        """Create missing tables. In the SQL, `NUMBER` stands for the type of an automatic row number."""

    def write(self, statements: Sequence[Statement]) -> None:
        """Run all statements or none; when this returns, the rows are on disk."""

    def has(self, table: str) -> bool:
        """Whether this table exists."""

    def read(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query without parameters."""

    def close(self) -> None:
        """Close the file or connection."""


def is_address(where: str | Path) -> bool:
    """Whether this is the address of a database and not a file."""
    return str(where).lower().startswith(SCHEMES)


class SqliteStore:
    """An SQLite file; see `Store`."""

    def __init__(self, path: str | Path) -> None:
        """Open the file, or create it so that only its owner can read it.

        Raises:
            SROError: it cannot be opened, is not an SQLite file, or a newer version wrote it.
        """
        self.path = path
        try:
            Path(path).touch(mode=0o600)  # comments are private; SQLite's own files get the same mode
            self._connection = sqlite3.connect(path)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            found = self._connection.execute("PRAGMA user_version").fetchone()[0]
        except (OSError, sqlite3.Error) as error:
            raise SROError(f"{path}: no file for feedback: {error}") from error
        if found > FORMAT:
            raise SROError(f"{path}: format {found}, this version reads up to {FORMAT}; update sro")

    @classmethod
    def reading(cls, path: str | Path) -> SqliteStore:
        """Open an existing file; nothing in it is created or changed.

        Raises:
            SROError: there is no such file.
        """
        if not Path(path).is_file():
            raise SROError(f"{path}: no such file; `sro serve --feedback {path}` makes one")
        store = cls.__new__(cls)
        store.path, store._connection = path, sqlite3.connect(path)
        return store

    def create(self, tables: Sequence[str]) -> None:
        """See `Store`."""
        try:
            with self._connection:
                for table in tables:
                    self._connection.execute(table.replace("NUMBER", "INTEGER PRIMARY KEY"))
                self._connection.execute(f"PRAGMA user_version={FORMAT}")
        except sqlite3.Error as error:
            raise SROError(f"{self.path}: no file for feedback: {error}") from error

    def write(self, statements: Sequence[Statement]) -> None:
        """See `Store`."""
        with self._connection:
            for sql, rows in statements:
                self._connection.executemany(sql, rows)

    def has(self, table: str) -> bool:
        """See `Store`."""
        found = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        try:
            return self._connection.execute(found, (table,)).fetchone() is not None
        except sqlite3.Error as error:
            raise SROError(f"{self.path}: cannot be read as feedback: {error}") from error

    def read(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """See `Store`."""
        try:
            for row in self._connection.execute(sql):  # noqa: UP028 - it would close this, perhaps after the file
                yield row
        except sqlite3.Error as error:
            raise SROError(f"{self.path}: cannot be read as feedback: {error}") from error

    def close(self) -> None:
        """See `Store`."""
        self._connection.close()
