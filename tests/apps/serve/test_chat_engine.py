"""The service with a chat server as its leader."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest
from chat_server import ChatServer, Reply
from serving import RudeWords

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.lanes import make_parts
from sro.apps.serve.settings import Models, Service
from sro.leader.engines.loading import EngineArguments

pytest.importorskip("openai", reason="the chat engine needs the extra `chat`")


class Same:
    """Everything means the same."""

    def similarity(self, texts: Any, sources: Any) -> np.ndarray:
        return np.ones(len(texts), np.float32)


def started(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Lane:
    """The lane, when it has loaded or failed."""
    monkeypatch.setattr("sro.screeners.loading.load_screener", lambda name, **policy: RudeWords())
    monkeypatch.setattr("sro.rewriting.rewriter.SentenceEncoder", lambda name: Same())
    monkeypatch.setattr("sro.screeners.lora.acceptability.AcceptabilityWhenAsked", lambda name: None)
    engine = EngineArguments("chat", chat_url=server.url, chat_retries=0)
    lane = make_parts(Models(), Service(), lambda *_: None, engine).rewrite
    assert lane is not None
    lane.start()
    until = time.monotonic() + 300
    while lane.state == "loading" and time.monotonic() < until:
        time.sleep(0.01)
    return lane


def test_the_service_rewrites_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ChatServer(lambda request: "you are wrong there.")
    lane = started(server, monkeypatch)
    assert lane.state == "ready"
    told = asyncio.run(lane.submit(["thanks", "you idiot"], (("samples", 0), ("refine", 0)), Deadline(60)))
    passed, failed = (one.rewrite for one in told)
    assert (passed.status, failed.text) == ("unchanged", "you are wrong there.")
    lane.close(10)
    server.shutdown()
    server.server_close()


def test_a_wrong_key_is_a_part_that_failed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ChatServer(lambda request: Reply(401, {"error": {"message": "who are you"}}))
    lane = started(server, monkeypatch)
    assert lane.state == "failed" and "refuses the key" in (lane.failure or "")
    lane.close(10)
    server.shutdown()
    server.server_close()
