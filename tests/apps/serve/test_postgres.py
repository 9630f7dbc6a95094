"""Feedback in a real PostgreSQL: the rows of a file, two services on one database, and a database that goes away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresServer
from serving import make_parts, serving

from sro.apps.cli import main
from sro.apps.serve.feedback import Feedback, export, judged_rewrites, keep, open_store, suggested_scores
from sro.apps.serve.postgres import PostgresStore, check_address
from sro.apps.serve.store import StoreAway
from sro.apps.serve.suggested import Suggestion
from sro.core.errors import SROError

ROWS = [
    Feedback("accepted", "you idiot", "you are wrong", id="1"),
    Feedback("refused", "damn good", "good", id="2", sender="forum"),
    Feedback("edited", "shut up", "be quiet", final="please stop", id="3"),
    Feedback("accepted", "half \ud800 of a character, ünï ☃", "x"),
]
SCORES = Suggestion("you idiot", {"INSULT": {"summary": 0.9, "spans": [[4, 9, 1.0]]}}, ["en"], community="c")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    running = PostgresServer()
    try:
        running.start()
        yield running
    finally:
        running.remove()


@pytest.fixture
def address(server: PostgresServer) -> str:
    """An empty database."""
    import psycopg

    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS forum WITH (FORCE)")
        connection.execute("CREATE DATABASE forum")
    return server.address.replace("/postgres", "/forum")


def test_a_database_gives_back_what_a_file_does(address: str, tmp_path: Path) -> None:
    for where in (address, tmp_path / "f.db"):
        keep(open_store(where), [*ROWS, SCORES])
        keep(open_store(where), [ROWS[0]])  # sent twice, stored once
    by_file = [{**row, "at": ""} for row in judged_rewrites(tmp_path / "f.db")]
    assert [{**row, "at": ""} for row in judged_rewrites(address)] == by_file and len(by_file) == 4
    [there], [here] = list(suggested_scores(address)), list(suggested_scores(tmp_path / "f.db"))
    assert {**there, "at": ""} == {**here, "at": ""}


def test_the_command_reads_the_database(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(open_store(address), [*ROWS, SCORES])
    output = tmp_path / "out.jsonl"
    assert main(["feedback", "export", "--input", address, "--output", str(output)]) == 0
    assert "4 rewrites" in capsys.readouterr().out
    assert len(output.read_text().splitlines()) == 4
    assert main(["feedback", "export_scores", "--input", address, "--output", str(output)]) == 0
    assert json.loads(output.read_text())["INSULT"] == 0.9


def test_a_character_that_the_database_does_not_keep(address: str) -> None:
    keep(open_store(address), [Feedback("accepted", "'; DROP TABLE feedback; -- \x00", "%s ? %")])
    row = next(judged_rewrites(address))  # and nobody asks for the others
    assert (row["comment"], row["response"]) == ("'; DROP TABLE feedback; -- \ufffd", "%s ? %")


def test_all_rows_or_none(address: str) -> None:
    store = open_store(address)
    wrong = Feedback("edited", "a secret comment", "b")  # edited, and no edit
    with pytest.raises(Exception, match="violates check constraint"):
        keep(store, [ROWS[0], wrong])
    assert list(judged_rewrites(address)) == []
    keep(store, ROWS)  # the connection is still good
    assert len(list(judged_rewrites(address))) == 4


def test_two_services_write_into_one_database(address: str) -> None:
    failed = []

    def service(name: str) -> None:
        try:
            store = open_store(address)  # both make the tables
            for number in range(40):
                both = Feedback("accepted", f"comment {number}", "x", id=f"both-{number}")
                keep(store, [both, Feedback("accepted", f"{name} {number}", "x")])
        except BaseException as error:  # told in the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=service, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    found = [row["comment"] for row in judged_rewrites(address)]
    assert len(found) == len(set(found)) == 120


def test_a_database_that_crashes_loses_nothing_and_is_written_again(address: str, server: PostgresServer) -> None:
    store = open_store(address)
    keep(store, ROWS[:2])
    server.stop()
    with pytest.raises(StoreAway, match="sro@127"):
        keep(store, ROWS[2:])
    server.start()
    keep(store, ROWS[2:])  # a connection that broke is made anew, without a failure in between
    server.stop()
    server.start()
    keep(store, [Feedback("accepted", "after", "x")])
    assert [row["comment"] for row in judged_rewrites(address)][::2] == ["you idiot", "shut up", "after"]


def test_the_service_answers_503_while_the_database_is_away(address: str, server: PostgresServer) -> None:
    row = {"action": "accepted", "source": "you idiot", "suggestion": "you are wrong"}
    with serving(make_parts(feedback=address), wait_for="feedback") as client:
        assert client.post("/v1/feedback", json={**row, "id": "a"}).status_code == 200
        server.stop()
        try:
            refused = client.post("/v1/feedback", json={**row, "id": "b"})
        finally:
            server.start()
        assert refused.status_code == 503 and "Retry-After" in refused.headers
        assert client.post("/v1/feedback", json={**row, "id": "b"}).status_code == 200
    assert len(list(judged_rewrites(address))) == 2


def test_a_database_that_comes_up_after_the_service(address: str, server: PostgresServer) -> None:
    server.stop()
    later = threading.Thread(target=lambda: (time.sleep(1.5), server.start()))
    later.start()
    try:
        keep(open_store(address, patience=300.0), ROWS)
    finally:
        later.join()
    assert len(list(judged_rewrites(address))) == 4


def test_what_cannot_be_is_told(address: str, tmp_path: Path) -> None:
    with pytest.raises(SROError, match='relation "feedback" does not exist'):
        export(address, tmp_path / "out")
    with pytest.raises(SROError, match="cannot be reached"):
        open_store("postgresql://sro@127.0.0.1:1/forum")
    store = open_store(address)
    assert isinstance(store, PostgresStore)
    store.write([("UPDATE sro_format SET format = ?", [(3,)])])
    with pytest.raises(SROError, match="update sro"):
        open_store(address)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["postgresql://sro:hush@db/sro", "postgresql://db/sro?user=a&password=hush"])
def test_no_password_in_an_address(address: str) -> None:
    with pytest.raises(SROError, match="PGPASSWORD") as told:
        check_address(address)
    assert "hush" not in str(told.value)
