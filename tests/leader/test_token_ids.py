"""Prompts and completions as token ids, and back."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from sro.core.errors import SROError
from sro.leader.model import DEFAULT_PROMPT
from sro.leader.token_ids import completion_ids, decode, end_tokens, prompt_ids, with_end_of_turn

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


def test_completions_end_with_one_end_token(leader: Any) -> None:
    _, tokenizer = leader()
    for prompt in (PROMPT, None):
        rows = completion_ids(tokenizer, ["you are wrong", "", "please"], prompt)
        assert [len(row) for row in rows] == [4, 1, 2]
        assert all(row[-1] == tokenizer.eos_token_id and row.count(tokenizer.eos_token_id) == 1 for row in rows)
        assert decode(tokenizer, rows) == ["you are wrong", "", "please"]


@pytest.mark.parametrize("frame", ["<s> $A </s>", "$A", "$A </s> <pad>"], ids=["BART", "no end", "mBART"])
def test_a_response_of_an_encoder_decoder_begins_as_its_tokenizer_begins(tiny_seq2seq: Any, frame: str) -> None:
    from tokenizers.processors import TemplateProcessing

    _, tokenizer = tiny_seq2seq()
    special = [(token, tokenizer.convert_tokens_to_ids(token)) for token in ("<s>", "</s>", "<pad>")]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=frame, special_tokens=special)
    rows = completion_ids(tokenizer, ["you are wrong", ""], None)
    begin = ["<s>"] if frame.startswith("<s>") else []
    assert [tokenizer.convert_ids_to_tokens(row) for row in rows] == [
        [*begin, "you", "are", "wrong", "</s>"],
        [*begin, "</s>"],
    ]


def byte_level() -> Any:
    """As GPT-2's, with the turns of a chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["</s>", "<turn>", "<end>"]
    trainer = trainers.BpeTrainer(vocab_size=320, initial_alphabet=alphabet, special_tokens=special)
    inner.train_from_iterator(["Rude: you fool\nPolite: thanks for the idea"] * 5, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="</s>", pad_token="</s>", additional_special_tokens=special[1:]
    )


def test_a_completion_is_tokenized_as_it_stands_behind_its_prompt() -> None:
    """With a byte-level tokenizer, where ` thanks` and `thanks` are different tokens."""
    tokenizer = byte_level()
    [prompt] = prompt_ids(tokenizer, DEFAULT_PROMPT, ["you fool"], 64)
    [completion] = completion_ids(tokenizer, ["thanks for the idea"], DEFAULT_PROMPT)
    assert prompt + completion[:-1] == tokenizer("Rude: you fool\nPolite: thanks for the idea")["input_ids"]
    [alone] = completion_ids(tokenizer, ["thanks for the idea"], None)
    assert alone[:-1] == tokenizer("thanks for the idea")["input_ids"] != completion[:-1]
    assert decode(tokenizer, [completion, alone]) == ["thanks for the idea"] * 2


@pytest.mark.parametrize(
    "prompt, behind",
    [
        ("Rude: {text}\nPolite:", " thanks for the idea"),
        ("Say it politely: {text}", " thanks for the idea"),
        ("<turn>user\n{text}<end>\n<turn>model\n", "thanks for the idea"),
        ("{text}<end><turn>", "thanks for the idea"),
        ("Rude: {text}\nPolite:\t", "thanks for the idea"),
    ],
)
def test_a_space_stands_before_a_completion_where_the_prompt_does_not_end_with_a_blank_or_a_turn(
    prompt: str, behind: str
) -> None:
    tokenizer = byte_level()
    [given] = prompt_ids(tokenizer, prompt, ["you fool"], 64)
    [completion] = completion_ids(tokenizer, ["thanks for the idea"], prompt)
    assert completion[:-1] == tokenizer(behind)["input_ids"]
    assert given + completion[:-1] == tokenizer(prompt.replace("{text}", "you fool") + behind)["input_ids"]


def test_the_sign_that_a_tokenizer_puts_before_a_text_is_not_counted_twice() -> None:
    """Llama-2's and Mistral's: `▁` before every text, and for every space."""
    from tokenizers import Tokenizer, models, normalizers

    pairs = [("y", "o"), ("yo", "u"), ("▁", "you")]
    vocabulary = {sign: n for n, sign in enumerate([*"</s>", *"▁youPlite:\n", *(a + b for a, b in pairs)])}
    inner = Tokenizer(models.BPE({**vocabulary, "<unk>": 99}, pairs, unk_token="<unk>"))
    inner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>")
    for prompt in (DEFAULT_PROMPT, "{text}"):
        [completion] = completion_ids(tokenizer, ["you you"], prompt)
        assert tokenizer.convert_ids_to_tokens(completion[:-1]) == ["▁you", "▁you"]


def test_a_turn_ends_with_the_token_that_ends_the_comments_turn() -> None:
    tokenizer = byte_level()
    end, turn_end = tokenizer.convert_tokens_to_ids(["</s>", "<end>"])
    model = SimpleNamespace(generation_config=SimpleNamespace(eos_token_id=[end, turn_end]))
    assert end_tokens(model, tokenizer) == {end, turn_end}
    assert with_end_of_turn(tokenizer, model, DEFAULT_PROMPT) is tokenizer
    chat = with_end_of_turn(tokenizer, model, "<turn>user\n{text}<end>\n<turn>model\n")
    assert chat.eos_token == "<end>" and tokenizer.eos_token == "</s>" == chat.pad_token
    assert completion_ids(chat, ["thanks"], "{text}<end>\n<turn>")[0][-1] == turn_end
    for own in (end, None):
        model.generation_config.eos_token_id = own
        assert end_tokens(model, tokenizer) == {end}
        assert with_end_of_turn(tokenizer, model, "{text}<end>\n<turn>") is tokenizer
