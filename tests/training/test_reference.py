"""π_ref stays what the leader was at the start, however the leader is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from sro.core.errors import SROError
from sro.leader.logprobs import log_probs
from sro.leader.model import save_adapter
from sro.training.preparation import disable_dropout
from sro.training.reference import AdapterOff, FrozenAdapter, FrozenCopy, make_reference

PROMPTS, COMPLETIONS = [[5, 6, 7], [8, 9]], [[[20, 21, 3]], [[22, 3]]]
Start = Callable[[str], Any]


def lora(task: str, **options: Any) -> LoraConfig:
    return LoraConfig(r=4, target_modules="all-linear", task_type=task, **options)


@pytest.fixture(params=["causal", "seq2seq"])
def start(request: pytest.FixtureRequest, tiny_causal: Any, tiny_seq2seq: Any) -> Start:
    """A function that gives a leader as it is before training: `full`, `fresh` (adapter) or `continued` (adapter)."""
    task = "CAUSAL_LM" if request.param == "causal" else "SEQ_2_SEQ_LM"

    def make(kind: str) -> Any:
        model, _ = tiny_causal() if request.param == "causal" else tiny_seq2seq()
        disable_dropout(model)
        torch.manual_seed(3)
        if kind == "full":
            return model
        return get_peft_model(model, lora(task, init_lora_weights=kind == "fresh"))

    return make


def score(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return log_probs(model, PROMPTS, COMPLETIONS, 0).total()


def train(model: Any, steps: int = 3) -> None:
    """A few steps that make the completions less likely."""
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.05)
    for _ in range(steps):
        log_probs(model, PROMPTS, COMPLETIONS, 0).total().sum().backward()
        optimizer.step()
        optimizer.zero_grad()


@pytest.mark.parametrize("kind, form", [("full", FrozenCopy), ("fresh", AdapterOff), ("continued", FrozenAdapter)])
def test_the_reference_is_the_leader_before_training(start: Start, kind: str, form: type) -> None:
    model = start(kind)
    before = score(model)
    reference = make_reference(model, fresh_adapter=kind == "fresh")
    assert isinstance(reference, form)
    with reference.policy(model) as frozen:
        assert torch.allclose(score(frozen), before, atol=1e-6)
    train(model)
    assert (score(model) - before).abs().min() > 0.5  # or the test could not fail
    with reference.policy(model) as frozen:
        assert torch.allclose(score(frozen), before, atol=1e-6)


@pytest.mark.parametrize("kind", ["full", "fresh", "continued"])
def test_scoring_by_the_reference_leaves_the_leader_as_it_was(start: Start, kind: str) -> None:
    model = start(kind)
    reference = make_reference(model, fresh_adapter=kind == "fresh")
    train(model)
    model.train()
    trainable = {name for name, p in model.named_parameters() if p.requires_grad}
    after = score(model)
    with reference.policy(model) as frozen:
        assert not frozen.training
        assert not torch.is_grad_enabled()
        assert not log_probs(frozen, PROMPTS, COMPLETIONS, 0).values.requires_grad
    assert model.training and torch.is_grad_enabled()
    assert {name for name, p in model.named_parameters() if p.requires_grad} == trainable
    assert torch.equal(score(model), after)


@pytest.mark.parametrize("kind", ["full", "fresh", "continued"])
def test_an_error_while_scoring_leaves_the_leader_as_it_was(start: Start, kind: str) -> None:
    model = start(kind)
    reference = make_reference(model, fresh_adapter=kind == "fresh")
    train(model)
    model.train()
    after = score(model)
    with pytest.raises(KeyboardInterrupt), reference.policy(model):
        raise KeyboardInterrupt
    assert model.training and torch.is_grad_enabled()
    assert torch.equal(score(model), after)


def test_only_the_trained_adapter_takes_gradients(start: Start) -> None:
    model = start("continued")
    reference = make_reference(model, fresh_adapter=False)
    with reference.policy(model) as frozen:
        score(frozen)
    train(model, steps=1)
    log_probs(model, PROMPTS, COMPLETIONS, 0).total().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == (".default." in name), name
        assert (parameter.grad is not None) == (".default." in name), name
    assert any(".reference." in name for name, _ in model.named_parameters())


def test_an_adapter_loaded_from_a_folder_is_continued(start: Start, tmp_path: Path) -> None:
    """And what is saved is the trained adapter alone, which loads without its reference."""
    first = start("continued")
    before = score(first)
    save_adapter(first, None, "{text}", tmp_path / "first")
    model = PeftModel.from_pretrained(start("full"), tmp_path / "first", is_trainable=True)
    reference = make_reference(model, fresh_adapter=False)
    train(model)
    with reference.policy(model) as frozen:
        assert torch.allclose(score(frozen), before, atol=1e-6)
    save_adapter(model, None, "{text}", tmp_path / "second")
    assert not [path for path in (tmp_path / "second").rglob("*") if "reference" in path.name]
    alone = PeftModel.from_pretrained(start("full"), tmp_path / "second")
    assert torch.allclose(score(alone), score(model), atol=1e-6)
    assert (score(alone) - before).abs().min() > 0.5


def test_a_full_copy_shares_no_weight_with_the_leader(start: Start) -> None:
    model = start("full")
    reference = make_reference(model, fresh_adapter=False)
    assert isinstance(reference, FrozenCopy)
    assert not {p.data_ptr() for p in model.parameters()} & {p.data_ptr() for p in reference.copy.parameters()}
    assert not any(p.requires_grad for p in reference.copy.parameters())


def test_a_full_copy_follows_the_leader_to_its_device(start: Start) -> None:
    """`Trainer` moves the leader to the GPU after the copy is made; the device `meta` stands in for it."""
    model = start("full")
    reference = make_reference(model, fresh_adapter=False)
    with reference.policy(model.to("meta")) as frozen:
        assert {parameter.device.type for parameter in frozen.parameters()} == {"meta"}


@pytest.mark.parametrize("way", ["pissa", "olora", False, "gaussian"])
@pytest.mark.parametrize("fresh", [True, False])
def test_an_adapter_that_does_not_begin_at_zero_has_a_reference_that_does_not_either(
    start: Start, way: str | bool, fresh: bool
) -> None:
    """And the leader that was handed over stays the same: PiSSA and OLoRA take a part of its weights."""
    plain = start("full")
    task = "SEQ_2_SEQ_LM" if plain.config.is_encoder_decoder else "CAUSAL_LM"
    model = get_peft_model(plain, lora(task, init_lora_weights=way))
    before = score(model)
    reference = make_reference(model, fresh_adapter=fresh)
    assert isinstance(reference, AdapterOff) == (fresh and way == "gaussian")
    assert torch.allclose(score(model), before, atol=1e-5)
    with reference.policy(model) as frozen:
        assert torch.allclose(score(frozen), before, atol=1e-5)


def test_an_adapter_that_trains_the_models_own_biases_is_refused(start: Start) -> None:
    model = get_peft_model(start("full"), lora("CAUSAL_LM", bias="all"))
    with pytest.raises(SROError, match=r"bias='all'(.|\n)*fix: LoraConfig\(bias='none'"):
        make_reference(model, fresh_adapter=True)
