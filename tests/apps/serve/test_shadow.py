"""The old service beside ours: a stand-in of it on this machine, slow, broken or away; our answer is the same."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from serving import SixAttributes, make_parts, serving

from sro.apps.cli import main
from sro.apps.serve.keys import add_key, digest
from sro.apps.serve.lanes import make_parts as real_parts
from sro.apps.serve.settings import Models, Service
from sro.apps.serve.shadow import Shadow
from sro.core.errors import SROError
from sro.screeners.threshold_matching import read_pairs

ANALYZE = "/v1alpha1/comments:analyze"
ASKED: dict[str, Any] = {
    "comment": {"text": "you idiot"},
    "requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.99}, "INSULT_EXPERIMENTAL": {}},
}
Answer = Callable[[Any], tuple[int, Any]]


def perspective(asked: Any) -> tuple[int, Any]:
    scores = {name: {"summaryScore": {"value": 0.75}} for name in asked["requestedAttributes"]}
    return 200, {"attributeScores": scores, "languages": ["en"]}


class Old:
    """The stand-in, and what it was asked: path, headers and body."""

    def __init__(self, url: str, calls: list[tuple[str, dict[str, str], Any]]) -> None:
        self.url, self.calls = url, calls


@contextmanager
def old_service(answer: Answer) -> Iterator[Old]:
    calls: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls.append((self.path, {name.lower(): value for name, value in self.headers.items()}, asked))
            code, told = answer(asked)
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Old(f"http://127.0.0.1:{server.server_address[1]}", calls)
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def shadowed(old: str, pairs: Path, **more: Any) -> Iterator[Any]:
    parts = make_parts(screener=SixAttributes)
    parts.shadow = Shadow(old, pairs, **more)
    with serving(parts) as client:
        yield client


def counted(client: Any, outcome: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    return next((float(line.split()[1]) for line in lines if f'sro_shadow_total{{outcome="{outcome}"}}' in line), 0.0)


def until(client: Any, outcome: str, many: int = 1) -> None:
    end = time.monotonic() + 20
    while counted(client, outcome) < many:
        assert time.monotonic() < end, client.get("/metrics").text
        time.sleep(0.02)


def test_pairs_without_texts_or_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SRO_SHADOW_KEY", raising=False)
    pairs = tmp_path / "pairs.jsonl"
    with old_service(perspective) as old, shadowed(f"{old.url}/v1alpha1/", pairs) as client:
        plain = client.post(f"{ANALYZE}?key=AIza&alt=json", json={**ASKED, "languages": ["en"]}).json()
        until(client, "pair")
        client.post(ANALYZE, json=ASKED, headers={"X-Goog-Api-Key": "AIzb"})
        until(client, "pair", 2)
    assert "TOXICITY" not in plain["attributeScores"]  # below its threshold for the client; the pair has it
    (path, headers, asked), (bare, second, _) = old.calls
    assert path == f"{ANALYZE}?key=AIza&alt=json" and headers["x-sro-shadow"] == "1"
    assert asked == {
        "comment": {"text": "you idiot"},
        "languages": ["en"],
        "requestedAttributes": {"TOXICITY": {}, "INSULT_EXPERIMENTAL": {}},
        "doNotStore": True,
    }
    assert bare == ANALYZE and second["x-goog-api-key"] == "AIzb"
    rows = [json.loads(line) for line in pairs.read_text().splitlines()]
    for row in rows:
        assert row.pop("at")
        assert row == {
            "screener": "six attributes 1",
            "ours": {"TOXICITY": 0.85, "INSULT_EXPERIMENTAL": 0.9},
            "theirs": {"TOXICITY": 0.75, "INSULT_EXPERIMENTAL": 0.75},
        }
    assert "idiot" not in pairs.read_text() and "AIz" not in pairs.read_text()
    assert pairs.stat().st_mode & 0o777 == 0o600
    assert read_pairs(pairs)["TOXICITY"] == [(0.85, 0.75)] * 2
    assert main(["screener", "thresholds", "--pairs", str(pairs), "--threshold", "0.7"]) == 0


def test_a_key_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRO_SHADOW_KEY", "AIza-of-the-server")
    with old_service(perspective) as old, shadowed(old.url, tmp_path / "pairs.jsonl") as client:
        client.post(f"{ANALYZE}?key=ours", json=ASKED)
        until(client, "pair")
    [(path, headers, _)] = old.calls
    assert path == ANALYZE and headers["x-goog-api-key"] == "AIza-of-the-server"


def broken(asked: Any) -> tuple[int, Any]:
    return 200, b"<html>no JSON</html>"


def improbable(asked: Any) -> tuple[int, Any]:
    return 200, {"attributeScores": {"TOXICITY": {"summaryScore": {"value": 7}}}}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda asked: (429, {"error": {"code": 429}}), "refused"),
        (lambda asked: (302, {}), "refused"),  # nothing follows with the comment and the key to somewhere else
        (lambda asked: (200, {"languages": ["en"]}), "failed"),
        (broken, "failed"),
        (improbable, "failed"),
    ],
)
def test_whatever_it_answers_ours_is_the_same(tmp_path: Path, answer: Answer, outcome: str) -> None:
    with serving(make_parts(screener=SixAttributes)) as alone:
        expected = alone.post(ANALYZE, json=ASKED).json()
    with old_service(answer) as old, shadowed(old.url, tmp_path / "pairs.jsonl") as client:
        for _ in range(3):
            found = client.post(ANALYZE, json=ASKED)
            assert (found.status_code, found.json()) == (200, expected)
        until(client, outcome, 3)  # its threads live on
    assert (tmp_path / "pairs.jsonl").read_text() == ""


def test_away(tmp_path: Path) -> None:
    with shadowed("http://127.0.0.1:9", tmp_path / "pairs.jsonl") as client:
        assert client.post(ANALYZE, json=ASKED).status_code == 200
        until(client, "failed")


def test_slow_or_full_it_keeps_nobody_waiting(tmp_path: Path) -> None:
    go = threading.Event()

    def slow(asked: Any) -> tuple[int, Any]:
        go.wait(60)
        return perspective(asked)

    with old_service(slow) as old:
        with shadowed(old.url, tmp_path / "pairs.jsonl", threads=1, waiting=2) as client:
            started = time.monotonic()
            for _ in range(10):
                assert client.post(ANALYZE, json=ASKED).status_code == 200
            assert time.monotonic() - started < 30  # one alone would have waited 60 s
            until(client, "dropped", 7)  # one is asked, two wait
            leaving = time.monotonic()
        assert time.monotonic() - leaving < 30  # nor does the server's end wait for it
        go.set()


def test_a_request_of_a_shadow_casts_none(tmp_path: Path) -> None:
    with old_service(perspective) as old, shadowed(old.url, tmp_path / "pairs.jsonl") as client:
        assert client.post(ANALYZE, json=ASKED, headers={"X-SRO-Shadow": "1"}).status_code == 200
        assert client.post(ANALYZE, json={**ASKED, "comment": {"text": ""}}).status_code == 400  # no answer, no pair
        client.post(ANALYZE, json={**ASKED, "comment": {"text": "the last"}})
        until(client, "pair")
    assert [asked["comment"]["text"] for _, _, asked in old.calls] == ["the last"]


def test_parts_of_a_batch_are_shadowed_too(tmp_path: Path) -> None:
    body = f"--b\nContent-Type: application/http\n\nPOST {ANALYZE}?key=AIza\nContent-Type: application/json\n\n"
    body += json.dumps(ASKED) + "\n--b--\n"
    with old_service(perspective) as old, shadowed(old.url, tmp_path / "pairs.jsonl") as client:
        client.post("/batch", content=body, headers={"Content-Type": "multipart/mixed; boundary=b"})
        until(client, "pair")
    assert old.calls[0][0] == f"{ANALYZE}?key=AIza"


def test_the_settings(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    service = Service(shadow="https://commentanalyzer.googleapis.com", shadow_pairs=str(pairs))
    parts = real_parts(Models(rewrite=False, screener="embedded/linear"), service, lambda name, items, seconds: None)
    assert parts.shadow is not None and parts.shadow.url == f"https://commentanalyzer.googleapis.com{ANALYZE}"
    assert (
        real_parts(
            Models(rewrite=False, screener="embedded/linear"), Service(), lambda name, items, seconds: None
        ).shadow
        is None
    )
    with pytest.raises(SROError, match="--shadow_pairs"):
        Shadow("http://localhost", tmp_path / "absent" / "pairs.jsonl")
    for address in ("commentanalyzer.googleapis.com", "file:///etc/passwd", "https://x/?key=secret"):
        with pytest.raises(ValueError, match="no address of a service"):
            Service(shadow=address)


def test_with_keys_the_clients_key_goes_on(tmp_path: Path) -> None:
    parts = make_parts(screener=SixAttributes)
    with old_service(perspective) as old:
        parts.shadow = Shadow(old.url, tmp_path / "pairs.jsonl")
        with serving(parts, Service(keys="k"), keys={digest("AIza-theirs"): "forum"}) as client:
            assert client.post(f"{ANALYZE}?key=wrong", json=ASKED).status_code == 400
            assert client.post(f"{ANALYZE}?key=AIza-theirs", json=ASKED).status_code == 200
            while not old.calls:
                time.sleep(0.01)
    assert [path for path, _, _ in old.calls] == [f"{ANALYZE}?key=AIza-theirs"]


def test_a_key_of_ours_stays_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SRO_SHADOW_KEY", raising=False)
    ours = add_key(tmp_path / "keys", "forum")
    with old_service(perspective) as old, shadowed(old.url, tmp_path / "pairs.jsonl") as client:
        client.post(f"{ANALYZE}?alt=json&key={ours}", json=ASKED)
        until(client, "pair")
        client.post(f"{ANALYZE}?%6Bey={ours.replace('_', '%5F', 1)}", json=ASKED)
        until(client, "pair", 2)
        client.post(ANALYZE, json=ASKED, headers={"X-Goog-Api-Key": ours})
        until(client, "pair", 3)
    assert [path for path, _, _ in old.calls] == [f"{ANALYZE}?alt=json", ANALYZE, ANALYZE]
    assert not any(ours in told for _, headers, _ in old.calls for told in headers.values())
