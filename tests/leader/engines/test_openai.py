"""The HTTP engine against a stand-in server on this machine that speaks the same protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from sro.core.errors import SROError
from sro.leader.engines import openai
from sro.leader.engines.loading import EngineArguments
from sro.leader.engines.openai import OpenAIGenerator
from sro.leader.generation import Sampling
from sro.leader.transformers_generator import TransformersGenerator
from sro.rewriting.rewriter import RewriteArguments, Rewriter
from sro.screeners.base import Verdict

PROMPT = "Rude : {text} Polite :"
COMMENTS = ["you are a stupid fool", "idiot", "what do they think of this crap page", "shut up and leave"]
GREEDY = Sampling(temperature=0.0, max_new_tokens=24, max_length_ratio=10.0)
RULED = Sampling(temperature=0.0, max_new_tokens=24, max_length_ratio=10.0, avoid_loops=True)
SHORT = Sampling(temperature=0.0, max_new_tokens=13, max_length_ratio=1.0)
DRAWN = Sampling(max_new_tokens=12, top_p=0.9, top_k=20)

Answer = Callable[[str, dict[str, Any]], tuple[Any, ...]]
"""(path, request) → (status, what to answer; text is sent as it is, anything else as JSON), and perhaps headers"""


class StandIn(ThreadingHTTPServer):
    """Answers by a function; `seen` keeps the requests."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.seen, self.headers = answer, [], []  # type: ignore[var-annotated]
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        """A client that gave up waiting is no news."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        self.respond({})

    def do_POST(self) -> None:
        self.respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def respond(self, request: dict[str, Any]) -> None:
        self.server.seen.append(request)
        self.server.headers.append(self.headers)
        status, content, *more = self.server.answer(self.path, request)
        body = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        for name, value in more[0].items() if more else ():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], StandIn]]:
    """A function that starts a server; all are stopped at the end."""
    servers = []

    def start(answer: Answer) -> StandIn:
        servers.append(StandIn(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between tries are noted, not made."""
    pauses: list[float] = []
    monkeypatch.setattr(openai.time, "sleep", pauses.append)
    return pauses


@pytest.fixture(scope="module")
def leader(tiny_causal: Any) -> Any:
    model, tokenizer = tiny_causal()
    with torch.no_grad():
        model.get_output_embeddings().weight *= 8.0
    return model, tokenizer


def playing(leader: Any) -> Answer:
    """A server that plays the leader: greedy or drawn, one token at a time, as vLLM answers."""
    model, tokenizer = leader
    lock = threading.Lock()

    def answer(path: str, request: dict[str, Any]) -> tuple[int, Any]:
        if path == "/v1/models":
            return 200, {"object": "list", "data": [{"id": "tiny"}]}
        ids, said = list(request["prompt"]), []
        chances = torch.Generator().manual_seed(request["seed"])
        reason = "length"
        while len(said) < request["max_tokens"]:
            with lock, torch.no_grad():
                logits = model(input_ids=torch.tensor([ids + said])).logits[0, -1]
            for token, bias in request.get("logit_bias", {}).items():
                logits[int(token)] += bias
            drawn = torch.multinomial(logits.softmax(-1), 1, generator=chances)
            said.append(int(drawn if request["temperature"] else logits.argmax()))
            if said[-1] in request["stop_token_ids"]:
                reason = "stop"
                break
        text = tokenizer.decode(said, skip_special_tokens=True)
        choice = {"index": 0, "text": text, "finish_reason": reason, "token_ids": said}
        return 200, {"choices": [choice]}

    return answer


def generator(server: StandIn, leader: Any, **options: Any) -> OpenAIGenerator:
    return OpenAIGenerator(server.url, leader[1], PROMPT, **{"model": "tiny", **options})


@pytest.mark.parametrize("sampling", [GREEDY, RULED, SHORT])
def test_greedy_moves_are_those_of_transformers(serve: Any, leader: Any, sampling: Sampling) -> None:
    found = generator(serve(playing(leader)), leader).generate(COMMENTS, 1, sampling, 0)
    assert found == TransformersGenerator(*leader, PROMPT).generate(COMMENTS, 1, sampling, 0)


def test_the_rule_against_loops_costs_further_requests(serve: Any, leader: Any) -> None:
    server = serve(playing(leader))
    generator(server, leader).generate(COMMENTS, 1, RULED, 0)
    biased = [request for request in server.seen if "logit_bias" in request]
    assert biased and all(request["max_tokens"] == 1 for request in biased)


def test_an_end_token_that_the_server_keeps_to_itself_is_added(serve: Any, leader: Any) -> None:
    play = playing(leader)

    def without_end(path: str, request: dict[str, Any]) -> tuple[int, Any]:
        status, content = play(path, request)
        [choice] = content["choices"]
        choice["token_ids"] = [token for token in choice["token_ids"] if token not in request["stop_token_ids"]]
        return status, content

    found = generator(serve(without_end), leader).generate(COMMENTS, 4, DRAWN, 0)
    assert found == generator(serve(play), leader).generate(COMMENTS, 4, DRAWN, 0)
    assert {one.finished for completions in found for one in completions} == {True, False}


def test_same_seed_same_moves_in_any_company(serve: Any, leader: Any) -> None:
    server = serve(playing(leader))
    first = generator(server, leader).generate(COMMENTS, 3, DRAWN, seed=7)
    assert generator(server, leader, batch_size=1).generate(COMMENTS, 3, DRAWN, seed=7) == first
    assert generator(server, leader).generate(COMMENTS, 3, DRAWN, seed=8) != first
    assert all(len({tuple(one.ids) for one in completions}) > 1 for completions in first)
    assert {(request["top_p"], request["top_k"]) for request in server.seen} == {(0.9, 20)}


def test_the_model_is_asked_for_where_none_is_named(serve: Any, leader: Any) -> None:
    assert generator(serve(playing(leader)), leader, model=None).model == "tiny"


def test_the_key_comes_from_the_environment(serve: Any, leader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(openai.KEY, "abc")
    server = serve(playing(leader))
    generator(server, leader).generate(COMMENTS[:1], 1, GREEDY, 0)
    assert server.headers[0]["Authorization"] == "Bearer abc"


def test_a_key_that_no_header_may_hold_is_not_shown(leader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(openai.KEY, "sk-secret\nsk-secret")
    with pytest.raises(SROError, match="SRO_ENGINE_KEY holds a line break") as error:
        OpenAIGenerator("http://127.0.0.1:9/v1", leader[1], PROMPT)
    assert "secret" not in str(error.value)


def test_an_error_reply_that_breaks_off_is_one_failed_try(serve: Any, leader: Any, no_pauses: list[float]) -> None:
    play, faults = playing(leader), [500]

    def breaks_off(path: str, request: dict[str, Any]) -> tuple[Any, ...]:
        return (faults.pop(), "oops", {"Content-Length": "999"}) if faults else play(path, request)

    [[completion]] = generator(serve(breaks_off), leader).generate(COMMENTS[:1], 1, GREEDY, 0)
    assert completion.ids and no_pauses == [0.5]
    faults.append(400)
    with pytest.raises(SROError, match=r"refused the request, status 400: \(the message broke off\)"):
        generator(serve(breaks_off), leader).generate(COMMENTS[:1], 1, GREEDY, 0)


def test_what_passes_is_tried_again(serve: Any, leader: Any, no_pauses: list[float]) -> None:
    play, statuses = playing(leader), [503, 429]
    server = serve(lambda path, request: (statuses.pop(), "busy") if statuses else play(path, request))
    [[completion]] = generator(server, leader).generate(COMMENTS[:1], 1, GREEDY, 0)
    assert completion.ids and no_pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (400, {"error": "prompt too long"}, r"refused the request, status 400: .*prompt too long"),
        (401, "who are you", r"status 401: who are you\n  fix: .*SRO_ENGINE_KEY"),
        (404, "no such model", r"status 404.*\n  fix: --engine_url"),
        (200, "<html>", "did not answer in JSON"),
        (200, "[" * 100_000, "did not answer in JSON"),
        (200, {"choices": []}, "something else than one completion"),
        (200, {"choices": [{"text": "a", "finish_reason": "stop"}]}, r"with token_ids.*\n  fix: vLLM from 0.10.2"),
        (200, ["odd"], "something else than one completion"),
    ],
)
def test_an_answer_that_another_try_does_not_mend_is_an_error_at_once(
    serve: Any, leader: Any, status: int, content: Any, message: str
) -> None:
    server = serve(lambda path, request: (status, content))
    with pytest.raises(SROError, match=message):
        generator(server, leader).generate(COMMENTS[:1], 1, GREEDY, 0)
    assert len(server.seen) == 1


def test_a_server_that_stays_busy(serve: Any, leader: Any, no_pauses: list[float]) -> None:
    server = serve(lambda path, request: (500, "out of memory"))
    with pytest.raises(SROError, match=r"no answer in 3 tries .*last: status 500: out of memory\n  fix"):
        generator(server, leader, retries=2).generate(COMMENTS[:1], 1, GREEDY, 0)
    assert len(server.seen) == 3 and no_pauses == [0.5, 1.0]


def test_a_server_that_is_slow(serve: Any, leader: Any) -> None:
    gate = threading.Event()
    server = serve(lambda path, request: (200 + gate.wait(5), {}))
    with pytest.raises(SROError, match=r"no answer in 1 tries of 0.1 s; last: .*timed out"):
        generator(server, leader, timeout=0.1, retries=0).generate(COMMENTS[:1], 1, GREEDY, 0)
    gate.set()


def test_a_redirect_takes_neither_comments_nor_key_along(
    serve: Any, leader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(openai.KEY, "abc")
    elsewhere = serve(playing(leader))
    server = serve(lambda path, request: (302, "", {"Location": f"{elsewhere.url}/models"}))
    with pytest.raises(SROError, match=r"status 302.*\n  fix: --engine_url"):
        generator(server, leader).generate(COMMENTS[:1], 1, GREEDY, 0)
    with pytest.raises(SROError, match="status 302"):
        generator(server, leader, model=None)
    assert not elsewhere.seen


def test_a_server_may_ask_to_wait_but_not_for_years(serve: Any, leader: Any, no_pauses: list[float]) -> None:
    play, waits = playing(leader), ["999999999", "7"]

    def busy(path: str, request: dict[str, Any]) -> tuple[Any, ...]:
        return (429, "busy", {"Retry-After": waits.pop()}) if waits else play(path, request)

    with pytest.raises(SROError, match=r"asks to wait 999999999 s \(status 429\)\n  fix: run it again later"):
        generator(serve(busy), leader).generate(COMMENTS[:1], 1, GREEDY, 0)
    assert no_pauses == [7.0]


def test_no_server(leader: Any) -> None:
    with pytest.raises(SROError, match=r"no answer in 2 tries .*refused"):
        OpenAIGenerator("http://127.0.0.1:9/v1", leader[1], PROMPT, retries=1)


def test_no_address(leader: Any) -> None:
    with pytest.raises(SROError, match="no http:// or https:// address"):
        OpenAIGenerator("file:///etc/passwd", leader[1], PROMPT)
    with pytest.raises(SROError, match=r"more than an address.*\n  fix: put the key into .* SRO_ENGINE_KEY") as error:
        OpenAIGenerator("http://me:secret@127.0.0.1:9/v1", leader[1], PROMPT)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("url", ["http://a..b/v1", "http://127.0.0.1:9/v 1"])
def test_an_address_that_no_request_can_have_is_tried_once(leader: Any, no_pauses: list[float], url: str) -> None:
    with pytest.raises(SROError, match=r"cannot be asked: .*\n  fix: --engine_url"):
        OpenAIGenerator(url, leader[1], PROMPT)
    assert not no_pauses


@pytest.mark.parametrize("seconds", [-1.0, 0.0, float("nan"), float("inf")])
def test_a_time_limit_that_no_request_can_have(seconds: float) -> None:
    with pytest.raises(SROError, match=r"engine_timeout=.* must be from 0.001 to 86400\n  fix: --engine_timeout"):
        EngineArguments("openai", engine_url="http://h/v1", engine_timeout=seconds)


class Judges:
    """Fails what is not a rewrite; everything means the same."""

    name = "judges 1"

    def screen(self, texts: Any, *, sources: Any = None) -> list[Verdict]:
        return [Verdict("pass" if sources else "fail", 0.5, self.name) for _ in texts]

    def similarity(self, texts: Any, sources: Any) -> Any:
        return [1.0] * len(texts)


def test_a_rewriter_on_a_server_needs_no_weights(serve: Any, leader: Any, saved: Any, tmp_path: Path) -> None:
    folder = saved(tmp_path / "leader", *leader)
    judges, greedy = Judges(), RewriteArguments(samples=0, refine=0)
    parts: dict[str, Any] = {"prompt": PROMPT, "screener": judges, "similarity": judges}
    expected = Rewriter.load(str(folder), **parts, bf16=False).rewrite(COMMENTS, greedy)
    (folder / "model.safetensors").unlink()
    server = EngineArguments("openai", engine_url=serve(playing(leader)).url)
    assert Rewriter.load(str(folder), **parts, engine=server).rewrite(COMMENTS, greedy) == expected
    assert [found.candidates for found in expected] == [1] * len(COMMENTS)
