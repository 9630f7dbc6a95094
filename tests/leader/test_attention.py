"""How wide a row a decoder reads under a mask of ours, by what its configuration says of its layers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from sro.leader.attention import widest_row


@pytest.mark.parametrize(
    "kind, settings, width",
    [
        ("llama", {}, math.inf),
        ("qwen2", {"use_sliding_window": False}, math.inf),
        ("mistral", {"sliding_window": None}, math.inf),
        ("mistral", {"sliding_window": 32}, 32),
        ("gemma3_text", {"sliding_window": 64}, 64),
        ("gpt_neo", {"num_layers": 2, "attention_types": [[["global", "local"], 1]], "window_size": 16}, 16),
        ("bloom", {}, 0),
        ("mpt", {}, 0),
        ("mamba", {}, 0),
        ("falcon", {"alibi": True}, 0),
        ("lfm2", {"num_hidden_layers": 2, "layer_types": ["conv", "full_attention"]}, 0),
    ],
)
def test_the_widest_row_of_a_kind_of_model(kind: str, settings: dict[str, Any], width: float) -> None:
    sizes = {"num_hidden_layers": 1} if kind != "gpt_neo" else {}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**sizes, **settings}))
    assert widest_row(model) == width
