"""Prepare model and tokenizer for the game: one policy without dropout, and a pad token."""

from __future__ import annotations

import copy
from typing import Any

import torch

from sro.core.errors import SROError
from sro.leader.engines.chat.generator import ChatGenerator
from sro.leader.model import is_peft, load_base


def refuse_chat_server(leader: object) -> None:
    """Raise SROError if a model or a generator is a chat server: a chat server cannot be trained."""
    named = isinstance(leader, str) and leader.startswith(("chat:", "http://", "https://"))
    if named or isinstance(leader, ChatGenerator):
        raise SROError(
            "a chat server cannot be trained: SRO needs the leader's log-probabilities, and a server gives texts\n"
            "  fix: sro warmup --teachers chat:URL (an embedded leader learns from its answers), then sro train"
        )


def with_pad_token(tokenizer: Any) -> Any:
    """The tokenizer; if it has no pad token (GPT-2, Llama), a copy that pads with the end token.

    Padding is masked by position, not by id, so the end token of a completion is still scored.

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
    """Turn dropout off, so that π_θ is one policy. With dropout, Δ would not be 0 at θ = ref, and completions would
    not come from the policy that is scored."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        # T5's and BART's attention keep a rate for `functional.dropout`; BART's layerdrop skips whole layers.
        for name, value in vars(module).items():
            if "drop" in name and isinstance(value, float):
                setattr(module, name, 0.0)


def prepare_policy(model: Any, tokenizer: Any, peft_config: Any, gradient_checkpointing: bool) -> tuple[Any, Any]:
    """The policy that the game trains, and its tokenizer.

    Args:
        model: a model, or the name or folder of a model to load.
        tokenizer: the model's tokenizer; None: the tokenizer of the named model.
        peft_config: adds a fresh adapter to a model without one; None: the model is trained as it is.
        gradient_checkpointing: whether activations are computed again in the backward pass.

    Raises:
        SROError: no model with that name, no tokenizer with an end token, or a second adapter.
    """
    refuse_chat_server(model)
    if isinstance(model, str):
        model, own_tokenizer = load_base(model)
        tokenizer = tokenizer or own_tokenizer
    tokenizer = with_pad_token(tokenizer)
    if peft_config is not None:
        if is_peft(model):  # PEFT would replace it by the fresh one, under the same name
            raise SROError(
                "the model has an adapter already, which the fresh one of peft_config would replace\n"
                "  fix: leave out peft_config to train the adapter further, or give model.merge_and_unload() with it"
            )
        from peft import get_peft_model

        model = get_peft_model(model, peft_config)
    if gradient_checkpointing and is_peft(model):
        model.enable_input_require_grads()  # otherwise the frozen embeddings stop the gradient to the adapter
    disable_dropout(model)
    return model, tokenizer
