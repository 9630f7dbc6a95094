"""Weights between the start of a game and its end."""

from __future__ import annotations

import pytest
import torch
from accelerate import DistributedType

from sro.core.errors import SROError
from sro.training.config import SROConfig
from sro.training.weight_averaging import interpolate, trainable_weights, weights_to_keep


def model() -> torch.nn.Sequential:
    made = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    made[0].requires_grad_(False)
    return made


def test_a_share_of_the_way_back_for_what_was_trained() -> None:
    leader = model()
    start, frozen = trainable_weights(leader), leader[0].weight.clone()
    with torch.no_grad():
        leader[1].weight += 1.0
        leader[0].weight += 1.0
    interpolate(leader, start, 0.25)
    assert torch.allclose(leader[1].weight, start["1.weight"] + 0.75)
    assert torch.equal(leader[0].weight, frozen + 1.0) and "0.weight" not in start


def test_nowhere_and_all_the_way() -> None:
    leader = model()
    start = trainable_weights(leader)
    with torch.no_grad():
        leader[1].bias += 2.0
    interpolate(leader, start, 0.0)
    assert torch.equal(leader[1].bias, start["1.bias"] + 2.0)
    interpolate(leader, start, 1.0)
    assert torch.equal(leader[1].bias, start["1.bias"])


def test_the_start_is_kept_where_a_share_of_it_is_asked_for() -> None:
    leader = model()
    assert weights_to_keep(leader, 0.0, DistributedType.FSDP) == {}
    assert weights_to_keep(leader, 0.2, DistributedType.NO).keys() == trainable_weights(leader).keys()
    with pytest.raises(SROError, match=r"spread over processes(.|\n)*fix: --interpolate_to_init 0"):
        weights_to_keep(leader, 0.2, DistributedType.FSDP)


def test_all_of_the_start_is_no_training() -> None:
    with pytest.raises(SROError, match="interpolate_to_init=1 must be in"):
        SROConfig(interpolate_to_init=1, use_cpu=True)
