"""Any object with `screen(texts)` is a screener; what it answers is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from sro.core.errors import SROError
from sro.screeners.answers import ask_with
from sro.screeners.base import Verdict
from sro.screeners.best_of_n import BestOnly
from sro.screeners.ensemble import Ensemble
from sro.screeners.noisy import FlippingScreener
from sro.screeners.panel import Panel

PASS = Verdict("pass", 0.1, "mine 1")


def test_sources_are_given_to_a_screener_that_takes_them_and_to_no_other() -> None:
    seen: list[Any] = []

    def plain(texts: Sequence[str]) -> list[Verdict]:
        seen.append((texts, None))
        return [PASS] * len(texts)

    def reader(texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        seen.append((texts, sources))
        return [PASS] * len(texts)

    def taker(texts: Sequence[str], **more: Any) -> list[Verdict]:
        seen.append((texts, more["sources"]))
        return [PASS] * len(texts)

    for screen in (plain, reader, taker):
        screener: Any = SimpleNamespace(screen=screen)
        assert ask_with(screener)(["a", "b"], ["x", "y"]) == [PASS, PASS]
    assert seen == [(["a", "b"], None), (["a", "b"], ["x", "y"]), (["a", "b"], ["x", "y"])]


@pytest.mark.parametrize("given", [0, 1, 3])
def test_another_number_of_verdicts_is_named(given: int) -> None:
    screener: Any = SimpleNamespace(name="mine 1", screen=lambda texts: [PASS] * given)
    with pytest.raises(SROError, match=rf"mine 1 gave {given} verdicts for 2 texts\n  fix: "):
        ask_with(screener)(["a", "b"], ["x", "y"])


def test_an_object_that_screens_nothing_is_refused_at_once() -> None:
    screener: Any = SimpleNamespace()
    with pytest.raises(SROError, match=r"no method screen\(texts\)"):
        ask_with(screener)


def test_an_exhausted_generator_of_verdicts_will_do() -> None:
    make: Callable[..., Any] = lambda texts: (PASS for _ in texts)  # noqa: E731
    screener: Any = SimpleNamespace(screen=make)
    assert ask_with(screener)(["a"], ["x"]) == [PASS]


@pytest.mark.parametrize("answer", [True, 0.9, "fail", {"label": "fail"}])
def test_what_is_no_verdict_is_named(answer: object) -> None:
    class Other:
        name = "other"

        def screen(self, texts: Sequence[str]) -> list[object]:
            return [answer for _ in texts]

    with pytest.raises(SROError, match=r"the screener other gave .* where a Verdict is wanted\n  fix: "):
        ask_with(Other())(["a"], ["b"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "around",
    [
        lambda plain: Panel([plain]),
        lambda plain: Ensemble("all", (plain,)),
        lambda plain: BestOnly(plain),
        lambda plain: FlippingScreener(plain, 0.0),
    ],
    ids=["panel", "ensemble", "best", "flips"],
)
def test_a_screener_of_texts_alone_can_be_a_part_of_another(around: Callable[[Any], Any]) -> None:
    plain = SimpleNamespace(name="mine 1", screen=lambda texts: [PASS] * len(texts))
    assert [verdict.passed for verdict in around(plain).screen(["a"], sources=["x"])] == [True]
