"""What eight clients of Perspective send, byte by byte, to the service on a socket of this machine.

`tests/data/perspective_clients.json` has their requests. Those whose `source` is "recorded" came from the unchanged
client, which reached the service under Google's name by name resolution; the others were written from the source that
is named. `test_clients.py` runs those of Python themselves, where they are installed.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from serving import SixAttributes, make_parts

from sro.apps.serve.app import make_app
from sro.apps.serve.feedback import suggested_scores
from sro.apps.serve.keys import add_key, read_keys
from sro.apps.serve.settings import Service

KEY = "AIzaSy-a-key-that-the-client-had-before"
FILE = Path(__file__).parents[2] / "data" / "perspective_clients.json"
REQUESTS = json.loads(FILE.read_text("utf-8"))
EIGHT = {
    "google-api-python-client",
    "perspective",
    "perspective.py",
    "perspective-api-client",
    "Coral",
    "discourse-perspective-api",
    "Discord bot (googleapis for Node)",
    "SmokeDetector",
}


class Served:
    """A service on loopback, whose keys file has the key that the clients had for Google."""

    def __init__(self, port: int, feedback: Path) -> None:
        self.port, self.feedback = port, feedback

    def send(self, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {**request["headers"], "Host": "commentanalyzer.googleapis.com"}
        body = request["body"].replace("{KEY}", KEY).encode()
        connection.request(request["method"], request["target"].replace("{KEY}", KEY), body, headers)
        answer = connection.getresponse()
        told = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return told


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    import socket

    import uvicorn

    folder = tmp_path_factory.mktemp("served")
    keys, feedback = folder / "keys.txt", folder / "feedback.db"
    add_key(keys, "forum", KEY)
    parts = make_parts(feedback=feedback, screener=SixAttributes)
    app = make_app(parts, Service(keys=str(keys)), keys=read_keys(keys))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until = time.monotonic() + 60
        while not (server.started and all(lane.state == "ready" for lane in parts.lanes)):
            assert time.monotonic() < until
            time.sleep(0.01)
        yield Served(listening.getsockname()[1], feedback)
        server.should_exit = True
        thread.join(60)


def test_eight_clients() -> None:
    assert {request["client"] for request in REQUESTS} == EIGHT


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: f"{one['client']} {one['target'].split('?')[0]}")
def test_what_they_send_is_answered(served: Served, request_: dict[str, Any]) -> None:
    status, headers, body = served.send(request_)
    expect = request_["expect"]
    assert status == expect["status"], body
    if "parts" in expect:
        whole = f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body
        parts = BytesParser().parsebytes(whole).get_payload()
        assert [int(part.get_payload().split()[1]) for part in parts] == expect["parts"]
        assert [part["Content-ID"].startswith("<response-") for part in parts] == [True] * len(parts)
        return
    told = json.loads(body)
    assert set(expect.get("has", [])) <= set(told)
    if "scores" in expect:  # where every client looks for them
        found = {name: one["summaryScore"]["value"] for name, one in told["attributeScores"].items()}
        assert found == expect["scores"]
        spans = {len(one["spanScores"]) for one in told["attributeScores"].values()}
        assert spans == {expect.get("spans", 1)}
    if "message" in expect:  # as Google has it: clients compare and cut it
        assert told["error"]["message"] == expect["message"]
        assert (told["error"]["code"], told["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert told.get("clientToken") == expect.get("clientToken")


def test_what_corals_moderators_decide_is_kept(served: Served) -> None:
    request = next(one for one in REQUESTS if one["client"] == "Coral" and "suggest" in one["target"])
    assert served.send(request)[0] == 200
    kept = [row for row in suggested_scores(served.feedback) if row.get("client_token") == "comment:4711"][-1]
    assert (kept["text"], kept["TOXICITY"], kept["sender"]) == ("you idiot", 1, "forum")
    assert kept["community"] == "Coral:https://news.example.org"


def test_a_bot_with_more_attributes_works_where_the_server_drops_them() -> None:
    from serving import serving

    request = REQUESTS[-1]
    body = json.loads(request["body"])
    body["requestedAttributes"] = {name: {} for name in ("INSULT", "TOXICITY", "SPAM", "INCOHERENT", "FLIRTATION")}
    parts = make_parts(screener=SixAttributes)
    with serving(parts, Service(drop_unknown_attributes=True)) as client:
        found = client.post("/v1alpha1/comments:analyze", json=body).json()
    assert set(found["attributeScores"]) == {"INSULT", "TOXICITY"}
