"""Weight interpolation with the initial checkpoint (WiSE-FT, Wortsman et al. 2022, arXiv 2109.01903).

Training teaches the leader to pass the screener, but the leader loses some of its knowledge about meaning, because the
screener sees little of meaning ("gave a shit" became "cared" before training and "complained" after it). Weights
between the two keep most of both: pass rate and meaning do not change at the same rate along the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from accelerate import DistributedType

from sro.core.errors import SROError


def trainable_weights(model: Any) -> dict[str, torch.Tensor]:
    """Copies of the weights that training may change, by name, on the CPU."""
    return {name: weight.detach().cpu().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def weights_to_keep(model: Any, share: float, spread: DistributedType) -> dict[str, torch.Tensor]:
    """The initial weights, to be mixed into the final leader; empty if `share` is 0.

    Args:
        spread: how the weights are distributed over the processes.

    Raises:
        SROError: no process holds all weights.
    """
    if not share:
        return {}
    if spread in (DistributedType.FSDP, DistributedType.DEEPSPEED):
        raise SROError(
            "weights that are spread over processes cannot be averaged\n  fix: --interpolate_to_init 0, or DDP"
        )
    return trainable_weights(model)


@torch.no_grad()
def interpolate(model: Any, start: Mapping[str, torch.Tensor], share: float) -> None:
    """Move the trainable weights by `share` of the way to `start` (0: not at all, 1: all the way), in place.

    For an adapter, the factors are averaged, not their products. If start and end are near, both are the same to first
    order.
    """
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            weight.lerp_(start[name].to(weight), share)
