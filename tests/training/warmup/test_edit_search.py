"""The edit search on stubs: a screener that knows rude words, classes by a list, meaning by shared words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sro.comments.words import bare_word, words
from sro.screeners.base import Verdict
from sro.training.warmup.edit_search import Edit, SearchBars, find_suspects, search_edits

RUDE = {"idiot": 0.8, "moron": 0.7, "stupid": 0.6, "damn": 0.5, "muslim": 0.55, "hell": 0.5}
CLASS = {"damn": "adverb", "stupid": "adjective", "idiot": "noun", "moron": "noun", "hell": "noun"}
VOCABULARY = {
    "foolish person": frozenset({"noun"}),
    "person": frozenset({"noun"}),
    "unwise": frozenset({"adjective"}),
    "very": frozenset({"adverb"}),
}
SENSE = {"idiot": "fool", "moron": "fool", "foolish": "fool", "stupid": "fool", "unwise": "fool", "an": "a"}


class Words:
    """P(fail) = 1 − Π(1 − rudeness of each word), refused from ½ on; remembers what it was asked."""

    name = "words 1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.asked += texts
        passing = [np.prod([1 - RUDE.get(bare_word(word), 0.01) for word in words(text)]) for text in texts]
        return [Verdict("pass" if p > 0.5 else "fail", float(1 - p), self.name) for p in passing]


class Senses:
    """Bags of senses as unit vectors."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        found = np.zeros((len(texts), 200), np.float32)
        for row, text in zip(found, texts):
            for word in filter(None, map(bare_word, words(text))):
                row[self.places.setdefault(SENSE.get(word, word), len(self.places))] += 1
        return found / np.maximum(1e-9, np.linalg.norm(found, axis=1, keepdims=True))

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return (self.embed(texts) * self.embed(sources)).sum(-1)


class Classes:
    """`WordClasses` that knows the class of the rude words by heart; of any other word it has no idea."""

    names = ("adjective", "adverb", "noun")

    def __init__(self) -> None:
        self.encoder = Senses()

    def shares(self, texts: Sequence[str], places: Sequence[int]) -> np.ndarray:
        known = [CLASS.get(bare_word(words(text)[place])) for text, place in zip(texts, places)]
        rows = [[1.0 if name == own else 0.0 for name in self.names] if own else [1 / 3] * 3 for own in known]
        return np.array(rows).reshape(len(texts), 3)

    def fits(self, shares: np.ndarray, phrases: Sequence[str]) -> np.ndarray:
        has = np.array([[name in VOCABULARY[phrase] for name in self.names] for phrase in phrases], dtype=float)
        return shares @ has.reshape(len(phrases), 3).T


class Model:
    """`Fit` that finds everything equally good, but for the words it is told about."""

    def __init__(self, phrases: Sequence[str], liked: Mapping[str, float], reads: Mapping[str, float]) -> None:
        self.phrases, self.liked, self.reads = phrases, liked, reads

    def proposals(self, comments: Sequence[str], places: Sequence[Sequence[int]]) -> list[np.ndarray]:
        rates = [self.liked.get(phrase, 0.0) for phrase in self.phrases]
        return [np.array([rates] * len(spots), np.float32).reshape(len(spots), len(rates)) for spots in places]

    def gains(self, comments: Sequence[str], rewrites: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return [np.array([self.reads.get(text, 0.0) for text in texts], np.float32) for texts in rewrites]


def search(
    *comments: str,
    mild: Sequence[str] = (),
    innocent: Collection[str] = (),
    liked: Mapping[str, float] | None = None,
    reads: Mapping[str, float] | None = None,
    screener: Words | None = None,
    **bars: Any,
) -> list[Edit]:
    model = Model(mild, liked or {}, reads or {})
    classes: Any = Classes()
    return search_edits(comments, mild, innocent, screener or Words(), classes, model, SearchBars(**bars))


def rewrites(*comments: str, **options: Any) -> list[str]:
    return [edit.rewrite for edit in search(*comments, **options)]


# -- what is done -------------------------------------------------------------------------------------


def test_an_ornament_is_deleted() -> None:
    comment = "this is a damn good page and we all read it"
    [edit] = search(comment, mild=["person", "unwise"])
    assert (edit.comment, edit.rewrite) == (comment, "this is a good page and we all read it")
    assert edit.worth == SearchBars.best_deletion


def test_a_noun_gives_way_to_a_phrase_of_its_class() -> None:
    mild = ["unwise", "very", "person", "foolish person"]
    assert rewrites("that idiot wrote this whole page", mild=mild) == ["that foolish person wrote this whole page"]


def test_a_noun_that_cannot_be_replaced_leaves_no_hole() -> None:
    assert rewrites("that idiot wrote this whole page", mild=["unwise", "very"]) == []


def test_behind_to_be_an_adjective_will_do() -> None:
    assert rewrites("he is an idiot and we know it", mild=["unwise"]) == ["he is unwise and we know it"]


@pytest.mark.parametrize(
    ("comment", "rewrite"),
    [
        ("You idiot, stop reading this page.", "Stop reading this page."),
        ("what the hell is this page about ?", "what is this page about ?"),
        ("i read all of this page twice . he is such an idiot .", "i read all of this page twice ."),
    ],
)
def test_what_nothing_hangs_on_is_deleted(comment: str, rewrite: str) -> None:
    assert rewrites(comment) == [rewrite]


def test_an_edit_says_what_it_reached() -> None:
    comment, mild = "that idiot wrote this whole page", ["foolish person"]
    rewrite = "that foolish person wrote this whole page"
    [edit] = search(comment, mild=mild, reads={rewrite: -0.75})
    assert edit.rewrite == rewrite and edit.gain == -0.75
    assert edit.probability == pytest.approx(1 - 0.99**7)
    assert edit.similarity == pytest.approx(6 / np.sqrt(6 * 7))
    # cosine of the phrase with the word, and the log of its class's share, which is one
    assert edit.worth == pytest.approx(np.sqrt(0.5) + SearchBars.class_weight * np.log(1.001), abs=1e-6)


def test_two_rude_words_take_two_edits() -> None:
    comment = "that idiot wrote this damn page for all of us"
    assert rewrites(comment, mild=["foolish person"], max_edits=1) == []
    [edit] = search(comment, mild=["foolish person"])
    assert edit.rewrite == "that foolish person wrote this page for all of us"
    single = search("that idiot wrote this page for all of us", mild=["foolish person"])[0].worth
    assert edit.worth == pytest.approx((single + SearchBars.best_deletion) / 2)


def test_the_worth_of_several_edits_is_their_mean() -> None:
    """Also where the first was worth nothing: a noun that goes leaves a hole, however good the other edits are."""
    [edit] = search("that idiot wrote this damn page for all of us", min_worth=-1.0)
    assert edit.rewrite == "that wrote this page for all of us"
    assert edit.worth == pytest.approx(SearchBars.best_deletion / 2)
    [edit] = search("that idiot wrote this damn page for all of us and one more stupid one too", min_worth=-1.0)
    assert edit.rewrite == "that wrote this page for all of us and one more one too"
    assert edit.worth == pytest.approx(SearchBars.best_deletion * 2 / 3)


def test_each_comment_gets_its_best_edit_in_order() -> None:
    found = search(
        "that moron wrote this whole page",
        "this page is fine",
        "that muslim wrote this whole page",
        "this is a damn good page and we read it",
        mild=["person", "foolish person"],
    )
    assert [edit.comment.split()[1] for edit in found] == ["moron", "is"]
    assert [edit.rewrite for edit in found] == [
        "that foolish person wrote this whole page",
        "this is a good page and we read it",
    ]


# -- what is left alone -------------------------------------------------------------------------------


def test_passing_comments_and_none_at_all_are_left_out() -> None:
    assert search("this page is fine", "person", mild=["person"]) == []
    assert search(mild=["person"]) == []


def test_a_comment_that_passes_has_nothing_to_teach() -> None:
    """Although it holds a word that is refused alone."""

    class Polite(Words):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            verdicts = super().screen(texts, sources=sources)
            return [Verdict("pass", 0.3, self.name) if "please" in x else v for x, v in zip(texts, verdicts)]

    assert search("this is a damn good page and we read it", screener=Polite()) != []
    assert search("please , this is a damn good page and we read it", screener=Polite()) == []


def test_who_somebody_is_is_never_edited() -> None:
    assert rewrites("that muslim wrote this whole page", mild=["person"]) == []
    comment = "that muslim idiot wrote this whole damn page"
    found = rewrites(comment, mild=["foolish person"], max_probability=0.7)
    assert found == ["that muslim foolish person wrote this whole page"]


def test_an_innocent_word_is_never_edited() -> None:
    comment = "this is a damn good page and we all read it"
    assert rewrites(comment) != []
    assert rewrites(comment, innocent={"damn"}) == []


def test_a_word_that_the_screener_passes_alone_is_never_edited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `really` the comment would pass too."""
    monkeypatch.setitem(RUDE, "really", 0.45)
    monkeypatch.setitem(RUDE, "page", 0.45)
    assert rewrites("this is a really good page and we all read it") == []


# -- the bars -----------------------------------------------------------------------------------------

ORNATE = "this is a damn good page and we all read it"
REACHED = {
    "max_probability": ("probability", -1e-6),  # just not reached: the bar is lower than what the edit has
    "min_similarity": ("similarity", 1e-6),
    "min_gain": ("gain", 1e-6),
    "min_worth": ("worth", 1e-6),
}


@pytest.mark.parametrize("bar", REACHED)
def test_each_bar_counts(bar: str) -> None:
    reads = {"this is a good page and we all read it": 0.25}
    [edit] = search(ORNATE, reads=reads)
    measured, beyond = REACHED[bar]
    value = getattr(edit, measured)
    assert search(ORNATE, reads=reads, **{bar: value}) == [edit]
    assert search(ORNATE, reads=reads, **{bar: value + beyond}) == []


def test_an_ill_formed_edit_is_no_edit() -> None:
    """Without the noun the sentence is shorter, nearer and has a hole."""
    anything = {"min_similarity": 0.0, "min_worth": -9.0, "min_gain": -99.0}
    found = rewrites("he is an idiot .", **anything, reads={"he is a .": 5.0})
    assert "he is a ." not in found and found == ["he ."]


def test_a_phrase_needs_some_share_of_the_words_class() -> None:
    comment, mild = "that page wrote this idiot thing", ["unwise"]
    assert rewrites(comment, mild=mild, min_class_share=0.1) == []
    assert rewrites(comment, mild=mild, min_class_share=0.0, class_weight=0.0) == [
        "that page wrote this unwise thing",
    ]


def test_suspects_beyond_the_bar_stay() -> None:
    comment = "that idiot wrote this damn page for all of us"
    assert rewrites(comment, mild=["person"], suspects=1) == []
    assert rewrites(comment, mild=["person"], suspects=2) != []


# -- who is chosen ------------------------------------------------------------------------------------

CHOICE = "that idiot wrote this whole page"
NEAR, FAR = "that foolish person wrote this whole page", "that person wrote this whole page"
PHRASES: dict[str, Any] = {"mild": ["person", "foolish person"], "min_worth": 1e-5}  # deletions are worth nothing


def test_of_two_edits_the_one_that_reads_better_wins() -> None:
    assert rewrites(CHOICE, **PHRASES) == [NEAR]
    assert rewrites(CHOICE, **PHRASES, reads={NEAR: -1.6}) == [FAR]  # below the bar
    assert rewrites(CHOICE, **PHRASES, reads={NEAR: -1.0}) == [NEAR]
    assert rewrites(CHOICE, **PHRASES, reads={NEAR: -1.0}, gain_weight=1.0) == [FAR]


def test_a_gain_counts_five_nats_at_most() -> None:
    assert rewrites(CHOICE, **PHRASES, reads={NEAR: 3.0, FAR: 4.0}, gain_weight=1.0) == [FAR]
    assert rewrites(CHOICE, **PHRASES, reads={NEAR: 5.0, FAR: 500.0}, gain_weight=1.0) == [NEAR]


def test_only_the_most_promising_phrases_are_tried() -> None:
    assert rewrites(CHOICE, **PHRASES, phrases=1, reads={NEAR: -9.0}) == []
    assert rewrites(CHOICE, **PHRASES, phrases=2, reads={NEAR: -9.0}) == [FAR]
    assert rewrites(CHOICE, **PHRASES, phrases=1, liked={"person": 3.0}, fit_weight=1.0) == [FAR]


def test_only_the_finalists_are_weighed() -> None:
    assert rewrites(CHOICE, **PHRASES, finalists=1, reads={NEAR: -9.0}) == []
    assert rewrites(CHOICE, **PHRASES, finalists=2, reads={NEAR: -9.0}) == [FAR]


def test_of_two_equal_edits_the_milder_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VOCABULARY, "guy", frozenset({"noun"}))
    monkeypatch.setitem(RUDE, "guy", 0.2)
    assert rewrites(CHOICE, mild=["guy", "person"], min_worth=1e-5) == [FAR]


def test_the_two_worst_words_are_tried_at_each_step() -> None:
    """Nothing of the right class is there for the worst, and one edit must do."""
    found = rewrites("that idiot wrote this damn page for all of us", max_edits=1, max_probability=0.82)
    assert found == ["that idiot wrote this page for all of us"]


def test_suspects_are_what_is_refused_alone_the_most_decisive_first() -> None:
    comment = "Damn, that stupid muslim idiot and that moron, he is stupid!"
    assert find_suspects(comment, (), Words(), 9) == ["idiot", "moron", "stupid", "damn"]
    assert find_suspects(comment, {"moron"}, Words(), 2) == ["idiot", "stupid"]
    assert find_suspects("42 , !", (), Words(), 9) == []


def test_the_screener_is_asked_about_whole_batches() -> None:
    """One call for all candidates of a step, whatever the number of comments: screeners are slow one by one."""

    class Counting(Words):
        calls = 0

        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            self.calls += 1
            return super().screen(texts, sources=sources)

    few, many = Counting(), Counting()
    search(ORNATE, screener=few)
    search(*[ORNATE] * 20, screener=many)
    suspects_of_one = 2
    assert many.calls - few.calls == 19 * suspects_of_one


def test_bars_may_be_left_out() -> None:
    classes: Any = Classes()
    [edit] = search_edits([ORNATE], [], (), Words(), classes, Model([], {}, {}))
    assert replace(edit, comment="") == replace(search(ORNATE)[0], comment="")
