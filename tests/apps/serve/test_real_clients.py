"""What real clients send: bodies without a type or packed, headers of their own, nulls, methods and keys mixed up."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from serving import make_parts, serving

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.body import unpacked
from sro.apps.serve.errors import Refusal
from sro.apps.serve.keys import digest
from sro.apps.serve.settings import Service
from sro.core.errors import SROError

ANALYZE = {"comment": {"text": "you idiot"}, "requestedAttributes": {"TOXICITY": {}}}
BODIES = {
    "/v1/screen": {"texts": ["you idiot"]},
    "/v1/rewrite": {"texts": ["you idiot"]},
    "/v1/moderations": {"input": "you idiot"},
    "/v1alpha1/comments:analyze": ANALYZE,
}
KEY = {"X-API-Key": "secret"}
JSON = {"Content-Type": "application/json"}
PAGE = "https://forum.example.org"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """Without keys."""
    with serving(wait_for="rewrite") as found:
        yield found


@pytest.fixture(scope="module")
def keyed() -> Iterator[TestClient]:
    """With a key, and a page of another origin that may ask."""
    service = Service(keys="keys.txt", cors=[PAGE])
    with serving(service=service, keys={digest("secret"): "forum"}, wait_for="rewrite") as found:
        yield found


def message(answer: Any) -> str:
    told: str = answer.json()["error"]["message"]
    return told


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("kind", [None, "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])
def test_with_a_key_a_body_is_json_whatever_it_says(
    keyed: TestClient, client: TestClient, path: str, kind: str | None
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    body = json.dumps(BODIES[path]).encode()
    assert keyed.post(path, content=body, headers={**KEY, **headers}).status_code == 200
    refused = client.post(path, content=body, headers=headers)  # a page of anybody's could send this unasked
    assert refused.status_code == 415 and "Content-Type: application/json" in message(refused)


@pytest.mark.parametrize("path", BODIES)
def test_a_gzipped_body_is_read(client: TestClient, path: str) -> None:
    packed = gzip.compress(json.dumps(BODIES[path]).encode())
    assert client.post(path, content=packed, headers={**JSON, "Content-Encoding": "gzip"}).status_code == 200
    other = client.post(path, content=packed, headers={**JSON, "Content-Encoding": "br"})
    assert other.status_code == 415 and "gzip" in message(other)
    broken = client.post(path, content=packed[:-9], headers={**JSON, "Content-Encoding": "gzip"})
    assert broken.status_code == 400 and "breaks off" in message(broken)
    none = client.post(path, content=b"{}", headers={**JSON, "Content-Encoding": "gzip"})
    assert none.status_code == 400 and "not gzip" in message(none)


def test_a_gzip_that_unpacks_to_more_than_may_be_sent_is_refused(client: TestClient) -> None:
    bomb = gzip.compress(b'{"texts": ["' + b"a" * (1 << 24) + b'"]}')
    assert len(bomb) < 1 << 15
    refused = client.post("/v1/screen", content=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert refused.status_code == 413 and "--max_body" in message(refused)
    assert unpacked(gzip.compress(b"a" * 9), "gzip", 9) == b"a" * 9
    for limit, body in ((8, gzip.compress(b"a" * 9)), (99, gzip.compress(b"a") * 2), (99, zlib.compress(b"a"))):
        with pytest.raises(Refusal):
            unpacked(body, "gzip", limit)


OPENAI = "authorization,content-type,openai-organization,openai-project,x-stainless-arch,x-stainless-lang,"
OPENAI += "x-stainless-os,x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,x-stainless-timeout"
GOOGLE = "content-type,x-goog-api-client,x-goog-api-key,x-goog-encode-response-if-executable,x-javascript-user-agent,"
GOOGLE += "x-clientdetails,x-requested-with,x-referer,x-goog-authuser"


@pytest.mark.parametrize("wanted", [OPENAI, GOOGLE])
def test_browser_clients_may_send_their_own_headers(keyed: TestClient, wanted: str) -> None:
    wish = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}
    answer = keyed.options("/v1/moderations", headers=wish)
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == PAGE
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert set(wanted.split(",")) <= allowed
    elsewhere = keyed.options("/v1/moderations", headers={**wish, "Origin": "https://evil.example"})
    assert elsewhere.status_code == 400 and "Access-Control-Allow-Origin" not in elsewhere.headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/screen", {"texts": ["a"], "spans": None, "stream": None, "threshold": None}),
        ("/v1/rewrite", {"texts": ["a"], "samples": None, "seed": None, "stream": None, "temperature": None}),
        ("/v1/moderations", {"input": "a", "model": None}),
        ("/v1alpha1/comments:analyze", {**ANALYZE, "languages": None, "context": None, "spanAnnotations": None}),
    ],
)
def test_null_is_as_good_as_nothing(client: TestClient, path: str, body: Any) -> None:
    assert client.post(path, json=body).status_code == 200
    assert client.post("/v1/screen", json={"texts": None}).status_code == 400


def test_a_method_that_a_path_does_not_take_and_a_path_that_is_not_there(client: TestClient) -> None:
    for path in BODIES:
        wrong = client.get(path)
        assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST") and "POST" in message(wrong)
    for path in ("/healthz", "/readyz", "/metrics"):
        wrong = client.post(path, json={})
        assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET")
    for path in ("/v1/nothing", "/v1alpha1/comments:guess", "/nothing"):
        for answer in (client.get(path), client.post(path), client.post(path, json={})):
            assert answer.status_code == 404 and "/openapi.json" in message(answer), path
    page = client.post("/app.js", json={})
    assert (page.status_code, page.headers["Allow"]) == (405, "GET, HEAD")
    assert client.get("/app.js").status_code == client.head("/").status_code == 200


def test_ready_says_why_a_part_failed() -> None:
    def load() -> Any:
        raise SROError("runs/leader: no such folder\n  fix: --leader embedded")

    with serving(make_parts(Lane("rewrite", load, max_batch=1, max_waiting=1))) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503 and answer.json()["parts"]["rewrite"] == "failed"
        assert answer.json()["reasons"] == {"rewrite": "runs/leader: no such folder\n  fix: --leader embedded"}
        refused = client.post("/v1/rewrite", json={"texts": ["a"]})
        assert refused.status_code == 503 and "/readyz says why" in message(refused)
        assert "Retry-After" not in refused.headers
