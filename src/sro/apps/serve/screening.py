"""The work of the screening lane: verdicts and, on request, the toxic spans and the language.

All work on texts is done in the lane's thread. The event loop, which serves all requests, never reads a comment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sro.apps.serve.batch_queue import Work
from sro.comments.languages import is_among, language_of
from sro.screeners.base import Screener, Verdict
from sro.screeners.languages import languages_read
from sro.screeners.long_comments import in_groups
from sro.screeners.sentencewise import SentenceVerdict, judge_comments, sentence_places
from sro.screeners.toxic_spans import Span

T = TypeVar("T")
Spans = Callable[[Screener, Sequence[str]], list[list[Span]]]
"""Finds the spans that make failing texts fail; `sro.screeners.toxic_spans.spans_of_authors`."""


@dataclass(frozen=True, slots=True)
class ScreeningOptions:
    """What to return for every text besides its verdict; the key of the lane."""

    words: bool = False
    """Whether to return the words that make a text fail."""
    language: bool = False
    places: bool = False
    """Whether to return the places of a failing text's sentences, also those that a `ReadsExcerpts` screener skips."""
    threshold: float | None = None
    """P(fail) from which a text fails; None: the server's."""


@dataclass(frozen=True, slots=True)
class Screened:
    """The answer to one text. Places count characters (code points)."""

    verdict: Verdict
    """The verdict on the whole text, or on its worst sentence (`sro.screeners.sentencewise`)."""
    sentences: tuple[SentenceVerdict, ...]
    places: tuple[tuple[int, int], ...] = ()
    """Begin and end of every sentence, if they were asked for."""
    words: tuple[Span, ...] = ()
    """Toxic spans; a score is what the span adds to the log-odds of P(fail)."""
    language: str | None = None
    """Its code (`sro.comments.languages`); `und` if the text is not English but in an unknown language; None if
    nothing is known, or if the language was not asked for."""
    reads: tuple[str, ...] = ("en",)
    """The languages that the screener reads, or those that the server's settings name."""

    @property
    def language_supported(self) -> bool | None:
        """Whether the screener reads the comment's language; if not, its verdict is a guess. None: unknown."""
        return is_among(self.language, self.reads)


TURN = 2000
"""Characters screened in one turn: about one batch of the encoder, so that cutting costs no time, and another thread
waits for its turn only some hundredths of a second."""
EACH = 8
"""Characters added to the length of each text, for the tokens that an encoder puts around it."""


class SharedScreener:
    """A screener that several threads use in turn; it is loaded once, at the first use.

    Many texts take many turns. So the screening lane, for which people wait, gets its turn between two turns of the
    rewriter, whose calls may have hundreds of texts.

    Args:
        languages: the languages that it reads, if a setting names them; by default those that the screener names.
    """

    def __init__(self, load: Callable[[], Screener], languages: Sequence[str] = ()) -> None:
        self._load = load
        self._languages = tuple(languages)
        self._lock = threading.Lock()
        self._next = threading.Lock()  # held by the thread that waits, so that the last one cannot be next, too
        self._screener: Screener | None = None

    @property
    def name(self) -> str:
        return self.with_lock(lambda screener: screener.name)

    @property
    def languages(self) -> tuple[str, ...]:
        return self._languages or self.with_lock(languages_read)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        def in_one_turn(places: Sequence[int]) -> list[Verdict]:
            few = [texts[place] for place in places]
            theirs = None if sources is None else [sources[place] for place in places]
            return self.with_lock(lambda screener: screener.screen(few, sources=theirs))

        turns = in_groups((EACH + len(text) for text in texts), TURN)
        return [verdict for places in turns for verdict in in_one_turn(places)]

    def with_lock(self, ask: Callable[[Screener], T]) -> T:
        """Call `ask` with the screener, while no other thread uses it; return the result of `ask`."""
        with self._next:
            self._lock.acquire()
        try:
            if self._screener is None:
                self._screener = self._load()
            return ask(self._screener)
        finally:
            self._lock.release()


def screening(screener: SharedScreener, spans: Spans, threshold: float | None = None) -> Work:
    """Make the work function of the screening lane; its answers are `Screened`.

    Args:
        threshold: for requests without one; None: the screener's own.
    """

    def work(options: ScreeningOptions, texts: Sequence[str]) -> list[Screened]:
        options = options if options.threshold is not None else replace(options, threshold=threshold)
        found = screener.with_lock(lambda one: screen_texts(one, texts, options, spans))
        return [replace(_with_attributes(one, attributes), reads=reads) for one in found]

    # A warm-up: load or compile now what the first call would; the answer also shows which attributes there are.
    [ready] = screener.with_lock(lambda one: one.screen(["ready?"]))
    reads = screener.languages
    attributes = tuple(ready.attributes or ())
    return work


def screen_texts(screener: Screener, texts: Sequence[str], options: ScreeningOptions, spans: Spans) -> list[Screened]:
    """Screen texts with any characters, and add what the options ask for."""
    judged = judge_comments(screener, texts, threshold=options.threshold)
    failing = [i for i, one in enumerate(judged) if options.words and not one.verdict.passed]
    words = dict(zip(failing, spans(screener, [texts[i] for i in failing]) if failing else []))
    return [
        Screened(
            one.verdict,
            one.sentences,
            places=tuple(sentence_places(text)) if options.places and not one.verdict.passed else (),
            words=tuple(words.get(i, ())),
            language=language_of(text) if options.language else None,
        )
        for i, (text, one) in enumerate(zip(texts, judged))
    ]


def _with_attributes(found: Screened, names: Sequence[str]) -> Screened:
    """Set all attributes to 0 for a comment without words of its author: the screener is not asked about it."""
    if found.verdict.attributes is not None or not names:
        return found
    return replace(found, verdict=replace(found.verdict, attributes=dict.fromkeys(names, 0.0)))
