"""The number format that models compute in: float32 or bfloat16, chosen by hardware features, not by a speed test.

So the same machine always gives the same numbers, however busy it is. To choose the format yourself, use `--bf16
true|false` if a command has the flag, or `SRO_BF16=true|false` in the environment for everything.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from sro.core.errors import SROError
from sro.core.machine import describe_processor

logger = logging.getLogger(__name__)

VARIABLE = "SRO_BF16"
FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
_SPELLINGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True)
class ComputeDtype:
    """A number format and why it was chosen.

    Attributes:
        bf16: True for bfloat16 (by autocast; norms and sums stay in float32), False for float32.
        reason: half a sentence for logs and manifests.
    """

    bf16: bool
    reason: str

    @property
    def name(self) -> str:
        """`bfloat16` or `float32`."""
        return "bfloat16" if self.bf16 else "float32"


def compute_dtype(bf16: bool | None = None, device: str | None = None) -> ComputeDtype:
    """The number format to compute in; the choice and its reason are logged once per process.

    Args:
        bf16: the caller's choice; None: the value of `SRO_BF16`, else chosen by the hardware.
        device: device of the model, `cuda` or `cpu`; None: the GPU if there is one.

    Raises:
        SROError: `SRO_BF16` is neither true nor false.

    Example:
        >>> compute_dtype(bf16=False).name
        'float32'
    """
    if bf16 is not None:
        chosen = ComputeDtype(bf16, "it was asked for")
    elif (said := _environment()) is not None:
        chosen = ComputeDtype(said, f"{VARIABLE}={os.environ[VARIABLE]} in the environment")
    else:
        chosen = _by_hardware(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    _log_once(chosen)
    return chosen


def _environment() -> bool | None:
    value = os.environ.get(VARIABLE, "").strip().lower()
    if value and value not in _SPELLINGS:
        raise SROError(f"{VARIABLE}={value!r} is neither true nor false\n  fix: {VARIABLE}=true, {VARIABLE}=false")
    return _SPELLINGS.get(value)


def _by_hardware(device: str) -> ComputeDtype:
    """bfloat16 on GPUs that report it, on processors with AMX, and on AMD's with AVX512-BF16. On these processors,
    products in bfloat16 take half the time of float32. On Intel's with AVX512-BF16 and without AMX they take twice
    the time (docs/research/lab-notes.md)."""
    if device.startswith("cuda"):
        if torch.cuda.is_bf16_supported():
            return ComputeDtype(True, "this GPU has bfloat16")
        return ComputeDtype(False, "this GPU has no bfloat16")
    if torch.cpu._is_amx_tile_supported():
        return ComputeDtype(True, "this processor has AMX")
    about = describe_processor()
    if about.get("vendor_id") == "AuthenticAMD" and "avx512_bf16" in about.get("flags", "").split():
        return ComputeDtype(True, "this processor is AMD's and has AVX512-BF16")
    return ComputeDtype(False, "this processor has no AMX, without which bfloat16 may be slower")


@cache
def _log_once(chosen: ComputeDtype) -> None:
    logger.debug("models compute in %s: %s (--bf16 or %s decide otherwise)", chosen.name, chosen.reason, VARIABLE)


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
    """Store frozen linear weights and biases in bfloat16, for a run under bfloat16 autocast. Trained weights stay in
    float32, because bfloat16 would round away an update of 2e-5.

    Autocast rounds them to bfloat16 before every product anyway, so the results are the same bit for bit. Only the
    copy at each step is saved (1.3 times faster rollouts, half the memory). An output head that shares its weights
    with the embeddings gets its own rounded weights, because it is copied most often. Embeddings, norms and the
    residual stream stay in float32; pure bfloat16 would shift log-probabilities by −0.13 per token. Weights that a
    quantizer has packed (4-bit weights) are not changed, because they are codes, not numbers.
    """
    tied = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    for module in model.modules():
        if isinstance(module, nn.Linear) and _holds_numbers(module.weight) and not module.weight.requires_grad:
            rounded = module.weight.data.to(torch.bfloat16)
            if id(module.weight) in tied:
                module.weight = nn.Parameter(rounded, requires_grad=False)
            else:
                module.weight.data = rounded
            if module.bias is not None and not module.bias.requires_grad:
                module.bias.data = module.bias.data.to(torch.bfloat16)


def _holds_numbers(weight: torch.Tensor) -> bool:
    """Whether a weight holds plain numbers. Quantizers store codes, in their own type of parameter or as bytes, and an
    8-bit float has a meaning only together with its scale, which is stored elsewhere."""
    return type(weight) is nn.Parameter and weight.dtype in FLOATS
