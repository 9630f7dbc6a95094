"""The leader's completions: what they depend on, how long they may be, and that padding is not seen."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sro.leader.generation import Completion, Sampling
from sro.leader.logprobs import log_probs
from sro.leader.token_ids import prompt_ids
from sro.leader.transformers_generator import TransformersGenerator

PROMPT = "Rude : {text} Polite :"
COMMENTS = [
    "you are a stupid fool",
    "idiot",
    "what do they think of this crap page and who edit it here",
    "shut up and leave",
    "this is trash",
]
SAMPLED = Sampling(max_new_tokens=16, max_length_ratio=10.0)
GREEDY = Sampling(temperature=0.0, max_new_tokens=16, max_length_ratio=10.0)


@pytest.fixture(params=["guessing", "causal", "seq2seq"])
def leader(
    request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Of both architectures, a decoder with and without guesses; the random Llama is nearly uniform, so its logits are
    spread, and T5's drawn together."""
    if request.param == "causal":
        monkeypatch.setattr("sro.leader.transformers_generator.can_speculate", lambda model: False)
    model, tokenizer = tiny_seq2seq() if request.param == "seq2seq" else tiny_causal()
    with torch.no_grad():
        model.get_output_embeddings().weight *= 0.5 if request.param == "seq2seq" else 8.0
    return model, tokenizer


def generator(leader: Any, **options: Any) -> TransformersGenerator:
    return TransformersGenerator(*leader, PROMPT, **options)


def texts(completions: list[list[Completion]]) -> list[list[str]]:
    return [[one.text for one in played] for played in completions]


def test_same_seed_same_moves_and_the_global_generator_is_neither_read_nor_moved(leader: Any) -> None:
    torch.manual_seed(1)
    first = generator(leader).generate(COMMENTS, 3, SAMPLED, seed=7)
    torch.manual_seed(2)
    before = torch.get_rng_state()
    second = generator(leader).generate(COMMENTS, 3, SAMPLED, seed=7)
    assert first == second
    assert torch.equal(torch.get_rng_state(), before)
    assert generator(leader).generate(COMMENTS, 3, SAMPLED, seed=8) != first


def test_n_different_moves_a_comment(leader: Any) -> None:
    completions = generator(leader).generate(COMMENTS, 4, SAMPLED, seed=0)
    assert [len(played) for played in completions] == [4] * len(COMMENTS)
    assert all(len({tuple(one.ids) for one in played}) > 1 for played in completions)


@pytest.mark.parametrize("avoid_loops", [True, False])
def test_n_greedy_moves_are_the_greedy_move_n_times(leader: Any, avoid_loops: bool) -> None:
    greedy = Sampling(temperature=0.0, max_new_tokens=16, max_length_ratio=1.0, avoid_loops=avoid_loops)
    once = generator(leader).generate(COMMENTS, 1, greedy, seed=0)
    assert generator(leader).generate(COMMENTS, 3, greedy, seed=0) == [played * 3 for played in once]


@pytest.mark.parametrize("training", [True, False])
def test_moves_are_drawn_in_eval_mode_which_is_then_undone(leader: Any, training: bool) -> None:
    model, _ = leader
    model.train(training)
    seen = []
    model.register_forward_pre_hook(lambda module, _: seen.append(module.training))
    generator(leader).generate(COMMENTS, 1, SAMPLED, seed=0)
    assert seen and not any(seen)
    assert model.training is training


def test_moves_carry_no_gradient_and_leave_none(leader: Any) -> None:
    generator(leader).generate(COMMENTS, 1, SAMPLED, seed=0)
    assert all(parameter.grad is None for parameter in leader[0].parameters())


def test_temperature_0_takes_the_likeliest_token_every_time(leader: Any) -> None:
    """Greedy in one padded batch = argmax by hand over unpadded rows, in the order of the comments."""
    model, tokenizer = leader
    completions = generator(leader).generate(COMMENTS, 1, GREEDY, seed=0)
    assert completions == generator(leader).generate(COMMENTS, 1, GREEDY, seed=1)
    for prompt, [completion] in zip(prompt_ids(tokenizer, PROMPT, COMMENTS, 512), completions):
        by_hand: list[int] = []
        while len(by_hand) < 16 and tokenizer.eos_token_id not in by_hand:
            with torch.no_grad():
                if model.config.is_encoder_decoder:
                    given = torch.tensor([[model.config.decoder_start_token_id, *by_hand]])
                    logits = model(input_ids=torch.tensor([prompt]), decoder_input_ids=given).logits
                else:
                    logits = model(input_ids=torch.tensor([prompt + by_hand])).logits
            by_hand.append(int(logits[0, -1].argmax()))
        assert completion.ids == by_hand
        assert completion.finished == (tokenizer.eos_token_id in by_hand)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_comment_gets_the_same_greedy_move_in_any_company(leader: Any, batch_size: int) -> None:
    """Padding is masked, the order is kept, and each completion is bounded by its own comment, not by the longest."""
    short = Sampling(temperature=0.0, max_new_tokens=64, max_length_ratio=1.0)
    singly = [generator(leader).generate([comment], 1, short, seed=0)[0] for comment in COMMENTS]
    assert generator(leader, batch_size=batch_size).generate(COMMENTS, 1, short, seed=0) == singly


def test_each_move_is_bounded_by_its_own_comment(leader: Any) -> None:
    model, tokenizer = leader
    frame = len(tokenizer(PROMPT.replace("{text}", ""))["input_ids"])
    lengths = [len(row) - frame for row in prompt_ids(tokenizer, PROMPT, COMMENTS, 512)]
    assert lengths == [5, 1, 13, 4, 3]
    model.get_output_embeddings().weight.data[tokenizer.eos_token_id] = 0.0  # hardly ever stops
    completions = generator(leader).generate(COMMENTS, 8, Sampling(max_new_tokens=20, max_length_ratio=2.0), seed=0)
    for length, played in zip(lengths, completions):
        bound = min(20, 2 * length + 8)
        assert max(len(one.ids) for one in played) == bound
        assert all(one.finished or len(one.ids) == bound for one in played)


def test_finished_moves_and_only_they_end_with_the_end_token(leader: Any) -> None:
    _, tokenizer = leader
    end = tokenizer.eos_token_id
    completions = [m for played in generator(leader).generate(COMMENTS, 24, SAMPLED, seed=3) for m in played]
    assert {one.finished for one in completions} == {True, False}
    for completion in completions:
        assert completion.ids
        assert (completion.ids[-1] == end) == completion.finished
        assert end not in completion.ids[:-1]
        assert not any(token in completion.text for token in ("<pad>", "</s>", "<s>"))
        assert completion.text == " ".join(tokenizer.decode(completion.ids, skip_special_tokens=True).split())


def test_every_end_token_of_the_model_ends_a_completion(leader: Any) -> None:
    """A model may end its turns with another token than its tokenizer's: Gemma, Phi-3."""
    model, tokenizer = leader
    other = tokenizer.convert_tokens_to_ids("you")
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, other]
    says = torch.zeros(len(tokenizer))
    says[other] = 100.0
    model.get_output_embeddings().register_forward_hook(lambda *_: says.expand(_[2].shape))
    [[completion]] = generator(leader).generate(["idiot"], 1, Sampling(max_new_tokens=6), seed=0)
    assert completion.ids == [other] and completion.finished


def test_an_unfinished_move_keeps_every_token_that_was_drawn(leader: Any) -> None:
    """The padding token is in the vocabulary and may be drawn; a y without it would not be the y that was played."""
    model, tokenizer = leader
    only_padding = torch.zeros(len(tokenizer))
    only_padding[tokenizer.pad_token_id] = 100.0
    model.get_output_embeddings().register_forward_hook(lambda *_: only_padding.expand(_[2].shape))
    [[completion]] = generator(leader).generate(["idiot"], 1, Sampling(max_new_tokens=6), seed=0)
    assert completion == Completion(text="", ids=[tokenizer.pad_token_id] * 6, finished=False)


def test_the_models_own_generation_settings_do_not_leak_into_the_policy(leader: Any) -> None:
    """Beams, penalties and forced tokens of `generation_config.json` would draw from another policy than is scored."""
    plain = generator(leader).generate(COMMENTS, 2, SAMPLED, seed=5)
    greedy = generator(leader).generate(COMMENTS, 1, GREEDY, seed=5)
    own = leader[0].generation_config
    own.num_beams, own.no_repeat_ngram_size, own.repetition_penalty, own.min_length = 3, 2, 2.5, 9
    own.temperature, own.top_k, own.top_p, own.forced_eos_token_id = 0.1, 3, 0.2, 3
    assert generator(leader).generate(COMMENTS, 2, SAMPLED, seed=5) == plain
    assert generator(leader).generate(COMMENTS, 1, GREEDY, seed=5) == greedy
    assert leader[0].generation_config is own


def test_the_models_own_generation_settings_do_not_leak_through_an_adapter(leader: Any) -> None:
    from peft import LoraConfig, get_peft_model

    model, tokenizer = leader
    task = "SEQ_2_SEQ_LM" if model.config.is_encoder_decoder else "CAUSAL_LM"
    wrapped = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", task_type=task))
    plain = generator((wrapped, tokenizer)).generate(COMMENTS, 2, SAMPLED, seed=5)
    wrapped.generation_config.no_repeat_ngram_size = model.generation_config.no_repeat_ngram_size = 1
    assert generator((wrapped, tokenizer)).generate(COMMENTS, 2, SAMPLED, seed=5) == plain


def test_sampling_follows_the_policy_that_is_scored(leader: Any) -> None:
    """The share of each first token among many completions is its probability under `log_probs`, to sampling error."""
    model, tokenizer = leader
    n = 3000
    one_token = Sampling(max_new_tokens=1)
    [completions] = generator(leader, batch_size=n).generate(COMMENTS[:1], n, one_token, seed=0)
    counts = torch.bincount(torch.tensor([one.ids[0] for one in completions]), minlength=len(tokenizer))
    prompts = prompt_ids(tokenizer, PROMPT, COMMENTS[:1], 512)
    with torch.no_grad():
        expected = log_probs(model, prompts, [[[t] for t in range(len(tokenizer))]], 0).total().exp()
    spread = (expected * (1 - expected) / n).sqrt()
    assert ((counts / n - expected).abs() < 4.5 * spread + 1e-3).all()
    assert expected.max() > 2 * expected.mean()  # a uniform policy would show little


def test_top_k_1_is_greedy(leader: Any) -> None:
    narrow = Sampling(top_k=1, max_new_tokens=16, max_length_ratio=10.0)
    assert texts(generator(leader).generate(COMMENTS, 1, narrow, seed=0)) == texts(
        generator(leader).generate(COMMENTS, 1, GREEDY, seed=0)
    )


def test_where_every_pass_gathers_weights_nothing_is_guessed(leader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes guess unequally well, and under ZeRO-3 all must make as many passes: `generate` takes care of that."""
    expected = generator(leader).generate(COMMENTS, 1, GREEDY, seed=0)
    monkeypatch.setattr("sro.leader.transformers_generator.is_deepspeed_zero3_enabled", lambda: True)
    monkeypatch.setattr("sro.leader.transformers_generator.speculate", None)
    assert generator(leader).generate(COMMENTS, 1, GREEDY, seed=0) == expected
