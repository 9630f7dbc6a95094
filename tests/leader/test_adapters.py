"""A widened adapter computes what it did, and learns in its new rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model

from sro.core.errors import SROError
from sro.leader.adapters import widen_adapter
from sro.leader.model import Leader, LeaderArguments, save_adapter


def with_adapter(model: Any, rank: int = 2, **options: Any) -> Any:
    """The model with an adapter whose B is not zero, as after training."""
    found = get_peft_model(
        model, LoraConfig(**{"r": rank, "lora_alpha": 6, "target_modules": "all-linear", **options})
    )
    with torch.no_grad():
        for name, weight in found.named_parameters():
            if ".lora_B." in name:
                weight.normal_(std=0.1)
    return found


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[5, 6, 7, 8]])).logits


def trained(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def test_a_widened_adapter_computes_the_same_and_trains_all_its_ranks(tiny_causal: Any) -> None:
    model = with_adapter(tiny_causal()[0])
    before, names = logits(model), set(trained(model))
    widen_adapter(model, 6)
    assert torch.allclose(logits(model), before, atol=1e-6)
    assert set(trained(model)) == names
    assert {weight.shape[0] for name, weight in trained(model).items() if ".lora_A." in name} == {6}
    assert (model.peft_config["default"].r, model.peft_config["default"].lora_alpha) == (6, 18)
    model(input_ids=torch.tensor([[5, 6, 7]])).logits.sum().backward()
    grown = [weight.grad for name, weight in trained(model).items() if ".lora_B." in name]
    assert all(gradient is not None and gradient[:, 2:].abs().sum() > 0 for gradient in grown)


@pytest.fixture
def narrow(tiny_causal: Any, saved: Any, tmp_path: Path) -> Callable[..., Any]:
    """Loads a saved leader with a saved adapter of rank 2."""
    saved(tmp_path / "leader", *tiny_causal())
    plain = Leader.load(LeaderArguments(leader=str(tmp_path / "leader")))
    save_adapter(with_adapter(plain.model), plain.tokenizer, "a: {text}", tmp_path / "adapter")

    def load(adapter: str = "adapter", rank: int | None = None, trainable: bool = False) -> Any:
        names = LeaderArguments(str(tmp_path / "leader"), str(tmp_path / adapter), lora_rank=rank)
        return Leader.load(names, trainable=trainable)

    return load


def test_it_is_saved_and_loaded_with_its_new_rank(narrow: Callable[..., Any], tmp_path: Path) -> None:
    before, wide = logits(narrow().model), narrow(rank=8, trainable=True)
    assert torch.allclose(logits(wide.model), before, atol=1e-6)
    save_adapter(wide.model, wide.tokenizer, "a: {text}", tmp_path / "wide")
    loaded = narrow("wide").model
    assert torch.allclose(logits(loaded), before, atol=1e-6)
    assert loaded.peft_config["default"].r == 8


@pytest.mark.parametrize(("rank", "trainable"), [(8, False), (None, True), (2, True)])
def test_without_training_or_another_rank_nothing_is_widened(
    narrow: Callable[..., Any], rank: int | None, trainable: bool
) -> None:
    assert narrow(rank=rank, trainable=trainable).model.peft_config["default"].r == 2


@pytest.mark.parametrize(
    ("rank", "options", "said"),
    [
        (1, {}, r"rank 2 cannot be widened to 1\n  fix: a --lora_rank that is a multiple of 2"),
        (5, {}, r"rank 2 cannot be widened to 5\n  fix: a --lora_rank that is a multiple of 2"),
        (4, {"target_modules": ["embed_tokens"]}, "an adapter of embeddings cannot be widened"),
        (4, {"use_rslora": True}, "only an adapter of one rank and one alpha"),
        (4, {"rank_pattern": {"q_proj": 1}}, "only an adapter of one rank and one alpha"),
    ],
)
def test_what_cannot_be_widened_is_one_clear_error(tiny_causal: Any, rank: int, options: Any, said: str) -> None:
    model = with_adapter(tiny_causal()[0], **options)
    with pytest.raises(SROError, match=said):
        widen_adapter(model, rank)
