"""Model and tokenizer as the game needs them: one policy without dropout, and a pad token."""

from __future__ import annotations

import copy
from typing import Any

import torch

from sro.core.errors import SROError


def with_pad_token(tokenizer: Any) -> Any:
    """The tokenizer, or a copy that pads with the end token where it has no pad token (GPT-2, Llama).

    Padding is masked by position, never by id, so the end token that a completion ends with is still scored.

    Raises:
        SROError: no tokenizer, or one without an end token.
    """
    if tokenizer is None or tokenizer.eos_token_id is None:
        raise SROError(
            "SROTrainer needs a tokenizer with an end token\n"
            "  fix: processing_class=AutoTokenizer.from_pretrained(...)"
        )
    if tokenizer.pad_token_id is not None:
        return tokenizer
    padding = copy.deepcopy(tokenizer)
    padding.pad_token = padding.eos_token
    return padding


def disable_dropout(model: torch.nn.Module) -> None:
    """π_θ is one policy: under dropout Δ would not be 0 at θ = ref, and no paraphrase would come from the policy
    scored."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        # T5's and BART's attention keep a rate for `functional.dropout`; BART's layerdrop skips whole layers.
        for name, value in vars(module).items():
            if "drop" in name and isinstance(value, float):
                setattr(module, name, 0.0)
