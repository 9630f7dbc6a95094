"""What a language model says about edits, against plain passes over one text at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from sro.training.warmup.lm_fit import RARITY, LanguageModelFit

PHRASES = ["wrong", "bad idea", "person", "good friend"]
USUAL = ["you are a friend", "this is a good idea .", "i think", "what do we read here and there ?"]
COMMENTS = [
    "you are a stupid idiot",
    "stupid",
    "this stupid page is crap and that is it .",
    "leave , you moron",
]
REWRITES = [
    ["you are a wrong person", "you are a stupid person", "you are wrong", "you are a idiot", "you are"],
    ["wrong", "this is stupid"],
    [],
    ["leave", "please leave , you moron", "leave , you good friend ."],
]
CHANGES = [  # taken out, put in
    [
        [("stupid idiot", "wrong person")],
        [("idiot", "person")],
        [("a stupid idiot", "wrong")],
        [("stupid", "")],
        [("a stupid idiot", "")],
    ],
    [[("stupid", "wrong")], [("", "this is")]],
    [],
    [[(", you moron", "")], [("", "please")], [("moron", "good friend .")]],
]


class Plain:
    """The same quantities, one token of one text at a time, by softmax."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.end = tokenizer.eos_token_id

    def ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def next(self, before: Sequence[int]) -> torch.Tensor:
        """p(token | before), [vocabulary]."""
        with torch.no_grad():
            return torch.softmax(self.model(input_ids=torch.tensor([list(before)])).logits[0, -1].double(), -1)

    def log_prob(self, before: list[int], ids: list[int]) -> float:
        return sum(float(self.next(before + ids[:n])[token].log()) for n, token in enumerate(ids))

    def anywhere(self) -> torch.Tensor:
        rows = [self.ids(text) for text in USUAL]
        return torch.stack([self.next(row[: n + 1]) for row in rows for n in range(len(row))]).mean(0)

    def alone(self, phrase: str) -> float:
        first, *rest = self.ids(phrase) or [None]
        if first is None:
            return 0.0
        return float(self.anywhere()[first].log()) + self.log_prob([self.end, first], rest)


@pytest.fixture(scope="module")
def plain(tiny_causal: Any) -> Plain:
    return Plain(*tiny_causal())


@pytest.fixture(scope="module", params=[1, 2, 16])
def fit(request: pytest.FixtureRequest, tiny_causal: Any) -> LanguageModelFit:
    return LanguageModelFit(*tiny_causal(), PHRASES, USUAL, batch_size=request.param)


def test_gains_are_what_the_whole_wins_less_half_of_what_is_usual(fit: LanguageModelFit, plain: Plain) -> None:
    gains = fit.gains(COMMENTS, REWRITES)
    for comment, texts, changes, found in zip(COMMENTS, REWRITES, CHANGES, gains, strict=True):
        assert found.shape == (len(texts),)
        before = plain.log_prob([plain.end], [*plain.ids(comment), plain.end])
        for text, pairs, gain in zip(texts, changes, found, strict=True):
            whole = plain.log_prob([plain.end], [*plain.ids(text), plain.end]) - before
            usual = sum(plain.alone(new) - plain.alone(old) for old, new in pairs)
            assert gain == pytest.approx(whole - RARITY * usual, abs=1e-3), (comment, text)


def test_several_changes_are_weighed_one_by_one(fit: LanguageModelFit, plain: Plain) -> None:
    comment, text = "this stupid page is crap", "this page is a bad idea"
    [[gain]] = fit.gains([comment], [[text]])
    whole = [plain.log_prob([plain.end], [*plain.ids(one), plain.end]) for one in (text, comment)]
    usual = plain.alone("a bad idea") - plain.alone("crap") - plain.alone("stupid")
    assert gain == pytest.approx(whole[0] - whole[1] - RARITY * usual, abs=1e-3)


def test_no_change_gains_nothing(fit: LanguageModelFit) -> None:
    for comment, [gain] in zip(COMMENTS, fit.gains(COMMENTS, [[comment] for comment in COMMENTS])):
        assert gain == pytest.approx(0, abs=1e-4), comment


def test_a_rewrites_gain_does_not_depend_on_its_siblings(fit: LanguageModelFit) -> None:
    """What is read once for all of them, their common beginning, is as long as the siblings let it be."""
    together = fit.gains(COMMENTS, REWRITES)
    for comment, texts, found in zip(COMMENTS, REWRITES, together):
        alone = [float(fit.gains([comment], [[text]])[0][0]) for text in texts]
        assert found.tolist() == pytest.approx(alone, abs=1e-4)


def test_what_stays_the_same_on_one_side_cancels_out(fit: LanguageModelFit) -> None:
    there, back = fit.gains(["you idiot stop", "you friend stop"], [["you friend stop"], ["you idiot stop"]])
    assert there[0] == pytest.approx(-back[0], abs=1e-4)
    assert abs(there[0]) > 1e-3


def test_proposals_compare_a_phrase_here_with_anywhere(fit: LanguageModelFit, plain: Plain) -> None:
    words = [comment.split(" ") for comment in COMMENTS]
    places = [[sum(map(len, row[:n])) + n for n in range(len(row))] for row in words]
    firsts = [plain.ids(phrase)[0] for phrase in PHRASES]
    usual = plain.anywhere()
    found = fit.proposals(COMMENTS, places)
    for row, rates in zip(words, found, strict=True):
        assert rates.shape == (len(row), len(PHRASES))
        for n, rate in enumerate(rates):
            here = plain.next([plain.end, *plain.ids(" ".join(row[:n]))])
            expected = [float((here[first] / usual[first]).log()) for first in firsts]
            assert rate.tolist() == pytest.approx(expected, abs=1e-3), (row, n)


def test_proposals_at_glued_punctuation_and_double_spaces(fit: LanguageModelFit, plain: Plain) -> None:
    text = "leave,  you idiot."
    [rates] = fit.proposals([text], [[text.index("you"), text.index("idiot")]])
    first = plain.ids(PHRASES[0])[0]
    for rate, read in zip(rates, ("leave ,", "leave , you")):
        here = plain.next([plain.end, *plain.ids(read)])[first] / plain.anywhere()[first]
        assert rate[0] == pytest.approx(float(here.log()), abs=1e-3)


def test_a_comment_without_places_has_no_proposals(fit: LanguageModelFit) -> None:
    first, second = fit.proposals(["you are", "stupid"], [[], [0]])
    assert first.shape == (0, len(PHRASES)) and second.shape == (1, len(PHRASES))
    assert fit.proposals([], []) == [] and fit.gains([], []) == []


def test_the_model_is_left_as_it_is(tiny_causal: Any) -> None:
    model, tokenizer = tiny_causal()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit = LanguageModelFit(model, tokenizer, PHRASES, USUAL)
    fit.gains(COMMENTS, REWRITES)
    fit.proposals(COMMENTS, [[0]] * 4)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_bfloat16_gives_nearly_the_same(tiny_causal: Any) -> None:
    exact, rough = (LanguageModelFit(*tiny_causal(), PHRASES, USUAL, bf16=half) for half in (False, True))
    for one, other in zip(exact.gains(COMMENTS, REWRITES), rough.gains(COMMENTS, REWRITES)):
        assert np.allclose(one, other, atol=0.1)
    one, other = (fit.proposals(COMMENTS[:1], [[0, 4]])[0] for fit in (exact, rough))
    assert np.allclose(one, other, atol=0.1) and not np.array_equal(one, other)
