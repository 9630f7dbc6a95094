"""Words are left out in one call, no more of them than is borne, and told by code points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sro.screeners.encoder.occlusion import left_out, occlusion_scores, phrases
from sro.screeners.toxic_spans import Span, word_places


class Counts:
    """Two attributes, whose log-odds are how often `bad` and `sad` occur; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(list(texts))
        return np.array([[text.count("bad"), 10.0 * text.count("sad")] for text in texts])


def first(row: np.ndarray) -> int:
    return 0


def test_a_word_scores_what_is_lost_without_it() -> None:
    ask, text = Counts(), "so bad, so sad"
    [found] = occlusion_scores(ask, first, [text], [word_places(text)])
    assert found == [Span(0, 2, 0.0), Span(3, 6, 1.0), Span(8, 10, 0.0), Span(11, 14, 0.0)]
    assert ask.asked == [[text, " bad, so sad", "so , so sad", "so bad,  sad", "so bad, so "]]


def test_it_is_the_attribute_that_decides_on_the_whole_text() -> None:
    text = "so bad, so sad"
    [found] = occlusion_scores(Counts(), lambda row: int(row.argmax()), [text], [word_places(text)])
    assert [span.score for span in found] == [0.0, 0.0, 0.0, 10.0]


def test_all_texts_are_asked_about_in_one_call() -> None:
    ask, texts = Counts(), ["bad", "", "a bad day"]
    found = occlusion_scores(ask, first, texts, [word_places(text) for text in texts])
    assert [len(of_text) for of_text in found] == [1, 0, 3]
    assert len(ask.asked) == 1 and len(ask.asked[0]) == 3 + 4


@pytest.mark.parametrize("words", [1, 39, 40, 41, 81, 1000])
def test_a_long_text_is_read_a_bounded_number_of_times(words: int) -> None:
    text = " ".join(["fine"] * (words - 1) + ["bad"])
    ask = Counts()
    [found] = occlusion_scores(ask, first, [text], [word_places(text)])
    assert len(ask.asked[0]) - 1 == len(found) <= 40
    assert found[0].start == 0 and found[-1].end == len(text) and found[-1].score == 1.0
    assert sum(span.score for span in found) == 1.0


def test_stretches_hold_every_word_once() -> None:
    places = [(10 * at, 10 * at + 4) for at in range(100)]
    found = phrases(places, at_most=40)
    assert len(found) == 34 and found[0] == (0, 24) and found[-1] == (990, 994)


def test_places_are_code_points() -> None:
    text = "👍🏽 naïve 👩‍👩‍👧 bad"
    [found] = occlusion_scores(Counts(), first, [text], [word_places(text)])
    assert [text[span.start : span.end] for span in found if span.score] == ["bad"]
    assert left_out(text, (0, 2)) == " naïve 👩‍👩‍👧 bad"
