"""π_ref: the frozen leader before training. Its form depends on how the leader is trained:

a fresh adapter that computes zero      the same model with the adapter switched off: no second model
an adapter that is trained further      a frozen copy of that adapter beside the trained one: a few MB
full fine-tuning                        a frozen copy of the whole model
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import torch

from sro.core.errors import SROError
from sro.leader.model import is_peft

NAME = "reference"  # name of the frozen adapter


class Reference(Protocol):
    """Gives the frozen policy that belongs to a leader."""

    def policy(self, model: Any) -> AbstractContextManager[Any]:
        """A context that yields the model for scoring, in eval mode and without gradients, and restores it at exit."""
        ...


def make_reference(model: Any, fresh_adapter: bool) -> Reference:
    """The reference for `model` in its current state.

    Args:
        fresh_adapter: True if the adapter was just created, False if an existing adapter is trained further.

    Raises:
        SROError: the adapter trains biases of the model itself, which are not part of the adapter.
    """
    if not is_peft(model):
        return FrozenCopy(model)
    if (bias := getattr(model.peft_config[model.active_adapter], "bias", "none")) != "none":
        raise SROError(
            f"the adapter trains the model's own biases (bias={bias!r}), which stay when it is switched off, so the "
            "leader before training would be lost\n  fix: LoraConfig(bias='none', ...)"
        )
    return AdapterOff() if fresh_adapter and _computes_zero(model) else FrozenAdapter(model)


def _computes_zero(model: Any) -> bool:
    """Whether a fresh adapter changes nothing yet. LoRA's product is zero if one factor is zero. PiSSA, OLoRA and
    others start with a part of the model's weights, and remove this part from the model itself."""
    return not any(weight.any() for name, weight in model.named_parameters() if ".lora_B." in name)


@contextmanager
def _frozen(model: Any) -> Iterator[Any]:
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        model.train(was_training)


class AdapterOff:
    """The trained model without its adapter."""

    @contextmanager
    def policy(self, model: Any) -> Iterator[Any]:
        with model.disable_adapter(), _frozen(model):
            yield model


class FrozenAdapter:
    """The trained model with a frozen copy of its initial adapter.

    The copy is kept in the model under the name `reference`, so checkpoints contain it, and a resumed run scores
    against the original start.
    """

    def __init__(self, model: Any) -> None:
        from peft import get_peft_model_state_dict, set_peft_model_state_dict

        self.trained = model.active_adapter
        settings = copy.deepcopy(model.peft_config[self.trained])
        settings.init_lora_weights = True  # PiSSA and similar would remove a part of the model's weights again
        model.add_adapter(NAME, settings)
        start = get_peft_model_state_dict(model, adapter_name=self.trained)
        set_peft_model_state_dict(model, start, adapter_name=NAME)
        self._activate(model, self.trained)

    @contextmanager
    def policy(self, model: Any) -> Iterator[Any]:
        model.set_adapter(NAME)
        try:
            with _frozen(model):
                yield model
        finally:
            self._activate(model, self.trained)

    def _activate(self, model: Any, name: str) -> None:
        """Switch adapters. PEFT makes the active adapter trainable, so the reference has to be frozen again."""
        model.set_adapter(name)
        for key, parameter in model.named_parameters():
            if f".{NAME}." in key:
                parameter.requires_grad_(False)


class FrozenCopy:
    """A second model: a copy of the given model, which is not loaded again from the path in its config."""

    def __init__(self, model: Any) -> None:
        self.copy = copy.deepcopy(model).eval().requires_grad_(False)

    @contextmanager
    def policy(self, model: Any) -> Iterator[Any]:
        # The copy is made before the trainer moves the model to its device.
        with _frozen(self.copy.to(next(model.parameters()).device)) as frozen:
            yield frozen
