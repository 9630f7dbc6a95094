"""Panels, meaning and shape."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.panel import FaithfulnessScreener, FluencyScreener, Panel, SimilarityScreener
from sro.screeners.rules.form import FormScreener, defects

DATA = Path(os.environ.get("SRO_DATA", Path(__file__).parents[3] / "shared" / "data"))


class Refuses:
    """Fails texts that contain `word`, with a given P(fail)."""

    def __init__(self, word: str, probability: float = 0.9) -> None:
        self.word, self.probability, self.name = word, probability, f"no-{word} 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", self.probability, self.name) if self.word in text else Verdict("pass", 0.1, self.name)
            for text in texts
        ]


def test_all_members_must_pass_and_the_verdict_names_who_refused() -> None:
    panel = Panel([Refuses("a", 0.8), Refuses("b", 0.9)])
    assert panel.screen(["ab", "a", "b", "c"]) == [
        Verdict("fail", 0.9, "no-a 1 and no-b 1"),
        Verdict("fail", 0.8, "no-a 1"),
        Verdict("fail", 0.9, "no-b 1"),
        Verdict("pass", 0.1, "no-a 1 and no-b 1"),
    ]


def test_an_empty_panel_is_refused() -> None:
    with pytest.raises(SROError, match="at least one"):
        Panel([])


class Remembers(Refuses):
    """Refuses where the source is short, too, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("a")
        self.asked: list[tuple[str, str | None]] = []

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        compared = sources or [None] * len(texts)
        self.asked += zip(texts, compared)
        found = super().screen(texts)
        short = [source is not None and len(source) < 2 for source in compared]
        return [replace(v, label="fail", probability=0.7) if is_short else v for v, is_short in zip(found, short)]


def test_each_text_is_asked_once_a_source_and_the_answers_are_those_of_asking_each() -> None:
    texts, sources = ["a", "b", "a", "b", "b", "a"], ["xx", "xx", "xx", "y", "xx", "y"]
    member = Remembers()
    together = Panel([member, FormScreener()]).screen(texts, sources=sources)
    assert member.asked == [("a", "xx"), ("b", "xx"), ("b", "y"), ("a", "y")]
    alone = [Panel([Remembers(), FormScreener()]).screen([t], sources=[s])[0] for t, s in zip(texts, sources)]
    assert together == alone and together[1] != together[3]
    member.asked.clear()
    assert [verdict.label for verdict in Panel([member]).screen(["b", "a", "b"])] == ["pass", "fail", "pass"]
    assert member.asked == [("b", None), ("a", None)]
    assert Panel([member]).screen([]) == [] and Panel([FormScreener()]).screen([], sources=[]) == []


@dataclass(frozen=True)
class Measured:
    """A `Similarity` by any function."""

    similarity: Callable[[Sequence[str], Sequence[str]], np.ndarray]


def fixed(*cosines: float) -> SimilarityScreener:
    return SimilarityScreener(Measured(lambda texts, sources: np.array(cosines)), minimum=0.7)


def test_meaning_passes_from_the_minimum_on() -> None:
    verdicts = fixed(0.69, 0.7, 1.0, -1.0).screen(["t"] * 4, sources=["s"] * 4)
    assert [verdict.label for verdict in verdicts] == ["fail", "pass", "pass", "fail"]
    assert [verdict.probability for verdict in verdicts] == pytest.approx([0.505, 0.5, 0.35, 1.0])


def test_meaning_gets_texts_and_sources_in_this_order() -> None:
    seen = []

    def similarity(texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        seen.append((texts, sources))
        return np.ones(len(texts))

    SimilarityScreener(Measured(similarity)).screen(["rewrite"], sources=["comment"])
    assert seen == [(["rewrite"], ["comment"])]


def test_meaning_refuses_a_similarity_that_gives_a_matrix_or_no_number() -> None:
    with pytest.raises(SROError, match="no number for each of the 2 texts"):
        SimilarityScreener(Measured(lambda t, s: np.ones((2, 2)))).screen(["a", "b"], sources=["a", "b"])
    with pytest.raises(SROError, match="no number"):
        fixed(float("nan")).screen(["a"], sources=["a"])


@pytest.mark.parametrize("screener", [fixed(1.0), FormScreener(), Panel([Refuses("a"), FormScreener()])])
def test_comparing_screeners_need_one_source_a_text(screener: SimilarityScreener | FormScreener | Panel) -> None:
    with pytest.raises(SROError, match=r"call screen\(texts, sources=comments\)"):
        screener.screen(["a"])
    with pytest.raises(SROError, match="1 texts but 2 sources"):
        screener.screen(["a"], sources=["a", "b"])


def test_shape_screener_follows_defects() -> None:
    verdicts = FormScreener().screen(["your is .", "that was wrong ."], sources=["your ass is grass ."] * 2)
    assert [(verdict.label, verdict.probability) for verdict in verdicts] == [("fail", 1.0), ("pass", 0.0)]


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("your is .", "your stupidity is showing .", ["hole"]),
        ("that is a comparison .", "that is a stupid comparison .", ["hollow"]),
        ("you are a person .", "you are a worthless person .", ["hollow"]),
        ("and to off .", "and tell him to fuck off .", ["hole"]),
        ("go to off", "go fuck off", ["hole"]),
        ("he is the .", "he is the idiot .", ["hole"]),
        ("where the do you live ?", "where the hell do you live ?", ["hole"]),
        ("what a , honestly", "what a moron , honestly", ["hole"]),
        ("he lies and", "he lies and bullshits", ["hole"]),
        (", , ,", "shit , damn , fuck", ["empty"]),
        ("", "you idiot", ["empty"]),
        ("well , , no", "well , damn , no", ["punctuation"]),
        (", you know it", "damn , you know it", ["punctuation"]),
        ("a a a a", "you are an ass", ["repetition", "hole"]),
        ("the people the people voted", "the damn people voted", ["repetition"]),
        ("You are an idiot!", "you are an idiot .", ["copy"]),
        (
            "no",
            "you are a lazy , stupid and worthless excuse for a manager , and everybody in here knows it",
            ["length"],
        ),
        ("this goes on and on about many other things that nobody asked for", "you idiot", ["length"]),
    ],
)
def test_defects(text: str, source: str, expected: list[str]) -> None:
    assert defects(text, source) == expected


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Bush is well aware that he has messed up", "even bush knows he fucked up ."),
        ("man, you are so insecure about your genital organ.", "man you are so insecure about your dick ."),
        ("Joke's on you", "joke 's on you , you intolerant fuck ."),
        ("this is a joke .", "this is a fucking joke ."),
        ("what are you looking at ?", "what the fuck are you looking at ?"),
        ("it was his, not hers .", "it was his shit , not hers ."),
        ("no no, please don't", "no fucking way, don't"),
        ("you are a bad person .", "you are an evil bitch ."),
        ("he is a man .", "he is a man , you idiot ."),  # the source does not describe the man
        ("I am very very tired of this...", "i'm fucking sick of this"),
        ("blah blah blah , get on with it", "blah blah blah , get the fuck on with it"),
        ("I want to .", "i fucking want to ."),
        ("oh my, call me at 2 a.m .", "oh shit , call my ass around 2 am"),
        ("the the page is wrong", "the the fucking page is wrong"),  # the source stammers too
    ],
)
def test_good_rewrites_have_no_defect(text: str, source: str) -> None:
    assert defects(text, source) == []


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")
def test_human_rewrites_are_almost_never_called_defective() -> None:
    with open(DATA / "paradetox_train/paradetox.tsv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["neutral1"]]
    found = [defects(row["neutral1"], row["toxic"]) for row in rows]
    assert sum(map(bool, found)) <= 0.02 * len(rows)
    assert sum(bool(names) and names != ["copy"] for names in found) <= 0.008 * len(rows)


# -- fluency ------------------------------------------------------------------------------------------


def acceptable(**known: float) -> FluencyScreener:
    def fluency(
        texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        assert len(texts) == len(sources)
        return np.array([known[text] for text in texts])

    return FluencyScreener(fluency, slack=0.1)


def test_a_rewrite_is_held_to_a_half_or_to_its_source() -> None:
    screener = acceptable(good=0.9, noisy=0.3, half=0.5, less=0.25, bad=0.1)
    verdicts = screener.screen(["half", "less", "less", "bad"], sources=["good", "good", "noisy", "noisy"])
    assert [verdict.passed for verdict in verdicts] == [True, False, True, False]
    assert [verdict.probability for verdict in verdicts] == pytest.approx([0.5, 0.625, 0.475, 0.55])
    assert {verdict.screener for verdict in verdicts} == {"fluency 0.1"}


def test_fluency_needs_the_sources() -> None:
    with pytest.raises(SROError, match="compares a rewrite with its source"):
        acceptable(good=0.9).screen(["good"])


class Critic:
    threshold = 0.4

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        return np.array([0.4 if comment[0] == text[0] else 0.1 for comment, text in pairs])


def test_a_critic_of_faithfulness_as_a_member_of_the_panel() -> None:
    member = FaithfulnessScreener(Critic())
    kept, lost = member.screen(["ax", "bx"], sources=["ay", "ay"])
    assert (kept.label, kept.probability) == ("pass", pytest.approx(0.6))
    assert (lost.label, lost.probability) == ("fail", pytest.approx(0.9))
    assert member.screen([], sources=[]) == []
    with pytest.raises(SROError, match="compares a rewrite with its source"):
        member.screen(["a"])
