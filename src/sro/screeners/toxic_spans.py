"""Find the words that made the screener fail a text.

    >>> from sro.screeners.loading import load_screener
    >>> [found] = toxic_spans(load_screener("embedded"), ["What an i d i o t he is!"])
    >>> [(span.start, span.end) for span in found]
    [(8, 17)]

A word's score is what it adds to the log-odds of P(fail). Some screeners compute the scores themselves: exactly
(`Attributing`: the NB-LR, because its log-odds are a sum over n-grams), or for all words of several texts at once
(`WordScoring`: the encoder). For any other screener, the score is the drop of the log-odds when the word is removed
(occlusion: one more text to screen per word). In a comment with more than `MANY` words, only the words of the worst
stretches get such scores; otherwise the work would grow with the square of the length. Words are those of the
normalised text; their positions are those in the original text.

A text that passes has no spans. The spans explain the verdict of *this* screener; they are not a second opinion.

A word is reported if its score is at least `share` of the highest score. The default of `share` was chosen on the
training and trial texts of SemEval-2021 task 5; `sro screener check_spans` measures the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from sro.comments.normalise import trace
from sro.comments.offsets import Normalised
from sro.comments.words import LETTERS
from sro.screeners.base import LockedScreener, Screener, Verdict, call_with_inner_screener, log_odds
from sro.screeners.long_comments import ReadsExcerpts
from sro.screeners.sentencewise import author_text

SHARE = 0.5
NOISE = 1e-9  # log-odds; rounding error of a sum that should be 0
BATCH = 64  # texts whose occlusions are screened together
MANY, STRETCH, WORST = 200, 100, 2
"""Most words of a text that is scored as a whole; words per stretch of a longer text; stretches that get scores."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text, and what they add to the log-odds of P(fail)."""

    start: int
    end: int
    score: float


@runtime_checkable
class Attributing(Protocol):
    """A screener that can compute what each character adds to its log-odds."""

    def attributions(self, text: str, seen: Normalised | None = None) -> np.ndarray:
        """Log-odds by character, float64 of shape [characters]; `seen`: `trace(text)`, if already computed."""


@runtime_checkable
class WordScoring(Protocol):
    """A screener that scores words itself, or groups of words if a text has many."""

    def word_scores(self, texts: Sequence[str], words: Sequence[Sequence[tuple[int, int]]]) -> list[list[Span]]:
        """Scores in log-odds, in the order of each text; `words`: the positions of its words."""


def toxic_spans(
    screener: Screener, texts: Sequence[str], share: float = SHARE, *, only_refused: bool = True
) -> list[list[Span]]:
    """The spans that made each text fail, in text order; neighbouring words form one span. Empty if a text passes.

    Args:
        screener: scores are exact if it is `Attributing`, else by occlusion (bounded for an encoder, see
            `WordScoring`).
        texts: as written; positions count their characters.
        share: a word must reach this share of the highest score, in (0, 1].
        only_refused: if False, texts that pass also get spans: their most suspicious words.
    """
    asked_places = list(range(len(texts)))
    if only_refused:
        asked_places = [place for place, verdict in enumerate(screener.screen(texts)) if not verdict.passed]
    found: list[list[Span]] = [[] for _ in texts]
    for place, words in zip(asked_places, word_scores(screener, [texts[place] for place in asked_places])):
        found[place] = merge_spans(heaviest_spans(words, share), texts[place])
    return found


def spans_of_failing(screener: Screener, texts: Sequence[str], verdicts: Sequence[Verdict]) -> list[list[Span]]:
    """The toxic spans of each comment that failed; empty for a comment that passed.

    Args:
        verdicts: from `sro.screeners.sentencewise.screen_comments`. A comment that fails only by one of its sentences
            has spans too.
    """
    failing = [place for place, verdict in enumerate(verdicts) if not verdict.passed]
    found: list[list[Span]] = [[] for _ in texts]
    for place, of_text in zip(failing, spans_of_authors(screener, [texts[place] for place in failing])):
        found[place] = of_text
    return found


def spans_of_authors(screener: Screener, texts: Sequence[str]) -> list[list[Span]]:
    """The toxic spans in the authors' own words (`author_text`), also of comments that pass."""
    return toxic_spans(screener, list(map(author_text, texts)), only_refused=False)


def heaviest_spans(words: Sequence[Span], share: float = SHARE) -> list[Span]:
    """The words that reach `share` of the highest score; none if no word has a positive score."""
    bar = share * max((word.score for word in words), default=0.0)
    return [word for word in words if word.score >= bar > NOISE]


def word_scores(screener: Screener, texts: Sequence[str]) -> list[list[Span]]:
    """Every word of the texts with its score. A screener that threads share gets one text per call, so that other
    threads can use it in between."""
    if isinstance(screener, LockedScreener):
        return [
            one for text in texts for one in call_with_inner_screener(screener, partial(_word_scores, texts=[text]))
        ]
    return _word_scores(screener, texts)


def _word_scores(screener: Screener, texts: Sequence[str]) -> list[list[Span]]:
    found: list[list[Span]] = []
    if isinstance(screener, Attributing):
        for text in texts:
            seen = trace(text)
            sums = np.concatenate([[0.0], np.cumsum(screener.attributions(text, seen))])
            found.append([Span(start, end, float(sums[end] - sums[start])) for start, end in _places(seen)])
        return found
    for at in range(0, len(texts), BATCH):
        found += _scores_of_stretches(screener, texts[at : at + BATCH])
    return found


def _scores_of_stretches(screener: Screener, texts: Sequence[str]) -> list[list[Span]]:
    """The score of each word; 0 for words of a long text outside its worst stretches."""
    places = [word_places(text) for text in texts]
    scores = [dict.fromkeys(words, 0.0) for words in places]
    stretches = [
        (number, stretch)
        for number, (text, words) in enumerate(zip(texts, places))
        for stretch in ([(0, len(text), words)] if len(words) <= MANY else _worst_stretches(screener, text, words))
    ]
    pieces = [texts[number][start:end] for number, (start, end, _) in stretches]
    within = [[(left - start, right - start) for left, right in words] for _, (start, _, words) in stretches]
    ask = screener.word_scores if isinstance(screener, WordScoring) else partial(_occluded, screener)
    for (number, (start, _, _)), of_stretch in zip(stretches, ask(pieces, within) if pieces else []):
        scores[number].update({(start + one.start, start + one.end): one.score for one in of_stretch})
    return [[Span(*place, score) for place, score in of_text.items()] for of_text in scores]


def _worst_stretches(
    screener: Screener, text: str, words: list[tuple[int, int]]
) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """The stretches of a text with the highest P(fail): start, end, and their words."""
    groups = [words[at : at + STRETCH] for at in range(0, len(words), STRETCH)]
    found = [(group[0][0], group[-1][1], group) for group in groups]
    alone = [text[start:end] for start, end, _ in found]
    read = screener.choose_passages(alone) if isinstance(screener, ReadsExcerpts) else range(len(alone))
    verdicts = screener.screen([alone[place] for place in read])
    worst_first = sorted(zip(read, verdicts), key=lambda one: (one[1].passed, -one[1].probability))
    return [found[place] for place, _ in worst_first[:WORST]]


def word_places(text: str) -> list[tuple[int, int]]:
    """Positions of the words; `i d i o t` is one word, because the screener reads it as one."""
    return _places(trace(text))


def _places(seen: Normalised) -> list[tuple[int, int]]:
    return [seen.origin(*match.span()) for match in LETTERS.finditer(seen.text)]


def _occluded(screener: Screener, texts: Sequence[str], places: Sequence[list[tuple[int, int]]]) -> list[list[Span]]:
    without = [text[:start] + text[end:] for text, words in zip(texts, places) for start, end in words]
    verdicts = screener.screen([*texts, *without])
    odds = iter(log_odds([verdict.probability for verdict in verdicts]).tolist())
    whole = [next(odds) for _ in texts]
    return [[Span(start, end, all_in - next(odds)) for start, end in words] for all_in, words in zip(whole, places)]


def merge_spans(spans: Iterable[Span], text: str) -> list[Span]:
    """Spans with no letter or digit between them become one, with the sum of their scores; the input is in order."""
    joined: list[Span] = []
    for span in spans:
        if joined and not any(map(str.isalnum, text[joined[-1].end : span.start])):
            first = joined.pop()
            span = Span(first.start, span.end, first.score + span.score)
        joined.append(span)
    return joined
