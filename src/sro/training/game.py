"""One micro-batch of the game, after the follower and the reference have answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Game:
    """One played micro-batch: B comments with K completions each.

    prompts: B lists of ids. completions: B × K lists of ids. sources: the comment as a completion (B lists of ids),
    None if the loss does not need it. passed, reference_y: [B·K]. reference_x: [B], 0 where `sources` has None.
    is_real: [B·K] bool, False for the completions of `sro.training.distributed.FILLER_COMMENT`.
    """

    prompts: list[list[int]]
    completions: list[list[list[int]]]
    sources: list[list[int] | None]
    passed: Tensor
    reference_y: Tensor
    reference_x: Tensor
    is_real: Tensor


def is_comment_row(k: int, completions: Sequence[Sequence[Any]]) -> Tensor:
    """A mask over all completions of all prompts: True for the comment, which comes after the k generated ones."""
    return torch.tensor([number == k for branches in completions for number in range(len(branches))])
