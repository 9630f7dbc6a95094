"""Google's batches: parts apart, answers in their places, and nothing of one part in another's."""

from __future__ import annotations

import asyncio
import json
import time
from email.parser import BytesParser
from typing import Any

import pytest
from fastapi.testclient import TestClient
from serving import Held, SixAttributes, make_parts, serving

from sro.apps.serve import dispatch
from sro.apps.serve.batch import Answer, read, render
from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.errors import Refusal
from sro.apps.serve.keys import digest
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.middleware import KEYLESS_BATCHES, Gate
from sro.apps.serve.settings import Service

MIXED = {"Content-Type": 'multipart/mixed; boundary="b=1"'}
ANALYZE = "/v1alpha1/comments:analyze"
ASKED: dict[str, Any] = {"comment": {"text": "you idiot"}, "requestedAttributes": {"TOXICITY": {}}}


def part(number: int, body: Any, target: str = ANALYZE, headers: str = "Content-Type: application/json") -> str:
    told = body if isinstance(body, str) else json.dumps(body)
    about = f"Content-Type: application/http\nContent-ID: <base + {number}>\n"
    return f"{about}\nPOST {target} HTTP/1.1\n{headers}\n\n{told}"


def batch(*parts: str, ends: str = "\n") -> bytes:
    text = "".join(f"--b=1\n{one}\n" for one in parts) + "--b=1--\n"
    return text.replace("\n", ends).encode()


def answers(answer: Any) -> dict[str, tuple[int, Any]]:
    """Status and JSON of each part, by its number; parsed as mail, as Google's client library does."""
    assert answer.status_code == 200, answer.text
    kind = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    found = {}
    for one in BytesParser().parsebytes(kind + answer.content).get_payload():
        head, _, body = one.get_payload().partition("\r\n\r\n")
        number = one["Content-ID"].removeprefix("<response-base + ").removesuffix(">")
        found[number] = int(head.split()[1]), json.loads(body)
    return found


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_each_part_has_its_answer_in_its_place(ends: str) -> None:
    bad = {**ASKED, "requestedAttributes": {"FLIRTATION": {}}}
    parts = [part(1, ASKED), part(2, {"comment": {"text": ""}}), part(3, bad), part(4, "{"), part(5, ASKED)]
    parts += [part(6, ASKED, "/v1/screen"), part(7, ASKED, "/batch"), part(8, ASKED, headers="A: b")]
    parts += ["Content-Type: text/plain\nContent-ID: <base + 9>\n\nhello", part(10, {}).replace("POST ", "")]
    with serving(make_parts(screener=SixAttributes)) as client:
        found = answers(client.post("/batch", content=batch(*parts, ends=ends), headers=MIXED))
    statuses = {number: status for number, (status, _) in found.items()}
    assert statuses == dict(zip(map(str, range(1, 11)), (200, 400, 400, 400, 200, 404, 404, 415, 400, 400)))
    assert list(statuses) == [str(number) for number in range(1, 11)]
    assert found["1"][1]["attributeScores"]["TOXICITY"]["summaryScore"]["value"] == 0.85
    assert found["3"][1]["error"]["message"] == "Unknown requested attribute: FLIRTATION"
    assert {told["error"]["code"] for status, told in found.values() if status != 200} == {400, 404, 415}


def test_keys_and_rates_hold_for_each_part() -> None:
    service = Service(keys="keys.txt", rate=3)
    with serving(service=service, keys={digest("secret"): "forum"}) as client:
        parts = [part(1, ASKED, f"{ANALYZE}?key=secret"), part(2, ASKED), part(3, ASKED, f"{ANALYZE}?key=wrong")]
        parts += [part(4, ASKED, headers="X-Goog-Api-Key: secret")]  # with a key a body is JSON, whatever it says
        found = answers(client.post("/batch", content=batch(*parts), headers=MIXED))
        assert [status for status, _ in found.values()] == [200, 403, 400, 200]
        # The batch's own key is that of the parts without one.
        held = client.post("/batch?key=secret", content=batch(part(1, ASKED), part(2, ASKED)), headers=MIXED)
        found = answers(held)
        assert sorted(status for status, _ in found.values()) == [200, 429]
        error = next(told["error"] for status, told in found.values() if status == 429)
        assert error["status"] == "RESOURCE_EXHAUSTED"
        assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("content", "headers", "code", "message"),
    [
        (batch(), MIXED, 400, "no request"),
        (b"", MIXED, 400, "no request"),
        (batch(part(1, ASKED)), {"Content-Type": "application/json"}, 400, "multipart/mixed"),
        (batch(part(1, ASKED)), {"Content-Type": "multipart/mixed"}, 400, "boundary"),
        (batch(part(1, ASKED)), {"Content-Type": "multipart/form-data; boundary=b=1"}, 400, "multipart/mixed"),
        (batch(*[part(n, {}) for n in range(6)]), MIXED, 400, "a batch may have 5 requests"),
        (batch(part(1, "x" * 20_000)), MIXED, 413, "--max_body"),
    ],
)
def test_what_is_no_batch_or_too_large(content: bytes, headers: Any, code: int, message: str) -> None:
    with serving(service=Service(max_texts=5, max_body=10_000)) as client:
        refused = client.post("/batch", content=content, headers=headers)
    assert refused.status_code == code and message in refused.json()["error"]["message"]
    assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_a_page_of_another_origin_cannot_send_one_unasked() -> None:
    with serving() as client:
        for kind in ("text/plain", "multipart/form-data; boundary=b=1", "application/x-www-form-urlencoded"):
            sent = client.post("/batch", content=batch(part(1, ASKED)), headers={"Content-Type": kind})
            assert sent.status_code == 400  # and multipart/mixed a browser asks about first
        named = client.post("/batch", content=batch(part(1, ASKED)), headers={**MIXED, "Host": "evil.example"})
        assert named.status_code == 403


def test_what_takes_too_long_is_its_own_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    real = dispatch.answer_part

    async def slow(one: Any, request: Any, gone: Any) -> Any:
        if b"wait" in one.body:
            await asyncio.sleep(30)
        return await real(one, request, gone)

    monkeypatch.setattr(dispatch, "answer_part", slow)
    started = time.monotonic()
    with serving(service=Service(time_limit=1)) as client:
        parts = [part(1, {**ASKED, "comment": {"text": "wait"}}), part(2, ASKED)]
        found = answers(client.post("/batch", content=batch(*parts), headers=MIXED))
    assert [status for status, _ in found.values()] == [503, 200] and time.monotonic() - started < 25
    assert "--time_limit" in found["1"][1]["error"]["message"]


def test_hostile_parts() -> None:
    header = MIXED["Content-Type"]
    deep = "Content-Type: multipart/mixed; boundary=c\n\n--c\n" * 20_000
    strange = part(1, ASKED).replace("<base + 1>", "<a\rb>")
    for text in (deep, strange, "\x00" * 1000, part(1, {}, "//[::1"), part(2, {}, "/%ff%00"), "Content-ID\n" * 9):
        started = time.monotonic()
        [one] = read(header, batch(text), 10)
        assert one.content_id is None or one.content_id.isprintable()
        assert time.monotonic() - started < 5
    with pytest.raises(Refusal, match="a batch may have 3"):
        read(header, b"--b=1\n" * 100_000, 3)
    with serving() as client:
        sent = client.post("/batch", content=batch(part(1, ASKED, "/v1alpha1/../v1/screen")), headers=MIXED)
        assert answers(sent)["1"][0] == 404


def test_answers_are_lines_of_crlf() -> None:
    told = render(
        [Answer("<a + 1>", 200, [("Content-Type", "application/json")], b"{}"), Answer(None, 429, [], b"")], "b"
    )
    assert told.split(b"\r\n") == [
        b"--b",
        b"Content-Type: application/http",
        b"Content-ID: <response-a + 1>",
        b"",
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/json",
        b"",
        b"{}",
        b"--b",
        b"Content-Type: application/http",
        b"",
        b"HTTP/1.1 429 Too Many Requests",
        b"",
        b"",
        b"--b--",
        b"",
    ]


def test_parts_are_counted_and_logged_as_requests(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "sro.apps.serve")
    with serving() as client:
        client.post("/batch", content=batch(part(1, ASKED), part(2, ASKED)), headers=MIXED)
        assert f'sro_requests_total{{path="{ANALYZE}",status="200"}} 2.0' in client.get("/metrics").text
    assert [getattr(record, "path", None) for record in caplog.records].count(ANALYZE) == 2


def test_a_part_whose_time_is_up_is_counted_as_503() -> None:
    held = Held()
    parts = make_parts()
    parts.screen = Lane("screen", lambda: held, max_batch=8, max_waiting=64)
    # The part's own limit begins behind the batch's, which so comes first.
    with serving(parts, Service(time_limit=1)) as client:
        found = answers(client.post("/batch", content=batch(part(1, ASKED)), headers=MIXED))
        counted = client.get("/metrics").text
        held.go.set()
    assert found["1"][0] == 503
    assert f'sro_requests_total{{path="{ANALYZE}",status="503"}} 1.0' in counted and 'status="0"' not in counted


def test_the_description_names_it() -> None:
    with serving() as client:
        described = _described(client)
    assert list(described["requestBody"]["content"]) == ["multipart/mixed"]
    assert list(described["responses"]["200"]["content"]) == ["multipart/mixed"]


def _described(client: TestClient) -> Any:
    return client.get("/openapi.json").json()["paths"]["/batch"]["post"]


def test_a_long_type_is_not_read_to_its_end() -> None:
    started = time.process_time()
    with pytest.raises(Refusal, match="of at most 256 characters"):
        read(f'{MIXED["Content-Type"]}; a="{";" * 60_000}', batch(part(1, ASKED)), 10)
    assert time.process_time() - started < 0.5


def test_strangers_who_send_slowly_hold_no_place_of_those_with_keys() -> None:
    keys, given = {digest("secret"): "forum"}, batch(part(1, ASKED))

    async def run() -> list[int]:
        gate, statuses, begun = Gate(answering, Service(keys="k", max_requests=1), keys, Metrics()), [], 0

        async def ask(path: str, *, key: str = "", whole: bool = True) -> None:
            nonlocal begun
            pieces = [{"type": "http.request", "body": given, "more_body": not whole}]

            async def receive() -> Any:
                nonlocal begun
                if pieces:
                    return pieces.pop()
                begun += 1
                return await asyncio.Future()

            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])

            scope = {"type": "http", "method": "POST", "path": path, "query_string": key.encode(), "headers": []}
            await gate(scope, receive, send)

        slow = [asyncio.ensure_future(ask("/batch", key="key=wrong", whole=False)) for _ in range(KEYLESS_BATCHES)]
        while begun < KEYLESS_BATCHES:
            await asyncio.sleep(0)
        await ask("/batch", key="key=secret")
        await ask("/v1/screen", key="key=secret")
        await ask("/batch")
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await ask("/batch")
        return statuses

    assert asyncio.run(run()) == [200, 200, 503, 200]


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/", "/$discovery/rest", "/nothing"])
def test_no_body_is_read_where_the_number_of_requests_is_not_limited(path: str) -> None:
    async def run() -> list[int]:
        gate = Gate(answering, Service(keys="k", max_requests=1), {digest("secret"): "forum"}, Metrics())
        statuses = []

        async def receive() -> Any:
            raise AssertionError("a body was read")

        async def send(message: Any) -> None:
            statuses.append(message.get("status"))

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"key=secret", "headers": []}
        await gate(scope, receive, send)
        return statuses

    assert asyncio.run(run()) == [200, None]


@pytest.mark.parametrize("key", ["", "?key=secret"])
def test_a_batch_larger_than_the_limit_on_requests_is_answered_whole(key: str) -> None:
    parts = [part(number, ASKED, f"{ANALYZE}?key=secret") for number in range(5)]
    service = Service(keys="keys.txt", max_requests=1)
    with serving(service=service, keys={digest("secret"): "forum"}) as client:
        found = answers(client.post(f"/batch{key}", content=batch(*parts), headers=MIXED))
        single = client.post(f"{ANALYZE}?key=secret", json=ASKED)
    assert [status for status, _ in found.values()] == [200] * 5 and single.status_code == 200


async def answering(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
