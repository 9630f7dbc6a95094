"""Part of the way back to the start: weights between where a game began and where it ended.

The game teaches what passes, and unlearns some of what the start knew ("gave a shit" → "cared" before, "complained"
after), for its follower sees little of that. Weights in between keep most of both (WiSE-FT, Wortsman et al. 2022,
arXiv 2109.01903): passes and meaning do not change at the same pace along the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def trainable_weights(model: Any) -> dict[str, torch.Tensor]:
    """Copies of the weights that training may change, by name, on the CPU."""
    return {name: weight.detach().cpu().clone() for name, weight in model.named_parameters() if weight.requires_grad}


@torch.no_grad()
def interpolate(model: Any, start: Mapping[str, torch.Tensor], share: float) -> None:
    """Move the trainable weights by `share` of the way to `start` (0: nowhere, 1: back), in place.

    Of an adapter the factors are averaged, not their products: near one another the two are the same to first order.
    """
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            weight.lerp_(start[name].to(weight), share)
