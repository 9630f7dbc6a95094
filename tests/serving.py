"""A service without models: a screener that objects to two words, a rewriter that takes them out, and a client."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from sro.apps.serve.app import make_app
from sro.apps.serve.batch_queue import Lane, Work
from sro.apps.serve.lanes import Parts, keeping, weight
from sro.apps.serve.rewriter import Rewritten
from sro.apps.serve.screening import SharedScreener, screening
from sro.apps.serve.settings import Service
from sro.screeners.base import Verdict
from sro.screeners.toxic_spans import Span

RUDE = ("idiot", "stupid")


class RudeWords:
    """Fails what holds one of `RUDE`."""

    name = "rude words 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", 0.9, self.name) if any(word in text for word in RUDE) else Verdict("pass", 0.1, self.name)
            for text in texts
        ]


SIX = ("TOXICITY", "SEVERE_TOXICITY", "INSULT", "PROFANITY", "THREAT", "IDENTITY_ATTACK")
WORDS = {"INSULT": "idiot", "PROFANITY": "damn", "THREAT": "kill", "IDENTITY_ATTACK": "your kind"}


class SixAttributes:
    """Tells attributes apart, each by one of `WORDS`; TOXICITY is the highest of them."""

    name = "six attributes 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return list(map(self._verdict, texts))

    def _verdict(self, text: str) -> Verdict:
        found = {name: 0.9 if word in text else 0.1 for name, word in WORDS.items()}
        found |= {"SEVERE_TOXICITY": 0.2, "TOXICITY": max(found.values()) - 0.05}
        toxicity = found["TOXICITY"]
        attributes = {name: found[name] for name in SIX}
        return Verdict("fail" if toxicity >= 0.5 else "pass", toxicity, self.name, attributes)


class GermanToo(RudeWords):
    """Says that it reads German beside English."""

    languages = ("de", "en")


def rude_spans(screener: Any, texts: Sequence[str]) -> list[list[Span]]:
    found = [[(text.find(word), len(word)) for word in RUDE if word in text] for text in texts]
    return [[Span(start, start + length, 2.0) for start, length in some] for some in found]


@dataclass(frozen=True)
class FakeRewrite:
    """The fields of `sro.rewriting.rewriter.Rewrite`, whose module brings torch."""

    source: str
    text: str | None
    status: str
    before: Verdict
    after: Verdict | None = None
    similarity: float | None = None
    candidates: int = 0
    reason: str | None = None
    changes: tuple[Any, ...] = ()


def in_english(rewrites: Iterable[FakeRewrite]) -> list[Rewritten]:
    """As the lane of rewriting answers."""
    return [Rewritten(one, "en", ("en",)) for one in rewrites]  # type: ignore[arg-type]


def rewriting(options: tuple[tuple[str, Any], ...], texts: Sequence[str]) -> list[Rewritten]:
    before = RudeWords().screen(texts)
    return in_english(
        [
            FakeRewrite(text, text, "unchanged", verdict)
            if verdict.passed
            else FakeRewrite(text, None, "refused", verdict, reason="still_fails")
            for text, verdict in zip(texts, before)
        ]
    )


def make_lane(work: Work, max_batch: int = 4, max_waiting: int = 16) -> Lane:
    return Lane("rewrite", lambda: work, max_batch=max_batch, max_waiting=max_waiting, weigh=weight)


def make_parts(rewrite: Lane | None = None, feedback: str | Path | None = None, screener: Any = RudeWords) -> Parts:
    """All three lanes; `rewrite` by default refuses what is rude. `screener` makes the one that screens."""
    shared = SharedScreener(screener)

    return Parts(
        screen=Lane("screen", lambda: screening(shared, rude_spans), max_batch=8, max_waiting=64, weigh=weight),
        rewrite=rewrite or make_lane(rewriting),
        feedback=Lane("feedback", lambda: keeping(feedback), max_batch=8, max_waiting=64) if feedback else None,
    )


@contextmanager
def serving(
    parts: Parts | None = None, service: Service | None = None, wait_for: str = "screen", **more: Any
) -> Iterator[TestClient]:
    """A client of a running service, once that part is ready."""
    app = make_app(parts or make_parts(), service or Service(), **more)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        until = time.monotonic() + 30
        while client.get("/readyz", params={"part": wait_for}).status_code != 200 and time.monotonic() < until:
            time.sleep(0.01)
        yield client


class Held:
    """Work that waits until it is let go, and remembers its calls."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Event()
        self.calls: list[tuple[Any, list[Any]]] = []

    def __call__(self, key: Any, items: Sequence[Any]) -> list[Any]:
        self.calls.append((key, list(items)))
        self.begun.set()
        assert self.go.wait(30)
        return [f"{item}!" for item in items]
