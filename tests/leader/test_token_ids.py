"""Prompts and responses as token ids, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from sro.core.errors import SROError
from sro.leader.model import DEFAULT_PROMPT
from sro.leader.token_ids import decode, prompt_ids, response_ids

PROMPT = "Rude : {text} Polite :"


@pytest.fixture(params=["causal", "seq2seq"])
def leader(request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any) -> Callable[[], tuple[Any, Any]]:
    return tiny_causal if request.param == "causal" else tiny_seq2seq


def test_prompt_ids_fill_the_place_by_replacement(leader: Any) -> None:
    _, tokenizer = leader()
    rows = prompt_ids(tokenizer, PROMPT, ["you {text} {0} idiot", "shut up"], 64)
    assert rows == tokenizer(["Rude : you {text} {0} idiot Polite :", "Rude : shut up Polite :"])["input_ids"]


def test_an_encoder_gets_its_end_token_and_a_causal_prompt_stays_open(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    for (_, tokenizer), ends in ((tiny_causal(), False), (tiny_seq2seq(), True)):
        [row] = prompt_ids(tokenizer, PROMPT, ["you idiot"], 64)
        assert (row[-1] == tokenizer.eos_token_id) == ends


def test_a_comment_too_long_is_an_error_that_quotes_it_never_a_cut(leader: Any) -> None:
    _, tokenizer = leader()
    comments = ["you idiot", "what a stupid page"]
    longest = max(len(row) for row in prompt_ids(tokenizer, PROMPT, comments, 64))
    assert len(prompt_ids(tokenizer, PROMPT, comments, longest)) == 2
    message = rf"has {longest} tokens.*max_prompt_length={longest - 1}: 'what a stupid page'"
    with pytest.raises(SROError, match=message):
        prompt_ids(tokenizer, PROMPT, comments, longest - 1)


def test_responses_end_with_one_end_token(leader: Any) -> None:
    _, tokenizer = leader()
    for continues in (True, False):
        rows = response_ids(tokenizer, ["you are wrong", "", "please"], continues)
        assert [len(row) for row in rows] == [4, 1, 2]
        assert all(row[-1] == tokenizer.eos_token_id and row.count(tokenizer.eos_token_id) == 1 for row in rows)
        assert decode(tokenizer, rows) == ["you are wrong", "", "please"]


def test_a_response_is_tokenized_as_it_stands_behind_its_prompt() -> None:
    """With a byte-level tokenizer, where ` thanks` and `thanks` are different tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, special_tokens=["</s>"])
    inner.train_from_iterator(["Rude: you fool\nPolite: thanks for the idea"] * 5, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>", pad_token="</s>")
    [prompt] = prompt_ids(tokenizer, DEFAULT_PROMPT, ["you fool"], 64)
    [response] = response_ids(tokenizer, ["thanks for the idea"], continues_prompt=True)
    assert prompt + response[:-1] == tokenizer("Rude: you fool\nPolite: thanks for the idea")["input_ids"]
    [alone] = response_ids(tokenizer, ["thanks for the idea"], continues_prompt=False)
    assert alone[:-1] == tokenizer("thanks for the idea")["input_ids"] != response[:-1]
    assert decode(tokenizer, [response, alone]) == ["thanks for the idea"] * 2
