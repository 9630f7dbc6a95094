"""Guesses change how many passes are made and nothing else: what is said, with which probability, when it ends."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from sro.core.errors import SROError
from sro.leader.speculative_decoding import TokenSampler, _nucleus, _Row, can_speculate, speculate

END = 3
PROMPTS = [[5, 6, 7, 8, 9], [10], [11, 12, 13]]
GREEDY = TokenSampler(0.0, 1.0, 0)


@pytest.fixture(params=["llama", "gpt2"])
def model(request: pytest.FixtureRequest, tiny_causal: Any) -> Any:
    """With spread logits, so that a choice is no tie; of the second kind positions are learnt."""
    if request.param == "llama":
        made = tiny_causal()[0].eval()
    else:
        torch.manual_seed(1)
        made = GPT2LMHeadModel(
            GPT2Config(vocab_size=40, n_positions=64, n_embd=16, n_layer=2, n_head=2, initializer_range=0.3)
        ).eval()
    with torch.no_grad():
        made.get_output_embeddings().weight.mul_(8.0 if request.param == "llama" else 0.5)
    return made


def passes(model: Any) -> Counter[str]:
    """Counts the model's passes from here on, and the tokens read in them."""
    counts: Counter[str] = Counter()
    model.register_forward_pre_hook(
        lambda _, args, given: counts.update({"passes": 1, "tokens": given["input_ids"].numel()}), with_kwargs=True
    )
    return counts


@torch.no_grad()
def by_hand(model: Any, prompt: list[int], bound: int) -> list[int]:
    said: list[int] = []
    while len(said) < bound and END not in said:
        said.append(int(model(input_ids=torch.tensor([prompt + said])).logits[0, -1].argmax()))
    return said


def drafts_of(truth: list[list[int]], kind: str) -> list[list[int]]:
    """Guesses that are right, wrong from some place on, shifted, foreign, or none."""
    return {
        "right": truth,
        "turned": [[*row[: len(row) // 2], 39, *row[len(row) // 2 + 1 :]] for row in truth],
        "shorter": [row[:2] + row[4:] for row in truth],
        "longer": [[*row[:2], 30, 31, 32, *row[2:]] for row in truth],
        "foreign": [[38, 37, 36, 35]] * len(truth),
        "none": [[]] * len(truth),
    }[kind]


@pytest.mark.parametrize("kind", ["right", "turned", "shorter", "longer", "foreign", "none"])
def test_greedy_is_argmax_by_hand_whatever_is_guessed(model: Any, kind: str) -> None:
    bounds = [20, 3, 12]
    truth = [by_hand(model, prompt, bound) for prompt, bound in zip(PROMPTS, bounds)]
    counts = passes(model)
    assert speculate(model, PROMPTS, drafts_of(truth, kind), 1, bounds, {END}, GREEDY) == truth
    longest = max(map(len, truth))
    if kind == "right":
        assert counts["passes"] <= 1 + -(-longest // 10)
    if kind == "none":
        assert counts["passes"] == 1 + longest


def test_rows_that_have_ended_are_read_no_further(model: Any) -> None:
    counts = passes(model)
    found = speculate(model, PROMPTS, [[]] * 3, 1, [1, 9, 2], {END}, GREEDY)
    assert len({len(row) for row in found}) > 1
    assert counts["tokens"] == 3 * 4 + sum(map(len, found))  # prompts but for their last tokens, padded


@pytest.mark.parametrize("kind", ["right", "foreign"])
@pytest.mark.parametrize("sampler", [TokenSampler(1.0, 1.0, 0), TokenSampler(0.7, 0.8, 0), TokenSampler(1.3, 1.0, 5)])
def test_draws_follow_the_policy_whatever_is_guessed(model: Any, kind: str, sampler: TokenSampler) -> None:
    """The share of each pair of tokens among many draws is its probability, tempered and cut, to sampling error."""
    n, prompt = 4000, PROMPTS[0]
    draft = by_hand(model, prompt, 3) if kind == "right" else [38, 37, 36]
    torch.manual_seed(0)
    drawn = Counter(tuple(row) for row in speculate(model, [prompt], [draft], n, [2], {END}, sampler))
    expected: dict[tuple[int, ...], float] = {}
    for first, p in enumerate(policy(model, prompt, sampler)):
        if p and first == END:
            expected[(first,)] = p
        elif p:
            rest = policy(model, [*prompt, first], sampler)
            expected |= {(first, second): p * q for second, q in enumerate(rest) if q}
    assert set(drawn) <= set(expected)
    for pair, p in expected.items():
        assert abs(drawn[pair] / n - p) < 5 * (p * (1 - p) / n) ** 0.5 + 1e-3, pair
    assert max(expected.values()) > 1.5 / len(expected)  # a flat policy would show little


@torch.no_grad()
def policy(model: Any, ids: list[int], sampler: TokenSampler) -> list[float]:
    """Temperature, then the likeliest k, then the fewest that reach p, each by its definition."""
    logits = model(input_ids=torch.tensor([ids])).logits[0, -1].double() / sampler.temperature
    order = logits.argsort(descending=True).tolist()
    allowed = order[: sampler.top_k] if sampler.top_k else order
    weights = {token: float(logits[token].exp()) for token in allowed}
    whole, kept, reached = sum(weights.values()), {}, 0.0
    for token in allowed:
        if reached >= sampler.top_p * whole:
            break
        kept[token] = weights[token]
        reached += weights[token]
    return [kept.get(token, 0.0) / reached for token in range(len(logits))]


@pytest.mark.parametrize("spread", [1.0, 4.0])
def test_the_nucleus_of_a_large_vocabulary_is_the_sorted_one(spread: float) -> None:
    """Where the likeliest 256 tokens do not reach top_p all are sorted; where they do, the same comes out."""
    weights = (torch.randn(3, 2000, generator=torch.Generator().manual_seed(0)) * spread).softmax(-1)
    order = weights.sort(descending=True)
    inside = order.values.cumsum(-1) - order.values < 0.9
    expected = torch.zeros_like(weights, dtype=torch.bool).scatter(-1, order.indices, inside)
    assert torch.equal(weights >= _nucleus(weights, 0.9), expected)
    assert (int(inside.sum(-1).max()) > 256) == (spread == 1.0)


@pytest.mark.parametrize("sampler", [TokenSampler(1.0, 1.0, 0), TokenSampler(0.7, 0.95, 0), TokenSampler(1.0, 1.0, 5)])
def test_logits_that_are_not_numbers_are_an_error_that_says_so(sampler: TokenSampler) -> None:
    with pytest.raises(SROError, match="not numbers"):
        sampler.draw(torch.full((2, 40), torch.nan))


def test_a_token_that_is_forbidden_is_not_said_though_it_was_guessed(model: Any) -> None:
    truth = by_hand(model, PROMPTS[0], 6)
    asked: list[tuple[int, list[int]]] = []

    def forbidden(row: int, said: list[int]) -> set[int]:
        asked.append((row, said))
        return {truth[2]} if said == truth[:2] else set()

    [said] = speculate(model, PROMPTS[:1], [truth], 1, [6], {END}, GREEDY, forbidden)
    assert said[:2] == truth[:2] and said[2] != truth[2]
    assert (0, []) in asked and {row for row, _ in asked} == {0}


def test_several_completions_to_a_prompt_share_its_reading(model: Any) -> None:
    counts = passes(model)
    torch.manual_seed(0)
    found = speculate(model, PROMPTS, [[]] * 3, 4, [1, 1, 1], {END}, TokenSampler(1.0, 1.0, 0))
    assert len(found) == 12 and all(len(row) == 1 for row in found)
    assert counts["tokens"] == 3 * 4 + 12  # prompts but for their last tokens, padded; then a token a completion


def test_what_is_forgotten_leaves_no_trace(model: Any) -> None:
    """After many rejected guesses the last logits are still those of one plain pass over what was said."""
    truth = by_hand(model, PROMPTS[0], 20)
    wrong = [token for right in truth for token in (right, 39)]
    logits: list[torch.Tensor] = []
    hook = model.register_forward_hook(lambda *given: logits.append(given[-1].logits))
    assert speculate(model, PROMPTS[:1], [wrong], 1, [20], {END}, GREEDY) == [truth]
    hook.remove()
    assert len(logits) > 5  # guesses were wrong indeed
    plain = model(input_ids=torch.tensor([PROMPTS[0] + truth[:-1]])).logits[0, -1]
    assert any(torch.allclose(row, plain, atol=1e-4) for row in logits[-1][0])


def test_guesses_of_others_do_not_push_a_row_past_the_positions_of_a_model() -> None:
    """A long prompt beside a short one with many guesses, in a model that has learnt 64 positions."""
    torch.manual_seed(1)
    sizes: dict[str, Any] = {"vocab_size": 40, "n_positions": 64, "n_embd": 16, "n_layer": 1, "n_head": 1}
    model = GPT2LMHeadModel(GPT2Config(**sizes)).eval()
    long = [5 + i % 30 for i in range(60)]
    found = speculate(model, [long, [7]], [[], [8] * 20], 1, [4, 20], {END}, GREEDY)
    assert [len(row) for row in found] <= [4, 20] and found[0] == by_hand(model, long, 4)


def test_the_place_in_the_draft_follows_what_is_said() -> None:
    """Copied, left out, put in, put in its place."""
    draft = [1, 2, 3, 4, 5, 6]
    for said, next_ in (([1, 2], 3), ([1, 3], 4), ([1, 9, 2], 3), ([1, 9], 3), ([1, 9, 8, 2, 3], 4)):
        row = _Row(0, [0], draft, 99)
        for token in said:
            row.say(token)
        assert row.guesses(1) == [next_], said
    assert _Row(0, [0], draft, 3).guesses(10) == [1, 2]  # one more is drawn behind them


def bare(kind: str, **settings: Any) -> Any:
    """A model of a family, as small as its configuration allows, made on no device."""
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, num_hidden_layers=1, **settings))


def test_models_that_cannot_forget_or_are_not_told_places_are_known(tiny_causal: Any, tiny_seq2seq: Any) -> None:
    assert can_speculate(tiny_causal()[0]) and not can_speculate(tiny_seq2seq()[0])
    assert can_speculate(bare("qwen2", use_sliding_window=False)) and can_speculate(bare("gpt2"))
    assert can_speculate(bare("mistral", sliding_window=None)) and not can_speculate(bare("mistral"))
    refused = [bare("bloom"), bare("mamba"), bare("mpt"), bare("gemma3_text"), bare("falcon", alibi=True)]
    assert not any(map(can_speculate, refused))


def test_an_encoder_decoder_made_of_two_models_is_one() -> None:
    from transformers import BertConfig, EncoderDecoderConfig, EncoderDecoderModel

    sizes: dict[str, Any] = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    halves = BertConfig(**sizes, vocab_size=40, intermediate_size=8)
    assert not can_speculate(EncoderDecoderModel(EncoderDecoderConfig.from_encoder_decoder_configs(halves, halves)))
