"""Hostile inputs: whatever comes, it is answered or refused, and nothing breaks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import make_parts, serving

from sro.serve.parts import make_parts as real_parts
from sro.serve.settings import Models, Service

OURS = ["/v1/screen", "/v1/rewrite", "/v1/feedback", "/v1alpha1/comments:analyze", "/v1/moderations"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    feedback = tmp_path_factory.mktemp("feedback") / "f.db"
    with serving(make_parts(feedback=feedback), wait_for="rewrite") as found:
        while found.get("/readyz").status_code != 200:
            pass
        yield found


HOSTILE = [
    "\x00\x07\x1b[2J\x7f",
    "\ud800 idiot \udfff",
    "idiot" * 4000,
    "a\u0301" * 5000,
    "\u202e\u200b\ufeff" * 100,
    "'; DROP TABLE feedback; --",
    "<script>alert(1)</script>",
    "{{7*7}} ${jndi:ldap://x} %s%n",
    "\n" * 10_000,
    "```" * 3000,
    "> " * 5000,
    "https://" + "a" * 15_000,
    "@" * 10_000,
    "😂" * 5000,
    "i d i o t " * 1000,
    "",
    " ",
]


@pytest.fixture(scope="module")
def shipped() -> Iterator[TestClient]:
    """With the shipped screener; the leader stays a fake."""
    service = Service()
    parts = real_parts(Models(rewrite=False), service, lambda name, items, seconds: None)
    parts.rewrite = make_parts().rewrite
    with serving(parts, service) as client:
        yield client


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_comments_get_an_answer(shipped: TestClient, text: str) -> None:
    body = json.dumps({"texts": [text], "spans": True})  # in ASCII, as `json=` would not send half characters
    sent: dict[str, Any] = {"headers": {"Content-Type": "application/json"}}
    [found] = shipped.post("/v1/screen", content=body, **sent).json()["results"]
    assert all(0 <= span["start"] < span["end"] <= len(text) for span in found["spans"])
    asked = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}, "spanAnnotations": True}
    analyzed = shipped.post("/v1alpha1/comments:analyze", content=json.dumps(asked), **sent)
    assert analyzed.status_code in (200, 400)
    assert shipped.post("/v1/moderations", content=json.dumps({"input": text}), **sent).status_code == 200


@pytest.mark.parametrize("path", OURS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b'{"texts":' * 50_000,
        b"\xff\xfe\x00",
        b"9" * 10_000,
        b'{"texts": [NaN, Infinity]}',
        b'{"texts": ["a"], "texts": 5}',
        b'{"\\ud800": 1}',
        b"null",
    ],
    ids=range(9),
)
def test_hostile_bodies_are_refused(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"]["message"], str)


NAMES = st.sampled_from(
    ["texts", "comment", "text", "requestedAttributes", "TOXICITY", "languages", "input", "action", "source"]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(OURS), TREES)
def test_no_json_makes_it_fail(client: TestClient, path: str, tree: Any) -> None:
    answer = client.post(path, content=json.dumps(tree), headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.text(st.characters() | st.sampled_from("idot stup\ud800\n`>@#😂"), max_size=60), min_size=1, max_size=4
    )
)
def test_any_text_is_screened(shipped: TestClient, texts: list[str]) -> None:
    body = json.dumps({"texts": texts, "spans": True})
    answer = shipped.post("/v1/screen", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200 and len(answer.json()["results"]) == len(texts)
