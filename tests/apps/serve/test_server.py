"""The server as a process of its own: how it stops, and that whoever supervises it waits long enough."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from serving import make_parts

from sro.apps.serve.app import make_app
from sro.apps.serve.keys import digest
from sro.apps.serve.server import longest_stop, run
from sro.apps.serve.settings import Service

DEPLOY = Path(__file__).parents[3] / "deploy"
FAKES = """
import socket, sys, time
from serving import make_lane, make_parts, rewriting
from sro.apps.serve.app import make_app
from sro.apps.serve.server import run
from sro.apps.serve.settings import Service

def slowly(key, items):
    print("at work", flush=True)
    time.sleep(float(sys.argv[1]))
    return rewriting(key, items)

service = Service(port=0, time_limit=float(sys.argv[2]))
listening = socket.create_server(("127.0.0.1", 0))
print("http://127.0.0.1:%d" % listening.getsockname()[1], flush=True)
parts = make_parts(make_lane(slowly))
run(make_app(parts, service), listening, service, parts.lanes)
"""
LOADING = """
import socket, sys, threading, time
from serving import make_parts
from sro.apps.serve.app import make_app
from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.server import run
from sro.apps.serve.settings import Service

def load():
    import torch
    print("loading", flush=True)
    until = time.monotonic() + 300
    while time.monotonic() < until:  # inside C++ most of the time, as a model is that loads
        torch.ones(500, 500) @ torch.ones(500, 500)

service = Service(port=0, time_limit=1)
listening = socket.create_server(("127.0.0.1", 0))
print("http://127.0.0.1:%d" % listening.getsockname()[1], flush=True)
parts = make_parts(Lane("rewrite", load, max_batch=1, max_waiting=1))
run(make_app(parts, service), listening, service, parts.lanes)
"""


@contextmanager
def process(*command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address."""
    told: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen([sys.executable, *command], cwd=Path(__file__).parents[2], **told) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+", server.stdout.readline())
            assert found, "it ended before it listened"
            yield server, found.group()
        finally:
            server.kill()


def post(url: str) -> int:
    request = urllib.request.Request(url, b'{"texts": ["you idiot"]}', {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return int(answer.status)


def given_up(url: str) -> None:
    with pytest.raises(OSError):  # a 503, or a connection that ends
        post(url)


def wait_until_ready(url: str, part: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{url}/readyz?part={part}", timeout=120).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail("it is not ready")


@pytest.mark.slow
def test_told_to_stop_it_answers_what_came_in_and_ends_well() -> None:
    statuses: list[int] = []
    with process("-c", FAKES, "3", "30") as (server, url):
        wait_until_ready(url, "rewrite")
        asking = [threading.Thread(target=lambda: statuses.append(post(f"{url}/v1/rewrite"))) for _ in range(3)]
        asking[0].start()
        assert server.stdout is not None and server.stdout.readline() == "at work\n"
        for thread in asking[1:]:
            thread.start()
        while b'sro_waiting{part="rewrite"} 2.0' not in urllib.request.urlopen(f"{url}/metrics").read():
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        for thread in asking:
            thread.join(10)
    assert statuses == [200] * 3


@pytest.mark.slow
def test_work_that_takes_too_long_does_not_hold_it() -> None:
    with process("-c", FAKES, "300", "1") as (server, url):
        wait_until_ready(url, "rewrite")
        asking = threading.Thread(target=given_up, args=(f"{url}/v1/rewrite",))
        asking.start()
        assert server.stdout is not None and server.stdout.readline() == "at work\n"
        started = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        assert time.monotonic() - started < 4 * longest_stop(Service(time_limit=1.0))  # tests share their machine
        asking.join(10)


@pytest.mark.slow
def test_the_command_ends_well() -> None:
    with process("-m", "sro", "serve", "--port", "0", "--rewrite", "false") as (server, url):
        wait_until_ready(url, "screen")
        assert post(f"{url}/v1/screen") == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_told_to_stop_while_it_starts_it_ends_well(seconds: float) -> None:
    """The address is printed before the server listens for the signal itself."""
    with process("-m", "sro", "serve", "--port", "0", "--rewrite", "false") as (server, _):
        time.sleep(seconds)
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_the_leader_loads_it_ends_well(stop: signal.Signals) -> None:
    with process("-c", LOADING) as (server, url):
        wait_until_ready(url, "screen")
        assert server.stdout is not None and server.stdout.readline() == "loading\n"
        server.send_signal(stop)
        assert server.wait(60) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seconds", range(1, 15, 2))
def test_told_to_stop_while_the_shipped_leader_loads_it_ends_well(seconds: int) -> None:
    with process("-m", "sro", "serve", "--port", "0") as (server, _):
        time.sleep(seconds)
        server.send_signal(signal.SIGTERM)
        assert server.wait(120) == 0


@pytest.mark.parametrize("proxy", ["127.0.0.1", "172.18.0.3"])
def test_the_scheme_that_a_proxy_says_is_believed_wherever_it_stands(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: made.append(server.config))
    app = make_app(make_parts(), Service(), keys={digest("k"): "forum"})
    with socket.socket() as listening:
        run(app, listening, Service())
    [config] = made
    config.load()
    client = TestClient(config.loaded_app, base_url="http://moderation.example.org", client=(proxy, 1))
    answer = client.get("/$discovery/rest", headers={"X-Forwarded-Proto": "https"})
    assert answer.json()["rootUrl"] == "https://moderation.example.org/"


@pytest.mark.parametrize(
    ("file", "setting"), [("sro.service", r"^TimeoutStopSec=(\d+)$"), ("compose.yaml", r"stop_grace_period: (\d+)s")]
)
def test_supervisors_wait_as_long_as_it_takes(file: str, setting: str) -> None:
    [seconds] = re.findall(setting, (DEPLOY / file).read_text(), re.MULTILINE)
    assert int(seconds) > longest_stop(Service())
