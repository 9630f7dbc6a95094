"""Weight interpolation with the initial checkpoint (WiSE-FT, Wortsman et al. 2022, arXiv 2109.01903).

Training teaches what passes the screener and loses some of what the initial leader knew about meaning ("gave a shit"
became "cared" before training and "complained" after it), because the screener sees little of meaning. Weights between
the two keep most of both: pass rate and meaning do not change at the same pace along the line.
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
    """The weights of which the final leader gets a share; none where it is 0.

    Args:
        spread: how the weights lie on the processes.

    Raises:
        SROError: no process holds all of them.
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

    Of an adapter the factors are averaged, not their products: near one another the two are the same to first order.
    """
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            weight.lerp_(start[name].to(weight), share)
