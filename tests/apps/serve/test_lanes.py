"""The parts of the service: which engine rewrites, and what becomes of one that cannot."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from serving import RudeWords, rude_spans

from sro.apps.cli import main
from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.lanes import make_parts
from sro.apps.serve.screening import ScreeningOptions, SharedScreener, screening
from sro.apps.serve.settings import Models, Service
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.config import RewriteArguments
from sro.screeners.base import Verdict
from sro.screeners.sentencewise import judge_comments
from sro.screeners.toxic_spans import word_scores


class Same:
    """Everything means the same."""

    def similarity(self, texts: Any, sources: Any) -> np.ndarray:
        return np.ones(len(texts), np.float32)


@pytest.fixture
def rewriting(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[EngineArguments | None], Lane]:
    """Starts the lane of a tiny leader on an engine, and waits until it has loaded or failed."""
    folder = saved(tmp_path / "leader", *tiny_causal())
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sro.screeners.loading.load_screener", lambda name, **policy: RudeWords())
    monkeypatch.setattr("sro.rewriting.rewriter.SentenceEncoder", lambda name: Same())
    monkeypatch.setattr(
        "sro.screeners.lora.acceptability.AcceptabilityWhenAsked", lambda name: None
    )  # its model is large

    def start(engine: EngineArguments | None) -> Lane:
        lane = make_parts(Models(leader=str(folder)), Service(), lambda *_: None, engine).rewrite
        assert lane is not None
        lane.start()
        until = time.monotonic() + 300
        while lane.state == "loading" and time.monotonic() < until:
            time.sleep(0.01)
        return lane

    return start


@pytest.mark.parametrize(
    ("engine", "converts"),
    [
        (None, True),
        (EngineArguments("transformers"), False),
        (EngineArguments("ctranslate2", engine_precision="float32"), True),
    ],
)
def test_the_engine_that_was_asked_for_rewrites(
    rewriting: Callable[[EngineArguments | None], Lane],
    engine: EngineArguments | None,
    converts: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if converts:
        ctranslate2 = pytest.importorskip("ctranslate2")
        monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)  # on a GPU the default is transformers
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    lane = rewriting(engine)
    assert lane.state == "ready"
    told = asyncio.run(lane.submit(["thanks", "you idiot"], (("samples", 0), ("refine", 0)), Deadline(60)))
    passed, failed = (one.rewrite for one in told)
    assert (passed.status, failed.candidates) == ("unchanged", 1)
    assert (tmp_path / "cache" / "ctranslate2").exists() == converts
    lane.close(10)


def test_an_engine_that_cannot_be_reached_fails_its_own_part_and_says_why(
    rewriting: Callable[[EngineArguments | None], Lane],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("sro.leader.engines.openai.time", SimpleNamespace(sleep=lambda seconds: None))
    lane = rewriting(EngineArguments("openai", engine_url="http://127.0.0.1:9/v1"))
    assert lane.state == "failed"
    until = time.monotonic() + 10
    while not caplog.records and time.monotonic() < until:  # the state comes first
        time.sleep(0.01)
    [record] = caplog.records
    assert "fix: start the server, or name its address by --engine_url" in record.reason  # type: ignore[attr-defined]


def test_the_threshold_of_the_server_is_the_rewriters_too(
    tiny_causal: Any, saved: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RewriteArguments] = []

    class Unchanged:
        def rewrite(self, texts: Sequence[str], arguments: RewriteArguments) -> list[str]:
            asked.append(arguments)
            return list(texts)

    monkeypatch.setattr("sro.screeners.loading.load_screener", lambda name, **policy: RudeWords())
    monkeypatch.setattr("sro.apps.serve.lanes.load_rewriter", lambda *_: Unchanged())
    lane = make_parts(Models(threshold=0.8), Service(), lambda *_: None).rewrite
    assert lane is not None
    lane.start()
    while lane.state == "loading":
        time.sleep(0.01)
    for options in ((), (("threshold", 0.3),)):
        asyncio.run(lane.submit(["you idiot"], options, Deadline(60)))
    assert [one.threshold for one in asked[-2:]] == [0.8, 0.3]
    lane.close(10)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--engine", "ctranslte2"], "no engine 'ctranslte2'; did you mean 'ctranslate2'"),
        (["--engine", "openai"], "--engine openai needs --engine_url"),
        (["--engine", "ctranslate2", "--engine_url", "http://x"], "--engine_url is for --engine openai"),
    ],
)
def test_a_mistake_in_the_engine_ends_it_before_it_listens(
    flags: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sro.apps.cli.serve.listen", lambda *_: pytest.fail("it listens"))
    assert main(["serve", *flags]) == 2
    assert message in capsys.readouterr().err


def test_the_command_hands_the_engine_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(Exception):
        """Far enough."""

    def make(models: Models, service: Service, watch: Any, engine: EngineArguments) -> None:
        assert engine == EngineArguments("ctranslate2", engine_precision="int8")
        raise Enough

    monkeypatch.setattr("sro.apps.serve.lanes.make_parts", make)
    with pytest.raises(Enough):
        main(["serve", "--port", "0", "--engine", "ctranslate2", "--engine_precision", "int8"])


@pytest.mark.parametrize("engine", ["transformers", "ctranslate2"])
def test_with_a_seed_a_text_has_its_answer_in_any_company(
    rewriting: Callable[[EngineArguments | None], Lane], engine: str
) -> None:
    if engine == "ctranslate2":
        pytest.importorskip("ctranslate2")
    lane = rewriting(EngineArguments(engine))

    def answer(texts: list[str], *seed: tuple[str, int]) -> tuple[Any, ...]:
        options = (("min_similarity", -1.0), ("refine", 0), ("samples", 8), *seed)
        found = asyncio.run(lane.submit(texts, options, Deadline(120)))[-1].rewrite
        assert found.candidates == 9  # the greedy candidate will not do, so chances decide
        return found.status, found.text, found.after

    alone, company = ["you idiot"], ["idiot", "idiot", "you idiot"]
    assert answer(company, ("seed", 7)) == answer(alone, ("seed", 7))
    assert answer(alone, ("seed", 8)) != answer(alone, ("seed", 7))
    # Together, as they are without a seed; chance may give a text the same answer twice, but not in every company.
    assert any(answer([*["idiot"] * others, *alone]) != answer(alone) for others in range(1, 7))
    lane.close(10)


class Slow(RudeWords):
    """Takes a millisecond for each text, and notes who asked for how many."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.calls.append((threading.current_thread().name, len(texts)))
        time.sleep(0.001 * len(texts))
        return super().screen(texts, sources=sources)


@pytest.mark.parametrize("sources", [None, [f"comment {number}" for number in range(1000)]])
def test_screening_goes_in_between_when_the_rewriter_screens_a_thousand_candidates(sources: list[str] | None) -> None:
    slow = Slow()
    shared = SharedScreener(lambda: slow)
    work = screening(shared, rude_spans)
    candidates = [f"candidate {number}, as {'stupid' if number % 3 else 'long'} as most are" for number in range(1000)]
    slow.calls.clear()
    found: list[Verdict] = []
    rewriting = threading.Thread(
        target=lambda: found.extend(shared.screen(candidates, sources=sources)), name="rewriter", daemon=True
    )
    rewriting.start()
    asked = 0
    while rewriting.is_alive():
        work(ScreeningOptions(), ["thanks"])
        asked += 1
    assert found == RudeWords().screen(candidates)
    turns = [number for who, number in slow.calls if who == "rewriter"]
    assert sum(turns) == 1000 and max(turns) <= 50
    assert asked > len(turns) / 4  # whoever waits has the next turn


def test_a_shared_screener_is_asked_about_comments_and_their_words_one_by_one() -> None:
    turns: list[Any] = []

    class Counted(SharedScreener):
        def with_lock(self, ask: Any) -> Any:
            turns.append(ask)
            return super().with_lock(ask)

    comments = [f"You are an idiot number {number}. Thank you." for number in range(5)]
    shared = Counted(RudeWords)
    assert judge_comments(shared, comments) == judge_comments(RudeWords(), comments)
    assert len(turns) > 5
    turns.clear()
    assert word_scores(shared, comments) == word_scores(RudeWords(), comments)
    assert len(turns) == 5
