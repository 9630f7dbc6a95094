"""Mean log-probability a token, against a plain forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sro.evaluation.judges.lm_fluency import LanguageModelFluency

TEXTS = ["you are a person", "what is this idea", "please", "they read the comment and leave it here"]


def plainly(model: Any, tokenizer: Any, text: str) -> float:
    ids = [tokenizer.eos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]
    with torch.no_grad():
        steps = model(input_ids=torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    return float(steps[range(len(ids) - 1), ids[1:]].mean())


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_equals_the_mean_over_a_plain_forward_pass(tiny_causal: Any, batch_size: int) -> None:
    model, tokenizer = tiny_causal()
    scores = LanguageModelFluency(model, tokenizer, batch_size)(TEXTS)
    assert scores.dtype == np.float32 and scores.shape == (4,)
    assert scores.tolist() == pytest.approx([plainly(model, tokenizer, text) for text in TEXTS], abs=1e-4)


def test_an_empty_text_is_minus_infinity_and_no_text_is_no_score(tiny_causal: Any) -> None:
    fluency = LanguageModelFluency(*tiny_causal())
    scores = fluency(["", TEXTS[0], "  "])
    assert np.isneginf(scores[[0, 2]]).all() and np.isfinite(scores[1])
    assert fluency([]).shape == (0,)


def test_a_model_that_learnt_a_sentence_finds_it_more_fluent_than_its_words_in_disorder(tiny_causal: Any) -> None:
    model, tokenizer = tiny_causal()
    ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(TEXTS[3])["input_ids"]]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(20):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    scrambled = " ".join(sorted(TEXTS[3].split()))
    in_order, in_disorder = LanguageModelFluency(model, tokenizer)([TEXTS[3], scrambled])
    assert in_order > in_disorder + 1


def test_bf16_is_near_and_the_model_stays_as_it_is(tiny_causal: Any) -> None:
    model, tokenizer = tiny_causal()
    exact = LanguageModelFluency(model, tokenizer)(TEXTS)
    rounded = LanguageModelFluency(model, tokenizer, bf16=True)(TEXTS)
    assert np.abs(exact - rounded).max() < 0.05
    assert not np.array_equal(exact, rounded)
    assert {p.dtype for p in model.parameters()} == {torch.float32}
