"""Model and tokenizer as the game needs them: one policy without dropout, and a pad token."""

from __future__ import annotations

import copy
from typing import Any

import torch

from sro.core.errors import SROError
from sro.leader.engines.chat.generator import ChatGenerator
from sro.leader.model import is_peft, load_base


def refuse_chat_server(leader: object) -> None:
    """Raise SROError where a chat server is to be trained, or to play: its address, or its generator."""
    named = isinstance(leader, str) and leader.startswith(("chat:", "http://", "https://"))
    if named or isinstance(leader, ChatGenerator):
        raise SROError(
            "a chat server cannot be trained: SRO needs the leader's log-probabilities, and a server gives texts\n"
            "  fix: sro warmup --teachers chat:URL (an embedded leader learns from its answers), then sro train"
        )


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


def prepare_policy(model: Any, tokenizer: Any, peft_config: Any, gradient_checkpointing: bool) -> tuple[Any, Any]:
    """The policy that the game trains, and its tokenizer.

    Args:
        model: a model, or the name or folder of one, which is then loaded.
        tokenizer: the model's; None: the one beside a model given by name.
        peft_config: makes a fresh adapter on a model without one; None: the model is trained as it is.
        gradient_checkpointing: whether activations are computed again in the backward pass.

    Raises:
        SROError: no model under that name, no tokenizer with an end token, or a second adapter.
    """
    refuse_chat_server(model)
    if isinstance(model, str):
        model, own_tokenizer = load_base(model)
        tokenizer = tokenizer or own_tokenizer
    tokenizer = with_pad_token(tokenizer)
    if peft_config is not None:
        if is_peft(model):  # PEFT would put the fresh one in its place, under the same name
            raise SROError(
                "the model has an adapter already, which the fresh one of peft_config would replace\n"
                "  fix: leave out peft_config to train the adapter further, or give model.merge_and_unload() with it"
            )
        from peft import get_peft_model

        model = get_peft_model(model, peft_config)
    if gradient_checkpointing and is_peft(model):
        model.enable_input_require_grads()  # else the frozen embeddings cut the adapter off from the loss
    disable_dropout(model)
    return model, tokenizer
