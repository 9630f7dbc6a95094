"""The service over HTTP, with fakes for models."""

import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from serving import (
    SIX,
    GermanToo,
    Held,
    RudeWords,
    SixAttributes,
    make_lane,
    make_parts,
    rewriting,
    rude_spans,
    serving,
)

from sro.apps.cli import main
from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.feedback import judged_rewrites
from sro.apps.serve.keys import digest
from sro.apps.serve.lanes import make_parts as real_parts
from sro.apps.serve.lanes import weight
from sro.apps.serve.logs import JSONLines
from sro.apps.serve.screening import ScreeningOptions, SharedScreener, screen_texts, screening
from sro.apps.serve.settings import Models, Service
from sro.core.errors import SROError

OURS = ["/v1/screen", "/v1/rewrite", "/v1/feedback", "/v1alpha1/comments:analyze", "/v1/moderations"]
OURS += ["/v1alpha1/comments:suggestscore"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    feedback = tmp_path_factory.mktemp("feedback") / "f.db"
    with serving(make_parts(feedback=feedback), wait_for="rewrite") as found:
        while found.get("/readyz").status_code != 200:
            pass
        yield found


def error(answer: Any) -> tuple[int, str, str]:
    told = answer.json()["error"]
    assert told["code"] == answer.status_code
    return told["code"], told["status"], told["message"]


def test_screening(client: TestClient) -> None:
    texts = ["you idiot", "thanks"]
    english, unknown = {"language": "en", "language_supported": True}, {"language": None, "language_supported": None}
    fail = {"label": "fail", "probability": 0.9, "screener": "rude words 1", **english}
    good = {"label": "pass", "probability": 0.1, "screener": "rude words 1", **unknown}
    assert client.post("/v1/screen", json={"texts": texts}).json() == {"results": [fail, good]}
    found = client.post("/v1/screen", json={"texts": texts, "spans": True}).json()["results"]
    assert found == [{**fail, "spans": [{"start": 4, "end": 9, "score": 2.0}]}, {**good, "spans": []}]


def test_the_threshold_of_a_request_is_its_own(client: TestClient) -> None:
    def labels(**more: Any) -> list[tuple[str, int]]:
        asked = {"texts": ["you idiot", "thanks"], "spans": True, **more}
        results = client.post("/v1/screen", json=asked).json()["results"]
        return [(found["label"], len(found["spans"])) for found in results]

    assert labels() == labels(threshold=0.9) == [("fail", 1), ("pass", 0)]
    assert labels(threshold=0.91) == [("pass", 0), ("pass", 0)]
    assert labels(threshold=0.1) == [("fail", 1), ("fail", 0)]
    for outside in (0, 1.01, "x"):
        assert error(client.post("/v1/screen", json={"texts": ["a"], "threshold": outside}))[0] == 400


def test_the_threshold_of_the_server_holds_where_a_request_names_none() -> None:
    shared = SharedScreener(RudeWords)
    parts = make_parts()
    parts.screen = Lane(
        "screen", lambda: screening(shared, rude_spans, threshold=0.95), max_batch=8, max_waiting=64, weigh=weight
    )
    with serving(parts) as client:
        for more, label in (({}, "pass"), ({"threshold": 0.5}, "fail")):
            [found] = client.post("/v1/screen", json={"texts": ["you idiot"], **more}).json()["results"]
            assert found["label"] == label
        [found] = client.post("/v1/moderations", json={"input": "you idiot"}).json()["results"]
        assert not found["flagged"]


@pytest.mark.parametrize("command", ["serve", "mcp"])
def test_a_threshold_out_of_range_is_told(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--threshold", "1.5"]) == 2
    assert "threshold=1.5 must be in (0, 1]" in capsys.readouterr().err


def test_a_text_fails_for_its_worst_sentence() -> None:
    class OnlyShort:
        name = "only short 1"

        def screen(self, texts: Any, *, sources: Any = None) -> Any:

            return [
                v if len(t) < 12 else RudeWords().screen([""])[0] for t, v in zip(texts, RudeWords().screen(texts))
            ]

    [found] = screen_texts(OnlyShort(), ["Thank you for this. You idiot. Bye."], ScreeningOptions(), lambda *a: [])  # type: ignore[arg-type]
    assert not found.verdict.passed
    sentences = [(one.start, one.end, one.verdict.probability) for one in found.sentences]
    assert sentences == [(0, 19, 0.1), (20, 30, 0.9), (31, 35, 0.1)]


def test_rewriting(client: TestClient) -> None:
    found = client.post("/v1/rewrite", json={"texts": ["thanks", "you idiot"], "samples": 2}).json()["results"]
    assert [(one["status"], one["text"], one["reason"]) for one in found] == [
        ("unchanged", "thanks", None),
        ("refused", None, "still_fails"),
    ]
    assert found[1]["before"]["label"] == "fail" and found[1]["changes"] == []


def test_a_long_batch_comes_as_a_stream_in_order(client: TestClient) -> None:
    texts = [f"{number} {'idiot' if number % 3 else ''}" for number in range(50)]
    with client.stream("POST", "/v1/screen", json={"texts": texts, "stream": True}) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines == client.post("/v1/screen", json={"texts": texts}).json()["results"]
    assert [line["label"] == "fail" for line in lines] == ["idiot" in text for text in texts]


def test_a_stream_that_breaks_says_so_in_its_last_line() -> None:
    def work(key: Any, items: Any) -> Any:
        if "poison" in items:
            raise ValueError("no")
        return rewriting(key, items)

    with serving(make_parts(make_lane(work)), wait_for="rewrite") as client:
        texts = ["a", "b", "c", "d", "e", "f", "g", "poison"]
        lines = client.post("/v1/rewrite", json={"texts": texts, "stream": True}).text.splitlines()
    assert len(lines) == 5 and json.loads(lines[-1])["error"]["code"] == 500


def test_screening_does_not_wait_for_rewriting() -> None:
    work = Held()
    with serving(make_parts(make_lane(work)), wait_for="rewrite") as client:
        rewriting = threading.Thread(target=client.post, args=("/v1/rewrite",), kwargs={"json": {"texts": ["a"]}})
        rewriting.start()
        assert work.begun.wait(30)
        assert client.post("/v1/screen", json={"texts": ["you idiot"]}).status_code == 200
        assert rewriting.is_alive()
        work.go.set()
        rewriting.join()


def test_screening_serves_while_the_leader_loads() -> None:
    loaded = threading.Event()
    lane = Lane("rewrite", lambda: loaded.wait(30) and (lambda key, items: []), max_batch=1, max_waiting=1)
    with serving(make_parts(lane)) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["parts"]["rewrite"]) == (503, "loading")
        assert client.post("/v1/screen", json={"texts": ["a"]}).status_code == 200
        refused = client.post("/v1/rewrite", json={"texts": ["a"]})
        assert refused.status_code == 503 and "Retry-After" in refused.headers
        loaded.set()
        while client.get("/readyz").status_code != 200:
            pass


def test_a_full_queue_answers_429() -> None:
    work = Held()
    with serving(make_parts(make_lane(work, max_batch=1, max_waiting=1)), wait_for="rewrite") as client:
        threads = [
            threading.Thread(target=client.post, args=("/v1/rewrite",), kwargs={"json": {"texts": [text]}})
            for text in "ab"
        ]
        for thread in threads:
            thread.start()
            assert work.begun.wait(30)
        while 'sro_waiting{part="rewrite"} 1.0' not in client.get("/metrics").text:
            pass
        refused = client.post("/v1/rewrite", json={"texts": ["c"]})
        assert error(refused)[:2] == (429, "RESOURCE_EXHAUSTED") and int(refused.headers["Retry-After"]) >= 1
        work.go.set()
        for thread in threads:
            thread.join()


def test_perspective_over_http(client: TestClient) -> None:
    asked = {
        "comment": {"text": "Thanks. You idiot!"},
        "requestedAttributes": {"TOXICITY": {}},
        "spanAnnotations": True,
    }
    found = client.post("/v1alpha1/comments:analyze?key=any", json=asked).json()["attributeScores"]["TOXICITY"]
    assert found["summaryScore"]["value"] == 0.9
    assert [(s["begin"], s["end"], s["score"]["value"]) for s in found["spanScores"]] == [(0, 7, 0.1), (8, 18, 0.9)]
    unknown = client.post("/v1alpha1/comments:analyze", json={**asked, "requestedAttributes": {"THREAT": {}}})
    assert error(unknown)[:2] == (400, "INVALID_ARGUMENT")
    assert error(unknown)[2].startswith("Unknown requested attribute: THREAT")


def test_six_attributes_over_http() -> None:
    names = {name: {} for name in (*SIX, "THREAT_EXPERIMENTAL")}
    asked = {"comment": {"text": "You idiot. I will kill you."}, "requestedAttributes": names, "spanAnnotations": True}
    with serving(make_parts(screener=SixAttributes)) as client:
        found = client.post("/v1alpha1/comments:analyze", json=asked).json()["attributeScores"]
        assert list(found) == list(names)
        # The insult stands in one sentence, the threat in another: the comment has both.
        assert {name: one["summaryScore"]["value"] for name, one in found.items()} == {
            "TOXICITY": 0.85,
            "SEVERE_TOXICITY": 0.2,
            "INSULT": 0.9,
            "PROFANITY": 0.1,
            "THREAT": 0.9,
            "IDENTITY_ATTACK": 0.1,
            "THREAT_EXPERIMENTAL": 0.9,
        }
        assert [span["score"]["value"] for span in found["THREAT"]["spanScores"]] == [0.1, 0.9]
        emoji = client.post("/v1alpha1/comments:analyze", json={**asked, "comment": {"text": "😂"}}).json()
        assert {one["summaryScore"]["value"] for one in emoji["attributeScores"].values()} == {0.0}
        unknown = client.post("/v1alpha1/comments:analyze", json={**asked, "requestedAttributes": {"SPAM": {}}})
        assert error(unknown) == (400, "INVALID_ARGUMENT", "Unknown requested attribute: SPAM")
        [result] = client.post("/v1/moderations", json={"input": "I will kill your kind"}).json()["results"]
        assert result["categories"]["hate/threatening"] and result["category_scores"]["hate/threatening"] == 0.9


@pytest.mark.parametrize(
    ("text", "detected"),
    [("you are an idiot", ["en"]), ("lol", None), ("уou аrе аn idiоt", ["en"])],  # the last in look-alike letters
)
def test_only_a_language_that_is_known_is_detected(client: TestClient, text: str, detected: list[str] | None) -> None:
    asked = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
    found = client.post("/v1alpha1/comments:analyze", json=asked).json()
    assert found.get("detectedLanguages") == detected and "attributeScores" in found


@pytest.mark.parametrize(
    ("text", "code"),
    [("Du bist so ein Idiot", "de"), ("ты дурак", None), ("Tu ekdum bewakoof aur gadha hai, chup kar", "hi-Latn")],
)
def test_other_languages_are_refused_or_dropped(client: TestClient, text: str, code: str | None) -> None:
    asked: dict[str, Any] = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
    refused = client.post("/v1alpha1/comments:analyze", json=asked)
    assert error(refused)[0] == 400
    detail = refused.json()["error"]["details"][0]
    assert detail["errorType"] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    assert detail["languageNotSupportedByAttributeError"]["detectedLanguages"] == [code or "und"]
    dropped = client.post("/v1alpha1/comments:analyze", json={**asked, "dropUnsupportedAttributes": True})
    named = {"detectedLanguages": [code]} if code else {}
    assert dropped.status_code == 200 and dropped.json() == {"languages": ["en"], **named}


@pytest.mark.parametrize(
    ("text", "language", "supported"),
    [
        ("you are an idiot", "en", True),
        ("Du bist so ein Idiot", "de", False),
        ("ты дурак", "und", False),
        ("lol", None, None),
    ],
)
def test_a_language_that_the_screener_does_not_read_is_said(
    client: TestClient, text: str, language: str | None, supported: bool | None
) -> None:
    [found] = client.post("/v1/screen", json={"texts": [text]}).json()["results"]
    assert (found["language"], found["language_supported"]) == (language, supported)
    [result] = client.post("/v1/moderations", json={"input": text}).json()["results"]
    assert (result["language"], result["language_supported"]) == (language, supported)
    assert bool(result["category_applied_input_types"]["harassment"]) == (supported is not False)


def test_the_screener_says_which_languages_it_reads() -> None:
    asked: dict[str, Any] = {"comment": {"text": "Du bist so ein Idiot"}, "requestedAttributes": {"TOXICITY": {}}}
    with serving(make_parts(screener=GermanToo)) as client:
        [found] = client.post("/v1/screen", json={"texts": ["Du bist so ein Idiot"]}).json()["results"]
        assert (found["language"], found["language_supported"]) == ("de", True)
        analyzed = client.post("/v1alpha1/comments:analyze", json=asked).json()
        assert analyzed["languages"] == analyzed["detectedLanguages"] == ["de"] and "attributeScores" in analyzed
        french = client.post("/v1alpha1/comments:analyze", json={**asked, "languages": ["fr"]})
        assert error(french)[0] == 400


def test_whoever_runs_the_server_may_say_which_languages_it_reads() -> None:
    models = Models(rewrite=False, screener="embedded/linear", languages=["en", "de"])
    with serving(real_parts(models, Service(), lambda name, items, seconds: None)) as client:
        [found] = client.post("/v1/screen", json={"texts": ["Du bist so ein Idiot"]}).json()["results"]
    assert found["language_supported"] is True


def test_what_is_no_language_is_refused_and_codes_are_read_in_any_case() -> None:
    assert Models(languages=["EN", "de", "hi-latn"]).languages == ["en", "de", "hi-Latn"]
    for wrong in ("en,de", "en-US", "english", "und", ""):
        with pytest.raises(SROError, match=re.escape(f"told apart here: {wrong!r}\n  fix: codes with blanks between")):
            Models(languages=["en", wrong])


def test_googles_client_library_can_build_itself(client: TestClient) -> None:
    found = client.get("/$discovery/rest?version=v1alpha1").json()
    methods = found["resources"]["comments"]["methods"]
    for name, method in methods.items():
        path = "/" + found["servicePath"] + method["path"]
        assert found["rootUrl"] + path[1:] == f"http://localhost/v1alpha1/comments:{name}"
        assert client.post(path, json={}).json()["error"]["status"] == "INVALID_ARGUMENT"  # it is there
    assert client.post(found["rootUrl"] + found["batchPath"]).status_code == 400  # so is this
    named = {value["$ref"] for schema in found["schemas"].values() for value in _values(schema) if "$ref" in value}
    assert named <= set(found["schemas"])
    assert client.get("/$discovery/rest?version=v9").status_code == 404


def _values(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _values(value)


def test_moderations(client: TestClient) -> None:
    found = client.post("/v1/moderations", json={"input": ["you idiot", "thanks"]}).json()
    first, second = found["results"]
    assert first["flagged"] and first["categories"]["harassment"] and first["category_scores"]["harassment"] == 0.9
    assert not second["flagged"] and not any(second["categories"].values())
    assert [name for name, kinds in first["category_applied_input_types"].items() if kinds] == ["harassment"]
    assert set(first["categories"]) == set(first["category_scores"])
    parts = {"input": [{"type": "text", "text": "you"}, {"type": "text", "text": "idiot"}]}
    assert len(client.post("/v1/moderations", json=parts).json()["results"]) == 1
    picture = client.post("/v1/moderations", json={"input": [{"type": "image_url", "image_url": {"url": "x"}}]})
    assert (picture.status_code, picture.json()["error"]["type"]) == (400, "invalid_request_error")


def test_feedback_is_kept_before_it_is_answered(tmp_path: Path) -> None:
    row = {"action": "edited", "source": "a", "suggestion": "b", "final": "c", "id": "x"}
    with serving(make_parts(feedback=tmp_path / "f.db"), wait_for="feedback") as client:
        assert [client.post("/v1/feedback", json=row).json() for _ in range(2)] == [{"stored": True}] * 2
        assert [found["response"] for found in judged_rewrites(tmp_path / "f.db")] == ["c"]
        assert client.post("/v1/feedback", json={**row, "action": "accepted"}).status_code == 400
        assert client.post("/v1/feedback", json={**row, "final": None}).status_code == 400
    with serving() as client:
        assert client.post("/v1/feedback", json=row).status_code == 404


def test_keys_are_asked_for_where_it_matters() -> None:
    with serving(keys={digest("secret"): "forum"}, service=Service(host="0.0.0.0", keys="keys.txt")) as client:
        asked = {"texts": ["a"]}
        assert error(client.post("/v1/screen", json=asked))[:2] == (401, "UNAUTHENTICATED")
        assert "no API key came" in error(client.post("/v1/screen", json=asked))[2]
        wrong = client.post("/v1/screen", json=asked, headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401 and "not known here" in error(wrong)[2]
        assert client.post("/v1/screen", json=asked, headers={"Authorization": "Bearer secret"}).status_code == 200
        assert client.get("/metrics").status_code == 401
        analyze = {"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {}}}
        assert client.post("/v1alpha1/comments:analyze?key=secret", json=analyze).status_code == 200
        wrong = client.post("/v1alpha1/comments:analyze?key=wrong", json=analyze)
        assert error(wrong) == (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.")
        assert client.post("/v1alpha1/comments:analyze", json=analyze).status_code == 403
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("max_requests", [0]),
        ("rate", [-1]),
        ("screen_queue", [0, -3]),
        ("rewrite_queue", [0]),
        ("time_limit", [0.5, float("inf"), float("nan")]),
    ],
)
def test_limits_out_of_range(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=f"{name} must be"):
            Service(**{name: value})


def test_a_server_without_keys_is_for_this_machine() -> None:
    with pytest.raises(ValueError, match="can be reached from elsewhere"):
        Service(host="0.0.0.0")
    with serving() as client:
        rebound = client.post("/v1/screen", json={"texts": ["a"]}, headers={"Host": "evil.example:8000"})
        assert rebound.status_code == 403
        assert client.post("/v1/screen", json={"texts": ["a"]}, headers={"Host": "[::1]:8000"}).status_code == 200


def test_the_rate_is_for_each_key_and_not_for_health() -> None:
    keys = {digest("a"): "a", digest("b"): "b"}
    with serving(keys=keys, service=Service(keys="keys.txt", rate=2)) as client:

        def ask(key: str) -> Any:
            return client.post("/v1/screen", json={"texts": ["x"]}, headers={"X-API-Key": key})

        assert [ask("a").status_code for _ in range(3)] == [200, 200, 429]
        assert 1 <= int(ask("a").headers["Retry-After"]) <= 30
        assert ask("b").status_code == 200
        assert client.get("/healthz").status_code == 200


def test_over_the_rate_googles_clients_read_googles_words() -> None:
    asked = {"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {}}}
    with serving(keys={digest("a"): "forum"}, service=Service(keys="keys.txt", rate=1)) as client:
        answers = [client.post("/v1alpha1/comments:analyze?key=a", json=asked) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    code, status, message = error(answers[1])
    assert (code, status) == (429, "RESOURCE_EXHAUSTED")
    assert message == (
        "Quota exceeded for quota metric 'Analysis requests (AnalyzeComment)' and limit 'Analysis requests "
        "(AnalyzeComment) per minute' of service 'commentanalyzer.googleapis.com' for consumer 'project:forum'."
    )
    info, retry = answers[1].json()["error"]["details"]
    assert info["reason"] == "RATE_LIMIT_EXCEEDED" and info["metadata"]["quota_limit_value"] == "1"
    assert retry["retryDelay"] == answers[1].headers["Retry-After"] + "s"


def test_a_full_queue_is_a_quota_to_googles_clients() -> None:
    work = Held()
    lane = Lane("screen", lambda: work, max_batch=1, max_waiting=1)
    parts = make_parts()
    parts.screen = lane
    asked = {"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {}}}
    with serving(parts, Service(time_limit=30)) as client:
        threads = [
            threading.Thread(target=client.post, args=("/v1/screen",), kwargs={"json": {"texts": [text]}})
            for text in "ab"
        ]
        for thread in threads:
            thread.start()
            assert work.begun.wait(30)
        while lane.waiting < 1:
            pass
        refused = client.post("/v1alpha1/comments:analyze", json=asked)
        work.go.set()
        for thread in threads:
            thread.join()
    assert error(refused)[:2] == (429, "RESOURCE_EXHAUSTED")
    assert refused.json()["error"]["details"][0]["retryDelay"] == refused.headers["Retry-After"] + "s"


def test_a_wrong_key_is_told_where_clients_try_it() -> None:
    with serving(keys={digest("secret"): "forum"}, service=Service(keys="keys.txt")) as client:
        for key, status in (("", 200), ("&key=secret", 200), ("&key=wrong", 400)):
            found = client.get(f"/$discovery/rest?version=v1alpha1{key}")
            assert found.status_code == status
        assert error(found)[2] == "API key not valid. Please pass a valid API key."


def test_too_many_requests_at_once_are_refused_in_our_shape() -> None:
    work = Held()
    with serving(make_parts(make_lane(work)), Service(max_requests=1), wait_for="rewrite") as client:
        held = threading.Thread(target=client.post, args=("/v1/rewrite",), kwargs={"json": {"texts": ["a"]}})
        held.start()
        assert work.begun.wait(30)
        refused = client.post("/v1/screen", json={"texts": ["a"]})
        assert error(refused)[:2] == (503, "UNAVAILABLE") and refused.headers["Retry-After"] == "1"
        assert client.get("/healthz").status_code == client.get("/metrics").status_code == 200
        work.go.set()
        held.join()
        assert client.post("/v1/screen", json={"texts": ["a"]}).status_code == 200


PAGE = "https://forum.example.org"


def test_pages_of_other_origins_may_ask_only_where_they_are_named() -> None:
    asked = {"texts": ["a"]}
    wish = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    with serving() as client:
        answer = client.post("/v1/screen", json=asked, headers={"Origin": PAGE})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert client.options("/v1/screen", headers=wish).status_code == 405
    with serving(keys={digest("secret"): "forum"}, service=Service(keys="keys.txt", cors=[PAGE])) as client:
        assert client.options("/v1/screen", headers=wish).headers["Access-Control-Allow-Origin"] == PAGE
        refused = client.post("/v1/screen", json=asked, headers={"Origin": PAGE})  # the page can read why
        assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, PAGE)
        elsewhere = {"Origin": "https://evil.example", "Authorization": "Bearer secret"}
        answer = client.post("/v1/screen", json=asked, headers=elsewhere)
        assert answer.status_code == 200 and "Access-Control-Allow-Origin" not in answer.headers
        assert client.options("/v1/screen", headers={**wish, **elsewhere}).status_code == 400


@pytest.mark.parametrize("origin", [f"{PAGE}/", "forum.example.org", f"{PAGE}/path", "https://Forum.example.org"])
def test_what_is_no_origin_is_told(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Service(cors=[origin])


def test_every_page_needs_keys() -> None:
    with pytest.raises(ValueError, match="need keys"):
        Service(cors=["*"])
    assert Service(cors=["*"], keys="keys.txt").cors == ["*"]


def test_limits_of_size() -> None:
    with serving(service=Service(max_body=300, max_texts=3, max_text=20)) as client:
        assert client.post("/v1/screen", json={"texts": ["a"] * 4}).status_code == 400
        assert error(client.post("/v1/screen", json={"texts": ["a", "é" * 11]}))[2] == (
            "texts.1: a text may have 20 bytes in UTF-8 (--max_text), this one has 22"
        )
        assert client.post("/v1/screen", json={"texts": ["e" * 20]}).status_code == 200
        assert client.post("/v1/rewrite", json={"texts": ["e" * 21]}).status_code == 400
        too_large = client.post("/v1/screen", json={"texts": ["a" * 400]})
        assert too_large.status_code == 413 and "--max_body" in error(too_large)[2]
        assert "--max_texts" in error(client.post("/v1/screen", json={"texts": ["a"] * 4}))[2]
        pieces = (b"x" * 100 for _ in range(1000))  # no Content-Length: counted as it comes
        assert client.post("/v1/screen", content=pieces).status_code == 413


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"texts": "you idiot"}, "texts: must be a list"),
        ({"text": "you idiot"}, "texts: this field is needed"),
        ({"texts": []}, "texts: must not be empty"),
        ({"texts": ["a", None]}, "texts.1: must be text"),
        ({"texts": ["a"], "sampels": 3}, "sampels: there is no such field"),
        ({"texts": ["a"], "samples": "many"}, "samples: must be a whole number"),
        ({"texts": ["a"], "min_similarity": "high"}, "min_similarity: must be a number"),
        ({"texts": ["a"], "samples": 17}, "samples: "),
        ({"texts": ["a"], "temperature": 0}, "temperature: "),
        ([], "the body: must be a JSON object"),
    ],
)
def test_mistakes_are_told_where_they_are(client: TestClient, asked: Any, message: str) -> None:
    code, status, told = error(client.post("/v1/rewrite", json=asked))
    assert (code, status) == (400, "INVALID_ARGUMENT") and told.startswith(message) and "idiot" not in told


def test_metrics_count_and_hold_no_texts(client: TestClient) -> None:
    client.post("/v1/screen", json={"texts": ["you idiot"]})
    client.get("/some/path/idiot")
    told = client.get("/metrics").text
    assert 'sro_verdicts_total{label="fail"}' in told and 'sro_requests_total{path="/v1/screen",status="200"}' in told
    assert 'sro_ready{part="screen"} 1.0' in told and "idiot" not in told


def test_logs_are_json_without_comments(caplog: pytest.LogCaptureFixture) -> None:
    def work(key: Any, items: Any) -> Any:
        raise KeyError(items[0])

    with (
        caplog.at_level(logging.INFO, "sro.apps.serve"),
        serving(make_parts(make_lane(work)), wait_for="rewrite") as client,
    ):
        assert client.post("/v1/rewrite?key=tell-nobody", json={"texts": ["you idiot"]}).status_code == 500
    lines = [JSONLines().format(record) for record in caplog.records]
    assert all(json.loads(line) for line in lines)
    assert not any("idiot" in line or "tell-nobody" in line for line in lines)
    assert any(json.loads(line).get("error") == "KeyError" for line in lines)
    [request] = [told for line in lines if (told := json.loads(line)).get("path") == "/v1/rewrite"]
    assert (request["status"], request["texts"], request["method"]) == (500, 1, "POST")


def test_logs_with_comments_if_wanted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sro.apps.serve")
    with serving(service=Service(log_texts=True)) as client:
        client.post("/v1/screen", json={"texts": ["you idiot"]})
    assert any(getattr(record, "comments", None) == ["you idiot"] for record in caplog.records)


def test_openapi_describes_every_endpoint_with_examples(client: TestClient) -> None:
    found = client.get("/openapi.json").json()
    assert {*OURS, "/healthz", "/readyz", "/metrics"} <= set(found["paths"])
    for path in OURS:
        content = found["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        schema = found["components"]["schemas"][content["$ref"].split("/")[-1]] if "$ref" in content else content
        assert schema["examples"], path


def test_the_page_is_served_under_a_strict_policy(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>hello</p>")
    with serving(web=tmp_path) as client:
        answer = client.get("/")
        assert answer.text == "<p>hello</p>"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert client.get("/../pyproject.toml").status_code == 404
        assert client.get("/a%00b").status_code in (400, 404)
    with serving(web=tmp_path / "absent") as client:
        assert client.get("/").status_code == 404


# --- the command -----------------------------------------------------------------------------------------------------


def test_screening_loads_no_torch() -> None:
    code = """
import sys
from serving import serving
from sro.apps.cli import serve
from sro.apps.serve.lanes import make_parts
from sro.apps.serve.settings import Models, Service
parts = make_parts(Models(rewrite=False, screener="embedded/linear"), Service(), lambda name, items, seconds: None)
with serving(parts) as client:
    asked = {"comment": {"text": "you idiot"}, "requestedAttributes": {"TOXICITY": {}}}
    assert client.post("/v1alpha1/comments:analyze", json=asked).status_code == 200
    assert client.post("/v1/screen", json={"texts": ["you idiot"], "spans": True}).status_code == 200
print("torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "False\n", done.stderr


def test_a_port_in_use_is_told() -> None:
    from sro.apps.cli.serve import listen

    with listen("127.0.0.1", 0) as taken, pytest.raises(SROError, match="cannot listen on 127"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_add_key_prints_the_key_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sro.apps.cli import main

    assert main(["serve", "add-key", "forum", "--keys", str(tmp_path / "keys.txt")]) == 0
    key = capsys.readouterr().out.strip()
    assert digest(key) in (tmp_path / "keys.txt").read_text()


def test_add_key_takes_one_that_clients_have_already(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sro.apps.cli import main

    for key, status in (("AIzaSy" + "x" * 33, 0), ("short", 2), ("a b" * 20, 2)):
        monkeypatch.setattr("sys.stdin", io.StringIO(key + "\n"))
        name = f"forum{len(key)}"
        assert main(["serve", "add-key", name, "--keys", str(tmp_path / "keys.txt"), "--existing"]) == status
        told = capsys.readouterr()
        assert key not in told.out + told.err
        assert (digest(key) in (tmp_path / "keys.txt").read_text()) == (status == 0)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_monitors_may_ask_for_the_head_alone(client: TestClient, path: str) -> None:
    answer = client.head(path)
    assert answer.status_code == 200 and not answer.content
    assert client.post(path, json={}).headers["allow"] == "GET"


@pytest.mark.parametrize(
    "body",
    ['{"texts":["naïf"]}'.encode("latin-1"), b'{"texts":' + b"[" * 3000 + b"]" * 3000 + b"}", b"9" * 5000],
    ids=["not UTF-8", "deep", "long number"],
)
def test_a_body_that_no_parser_takes_is_told_what_is_wanted(client: TestClient, body: bytes) -> None:
    kind = {"Content-Type": "application/json; charset=iso-8859-1"}
    assert error(client.post("/v1/screen", content=body, headers=kind))[2] == (
        "the body is not JSON in UTF-8, or too deeply nested"
    )
