"""Spans lie where the refused words were written, and exact scores add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sro.screeners.base import Verdict
from sro.screeners.loading import load_screener
from sro.screeners.nblr.model import NBLR
from sro.screeners.toxic_spans import (
    Span,
    heaviest_spans,
    log_odds,
    merge_spans,
    spans_of_authors,
    toxic_spans,
    word_places,
    word_scores,
)


class Counts:
    """Fails what holds `bad`, the surer the oftener; cannot say why."""

    name = "counts 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        times = [min(text.count("bad"), 4) for text in texts]
        return [Verdict("fail" if n else "pass", 0.1 + 0.2 * n, self.name) for n in times]


@pytest.fixture(scope="module")
def embedded() -> NBLR:
    screener = load_screener("embedded/linear")
    assert isinstance(screener, NBLR)
    return screener


@pytest.mark.parametrize(
    "text",
    [
        "you idiot, you you IDIOT!",
        "They 're f*cking 1d1ots, aren't they?",
        "an i d i o t with a\u200bss, Straße ѕһіt 🅵🆄🅲🅺",
        "no known gram: zzqx",
        "\u200b",
        "",
    ],
)
def test_exact_scores_and_bias_are_the_logit(embedded: NBLR, text: str) -> None:
    scores = embedded.attributions(text)
    assert scores.shape == (len(text),)
    p = embedded.probabilities([text])[0]
    assert 1 / (1 + np.exp(-(scores.sum() + embedded.bias))) == pytest.approx(p, abs=1e-9)


def test_attribution_by_hand() -> None:
    """`a b`: each word alone in its block of x = (1, 1), the bigram's share goes to both words' letters."""
    screener = NBLR({"wa": 0, "wb": 1, "wa b": 2}, np.float32([1, 1, 1]), np.float32([3, 0, -2]), 0.5)
    root = 3**0.5
    assert screener.attributions("a b") == pytest.approx([3 / root - 1 / root, 0, -1 / root], abs=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What an i d i o t he is!", ["i d i o t"]),
        ("what a f*cking 1d1ot you are", ["f*cking 1d1ot"]),
        ("Thank you, and fu\u200bck off then", ["fu\u200bck"]),
        ("thank you for the edit", []),
        ("", []),
    ],
)
def test_spans_are_told_in_the_text_as_written(embedded: NBLR, text: str, words: list[str]) -> None:
    [found] = toxic_spans(embedded, [text])
    assert [text[span.start : span.end] for span in found] == words


def test_other_screeners_are_asked_without_each_word() -> None:
    texts = ["so bad it is", "fine", "bad, bad day"]
    found = toxic_spans(Counts(), texts)
    assert [[text[s.start : s.end] for s in spans] for text, spans in zip(texts, found)] == [["bad"], [], ["bad, bad"]]
    [words] = word_scores(Counts(), ["so bad"])
    assert [word.score for word in words] == pytest.approx([0, float(np.diff(log_odds([0.1, 0.3]))[0])])


def test_of_a_long_text_only_the_worst_stretches_are_asked_word_by_word() -> None:
    class Counted(Counts):
        read = 0

        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            self.read += sum(map(len, texts))
            return super().screen(texts)

    def asked(words: int) -> int:
        screener = Counted()
        text = "well " * words + "a bad, bad man"
        (found,) = word_scores(screener, [text])
        assert [text[one.start : one.end] for one in found if one.score > 0.1] == ["bad", "bad"]
        assert [one.start for one in found] == sorted(one.start for one in found) and len(found) == words + 4
        return screener.read

    assert asked(1_200) < 2 * asked(600)


def test_what_passes_has_spans_only_when_asked(embedded: NBLR) -> None:
    text = "the plan was odd and we talked about it for an hour"
    assert embedded.screen([text])[0].passed
    assert toxic_spans(embedded, [text]) == [[]]
    assert toxic_spans(embedded, [text], only_refused=False) != [[]]


def test_words_of_a_share_of_the_weightiest() -> None:
    words = [Span(0, 1, 4.0), Span(2, 3, 2.0), Span(4, 5, 1.9)]
    assert heaviest_spans(words, 0.5) == words[:2]
    assert heaviest_spans([Span(0, 1, -1.0)]) == heaviest_spans([]) == []


def test_neighbours_are_merged() -> None:
    spans = [Span(0, 3, 1.0), Span(5, 8, 2.0), Span(11, 14, 3.0)]
    assert merge_spans(spans, "bad, bad a bad") == [Span(0, 8, 3.0), Span(11, 14, 3.0)]


def test_a_word_spelled_out_is_one() -> None:
    assert word_places("an i d i o t") == [(0, 2), (3, 12)]


def test_nothing_is_marked_that_the_author_did_not_say(embedded: NBLR) -> None:
    text = "> you stupid idiot\nYou moron, https://example.org/idiot"
    [spans] = spans_of_authors(embedded, [text])
    assert [text[span.start : span.end] for span in spans] == ["moron"]


def test_what_sums_leave_of_nothing_is_no_reason() -> None:
    assert heaviest_spans([Span(0, 1, 1e-15), Span(2, 3, -1.0)]) == []


def test_words_keep_the_vowel_signs_of_their_script() -> None:
    text = "तुम मूर्ख हो"
    assert [text[start:end] for start, end in word_places(text)] == ["तुम", "मूर्ख", "हो"]
