"""Encode the weight difference of a full training in about one bit per weight, small enough to store or send.

    parts = encode(start, trained)              # 14.5 MiB of the embedded leader's 135 million weights
    save_file(parts, "difference.safetensors")
    apply(model, load_file("difference.safetensors"))      # on the same start

For each matrix, one of two encodings is used: the one with the smaller squared error in the same space.

    signs      the sign of each weight's difference, and the mean absolute difference per row (BitDelta, Liu et al.
               2024, arXiv 2402.10193). AdamW moves most weights by a similar amount, so a sign says much.
    low rank   left · rightᵀ, both in int8 with one scale per column.

Embedding tables always use the low rank, because training changes few of their rows. Vectors (norms) stay in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sro.core.errors import SROError

LIMIT = 16 * 2**20
"""Most bytes of an encoded difference."""
TABLE = 16
"""A matrix with at least this many times more rows than columns is an embedding table."""
TABLE_RANK = 32


@torch.no_grad()
def encode(start: Mapping[str, Tensor], trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoded differences by `NAME.KIND`, on the CPU; `start` and `trained` are float32 and have the same names.

    Raises:
        SROError: the result is larger than `LIMIT`.
    """
    parts: dict[str, Tensor] = {}
    for name, before in start.items():
        after = trained[name]
        found = _of_tensor(after.float() - before.to(after.device).float())
        parts |= {f"{name}.{kind}": value.cpu().contiguous() for kind, value in found.items()}
    if (size := size_of(parts)) > LIMIT:
        raise SROError(f"the difference takes {size:,} bytes, more than {LIMIT:,}. fix: a smaller TABLE_RANK")
    return parts


def size_of(parts: Mapping[str, Tensor]) -> int:
    """Bytes of the tensors."""
    return sum(value.numel() * value.element_size() for value in parts.values())


def apply(model: Any, parts: Mapping[str, Tensor]) -> None:
    """Add the differences to a model's weights; these must be the weights that training started from."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight += decode(name, parts, weight.shape).to(weight.device, weight.dtype)


def decode(name: str, parts: Mapping[str, Tensor], shape: torch.Size) -> Tensor:
    """The difference of one weight, float32. Raises SROError if there is none with that name and shape."""
    own = {key.removeprefix(f"{name}."): value for key, value in parts.items() if key.rpartition(".")[0] == name}
    if "dense" in own:
        found = own["dense"]
    elif "signs" in own:
        bits = torch.from_numpy(np.unpackbits(own["signs"].cpu().numpy(), count=shape.numel()))
        found = (bits.float() * 2 - 1).view(shape) * own["row_sizes"].float()[:, None]
    elif "left" in own:
        found = (own["left"].float() * own["left_scales"]) @ (own["right"].float() * own["right_scales"]).T
    else:
        raise SROError(f"the difference has nothing of {name}. fix: apply it to the leader that was trained")
    if found.shape != shape:
        raise SROError(f"the difference of {name} has shape {list(found.shape)}, and its weight {list(shape)}")
    return found


@torch.no_grad()
def kept_share(start: Mapping[str, Tensor], trained: Mapping[str, Tensor], parts: Mapping[str, Tensor]) -> float:
    """Share of the squared difference that is kept: 1 − |difference − decoded|² / |difference|²; 1 if it is zero."""
    lost = whole = 0.0
    for name, before in start.items():
        difference = trained[name].cpu().float() - before.cpu().float()
        lost += float((difference - decode(name, parts, difference.shape)).square().sum())
        whole += float(difference.square().sum())
    return 1 - lost / whole if whole else 1.0


def _of_tensor(difference: Tensor) -> dict[str, Tensor]:
    if difference.ndim != 2:
        return {"dense": difference}
    rows, columns = difference.shape
    if rows >= TABLE * columns:
        return _low_rank(difference, TABLE_RANK)
    signs = _signs(difference)
    rank = size_of(signs) // (rows + columns + 8)  # 8: two scales
    low = _low_rank(difference, rank) if rank else signs
    return min(signs, low, key=lambda parts: float((difference - _decoded(parts, difference)).square().sum()))


def _decoded(parts: dict[str, Tensor], like: Tensor) -> Tensor:
    return decode("w", {f"w.{kind}": value for kind, value in parts.items()}, like.shape).to(like.device)


def _signs(difference: Tensor) -> dict[str, Tensor]:
    bits = np.packbits((difference >= 0).cpu().numpy())
    return {"signs": torch.from_numpy(bits), "row_sizes": difference.abs().mean(1).to(torch.bfloat16)}


def _low_rank(difference: Tensor, rank: int) -> dict[str, Tensor]:
    rank = min(rank, *difference.shape)
    with torch.random.fork_rng(devices=[difference.device] if difference.is_cuda else []):
        torch.manual_seed(0)  # the algorithm starts with random directions
        left, sizes, right = torch.svd_lowrank(difference, q=min(rank + 8, *difference.shape), niter=4)
    root = sizes[:rank].sqrt()
    found: dict[str, Tensor] = {}
    for side, values in (("left", left[:, :rank] * root), ("right", right[:, :rank] * root)):
        scales = values.abs().amax(0).clamp_min(1e-30) / 127
        found |= {side: (values / scales).round().to(torch.int8), f"{side}_scales": scales}
    return found
