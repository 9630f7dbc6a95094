"""Feedback in a PostgreSQL database (`--feedback postgresql://sro@db.example.org/sro`), which several services share.

The password is not in the address, because other users can see it in the process list: libpq takes it from
`PGPASSWORD` or from the file `PGPASSFILE` (`~/.pgpass`), like all other settings of `psql` (`PGSSLMODE`,
`PGSSLROOTCERT`, …).

A commit is acknowledged when the server has it on disk. A broken connection is opened again and the write is repeated,
unless the connection broke during the commit: then it is unknown whether the rows are stored, and the sender gets an
error. A row with an `id` may be sent again; it is stored once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sro.apps.serve.store import FORMAT, Statement, StoreAway
from sro.core.errors import SROError

CONNECT = 5
"""Seconds for one try to connect."""
NUL = "\x00"
"""The one character that PostgreSQL cannot store in a text."""
LOCK = 5_272_653
"""An arbitrary number: the lock keeps two services that start at the same time from creating the same table."""
VERSION = "CREATE TABLE IF NOT EXISTS sro_format (format INTEGER NOT NULL)"


class PostgresStore:
    """See `sro.apps.serve.store.Store`."""

    def __init__(self, address: str, patience: float = 0.0) -> None:
        """Connect to the database.

        Args:
            address: `postgresql://user@host:port/database`, without a password.
            patience: seconds for which to retry, for a database that starts together with the service.

        Raises:
            SROError: `psycopg` is not installed, the address holds a password or is invalid, the database cannot be
                reached, or a newer version wrote it.
        """
        try:
            import psycopg
        except ImportError as error:
            raise SROError("feedback in PostgreSQL needs psycopg\n  fix: pip install -e '.[postgres]'") from error
        self.address, self._psycopg = check_address(address), psycopg
        self._connection: Any = None
        until = time.monotonic() + patience
        while True:
            try:
                self._connected()
                break
            except StoreAway:
                if time.monotonic() >= until:
                    raise
                time.sleep(min(1.0, patience))

    def create(self, tables: Sequence[str]) -> None:
        """See `Store`."""
        with self._translate_errors():
            connection = self._connected()
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            connection.execute(VERSION)
            found = connection.execute("SELECT format FROM sro_format").fetchone()
            if found and found[0] > FORMAT:
                connection.rollback()
                raise SROError(f"{self.address}: format {found[0]}, this version reads up to {FORMAT}; update sro")
            for table in tables:
                connection.execute(table.replace("NUMBER", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))
            connection.execute("DELETE FROM sro_format")
            connection.execute("INSERT INTO sro_format VALUES (%s)", (FORMAT,))
            connection.commit()

    def write(self, statements: Sequence[Statement]) -> None:
        """See `Store`.

        Raises:
            StoreAway: the database cannot be reached; nothing was written.
            SROError: the connection broke during the commit.
        """
        storable = [(sql.replace("?", "%s"), [_storable(row) for row in rows]) for sql, rows in statements if rows]
        for last in (False, True):
            connection = self._connected()
            try:
                connection.execute("SET LOCAL synchronous_commit = on")
                for sql, rows in storable:
                    connection.cursor().executemany(sql, rows)
                break
            except self._psycopg.OperationalError as error:  # it broke since the last use, and nothing is committed
                self.close()
                if last:
                    raise StoreAway(f"{self.address}: {_first_line(error)}") from error
            except BaseException:
                connection.rollback()
                raise
        with self._translate_errors():
            connection.commit()

    def has(self, table: str) -> bool:
        """See `Store`."""
        with self._translate_errors():
            found = self._connected().execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
            return bool(found[0])

    def read(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """See `Store`. The rows come in pieces, because all of them may not fit into memory."""
        with self._translate_errors(), self._connected().cursor(name="sro") as cursor:
            cursor.execute(sql)
            yield from cursor

    def close(self) -> None:
        """See `Store`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Any:
        """The connection, opened again if it is known to be broken."""
        if self._connection is None or self._connection.closed:
            try:
                self._connection = self._psycopg.connect(
                    self.address,
                    connect_timeout=CONNECT,
                    application_name="sro",
                    prepare_threshold=None,  # poolers such as PgBouncer use another connection for each transaction
                )
            except self._psycopg.OperationalError as error:
                raise StoreAway(f"{self.address}: cannot be reached: {_first_line(error)}") from error
            except self._psycopg.Error as error:
                raise SROError(f"{self.address}: {_first_line(error)}") from error
        return self._connection

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn database errors into messages for people: their first lines, which quote no row."""
        try:
            yield
        except self._psycopg.Error as error:
            self.close()
            raise SROError(f"{self.address}: {_first_line(error)}") from error


def check_address(address: str) -> str:
    """Return the address if it is valid.

    Raises:
        SROError: it holds a password, or is not an address.
    """
    try:
        parts = urlsplit(address)
        secret = parts.password is not None or "password=" in parts.query.lower()
    except ValueError as error:
        raise SROError("--feedback: that is no address like postgresql://sro@db.example.org/sro") from error
    if secret:
        raise SROError(
            f"the address of {parts.hostname} holds a password, which others see in the list of processes\n"
            "  fix: put it into the environment variable PGPASSWORD, or into the file that PGPASSFILE names"
        )
    return address


def _storable(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(value.replace(NUL, "\ufffd") if isinstance(value, str) else value for value in row)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
