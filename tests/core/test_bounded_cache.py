"""Caches stay small whatever words come, and what is not kept is still found."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from sro.comments.normalise import normalise
from sro.core.bounded_cache import MAX_CACHED_CHARACTERS, cache_short_strings
from sro.screeners.base import Screener
from sro.screeners.loading import load_screener
from sro.screeners.nblr.ngram_index import CACHED_WORDS, Index, split

LONG = 5_000  # letters; a text of the service may have four times as many


def test_short_words_are_kept_and_long_ones_worked_out_anew() -> None:
    asked: list[str] = []

    @cache_short_strings(2)
    def shout(word: str) -> str:
        asked.append(word)
        return word.upper()

    edge, long = "e" * MAX_CACHED_CHARACTERS, "l" * (MAX_CACHED_CHARACTERS + 1)
    assert [shout(word) for word in (edge, edge, long, long)] == [edge.upper()] * 2 + [long.upper()] * 2
    assert asked == [edge, long, long]
    shout("a"), shout("b"), shout(edge)
    assert asked[3:] == ["a", "b", edge]  # two entries, no more


def long_words(kind: Callable[[int], str]) -> Iterator[str]:
    """Some different words of `LONG` characters."""
    return ((kind(number) * LONG)[:LONG] for number in range(7))


KINDS: dict[str, Callable[[int], str]] = {
    "letters": lambda n: f"z{chr(97 + n % 26)}{chr(97 + n // 26)}q",
    "masked": lambda n: f"{n}x*y",
    "drawn out": lambda n: f"{chr(97 + n % 26)}{chr(97 + n // 26)}ooo",
    "other script": lambda n: f"ж{chr(97 + n % 26)}{chr(97 + n // 26)}",
    "marks": lambda n: "a" + "\u0300" * 300 + chr(0x301 + n),
    "spelled out": lambda n: f"{chr(97 + n % 26)} {chr(97 + n // 26)} ",
}


@pytest.mark.parametrize("kind", KINDS)
def test_long_words_leave_nothing_behind(kind: str) -> None:
    screener = load_screener("embedded/linear")
    screener.screen(["you 1d1ot, yоu f*ck"])  # what is made at the first call is made
    words = list(long_words(KINDS[kind]))
    verdicts = screener.screen(words[:2])
    # Twice, with other words: what other threads of the test run allocate meanwhile is not met both times.
    grown = min(growth(screener, words[1:4]), growth(screener, words[4:]))
    assert grown < 2 * LONG, f"3 words of {LONG:,} characters left {grown:,} bytes"
    assert screener.screen(words[1:2]) == verdicts[1:]


def growth(screener: Screener, words: list[str]) -> int:
    """Bytes that are held after the words were read and are not before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for word in words:
            normalise(word)
            screener.screen([word])
        gc.collect()  # also what the interpreter keeps for reuse
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_ngrams_of_long_words_are_counted_though_not_kept() -> None:
    index = Index({"cab": 0, "cba": 1, f"w{'ab' * MAX_CACHED_CHARACTERS}": 2}, longest=2)
    for _ in range(2):
        (_, words), (_, characters) = index.occurrences(split(["ab" * MAX_CACHED_CHARACTERS]))
        assert words.tolist() == [2] and len(characters) == 2 * MAX_CACHED_CHARACTERS - 1


def test_the_cache_of_ngrams_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.screeners.nblr.ngram_index.CACHED_WORDS", 10)
    index = Index({"cab": 0}, longest=2)
    for number in range(100):
        (_, _), (texts, _) = index.occurrences(split([f"ab{number}"]))
        assert len(texts) == 1 and len(index._pieces) <= 10
    assert CACHED_WORDS * MAX_CACHED_CHARACTERS <= 4_000_000  # the keys of a full cache
