"""Clients that hang up: their work is given up, but not their feedback; and nobody else's."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import Held, make_lane, make_parts, rewriting

from sro.apps.serve.app import make_app
from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.feedback import judged_rewrites, suggested_scores
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.settings import Service


def started(parts: Parts) -> Parts:
    for lane in parts.lanes:
        lane.start()
    until = time.monotonic() + 60
    while any(lane.state != "ready" for lane in parts.lanes) and time.monotonic() < until:
        time.sleep(0.01)
    return parts


async def ask(app: Any, path: str, body: Any, gone: asyncio.Event, kind: str = "application/json") -> int | None:
    """The status of the answer, of a client that hangs up when `gone` is set; None where it got none."""
    headers = {"host": "localhost", "content-type": kind}
    scope = {
        **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "scheme": "http"},
        **{"method": "POST", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b""},
        **{"headers": [(name.encode(), value.encode()) for name, value in headers.items()]},
        **{"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2)},
    }
    bodies, statuses = [body if isinstance(body, bytes) else json.dumps(body).encode()], []

    async def receive() -> dict[str, Any]:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    await app(scope, receive, send)
    return statuses[0] if statuses else None


async def until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not true() and time.monotonic() < ends:
        await asyncio.sleep(0.01)
    assert true()


@pytest.mark.parametrize("stream", [False, True])
def test_what_waits_for_a_client_that_hung_up_is_not_done(stream: bool) -> None:
    held, metrics = Held(), Metrics()

    def work(key: Any, texts: Any) -> Any:
        held(key, texts)
        return rewriting(key, texts)

    lane = make_lane(work, max_batch=1)
    app = make_app(started(make_parts(lane)), Service(), metrics=metrics)

    async def run() -> list[int | None]:
        gone, stays = asyncio.Event(), asyncio.Event()

        def rewrite(text: str, leaves: asyncio.Event) -> asyncio.Task[int | None]:
            return asyncio.create_task(ask(app, "/v1/rewrite", {"texts": [text], "stream": stream}, leaves))

        first = rewrite("at work", stays)
        await until(held.begun.is_set)
        drafts = [rewrite(f"draft {number}", gone) for number in range(3)]
        await until(lambda: lane.waiting == 3)
        last = rewrite("last", stays)
        await until(lambda: lane.waiting == 4)
        gone.set()
        told = list(await asyncio.gather(*drafts))
        assert lane.waiting == 1
        held.go.set()
        return [*told, *await asyncio.gather(first, last)]

    assert asyncio.run(run()) == [None, None, None, 200, 200]
    assert [texts for _, texts in held.calls] == [["at work"], ["last"]]
    assert 'sro_requests_total{path="/v1/rewrite",status="499"} 3.0' in metrics.text().decode()
    lane.close(10)


def test_feedback_of_a_client_that_hung_up_is_kept(tmp_path: Path) -> None:
    parts = started(make_parts(feedback=tmp_path / "f.db"))
    gone = asyncio.Event()
    gone.set()
    row = {"action": "accepted", "source": "you idiot", "suggestion": "you are wrong"}
    assert asyncio.run(ask(make_app(parts, Service()), "/v1/feedback", row, gone)) == 200
    assert len(list(judged_rewrites(tmp_path / "f.db"))) == 1


def test_the_parts_of_a_batch_give_up_when_its_client_hangs_up_but_what_they_suggest_is_kept(tmp_path: Path) -> None:
    held, metrics = Held(), Metrics()
    parts = make_parts(feedback=tmp_path / "f.db")
    parts.screen = Lane("screen", lambda: held, max_batch=1, max_waiting=999)
    app = make_app(started(parts), Service(), metrics=metrics)
    asked = {"comment": {"text": "you idiot"}, "requestedAttributes": {"TOXICITY": {}}}
    suggested = {"comment": {"text": "you idiot"}, "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}}}
    requests = [("analyze", asked)] * 100 + [("suggestscore", suggested)]
    about = "--b\nContent-Type: application/http\n\nPOST /v1alpha1/comments:{} HTTP/1.1\n"
    about += "Content-Type: application/json\n\n"
    body = "".join(f"{about.format(path)}{json.dumps(one)}\n" for path, one in requests) + "--b--\n"

    async def run() -> None:
        gone = asyncio.Event()
        batch = asyncio.create_task(ask(app, "/batch", body.encode(), gone, "multipart/mixed; boundary=b"))
        await until(lambda: parts.screen.waiting > 50)
        gone.set()
        await batch
        assert parts.screen.waiting == 0

    asyncio.run(run())
    held.go.set()
    told = metrics.text().decode()
    assert 'sro_requests_total{path="/v1alpha1/comments:analyze",status="499"} 100.0' in told
    assert 'sro_requests_total{path="/v1alpha1/comments:suggestscore",status="200"} 1.0' in told
    assert 'sro_requests_total{path="/batch",status="499"} 1.0' in told
    assert len(held.calls) == 1 and len(list(suggested_scores(tmp_path / "f.db"))) == 1
    parts.screen.close(10)


def test_an_error_comes_through_and_whoever_cancels_the_request_cancels_its_work() -> None:
    held = Held()
    parts = make_parts()
    parts.rewrite = lane = Lane("rewrite", lambda: held, max_batch=1, max_waiting=9)
    app = make_app(started(parts), Service())

    async def run() -> int | None:
        stays = asyncio.Event()
        first = asyncio.create_task(ask(app, "/v1/rewrite", {"texts": ["a"]}, stays))
        await until(held.begun.is_set)
        second = asyncio.create_task(ask(app, "/v1/rewrite", {"texts": ["b"]}, stays))
        await until(lambda: lane.waiting == 1)
        second.cancel()
        await until(lambda: lane.waiting == 0)
        held.go.set()
        return await first  # what `held` answers is no rewrite

    assert asyncio.run(run()) == 500
    lane.close(10)
