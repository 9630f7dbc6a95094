"""Which number format is fast on this machine: measured, for a processor may have bfloat16 and be slow at it.

AVX512-BF16 is half as fast as float32 on some, and more than twice as fast on others (docs/lab-notes.md).
"""

from __future__ import annotations

import time
from functools import cache

import torch

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
