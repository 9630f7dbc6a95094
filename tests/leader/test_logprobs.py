"""log π(s|x) against the slow and obvious way: one unpadded forward pass for every single token."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BartConfig,
    BartForConditionalGeneration,
    GPT2Config,
    GPT2LMHeadModel,
)

from sro.leader.logprobs import causal_log_probs, log_probs, packed, seq2seq_log_probs

PAD, START, VOCABULARY = 0, 2, 40
PROMPTS = [[5, 6, 7, 8], [9], [10, 11, 12, 13, 14, 15, 16]]
COMPLETIONS = [[[20, 21, 3], [22, 3]], [[23, 24, 25, 26, 27, 3]], [[3], [28, 29, 3], [20, 21, 3]]]
EXACT = {"atol": 2e-5, "rtol": 1e-5}


def gpt2() -> Any:
    """Learnt absolute positions: a completion that counted them from the left edge or after a sibling would show."""
    torch.manual_seed(1)
    sizes = {"vocab_size": VOCABULARY, "n_positions": 40, "n_embd": 16, "n_layer": 2, "n_head": 2}
    return GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=START, eos_token_id=3, initializer_range=0.2)).eval()


def bart() -> Any:
    """Learnt positions in both halves, biases, and a start token that is not the padding."""
    torch.manual_seed(1)
    config = BartConfig(
        vocab_size=VOCABULARY,
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=40,
        pad_token_id=PAD,
        bos_token_id=START,
        eos_token_id=3,
        decoder_start_token_id=START,
        forced_eos_token_id=None,
        init_std=0.2,
    )
    return BartForConditionalGeneration(config).eval()


SMALL = {
    **{"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2},
    **{"pad_token_id": PAD, "bos_token_id": START, "eos_token_id": 3, "initializer_range": 0.3},
}
SIZES = {"intermediate_size": 24, "num_key_value_heads": 2, "max_position_embeddings": 64}
OTHERS: dict[str, dict[str, Any]] = {
    "lfm2": {**SIZES, "layer_types": ["conv", "full_attention"], "block_multiple_of": 8},
    "bloom": {},
    "mamba": {"state_size": 4},
    "mistral": {**SIZES, "sliding_window": 4},
    "gpt_neo": {"num_layers": 2, "num_heads": 2, "attention_types": [[["global", "local"], 1]], "window_size": 4},
}
"""Decoders with layers that a mask of ours does not reach, or not in a row of any width."""


def other(kind: str) -> Any:
    torch.manual_seed(1)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**SMALL, **OTHERS[kind]})).eval()


@pytest.fixture(params=["llama", "gpt2", *OTHERS])
def causal(request: pytest.FixtureRequest, tiny_causal: Any) -> Any:
    if request.param in OTHERS:
        return other(request.param)
    return tiny_causal()[0] if request.param == "llama" else gpt2()


@pytest.fixture(params=["t5", "bart"])
def seq2seq(request: pytest.FixtureRequest, tiny_seq2seq: Any) -> Any:
    return tiny_seq2seq()[0] if request.param == "t5" else bart()


@torch.no_grad()
def one_by_one(model: Any, prompt: list[int], completion: list[int]) -> Tensor:
    """log π of each token of `completion`, each from its own forward pass over everything before it."""
    values = []
    for at, token in enumerate(completion):
        if model.config.is_encoder_decoder:
            given = [model.config.decoder_start_token_id, *completion[:at]]
            logits = model(input_ids=torch.tensor([prompt]), decoder_input_ids=torch.tensor([given])).logits
        else:
            logits = model(input_ids=torch.tensor([prompt + completion[:at]])).logits
        values.append(torch.log_softmax(logits[0, -1].double(), dim=-1)[token])
    return torch.stack(values)


def check(found: Any, model: Any, prompts: list[list[int]], completions: list[list[list[int]]]) -> None:
    flat = [(prompt, branch) for prompt, branches in zip(prompts, completions) for branch in branches]
    assert found.values.shape == found.mask.shape == (len(flat), max(len(branch) for _, branch in flat))
    assert found.values.dtype == torch.float32
    for n, (prompt, branch) in enumerate(flat):
        expected = one_by_one(model, prompt, branch)
        assert torch.allclose(found.values[n, : len(branch)].double(), expected, **EXACT)
        assert not found.values[n, len(branch) :].any() and not found.mask[n, len(branch) :].any()
        assert found.mask[n, : len(branch)].all()
        assert torch.allclose(found.total()[n].double(), expected.sum(), **EXACT)
    assert found.lengths().tolist() == [len(branch) for _, branch in flat]


@pytest.mark.parametrize("row_tokens", [None, 12, 15, 1000])
@torch.no_grad()
def test_causal_equals_one_forward_pass_per_token(causal: Any, row_tokens: int | None) -> None:
    """However many prompts share a row."""
    for completions in (COMPLETIONS, [[], *COMPLETIONS[1:]]):
        check(causal_log_probs(causal, PROMPTS, completions, PAD, row_tokens), causal, PROMPTS, completions)


@pytest.mark.parametrize("causal", ["llama", "gpt2", "lfm2"], indirect=True)
@pytest.mark.parametrize("chunk", [4, 32])
@pytest.mark.parametrize("row_tokens", [None, 12, 1000])
def test_gradients_are_those_of_the_plain_way(
    causal: Any, row_tokens: int | None, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log-softmax over a row a text, under weights that differ from token to token; some logits serve two texts."""
    monkeypatch.setattr("sro.leader.logprobs._Scored.ROWS", chunk)
    weights = torch.rand(6, 6, generator=torch.Generator().manual_seed(0))

    def gradients(values: Tensor) -> list[Tensor]:
        causal.zero_grad()
        (values * weights[: len(values), : values.shape[1]]).sum().backward()
        return [p.grad.clone() for p in causal.parameters() if p.grad is not None]

    plain = torch.zeros(6, 6)
    flat = [(prompt, branch) for prompt, branches in zip(PROMPTS, COMPLETIONS) for branch in branches]
    for n, (prompt, branch) in enumerate(flat):
        logits = causal(input_ids=torch.tensor([prompt + branch])).logits[0, len(prompt) - 1 : -1]
        plain[n, : len(branch)] = logits.log_softmax(-1).gather(-1, torch.tensor(branch)[:, None]).squeeze(-1)
    packed_ = causal_log_probs(causal, PROMPTS, COMPLETIONS, PAD, row_tokens).values
    for expected, found in zip(gradients(plain), gradients(packed_), strict=True):
        assert torch.allclose(expected, found, atol=1e-5, rtol=1e-4)


def test_rows_are_of_about_equal_size_and_hold_everything_once() -> None:
    sizes = [50, 10, 40, 30, 20, 50]
    found = packed(sizes, 70)
    assert sorted(tree for row in found for tree in row) == list(range(6))
    assert sorted(sum(sizes[tree] for tree in row) for row in found) == [60, 70, 70]
    assert packed([500], 70) == [[0]] and packed([1, 1], 70) == [[0, 1]] and packed([5, 6], None) == [[1], [0]]
    assert [len(row) for row in packed([600] + [60] * 8, 192)] == [1, 8]  # what the longest fills, others may fill


@torch.no_grad()
def test_seq2seq_equals_decoding_step_by_step(seq2seq: Any) -> None:
    check(seq2seq_log_probs(seq2seq, PROMPTS, COMPLETIONS, PAD), seq2seq, PROMPTS, COMPLETIONS)


@torch.no_grad()
def test_log_probs_takes_the_architecture_of_the_model(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    for model, _ in (tiny_causal(), tiny_seq2seq()):
        check(log_probs(model, PROMPTS, COMPLETIONS, PAD), model, PROMPTS, COMPLETIONS)


@torch.no_grad()
def test_siblings_do_not_see_each_other(causal: Any) -> None:
    """Each branch of the tree is worth what it is worth alone, in whatever order and company."""
    branches = [[20, 21, 3], [22, 23, 24, 3], [20, 25, 3]]
    together = causal_log_probs(causal, [PROMPTS[0]], [branches], PAD)
    turned = causal_log_probs(causal, [PROMPTS[0]], [branches[::-1]], PAD)
    alone = torch.cat([causal_log_probs(causal, [PROMPTS[0]], [[b]], PAD).total() for b in branches])
    assert torch.allclose(together.total(), alone, **EXACT)
    assert torch.allclose(turned.total().flip(0), alone, **EXACT)


@pytest.mark.parametrize("pad", [0, 3, 17])
@torch.no_grad()
def test_the_padding_token_changes_nothing(tiny_causal: Any, tiny_seq2seq: Any, pad: int) -> None:
    """Nor is a real token masked that happens to be the padding token (3 ends every completion)."""
    for model, _ in (tiny_causal(), tiny_seq2seq()):
        check(log_probs(model, PROMPTS, COMPLETIONS, pad), model, PROMPTS, COMPLETIONS)


@torch.no_grad()
def test_a_row_may_have_no_completion(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    completions = [[], [[23, 24, 3], [25, 3]], []]
    for model in (tiny_causal()[0], tiny_seq2seq()[0], other("lfm2")):
        check(log_probs(model, PROMPTS, completions, PAD), model, PROMPTS, completions)


@torch.no_grad()
def test_the_end_token_is_scored_like_any_other(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    for model, tokenizer in (tiny_causal(), tiny_seq2seq()):
        end = tokenizer.eos_token_id
        open_, closed = log_probs(model, [PROMPTS[0]], [[[20, 21], [20, 21, end]]], PAD).total().tolist()
        last = one_by_one(model, PROMPTS[0], [20, 21, end])[-1].item()
        assert closed - open_ == pytest.approx(last, abs=1e-4)
        assert last < -0.1


@torch.no_grad()
def test_the_first_token_is_conditioned_on_the_whole_prompt(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    """The released notebook scored one position off; then a one-token text would not depend on the last token."""
    for model, _ in (tiny_causal(), tiny_seq2seq()):
        for prompt in ([5, 6, 7], [5, 6, 8], [9, 6, 7]):
            found = log_probs(model, [prompt], [[[20]]], PAD).total().item()
            assert found == pytest.approx(one_by_one(model, prompt, [20]).item(), abs=2e-5)


@torch.no_grad()
def test_probabilities_of_all_single_tokens_sum_to_one(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    for model, _ in (tiny_causal(), tiny_seq2seq()):
        every = [[token] for token in range(model.config.vocab_size)]
        found = log_probs(model, [PROMPTS[0]], [every], PAD)
        assert found.total().exp().sum().item() == pytest.approx(1.0, abs=1e-5)


def test_the_gradient_is_that_of_the_plain_computation(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    """Through batching, padding and the tree mask, the gradient of Σ log π is the one of single unpadded rows."""
    for model, _ in (tiny_causal(), tiny_seq2seq()):
        log_probs(model, PROMPTS, COMPLETIONS, PAD).total().sum().backward()
        batched = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        model.zero_grad()
        for prompt, branches in zip(PROMPTS, COMPLETIONS):
            for branch in branches:
                ids = torch.tensor([prompt]), torch.tensor([branch])
                if model.config.is_encoder_decoder:
                    start = torch.tensor([[model.config.decoder_start_token_id, *branch[:-1]]])
                    logits = model(input_ids=ids[0], decoder_input_ids=start).logits[0]
                else:
                    logits = model(input_ids=torch.cat(ids, 1)).logits[0, len(prompt) - 1 : -1]
                logits.log_softmax(-1).gather(-1, ids[1].T).sum().backward()
        assert batched
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                assert torch.allclose(batched[name], parameter.grad, atol=1e-4, rtol=1e-3), name


def test_an_adapter_is_scored_through(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    from peft import LoraConfig, get_peft_model

    for (model, _), task in ((tiny_causal(), "CAUSAL_LM"), (tiny_seq2seq(), "SEQ_2_SEQ_LM")):
        plain = log_probs(model, PROMPTS, COMPLETIONS, PAD).total().detach()
        config = LoraConfig(r=2, target_modules="all-linear", task_type=task, init_lora_weights=False)
        wrapped = get_peft_model(model, config).eval()
        with torch.no_grad():
            check(log_probs(wrapped, PROMPTS, COMPLETIONS, PAD), wrapped, PROMPTS, COMPLETIONS)
            assert not torch.allclose(log_probs(wrapped, PROMPTS, COMPLETIONS, PAD).total(), plain, atol=1e-2)
            with wrapped.disable_adapter():
                assert torch.allclose(log_probs(wrapped, PROMPTS, COMPLETIONS, PAD).total(), plain, atol=1e-5)


@pytest.mark.parametrize(
    "prompts, completions, message",
    [
        ([[5], []], [[[3]], [[3]]], "row 1: empty prompt or completion"),
        ([[5]], [[[20, 3], []]], "row 0: empty prompt or completion"),
        ([[5], [6]], [[[3]]], "2 prompts but 1 lists of completions"),
    ],
)
def test_what_cannot_be_scored_is_refused(tiny_causal: Any, prompts: Any, completions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        log_probs(tiny_causal()[0], prompts, completions, PAD)
