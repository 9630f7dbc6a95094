"""A comment fails as a whole or by its worst sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from sro.comments.clean import readable
from sro.comments.sentences import segments
from sro.screeners.base import Verdict
from sro.screeners.sentencewise import author_text, judge_comments, screen_comments


@dataclass
class Share:
    """P(fail) is the share of words that are `bad`; fails from a half on."""

    name: str = "share 1"
    asked: list[tuple[list[str], list[str] | None]] = field(default_factory=list)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.asked.append((list(texts), None if sources is None else list(sources)))
        shares = [sum("bad" in word for word in text.split()) / max(1, len(text.split())) for text in texts]
        return [Verdict("fail" if share >= 0.5 else "pass", share, self.name) for share in shares]


def test_the_worst_sentence_fails_a_comment_that_passes_as_a_whole() -> None:
    (found,) = judge_comments(Share(), ["One two three four five. Bad bad no. So bad."])
    assert found.verdict == Verdict("fail", 0.5, "share 1")
    assert [(one.start, one.end, round(one.verdict.probability, 2)) for one in found.sentences] == [
        (0, 24, 0.0),
        (25, 36, 0.33),
        (37, 44, 0.5),
    ]


def test_where_nothing_fails_the_verdict_is_that_of_the_whole() -> None:
    (found,) = judge_comments(Share(), ["One two three bad. Four five six."])
    assert found.verdict.passed and found.verdict.probability == pytest.approx(1 / 7)


def test_the_screener_is_asked_once_and_never_twice_about_the_same_words() -> None:
    screener = Share()
    screen_comments(screener, ["  One two. ", "Three. Four.", "\n", "https://bad.org/bad"])
    assert screener.asked == [(["One two.", "Three. Four.", "Three.", "Four."], None)]
    assert screen_comments(screener, ["", "😂"]) == [Verdict("pass", 0.0, "share 1")] * 2
    assert len(screener.asked) == 1


def test_a_threshold_is_for_whole_and_sentences() -> None:
    text = "One two three four. One bad two three."
    assert [screen_comments(Share(), [text], threshold=bar)[0].label for bar in (0.2, 0.25, 0.26)] == [
        *("fail", "fail", "pass"),
    ]


class Two:
    """Fails insults, and tells threats apart."""

    name = "two 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [self._verdict(text) for text in texts]

    def _verdict(self, text: str) -> Verdict:
        found = {"TOXICITY": 0.9 if "bad" in text else 0.2, "THREAT": 0.8 if "kill" in text else 0.1}
        if len(text) > 30:  # a long text dilutes what stands in it
            found = {name: value / 3 for name, value in found.items()}
        toxicity = max(found.values())
        return Verdict("fail" if toxicity >= 0.5 else "pass", toxicity, self.name, found)


def test_of_each_attribute_the_highest_among_what_fails() -> None:
    both, one, none = screen_comments(
        Two(),
        [
            "You are so bad. I will kill you. Thank you for the page.",
            "I will kill you. Thank you for the page, dear friend.",
            "Thank you for the page. Thank you for the other page, too.",
        ],
    )
    assert (both.probability, both.attributes) == (0.9, {"TOXICITY": 0.9, "THREAT": 0.8})
    assert (one.label, one.attributes) == ("fail", {"TOXICITY": 0.2, "THREAT": 0.8})
    assert none.passed and none.attributes == {"TOXICITY": pytest.approx(0.2 / 3), "THREAT": pytest.approx(0.1 / 3)}


def test_sources_go_with_the_whole() -> None:
    screener = Share()
    screen_comments(screener, ["😂", "One. Two."], sources=["a", " b  c "])
    assert screener.asked == [(["One. Two."], ["b c"]), (["One.", "Two."], None)]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("> you bad\nno, fine", "         \nno, fine"),
        ("&gt; bad\r\n\r\nno", "        \r\n\r\nno"),
        ("> bad\n> bad", "> bad\n> bad"),
        ("> bad\n😂", "> bad\n😂"),  # who adds no sentence to a quote says it
        ("> bad\n<br>&nbsp;\u3164", "> bad\n<br>&nbsp;\u3164"),
        ("> bad\n@ann #b [c](https://x.org)", "> bad\n@ann #b [c                "),
        ("> bad\n😂 no", "     \n😂 no"),
        ("see https://bad.org/bad.", "see                    ."),
        ("see [bad](https://x.org) here", "see [bad                 here"),
        ("you b[a](link)d", "you b[a](link)d"),
        ("bad.org", "       "),
        ("you are bad.org", "you are bad.org"),
        ("http://a.org http://a.org bad", "                          bad"),
        ("@bad #bad `bad`", "@bad #bad `bad`"),
    ],
)
def test_what_the_author_did_not_say_is_blanked_and_all_else_keeps_its_place(text: str, own: str) -> None:
    assert author_text(text) == own


def test_letters_as_flags_are_letters() -> None:
    assert Share().screen(["x"]) and judge_comments(Share(), ["🇫🇺🇨🇰"])[0].verdict.probability == 0
    screener = Share()
    screen_comments(screener, ["🇫🇺🇨🇰", "🇫🇷"])
    assert screener.asked[0][0][0] == "🇫🇺🇨🇰"


PLAIN = [
    *("One two.", " One, two!", "One ", "x-ray (twice)?!", "$5", "One xD two", "one XD", "A.B", "e.g. this", "1 two"),
    *("One. Two", "a\nb", "- a", "a > b", "> a", "a\x1fb", "\x1ca", "a 😂 b", "a :) b", "see x.org", "Max", "ax D"),
    *("'quoted'", "a...", "a... b", "a **b**", "~~a~~", "www.a.b", "u/someone", "it`s", "naïve", "%$ a"),
]


@pytest.mark.parametrize("text", PLAIN)
def test_the_quick_way_finds_the_sentences_that_cutting_finds(text: str) -> None:
    cut, at = [], 0
    for piece in segments(text):
        if readable(piece.prose):
            cut.append((at, at + len(piece.text)))
        at += len(piece.text)
    (found,) = judge_comments(Share(), [text])
    assert [(one.start, one.end) for one in found.sentences] == cut
