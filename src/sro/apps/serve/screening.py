"""What the screening lane does: verdicts, and on request where the trouble lies. Without torch.

A text is refused as `sro.rewriting.rewriter` refuses it: as a whole, or for its worst sentence.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from sro.apps.serve.batch_queue import Work
from sro.comments.clean import readable
from sro.comments.sentences import segments
from sro.screeners.base import Screener, Verdict, at_threshold, worst
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
    parts = [_sentences(text) for text in texts]
    flat = [words for some in parts for _, words in some]
    verdicts = at_threshold(screener.screen([readable(text) for text in texts] + flat), threshold)
    rest = iter(verdicts[len(texts) :])
    of_parts = [[next(rest) for _ in some] for some in parts]
    found = [worst([whole, *some] if len(some) > 1 else [whole]) for whole, some in zip(verdicts, of_parts)]
    if wanted == "sentences":
        placed = [
            tuple(Span(*place, verdict.probability) for (place, _), verdict in zip(*both))
            for both in zip(parts, of_parts)
        ]
        return list(map(Screened, found, placed))
    if wanted == "words":
        refused = [i for i, verdict in enumerate(found) if not verdict.passed]
        reasons = dict(zip(refused, spans(screener, [texts[i] for i in refused]) if refused else []))
        return [Screened(verdict, tuple(reasons.get(i, ()))) for i, verdict in enumerate(found)]
    return list(map(Screened, found))


def _sentences(text: str) -> list[tuple[tuple[int, int], str]]:
    """Where each sentence begins and ends, and the author's own words in it."""
    found, at = [], 0
    for segment in segments(text):
        if words := readable(segment.prose):
            found.append(((at, at + len(segment.text)), words))
        at += len(segment.text)
    return found
