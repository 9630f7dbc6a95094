"""However long a comment is, what is held at once and what a slow screener reads of it have a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.screeners.base import Verdict
from sro.screeners.long_comments import GROUP, MAX_WHOLE_CHARACTERS, PASSAGE, TextPiece, in_groups, parts, passages
from sro.screeners.sentencewise import judge_comments, screen_comments


@dataclass
class Words:
    """Fails what holds `bad`, the surer the oftener, and keeps how many characters it was asked about at once."""

    name: str = "words 1"
    asked: list[int] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.asked.append(sum(map(len, texts)))
        self.read += texts
        times = [min(text.count("bad"), 9) for text in texts]
        return [Verdict("fail" if number else "pass", number / 10, self.name) for number in times]


@dataclass
class Slow(Words):
    """Reads five passages of a comment, those that hold `bad` and then the first."""

    def can_read_all(self, texts: Sequence[str]) -> bool:
        return sum(map(len, texts)) <= 2_000

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        return sorted(sorted(range(len(passages)), key=lambda place: ("bad" not in passages[place], place))[:5])


@pytest.mark.parametrize("sign", [". ", "\n", ""])
def test_a_text_of_any_length_is_judged_in_parts(sign: str) -> None:
    text = f"a plain word{sign}" * 40_000
    screener = Words()
    assert screen_comments(screener, [text, "bad"]) == [
        Verdict("pass", 0.0, "words 1"),
        Verdict("fail", 0.1, "words 1"),
    ]
    assert len(text) > 4 * MAX_WHOLE_CHARACTERS and max(screener.asked) < 3 * MAX_WHOLE_CHARACTERS
    (verdict,) = screen_comments(screener, [f"{text}you bad one{text}"])
    assert not verdict.passed


def test_sentences_of_parts_stand_where_they_stand_in_the_text() -> None:
    text = "A plain word. " * 20_000 + "You bad one."
    (found,) = judge_comments(Words(), [text])
    failing = [text[one.start : one.end] for one in found.sentences if not one.verdict.passed]
    assert failing == ["You bad one."] and len(found.sentences) == 20_001


@given(st.lists(st.sampled_from(["a" * 40_000, "b " * 30_000, "c\n", "\n", " ", "😂"]), max_size=12).map("".join))
def test_parts_are_the_text(text: str) -> None:
    found = list(parts(text))
    assert "".join(part for _, part in found) == text
    assert [at for at, _ in found] == [sum(len(part) for _, part in found[:i]) for i in range(len(found))]
    assert all(0 < len(part) <= MAX_WHOLE_CHARACTERS for _, part in found)


def test_texts_are_judged_in_groups_and_the_longest_alone() -> None:
    lengths = [GROUP - 5, 3, 3, MAX_WHOLE_CHARACTERS + 1, 1, MAX_WHOLE_CHARACTERS, 0]
    assert list(in_groups([1, 2, MAX_WHOLE_CHARACTERS + 1, 1])) == [[0, 1], [2], [3]]
    assert [place for some in in_groups(lengths) for place in some] == list(range(7))


def test_many_texts_are_not_asked_about_at_once() -> None:
    screener = Words()
    assert len(screen_comments(screener, ["a plain word. " * 5_000] * 60)) == 60
    assert max(screener.asked) <= 2 * GROUP


def said(start: int, end: int, prose: str, words: str | None = None) -> TextPiece:
    return TextPiece(start, end, prose, prose if words is None else words)


def test_passages_hold_short_sentences_together_and_cut_long_ones() -> None:
    found = passages([said(0, 3, "a b"), said(4, 7, "c d"), said(8, 800, "word " * 150), said(801, 802, "e")])
    assert found[0] == (None, [(0, 3, "a b"), (4, 7, "c d")])
    read = [one for passage in found for one in passage.sentences]
    assert all(len(words) <= PASSAGE for _, _, words in read)
    assert " ".join(words for _, _, words in read).split() == ["a", "b", "c", "d", *["word"] * 150, "e"]
    assert {one[:2] for one in found[1].sentences + found[2].sentences} == {(8, 800)}


def test_what_is_said_beside_prose_is_read_in_its_passage() -> None:
    found = passages([said(0, 4, "One."), said(5, 9, "", "#tag"), said(10, 30, "see that", "see `this` that")])
    assert found == [("One. #tag see `this` that", [(0, 4, "One."), (10, 30, "see that")])]
    assert found[0].questions == ["One. #tag see `this` that", "One.", "see that"]
    assert passages([said(0, 4, "One."), said(5, 9, "see .", "see  .")])[0].whole is None
    long = passages([said(0, 900, "word " * 70, "word " * 70 + "`code` " * 70)])
    assert [one[2] for passage in long for one in passage.sentences if "code" in one[2]] == []
    around = " ".join(passage.whole or "" for passage in long)
    assert (around.count("code"), around.count("word")) == (70, 70)


def test_a_slow_screener_reads_some_passages_of_a_long_comment_and_all_of_a_short_one() -> None:
    screener = Slow()
    text = "A plain word and another. " * 400 + "You bad, bad one. " + "And more of the same. " * 400
    (found,) = judge_comments(screener, [text])
    assert found.verdict == Verdict("fail", 0.2, "words 1")
    assert 4 * PASSAGE < sum(map(len, screener.read)) <= 5 * PASSAGE
    assert [text[one.start : one.end] for one in found.sentences if not one.verdict.passed] == ["You bad, bad one."]
    screener.read.clear()
    (found,) = judge_comments(screener, ["One two. " * 60])
    assert len(found.sentences) == 60 and max(map(len, screener.read)) == 539


@dataclass
class OneThought(Slow):
    """Overlooks `bad` among more than ten other words, as an encoder does among civil sentences."""

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return super().screen(["" if text.count(" ") > 10 and "bad" in text else text for text in texts])


CIVIL = "A plain word and another one. "


@pytest.mark.parametrize("before", [10, 50, 300])  # all is read; the sentences; those of some passages
def test_one_sentence_fails_a_comment_of_any_length(before: int) -> None:
    (found,) = judge_comments(OneThought(), [CIVIL * before + "You bad one. " + CIVIL * 10])
    assert not found.verdict.passed


@pytest.mark.parametrize("before", [10, 50, 300])
@pytest.mark.parametrize(
    "piece",
    [
        *("\n```\nyou bad one\n```\n", "`you bad one`", "Hm, `you bad one`!", "<you bad one>"),
        *("[you bad](https://a.org)", "#you #bad", "@bad.one", "🇫🇺 bad.org"),
    ],
)
def test_what_the_author_says_beside_prose_fails_a_comment_of_any_length(before: int, piece: str) -> None:
    text = CIVIL * before + piece
    (found,) = judge_comments(Slow(), [text])
    assert not found.verdict.passed
    assert all(one.verdict.passed for one in found.sentences), "no sentence is to blame"


@pytest.mark.parametrize(
    "piece", ["[here](https://bad.org/bad)", "https://bad.org/bad", "\n> you bad\n", "www.bad.org"]
)
def test_what_the_author_did_not_say_fails_no_comment_of_any_length(piece: str) -> None:
    texts = [CIVIL * before + piece for before in (10, 50, 300)]
    assert all(verdict.passed for verdict in screen_comments(Slow(), texts))


def test_with_sources_each_whole_and_passage_is_compared_with_its_own() -> None:
    @dataclass
    class Compares(Slow):
        pairs: list[tuple[str, str]] = field(default_factory=list)

        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            self.pairs += zip(texts, sources or [])
            return super().screen(texts)

    screener = Compares()
    judge_comments(screener, ["😂", "short `a`", CIVIL * 100 + "`bad`"], sources=["x", "y", "z"])
    assert [(text[-3:], source) for text, source in screener.pairs] == [("`a`", "y"), ("ad`", "z")]


def test_a_long_comment_that_is_one_sentence_has_one_verdict() -> None:
    (found,) = judge_comments(Slow(), ["word " * 1_000 + "bad"])
    assert [(one.start, one.end, one.verdict.label) for one in found.sentences] == [(0, 5_003, "fail")]


def test_a_long_comment_of_nothing_but_a_link_is_read_too() -> None:
    text = "www.bad" + "x" * 3_000
    assert len(judge_comments(Slow(), [text, "1.\n" * 2_000])) == 2
    screener = Slow()
    assert judge_comments(screener, ["😂" * 3_000])[0].verdict.passed and not screener.read  # as of a short one
