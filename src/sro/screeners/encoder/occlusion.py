"""Which words made an encoder fail a text? What its log-odds lose when a word is left out.

An encoder reads a text as a whole, so no word has a weight of its own; leaving each out in turn asks the question
directly (occlusion; Zeiler and Fergus 2014). All texts and all that is left of them go to the encoder in one call,
which sorts them by length. A text is read at most `WINDOWS` times more: of a longer one, neighbouring words are left
out together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sro.screeners.toxic_spans import Span

WINDOWS = 40
"""Readings of a text beside the first."""

Place = tuple[int, int]
Floats = NDArray[np.float64]


def phrases(words: Sequence[Place], at_most: int = WINDOWS) -> list[Place]:
    """The words, or where there are more than `at_most`, that many stretches of as many neighbours at the most.

    >>> phrases([(0, 1), (2, 3), (4, 5)], at_most=2)
    [(0, 3), (4, 5)]
    """
    size = max(1, -(-len(words) // at_most))
    return [(words[at][0], words[min(at + size, len(words)) - 1][1]) for at in range(0, len(words), size)]


def left_out(text: str, place: Place) -> str:
    """The text without the characters of that place."""
    return text[: place[0]] + text[place[1] :]


def occlusion_scores(
    log_odds: Callable[[Sequence[str]], Floats],
    decisive: Callable[[Floats], int],
    texts: Sequence[str],
    words: Sequence[Sequence[Place]],
) -> list[list[Span]]:
    """What each word, or stretch of words, of each text adds to the log-odds of the attribute that decides on it.

    Args:
        log_odds: float64 of shape [texts, attributes]; asked once.
        decisive: the column that decides, of one row of them.
        words: where in each text its words stand (code points), in order.
    """
    places = [phrases(of_text) for of_text in words]
    shortened = [left_out(text, place) for text, of_text in zip(texts, places) for place in of_text]
    found = log_odds([*texts, *shortened])
    rest = iter(found[len(texts) :])
    scored = []
    for whole, of_text in zip(found, places):
        column = decisive(whole)
        scored.append([Span(start, end, float(whole[column] - next(rest)[column])) for start, end in of_text])
    return scored
