"""The service against its own description: requests made from `/openapi.json`, answers held against it.

Schemathesis makes the requests, those that the description allows and those that it forbids. No answer is a 5xx, and
each has a status, a media type and a body that are described. (That what is forbidden is refused is not asked of it:
"4" for the number 4 is taken, and so are Perspective's other spellings.)
"""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from serving import make_parts, serving

schemathesis = pytest.importorskip("schemathesis", reason="pip install schemathesis")

from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.core.failures import FailureGroup  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

FAST, SLOW = 8, 500
"""Requests of each kind of `KINDS`; an endpoint that takes nothing gets fewer."""
ALLOWED, FORBIDDEN = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
POSTS = ["/v1/screen", "/v1/rewrite", "/v1/feedback", "/v1alpha1/comments:analyze", "/v1/moderations"]
POSTS += ["/v1alpha1/comments:suggestscore"]
KINDS = [(path, ALLOWED) for path in [*POSTS, "/readyz", "/healthz", "/metrics", "/$discovery/rest"]]
KINDS += [(path, FORBIDDEN) for path in POSTS]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    feedback = tmp_path_factory.mktemp("feedback") / "f.db"
    with serving(make_parts(feedback=feedback), wait_for="rewrite") as found:
        while found.get("/readyz").status_code != 200:
            pass
        yield found


def hold(client: TestClient, path: str, mode: GenerationMode, examples: int) -> None:
    """Send so many requests, and hold the answers against the description."""
    described = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    requests = described[path]["POST" if path in POSTS else "GET"].as_strategy(generation_mode=mode)

    @settings(
        max_examples=examples,
        derandomize=examples < 100,  # the gate does not hang on luck
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests)
    def held(case: Any) -> None:
        asked = case.as_transport_kwargs(base_url="http://localhost")
        if "data" in asked:
            asked["content"] = asked.pop("data")
        case.validate_response(client.request(**asked), checks=CHECKS)

    held()


@pytest.mark.parametrize(("path", "mode"), KINDS)
def test_answers_are_as_described(client: TestClient, path: str, mode: GenerationMode) -> None:
    hold(client, path, mode, FAST)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "mode"), KINDS)
def test_many_answers_are_as_described(client: TestClient, path: str, mode: GenerationMode) -> None:
    hold(client, path, mode, SLOW)


@pytest.mark.parametrize("path", POSTS)
def test_the_examples_are_answered_as_described(client: TestClient, path: str) -> None:
    description = client.get("/openapi.json").json()
    described = schemathesis.openapi.from_dict(description)
    content = description["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    asked = description["components"]["schemas"][content["$ref"].split("/")[-1]] if "$ref" in content else content
    for example in asked["examples"]:
        answer = client.post(path, json=example)
        assert answer.status_code == 200
        case = described[path]["POST"].Case(body=example, media_type="application/json")
        case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize(
    ("path", "schema", "body"),
    [
        (
            "/v1alpha1/comments:analyze",
            "AttributeScores",
            {"comment": {"text": "hi"}, "requestedAttributes": {"TOXICITY": {}}},
        ),
        ("/v1/moderations", "ModerationResult", {"input": "hi"}),
    ],
)
def test_the_answers_of_others_are_held_to_their_shapes(client: TestClient, path: str, schema: str, body: Any) -> None:
    description = client.get("/openapi.json").json()
    description["components"]["schemas"][schema]["required"].append("mood")
    case = schemathesis.openapi.from_dict(description)[path]["POST"].Case(body=body, media_type="application/json")
    with pytest.raises(FailureGroup, match="violates schema"):
        case.validate_response(client.post(path, json=body), checks=CHECKS)


def test_what_is_not_described_would_be_found(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    description["components"]["schemas"]["VerdictModel"]["required"].append("mood")
    description["components"]["schemas"]["ScreenedModel"]["required"].append("mood")
    described = schemathesis.openapi.from_dict(description)
    case = described["/v1/screen"]["POST"].Case(body={"texts": ["hello"]}, media_type="application/json")
    with pytest.raises(FailureGroup, match="mood"):
        case.validate_response(client.post("/v1/screen", json=case.body), checks=CHECKS)


def test_the_descriptions_statuses_are_those_that_are_sent(client: TestClient) -> None:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for described in methods.values():
            assert "422" not in described["responses"], path  # FastAPI's own, which is never sent here
            assert "4XX" in described["responses"], path
