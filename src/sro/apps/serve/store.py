"""Where feedback is kept: an SQLite file, or a PostgreSQL database that several services share.

    store = open_store("feedback.db")                             store = open_store("postgresql://sro@db.example.org/sro")
    store.write([("INSERT INTO feedback (…) VALUES (?, …)", rows)])      # on the disk when it returns, or not at all

Both speak the same SQL but for the kind of a row's number, so what is kept (`feedback`, `suggested`) is written once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from sro.core.errors import SROError

FORMAT = 2
"""1 had no table of suggested scores."""
SCHEMES = ("postgresql://", "postgres://")

Statement = tuple[str, Sequence[tuple[Any, ...]]]
"""SQL with a `?` for each value, and the rows to run it with."""


class StoreAway(SROError):
    """The database cannot be reached at the moment; nothing was written."""


class Store(Protocol):
    """To be used by the thread that opened it."""

    def create(self, tables: Sequence[str]) -> None:
        """Make the tables that are not there. `NUMBER` in the SQL stands for the kind of a number that counts up."""

    def write(self, statements: Sequence[Statement]) -> None:
        """All of it or nothing; when this returns it is on the disk."""

    def has(self, table: str) -> bool:
        """Whether there is such a table."""

    def read(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a question without values."""

    def close(self) -> None:
        """Let go of the file or connection."""


def is_address(where: str | Path) -> bool:
    """Whether it is a database's address, not a file."""
    return str(where).lower().startswith(SCHEMES)


class SqliteStore:
    """A file, or the file to be; see `Store`."""

    def __init__(self, path: str | Path) -> None:
        """Open the file, or make it, for its owner alone.

        Raises:
            SROError: it cannot be opened, is no SQLite file, or a newer version wrote it.
        """
        self.path = path
        try:
            Path(path).touch(
                mode=0o600
            )  # comments are nobody else's business; SQLite's own files beside it do likewise
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
        """An existing file as it is: nothing in it is made or changed.

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
