"""What the screening lane does: verdicts, and on request where the trouble lies and which language it is.

All work on texts is done here, in the lane's thread: the event loop, which answers everybody, never reads a comment.
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
"""Where in failing texts the reasons are; `sro.screeners.toxic_spans.spans_of_authors`."""


@dataclass(frozen=True, slots=True)
class ScreeningOptions:
    """What is wanted of every text beside its verdict; the key of the lane."""

    words: bool = False
    """The words that a failing text fails for."""
    language: bool = False
    places: bool = False
    """Where the sentences of a failing text stand, those too that a `ReadsExcerpts` screener does not read."""
    threshold: float | None = None
    """P(fail) from which on a text fails; None: the server's."""


@dataclass(frozen=True, slots=True)
class Screened:
    """The answer to one text. Places count characters (code points)."""

    verdict: Verdict
    """On the whole, or on the worst sentence (`sro.screeners.sentencewise`)."""
    sentences: tuple[SentenceVerdict, ...]
    places: tuple[tuple[int, int], ...] = ()
    """Begin and end of every sentence, where they were asked for."""
    words: tuple[Span, ...] = ()
    """Their scores are what they add to the log-odds of P(fail)."""
    language: str | None = None
    """Its code (`sro.comments.languages`), `und` if it is not English but which language is not known; None if nothing
    is known, or nobody asked."""
    reads: tuple[str, ...] = ("en",)
    """The languages that the screener reads, or that the server was told it does."""

    @property
    def language_supported(self) -> bool | None:
        """Whether the screener reads the comment's language; its verdict is a guess where not. None: not known."""
        return is_among(self.language, self.reads)


TURN = 2000
"""Characters that are screened in one turn: about as much as the encoder reads in one batch, so that cutting costs
nothing and whoever waits for a turn waits for some hundredths of a second."""
EACH = 8
"""Characters that a text counts beside its own: what an encoder puts around it."""


class SharedScreener:
    """A screener that several threads ask in turn; loaded once, when the first of them does.

    Many texts take many turns: the lane that screens, for which people wait, gets its own between two of the
    rewriter's, whose calls may have hundreds of texts.

    Args:
        languages: that it reads, where somebody says so; by default those that it says itself.
    """

    def __init__(self, load: Callable[[], Screener], languages: Sequence[str] = ()) -> None:
        self._load = load
        self._languages = tuple(languages)
        self._lock = threading.Lock()
        self._next = threading.Lock()  # held by the one that waits: who has had a turn cannot have the next before it
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
        """What `ask` makes of the screener, while no other thread asks it anything."""
        with self._next:
            self._lock.acquire()
        try:
            if self._screener is None:
                self._screener = self._load()
            return ask(self._screener)
        finally:
            self._lock.release()


def screening(screener: SharedScreener, spans: Spans, threshold: float | None = None) -> Work:
    """The work of the screening lane; its answers are `Screened`.

    Args:
        threshold: of requests that name none; None: the screener's own.
    """

    def work(options: ScreeningOptions, texts: Sequence[str]) -> list[Screened]:
        options = options if options.threshold is not None else replace(options, threshold=threshold)
        found = screener.with_lock(lambda one: screen_texts(one, texts, options, spans))
        return [replace(_with_attributes(one, attributes), reads=reads) for one in found]

    # What is loaded or compiled at the first call is now; and the answer says which attributes there are.
    [ready] = screener.with_lock(lambda one: one.screen(["ready?"]))
    reads = screener.languages
    attributes = tuple(ready.attributes or ())
    return work


def screen_texts(screener: Screener, texts: Sequence[str], options: ScreeningOptions, spans: Spans) -> list[Screened]:
    """Verdicts on texts, whatever characters they hold, and what else is asked of them."""
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
    """A comment in which its author says nothing is not shown to the screener, and has none of the attributes."""
    if found.verdict.attributes is not None or not names:
        return found
    return replace(found, verdict=replace(found.verdict, attributes=dict.fromkeys(names, 0.0)))
