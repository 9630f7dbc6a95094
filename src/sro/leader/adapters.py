"""Attach an adapter to a leader, refuse one that was made for another leader, and raise the rank of an adapter."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from sro.core.errors import SROError
from sro.core.pretrained import ADAPTER_WEIGHTS, find_adapter_folder, read_adapter

logger = logging.getLogger(__name__)

LORA_PARTS = (".lora_A.", ".lora_B.")
"""Parts of the names of LoRA weights, in the model and in the file."""


def attach_adapter(model: Any, name: str, folder: str, leader: str, trainable: bool = False) -> Any:
    """The PEFT model of `model` with the adapter in `folder`.

    Args:
        name: the adapter as the user named it, for messages.
        folder: folder or hub name that it is loaded from.
        leader: the leader as the user named it, for messages.
        trainable: whether the adapter's weights take gradients.

    Raises:
        SROError: no adapter can be loaded, its weights are not safetensors, or it was made for a leader with other
            sizes, other layers, or fewer or more layers; PEFT itself would load such an adapter in part.
    """
    try:
        place = find_adapter_folder(folder)
        found = read_adapter(model, place, trainable)
        fault = _weight_mismatch(found, place / ADAPTER_WEIGHTS)
    except RuntimeError as error:
        if "size mismatch" not in str(error):  # the device is out of memory, for example
            raise
        raise _wrong_leader_error(name, leader, "its weights have other sizes") from error
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        if "not found in the base model" in str(error):
            raise _wrong_leader_error(name, leader, "its layers have other names") from error
        raise SROError(
            f"no adapter could be loaded from {name!r}: {error}\n"
            "  fix: a folder with adapter_config.json and adapter_model.safetensors, `embedded/warmup`, or `none`"
        ) from error
    if fault:
        raise _wrong_leader_error(name, leader, fault)
    return found


def widen_adapter(model: Any, rank: int) -> None:
    """Give a LoRA adapter a higher rank, in place, so that it can learn more; what the model computes stays the same.

    The new rows of A are drawn as PEFT draws those of a fresh adapter, from torch's generator, and the new columns of
    B are zero, so that B·A does not change. alpha grows with the rank, so the scale alpha / rank does not change.

    Args:
        model: PEFT model; its active adapter is widened. Weights that take gradients still do so afterwards.
        rank: rank of every layer afterwards, a multiple of the present rank.

    Raises:
        SROError: the present rank is higher or does not divide `rank`, layers have ranks or scales of their own,
            embeddings have LoRA weights, or the adapter is of another kind.
    """
    from peft import LoraConfig
    from peft.tuners.lora import LoraLayer

    name = model.active_adapter
    settings = model.peft_config[name]
    if not isinstance(settings, LoraConfig):
        raise SROError("only a LoRA adapter can be widened\n  fix: leave --lora_rank out")
    if rank == settings.r:
        return
    layers = [module for module in model.modules() if isinstance(module, LoraLayer)]
    if any(name in module.lora_embedding_A for module in layers):
        raise SROError("an adapter of embeddings cannot be widened\n  fix: leave --lora_rank out")
    if settings.rank_pattern or settings.alpha_pattern or settings.use_rslora or settings.lora_bias:
        raise SROError("only an adapter of one rank and one alpha can be widened\n  fix: leave --lora_rank out")
    if rank < settings.r or rank % settings.r:
        raise SROError(
            f"an adapter of rank {settings.r} cannot be widened to {rank}\n"
            f"  fix: a --lora_rank that is a multiple of {settings.r}, or leave --lora_rank out"
        )
    alpha = settings.lora_alpha * rank // settings.r
    for layer in [module for module in layers if name in module.lora_A]:
        layer.lora_A[name], layer.lora_B[name] = _wider(layer.lora_A[name], layer.lora_B[name], rank)
        layer.r[name], layer.lora_alpha[name] = rank, alpha
    settings.r, settings.lora_alpha = rank, alpha


def _wider(low: Any, high: Any, rank: int) -> tuple[nn.Linear, nn.Linear]:
    """A and B of a linear layer with more rows and columns and the same product."""
    options: dict[str, Any] = {"bias": False, "device": low.weight.device, "dtype": low.weight.dtype}
    new_low, new_high = nn.Linear(low.in_features, rank, **options), nn.Linear(rank, high.out_features, **options)
    # nn.Linear has drawn A so already; without this second draw, a seed would give other adapters than it gave so far.
    nn.init.kaiming_uniform_(new_low.weight, a=math.sqrt(5))
    nn.init.zeros_(new_high.weight)
    with torch.no_grad():
        new_low.weight[: low.out_features] = low.weight
        new_high.weight[:, : low.out_features] = high.weight
    trains = low.weight.requires_grad
    return new_low.requires_grad_(trains), new_high.requires_grad_(trains)


def _weight_mismatch(model: Any, file: Path) -> str | None:
    """How the weights in the file differ from those that the model has room for; None if they match."""
    with safe_open(file, "pt") as weights:
        names = weights.keys()
    given = {key for key in names if any(part in key for part in LORA_PARTS)}
    room = {
        key.replace(".default.", ".")
        for key, _ in model.named_parameters()
        if any(part in key for part in LORA_PARTS) and ".default." in key
    }
    if room - given:
        return f"{len(room - given)} of this leader's {len(room)} weights are not in it"
    return f"{len(given - room)} of its {len(given)} weights have no place" if given - room else None


def _wrong_leader_error(name: str, leader: str, fault: str) -> SROError:
    return SROError(
        f"no adapter could be loaded from {name!r}: it was made for another leader than {leader!r} ({fault})\n"
        "  fix: --leader as adapter_config.json names it (base_model_name_or_path), or --adapter none"
    )


def warn_of_other_base(model: Any, name: str, path: str) -> None:
    """Log a warning if an adapter names another base model than the one that it is put on. Only the last parts of the
    names are compared, because the same leader lies in other folders on other machines."""
    for settings in model.peft_config.values():
        base = str(settings.base_model_name_or_path or "")
        if base and Path(base).name != Path(path).name:
            logger.warning("the adapter %s says that it was made for %s, and is put on %s", name, base, path)
