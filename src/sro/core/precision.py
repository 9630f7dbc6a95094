"""Which number format is fast on this machine: measured, for a processor may have bfloat16 and be slow at it.

AVX512-BF16 is half as fast as float32 on some, and more than twice as fast on others (docs/research/lab-notes.md).
"""

from __future__ import annotations

import time
from functools import cache

import torch
from torch import nn

PAYS = 1.2
"""Times the speed of float32: less is not worth the rounding."""


@cache
def bf16_pays() -> bool:
    """Whether bfloat16 is fast here: a GPU that has it, or a processor that has it and is faster by `PAYS`.

    Measured once a process, in a tenth of a second; not at all where the processor has no such instructions.
    """
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    if not (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()):
        return False
    return gflops("cpu", torch.bfloat16) > PAYS * gflops("cpu", torch.float32)


def gflops(device: str, dtype: torch.dtype, size: int = 512, seconds: float = 0.05) -> float:
    """Speed of square matrix products in 10⁹ operations a second."""
    a = torch.ones(size, size, device=device, dtype=dtype)
    with torch.inference_mode():
        (a @ a).sum().item()  # the first one chooses and compiles its kernel
        begin, products = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            (a @ a)[0, 0].item()  # .item() waits until a GPU is done
            products += 1
    return products * 2 * size**3 / (time.perf_counter() - begin) / 1e9


def store_frozen_linears_in_bf16(model: nn.Module) -> None:
    """Store frozen linear weights in bfloat16 where the run computes under bfloat16 autocast.

    Autocast rounds them to bfloat16 before every product anyway: the numbers are the same bit for bit, only the copy
    at each step is saved (1.3 times faster rollouts, half the memory). An output head that shares its weights with the
    embeddings gets rounded ones of its own, for it is copied most often. Embeddings and norms stay in float32, so the
    residual stream does too; pure bfloat16 would shift log-probabilities by −0.13 a token.
    """
    tied = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    for module in model.modules():
        if isinstance(module, nn.Linear) and not module.weight.requires_grad:
            rounded = module.weight.data.to(torch.bfloat16)
            if id(module.weight) in tied:
                module.weight = nn.Parameter(rounded, requires_grad=False)
            else:
                module.weight.data = rounded
            if module.bias is not None:
                module.bias.data = module.bias.data.to(torch.bfloat16)
