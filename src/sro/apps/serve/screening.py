"""What the screening lane does: verdicts, and on request where the trouble lies. Without torch.

What pass and fail mean is said once, in `sro.screeners.sentencewise`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from sro.apps.serve.batch_queue import Work
from sro.screeners.base import Screener, Verdict
from sro.screeners.sentencewise import author_text, judge_comments
from sro.screeners.toxic_spans import Span

T = TypeVar("T")
Wanted = Literal["verdict", "words", "sentences"]
"""The verdict alone; with the words that a refused text was refused for (their score: log-odds); or with every
sentence (score: its P(fail))."""
Asked = tuple[Wanted, float | None]
"""The key of the lane: what is wanted, and the P(fail) from which on a text fails (None: the screener's own)."""
Spans = Callable[[Screener, Sequence[str]], list[list[Span]]]
"""Where in refused texts the reasons are; `sro.screeners.toxic_spans.toxic_spans`."""


@dataclass(frozen=True, slots=True)
class Screened:
    """The answer to one text. Spans count characters (code points)."""

    verdict: Verdict
    spans: tuple[Span, ...] = ()


class SharedScreener:
    """A screener that several threads ask, one at a time; loaded once, when the first of them does."""

    def __init__(self, load: Callable[[], Screener]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._screener: Screener | None = None

    @property
    def name(self) -> str:
        return self.with_lock(lambda screener: screener.name)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return self.with_lock(lambda screener: screener.screen(texts, sources=sources))

    def with_lock(self, ask: Callable[[Screener], T]) -> T:
        """What `ask` makes of the screener, while no other thread asks it anything."""
        with self._lock:
            if self._screener is None:
                self._screener = self._load()
            return ask(self._screener)


def screening(screener: SharedScreener, spans: Spans) -> Work:
    """The work of the screening lane; its answers are `Screened`."""

    def work(asked: Asked, texts: Sequence[str]) -> list[Screened]:
        wanted, threshold = asked
        return screener.with_lock(lambda one: screen_texts(one, texts, wanted, spans, threshold))

    screener.with_lock(lambda one: one.screen(["ready?"]))  # what is loaded or compiled at the first call is now
    return work


def screen_texts(
    screener: Screener, texts: Sequence[str], wanted: Wanted, spans: Spans, threshold: float | None = None
) -> list[Screened]:
    """Verdicts on texts, whatever characters they hold, and what else is wanted of them."""
    judged = judge_comments(screener, texts, threshold=threshold)
    if wanted == "sentences":
        return [
            Screened(one.verdict, tuple(Span(s.start, s.end, s.verdict.probability) for s in one.sentences))
            for one in judged
        ]
    if wanted == "words":
        failing = [place for place, one in enumerate(judged) if not one.verdict.passed]
        reasons = dict(zip(failing, spans(screener, [author_text(texts[i]) for i in failing]) if failing else []))
        return [Screened(one.verdict, tuple(reasons.get(place, ()))) for place, one in enumerate(judged)]
    return [Screened(one.verdict) for one in judged]
