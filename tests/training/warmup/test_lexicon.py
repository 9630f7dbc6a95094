"""The lexicon of a small corpus: which words are toxic in it, where they stand, which mild ones come near."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from sro.comments.words import words
from sro.screeners.base import Verdict
from sro.training.warmup import lexicon as module
from sro.training.warmup.lexicon import EDGE, ToxicLexicon, learn_toxic_lexicon, mild_and_passing, mild_words

TOXIC = [
    "you idiot , go home .",
    "what an Idiot!",
    "that idiot wrote this page",
    "go home , idiot",
    "the moron and the muslim wrote this",
    "a muslim and a moron",
    "muslim people , you moron , wrote it",
    "that muslim is some moron",
    "page page page of it",
    "the garden page of it",
    "a garden of it",
    "the garden , the page",
    "my garden wrote this",
    "only a twit , twit , twit",
    "a twit",
    "twit",
]
CLEAN = [
    *("this page is fine", "we wrote it at home", "what a day", "you and i wrote it", "people go home"),
    *("that is fine", "good day", "good night", "we are home", "they know it"),
]
VOCABULARY: Mapping[str, frozenset[str]] = {
    "foolish": frozenset({"adjective"}),
    "person": frozenset({"noun"}),
    "foolish person": frozenset({"noun"}),
    "dim person": frozenset({"noun"}),
    "damn person": frozenset({"noun"}),
}
DEGREES = {"idiot": 0, "moron": 20, "twit": 60, "foolish": 5, "foolish person": 10, "dim person": 40, "person": 80}


class Words:
    """Refuses a few words; of toxic ones, not `garden`."""

    name = "words 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        bad = [bool({"idiot", "moron", "twit", "muslim", "damn"} & set(words(text))) for text in texts]
        return [Verdict("fail" if one else "pass", 0.9 if one else 0.1, self.name) for one in bad]


class Plane:
    """Embeds words as directions in the plane, so that their nearness is there to see."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        angles = np.radians([DEGREES[text] for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], -1)


class Nouns:
    """`WordClasses` to which every word is a noun three times in four, and which remembers what it was asked."""

    def __init__(self, noun: float = 0.75) -> None:
        self.noun = noun
        self.asked: list[list[str]] = []

    def shares(self, texts: Sequence[str], places: Sequence[int]) -> np.ndarray:
        self.asked.append([words(text)[place] for text, place in zip(texts, places)])
        return np.array([[1 - self.noun, self.noun]] * len(texts))

    def fits(self, shares: np.ndarray, phrases: Sequence[str]) -> np.ndarray:
        has = np.array([[name in VOCABULARY[phrase] for name in ("adjective", "noun")] for phrase in phrases])
        return shares @ has.T


Learn = Callable[..., ToxicLexicon]


@pytest.fixture
def learn(monkeypatch: pytest.MonkeyPatch) -> Learn:
    """learn(noun share, **options): the lexicon of the corpus above with the vocabulary above."""
    monkeypatch.setattr(module, "mild_words", lambda: VOCABULARY)

    def make(noun: float = 0.75, **options: Any) -> ToxicLexicon:
        classes: Any = Nouns(noun)
        plane: Any = Plane()
        return learn_toxic_lexicon(
            TOXIC, CLEAN, Words(), plane, classes, mild_and_passing(Words()), **{"min_count": 3, **options}
        )

    return make


# -- the vocabulary that ships ------------------------------------------------------------------------


def test_the_vocabulary_is_phrases_with_their_sections() -> None:
    vocabulary = mild_words()
    assert len(vocabulary) > 400
    assert vocabulary["unwise"] == {"adjective"}
    assert vocabulary["bad people"] == {"noun, plural or mass"}
    assert vocabulary["man"] == {"noun, singular", "exclamation"}
    for phrase, classes in vocabulary.items():
        assert phrase == " ".join(phrase.split()) and phrase == phrase.lower() and "#" not in phrase and classes


def test_every_section_can_be_learnt_from_single_words() -> None:
    """The probe of `sro.training.warmup.word_classes` needs unambiguous single words of each class."""
    single = Counter(
        next(iter(classes)) for phrase, classes in mild_words().items() if len(classes) == 1 and " " not in phrase
    )
    assert set(single) == {name for classes in mild_words().values() for name in classes}
    assert min(single.values()) >= 5, single


def test_only_what_the_screener_passes_may_be_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "mild_words", lambda: VOCABULARY)
    assert mild_and_passing(Words()) == ["foolish", "person", "foolish person", "dim person"]


# -- what is toxic ------------------------------------------------------------------------------------


def test_toxic_is_what_is_frequent_and_refused(learn: Learn) -> None:
    """`garden` is as frequent and passes alone; `page` is frequent on both sides; nobody says it of `muslim`."""
    assert set(learn(min_count=4).toxic) == {"idiot", "moron"}
    assert set(learn(min_count=3).toxic) == {"idiot", "moron", "twit"}


def test_log_odds_count_comments_with_half_a_comment_to_spare(learn: Learn) -> None:
    found = learn()
    assert found.toxic["idiot"] == pytest.approx(math.log(4.5 / 16) - math.log(0.5 / 10))
    assert found.toxic["twit"] == pytest.approx(math.log(3.5 / 16) - math.log(0.5 / 10))  # thrice in one counts once


def test_the_bounds_are_inclusive(learn: Learn) -> None:
    value = learn().toxic["twit"]
    assert "twit" in learn(min_log_odds=value).toxic
    assert "twit" not in learn(min_log_odds=value + 1e-9).toxic
    assert "twit" not in learn(min_count=4).toxic


def test_innocent_words_are_frequent_on_both_sides(learn: Learn) -> None:
    found = learn()
    assert {"wrote", "a"} <= found.innocent
    assert not found.innocent & set(found.toxic)
    assert "people" not in found.innocent  # too rare among the toxic ones to say


# -- where they stand ---------------------------------------------------------------------------------


def test_contexts_count_both_neighbours_and_the_edges(learn: Learn) -> None:
    found = learn()
    assert found.before["idiot"] == Counter({"you": 1, "an": 1, "that": 1, EDGE: 1})
    assert found.after["idiot"] == Counter({EDGE: 3, "wrote": 1})
    assert found.before["twit"] == Counter({"a": 2, EDGE: 3})


# -- their mild neighbours ----------------------------------------------------------------------------


def test_neighbours_come_nearest_first(learn: Learn) -> None:
    found = learn()
    assert found.neighbours["idiot"] == ["foolish", "foolish person", "dim person", "person"]
    assert found.neighbours["moron"] == ["foolish person", "foolish", "dim person", "person"]


def test_neighbours_have_a_class_that_the_word_often_has(learn: Learn) -> None:
    assert learn(noun=0.81).neighbours["idiot"] == ["foolish person", "dim person", "person"]
    assert learn(noun=0.1).neighbours["idiot"] == ["foolish"]


def test_the_number_of_neighbours_is_bounded(learn: Learn) -> None:
    assert learn(neighbours=2).neighbours["idiot"] == ["foolish", "foolish person"]


def test_classes_are_asked_about_a_dozen_places_of_the_word_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "mild_words", lambda: VOCABULARY)
    classes = Nouns()
    plane: Any = Plane()
    comments = [*["that idiot wrote"] * 10, *["Idiot!"] * 10]
    learn_toxic_lexicon(comments, CLEAN, Words(), plane, classes, mild_and_passing(Words()))  # type: ignore[arg-type]
    assert classes.asked == [["idiot"] * 10 + ["Idiot!"] * 2]


def test_no_toxic_word_no_neighbours(learn: Learn) -> None:
    found = learn(min_log_odds=99.0)
    assert (found.toxic, found.neighbours, found.before, found.after) == ({}, {}, {}, {})
