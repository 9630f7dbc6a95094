"""A PostgreSQL of a test's own, in a folder that goes with it; Debian's package `postgresql` has what it needs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest


class PostgresServer:
    """Started by `start`, on loopback."""

    def __init__(self) -> None:
        """Make the database's files.

        Skips the test where PostgreSQL or psycopg is not installed.
        """
        pytest.importorskip("psycopg", reason="PostgreSQL needs the extra `postgres`")
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        initdb = str(found[-1]) if found else shutil.which("initdb")
        if initdb is None:
            pytest.skip("no PostgreSQL server here: apt-get install postgresql")
        self.programs = Path(initdb).parent
        self.folder = Path(tempfile.mkdtemp(prefix="sro-postgres-"))
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = int(listening.getsockname()[1])
        self.user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "sro", "-A", "trust", "--no-sync", "-E", "UTF8")

    @property
    def address(self) -> str:
        return f"postgresql://sro@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-t", "300", "-o", options, "start")

    def stop(self) -> None:
        """At once, as in a crash: what was committed must be there after the next start."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "300", "-m", "immediate", "stop")

    def remove(self) -> None:
        subprocess.run(
            self._command("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop"), capture_output=True
        )
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        # Not through pipes: the server inherits them, and they would never end.
        with (self.folder / "output").open("wb") as output:
            done = subprocess.run(self._command(*command), stdout=output, stderr=output, cwd="/")
        assert done.returncode == 0, (self.folder / "output").read_text()

    def _command(self, program: str, *arguments: str) -> list[str]:
        as_user = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] if self.user else []
        return [*as_user, str(self.programs / program), *arguments]
