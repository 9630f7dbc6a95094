"""Requests that cannot be done in time, long posts, and texts that take long: nobody waits for nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from serving import FakeRewrite, Held, RudeWords, in_english, make_lane, make_parts, rewriting, serving

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.rewriter import Rewritten
from sro.apps.serve.screening import Screened, ScreeningOptions
from sro.apps.serve.settings import Service
from sro.screeners.base import Verdict

CIVIL = "This is a civil sentence about the weather of today. "


def slow_after(first: int, seconds: float) -> Any:
    """Rewriting that is slow from the so-manieth call on."""
    calls = []

    def work(key: Any, texts: Sequence[str]) -> Any:
        calls.append(texts)
        if len(calls) > first:
            time.sleep(seconds)
        return rewriting(key, texts)

    return work


def test_what_was_rewritten_in_time_is_given_back() -> None:
    lane = make_lane(slow_after(2, 2.0), max_batch=4)
    with serving(make_parts(lane), Service(time_limit=1), wait_for="rewrite") as client:
        texts = [f"comment {i}" for i in range(16)]
        answer = client.post("/v1/rewrite", json={"texts": texts})
        assert answer.status_code == 200
        results = answer.json()["results"]
    assert [found["source"] for found in results] == texts
    assert [found["status"] for found in results] == ["unchanged"] * 8 + ["not_done"] * 8
    assert {found["reason"] for found in results[8:]} == {"out_of_time"}
    assert not any(found["text"] for found in results[8:])


def test_where_nothing_was_done_in_time_the_limit_is_told_and_no_retry_asked_for() -> None:
    lane = make_lane(slow_after(0, 2.0))
    with serving(make_parts(lane), Service(time_limit=1), wait_for="rewrite") as client:
        answer = client.post("/v1/rewrite", json={"texts": ["a", "b"]})
    assert answer.status_code == 503 and "Retry-After" not in answer.headers
    assert "within the time limit of 1 s (--time_limit)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/screen", "/v1/moderations"])
def test_all_pieces_of_a_request_share_one_deadline(path: str) -> None:
    def work(options: ScreeningOptions, texts: Sequence[str]) -> list[Screened]:
        time.sleep(0.4)
        return [Screened(Verdict("pass", 0.1, "slow 1"), ()) for _ in texts]

    parts = make_parts()
    parts.screen = Lane("screen", lambda: work, max_batch=1, max_waiting=99)
    with serving(parts, Service(time_limit=1)) as client:
        body = {"input": ["a"] * 9} if path == "/v1/moderations" else {"texts": ["a"] * 9}
        answer = client.post(path, json=body)
    assert answer.status_code == 503
    told = answer.json()["error"]["message"]
    assert ("the time limit of 1 s" in told and "2 of 9 texts were done" in told) or "1 of 9 texts were done" in told
    assert ("code" in answer.json()["error"]) and (path != "/v1/moderations" or "type" in answer.json()["error"])


def polite(key: Any, texts: Sequence[str]) -> list[Rewritten]:
    """`stupid` becomes `unwise`, an `idiot` cannot be helped."""
    screener = RudeWords()
    found = []
    for text, before in zip(texts, screener.screen(texts)):
        best = text.replace("stupid", "unwise")
        [after] = screener.screen([best])
        if before.passed:
            found.append(FakeRewrite(text, text, "unchanged", before))
        elif after.passed:
            found.append(FakeRewrite(text, best, "rewritten", before, after, 0.8, 2))
        else:
            found.append(FakeRewrite(text, None, "refused", before, after, 0.7, 3, "still_fails"))
    return in_english(found)


def test_a_long_post_is_rewritten_sentence_by_sentence() -> None:
    asked: list[str] = []

    def work(key: Any, texts: Sequence[str]) -> Any:
        asked.extend(texts)
        return polite(key, texts)

    post = CIVIL * 150 + "What a stupid idea. " + CIVIL * 150 + "\nAnother stupid thing! "
    with serving(make_parts(make_lane(work)), wait_for="rewrite") as client:
        short, [found] = (
            client.post("/v1/rewrite", json={"texts": texts}).json()["results"] for texts in (["so stupid"], [post])
        )
        assert asked == ["so stupid", "What a stupid idea.", "Another stupid thing!"]
        assert short[0]["status"] == found["status"] == "rewritten"
        assert found["text"] == post.replace("stupid", "unwise")
        assert (found["similarity"], found["candidates"], found["reason"]) == (0.8, 4, None)
        assert [post[one["start"] : one["end"]] for one in found["changes"]] == asked[1:]
        assert found["before"]["label"] == "fail" and found["after"]["label"] == "pass"
        [civil] = client.post("/v1/rewrite", json={"texts": [CIVIL * 300]}).json()["results"]
        assert (civil["status"], civil["text"], len(asked)) == ("unchanged", CIVIL * 300, 3)
        hopeless = post + "You idiot!"
        [found] = client.post("/v1/rewrite", json={"texts": [hopeless]}).json()["results"]
        assert (found["status"], found["text"], found["reason"]) == ("refused", None, "still_fails")
        mixed = client.post("/v1/rewrite", json={"texts": ["thanks", post, "so stupid"]}).json()["results"]
        assert [one["status"] for one in mixed] == ["unchanged", "rewritten", "rewritten"]
        lines = client.post("/v1/rewrite", json={"texts": ["thanks", post], "stream": True}).text.splitlines()
        assert len(lines) == 2


class InHaste(RudeWords):
    """Of a long comment it reads four passages, rude ones first."""

    def can_read_all(self, texts: Sequence[str]) -> bool:
        return sum(map(len, texts)) < 2000

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        rude = [not verdict.passed for verdict in self.screen(passages)]
        return sorted(sorted(range(len(passages)), key=lambda at: not rude[at])[:4])


def test_of_a_long_post_that_the_screener_reads_in_passages_each_rude_sentence_is_rewritten() -> None:
    asked: list[str] = []

    def work(key: Any, texts: Sequence[str]) -> Any:
        asked.extend(texts)
        return polite(key, texts)

    post = "".join(f"{CIVIL * 15}What a stupid idea, number {number}. " for number in range(8))
    with serving(make_parts(make_lane(work), screener=InHaste), wait_for="rewrite") as client:
        [found] = client.post("/v1/rewrite", json={"texts": [post]}).json()["results"]
    assert (found["status"], found["text"]) == ("rewritten", post.replace("stupid", "unwise"))
    assert asked == [f"What a stupid idea, number {number}." for number in range(8)]  # and nothing civil beside them


def test_a_long_post_that_fails_by_what_nobody_may_alter_is_refused_and_the_lane_goes_on() -> None:
    with serving(wait_for="rewrite") as client:
        for _ in range(2):
            [found] = client.post("/v1/rewrite", json={"texts": ["> you idiot\n" * 500]}).json()["results"]
            assert (found["status"], found["reason"]) == ("refused", "protected_fails")
        [found] = client.post("/v1/rewrite", json={"texts": ["thanks"]}).json()["results"]
    assert found["status"] == "unchanged"


def test_health_is_answered_while_a_text_is_at_work() -> None:
    held = Held()

    def work(options: ScreeningOptions, texts: Sequence[str]) -> list[Screened]:
        held(options, texts)
        return [Screened(Verdict("pass", 0.1, "slow 1"), ()) for _ in texts]

    parts = make_parts()
    parts.screen = Lane("screen", lambda: work, max_batch=8, max_waiting=99)
    body = {"comment": {"text": "x" * 20_000}, "requestedAttributes": {"TOXICITY": {}}}
    with serving(parts, wait_for="screen") as client:
        answers: list[int] = []
        path = "/v1alpha1/comments:analyze"
        asking = threading.Thread(target=lambda: answers.append(client.post(path, json=body).status_code))
        asking.start()
        assert held.begun.wait(30)
        assert client.get("/healthz").status_code == 200 and answers == []
        held.go.set()
        asking.join(30)
    assert answers == [200]


def test_the_event_loop_reads_no_comment() -> None:
    """Whatever normalises, cuts or screens a text does so in the thread of a lane."""
    at_work: set[str] = set()

    def watch(frame: Any, event: str, arg: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        reads = frame.f_code.co_name != "is_among"  # which compares the codes of languages
        if event == "call" and reads and module.startswith(("sro.comments.", "sro.screeners.sentencewise")):
            at_work.add(threading.current_thread().name)

    threading.setprofile(watch)
    try:
        with serving(wait_for="rewrite") as client:
            for path, body in {
                "/v1/screen": {"texts": ["ünd you idiot. so"], "spans": True},
                "/v1/rewrite": {"texts": ["you idiot. " * 500]},
                "/v1/moderations": {"input": "you idiot"},
                "/v1alpha1/comments:analyze": {
                    "comment": {"text": "ты idiot. so"},
                    "requestedAttributes": {"TOXICITY": {}},
                    "spanAnnotations": True,
                },
            }.items():
                assert client.post(path, json=body).status_code in (200, 400), path
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]
    assert at_work and all(name.startswith("lane-") for name in at_work)
