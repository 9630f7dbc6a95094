"""However long a comment is, what is held at once and what a slow screener reads of it have a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.screeners.base import Verdict
from sro.screeners.long_comments import GROUP, LONGEST, PASSAGE, in_groups, parts, passages
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

    def affords(self, texts: Sequence[str]) -> bool:
        return sum(map(len, texts)) <= 2_000

    def most_telling(self, passages: Sequence[str]) -> list[int]:
        return sorted(sorted(range(len(passages)), key=lambda place: ("bad" not in passages[place], place))[:5])


@pytest.mark.parametrize("sign", [". ", "\n", ""])
def test_a_text_of_any_length_is_judged_in_parts(sign: str) -> None:
    text = f"a plain word{sign}" * 40_000
    screener = Words()
    assert screen_comments(screener, [text, "bad"]) == [
        Verdict("pass", 0.0, "words 1"),
        Verdict("fail", 0.1, "words 1"),
    ]
    assert len(text) > 4 * LONGEST and max(screener.asked) < 3 * LONGEST
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
    assert all(0 < len(part) <= LONGEST for _, part in found)


def test_texts_are_judged_in_groups_and_the_longest_alone() -> None:
    lengths = [GROUP - 5, 3, 3, LONGEST + 1, 1, LONGEST, 0]
    assert list(in_groups([1, 2, LONGEST + 1, 1])) == [[0, 1], [2], [3]]
    assert [place for some in in_groups(lengths) for place in some] == list(range(7))


def test_many_texts_are_not_asked_about_at_once() -> None:
    screener = Words()
    assert len(screen_comments(screener, ["a plain word. " * 5_000] * 60)) == 60
    assert max(screener.asked) <= 2 * GROUP


def test_passages_hold_short_sentences_together_and_cut_long_ones() -> None:
    found = passages([(0, 3, "a b"), (4, 7, "c d"), (8, 800, "word " * 150), (801, 802, "e")])
    assert found[0] == (0, 7, "a b c d")
    assert all(len(one.words) <= PASSAGE for one in found)
    assert " ".join(" ".join(one.words for one in found).split()) == "a b c d " + "word " * 150 + "e"
    assert {one[:2] for one in found[1:3]} == {(8, 800)}


def test_a_slow_screener_reads_some_passages_of_a_long_comment_and_all_of_a_short_one() -> None:
    screener = Slow()
    text = "A plain word and another. " * 400 + "You bad, bad one. " + "And more of the same. " * 400
    (found,) = judge_comments(screener, [text])
    assert found.verdict == Verdict("fail", 0.2, "words 1")
    assert sum(map(len, screener.read)) <= 5 * PASSAGE and len(found.sentences) == 5
    assert "You bad, bad one." in text[found.sentences[-1].start : found.sentences[-1].end]
    screener.read.clear()
    (found,) = judge_comments(screener, ["One two. " * 60])
    assert len(found.sentences) == 60 and max(map(len, screener.read)) == 539


def test_a_long_comment_that_is_one_sentence_has_one_verdict() -> None:
    (found,) = judge_comments(Slow(), ["word " * 1_000 + "bad"])
    assert [(one.start, one.end, one.verdict.label) for one in found.sentences] == [(0, 5_003, "fail")]


def test_a_long_comment_of_nothing_but_a_link_is_read_too() -> None:
    text = "www.bad" + "x" * 3_000
    assert len(judge_comments(Slow(), [text, "😂" * 3_000])) == 2
