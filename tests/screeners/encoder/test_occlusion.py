"""Words are left out in one call, no more of them than is borne, and told by code points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sro.screeners.encoder.occlusion import occlusion_scores, stretches, without_words
from sro.screeners.toxic_spans import Span, word_places


class Counts:
    """Two attributes, whose log-odds are how often `bad` and `sad` occur; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(list(texts))
        return np.array([[text.count("bad"), 10.0 * text.count("sad")] for text in texts])


NONE = np.array([1e3, 1e3])
"""Bars so high that no word is there by itself."""


def first(row: np.ndarray) -> int:
    return 0


def scores(ask: Counts, texts: list[str], bars: np.ndarray = NONE) -> list[list[Span]]:
    return occlusion_scores(ask, first, bars, texts, [word_places(text) for text in texts])


def test_a_word_scores_what_is_lost_without_it() -> None:
    ask, text = Counts(), "so bad, So sad"
    [found] = scores(ask, [text])
    assert found == [Span(0, 2, 0.0), Span(3, 6, 1.0), Span(8, 10, 0.0), Span(11, 14, 0.0)]
    assert ask.asked == [[text, " bad, So sad", "so , So sad", "so bad,  sad", "so bad, So ", "so", "bad", "sad"]]


def test_and_what_it_says_alone() -> None:
    def either(texts: Sequence[str]) -> np.ndarray:
        return np.array([[2.0 * ("bad" in text)] for text in texts])  # one `bad` is as good as two

    [found] = occlusion_scores(either, first, np.array([0.0]), ["bad, bad day"], [word_places("bad, bad day")])
    assert [span.score for span in found] == pytest.approx([np.log1p(np.exp(2)), np.log1p(np.exp(2)), np.log(2)])


def test_it_is_the_attribute_that_decides_on_the_whole_text() -> None:
    text = "so bad, so sad"
    [found] = occlusion_scores(Counts(), lambda row: int(row.argmax()), NONE, [text], [word_places(text)])
    assert [span.score for span in found] == [0.0, 0.0, 0.0, 10.0]


def test_all_texts_are_asked_about_in_one_call() -> None:
    ask = Counts()
    found = scores(ask, ["bad", "", "a bad day"])
    assert [len(of_text) for of_text in found] == [1, 0, 3]
    assert len(ask.asked) == 1 and len(ask.asked[0]) == 3 + 4 + 3


@pytest.mark.parametrize("words", [1, 39, 40, 41, 81, 1000])
def test_a_long_text_is_read_a_bounded_number_of_times(words: int) -> None:
    text = " ".join(["fine"] * (words - 1) + ["bad"])
    ask = Counts()
    [found] = scores(ask, [text])
    longer = [asked for asked in ask.asked[0][1:] if asked not in ("fine", "bad")]
    assert len(longer) <= 40 and len(found) == words
    assert sum(span.score for span in found) == pytest.approx(1.0) and found[-1].score > 0


def test_no_more_words_are_read_alone_than_is_borne() -> None:
    ask = Counts()
    scores(ask, [" ".join(f"w{number}" for number in range(3000))])
    assert len(ask.asked[0]) == 1 + 40 + 1000


def test_stretches_hold_every_word_once() -> None:
    found = stretches(100, at_most=40)
    assert [number for part in found for number in part] == list(range(100)) and len(found) == 34


def test_places_are_code_points() -> None:
    text = "👍🏽 naïve 👩‍👩‍👧 bad"
    [found] = scores(Counts(), [text])
    assert [text[span.start : span.end] for span in found if span.score] == ["bad"]
    assert without_words(text, [(0, 2)]) == " naïve 👩‍👩‍👧 bad"
