"""Which number format models compute in: float32 or bfloat16, decided by what the hardware has, never by a stopwatch.

The same machine so gives the same numbers however busy it is. Whoever wants the other format says so: `--bf16
true|false` where a command has the flag, and `SRO_BF16=true|false` in the environment for everything.
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
    """The number format to compute in; which it is and why is logged once a process.

    Args:
        bf16: what the caller asks for; None: what `SRO_BF16` says, else what the hardware calls for.
        device: `cuda` or `cpu`, where the model lies; None: the GPU if there is one.

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
    """GPUs by their own word. Processors with AMX, and AMD's with AVX512-BF16: there products in bfloat16 take half
    the time of float32, on Intel's with AVX512-BF16 and without AMX twice the time (docs/research/lab-notes.md)."""
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
    """Store frozen linear weights and biases in bfloat16 where the run computes under bfloat16 autocast. What is
    trained stays in float32: bfloat16 would round an update of 2e-5 away.

    Autocast rounds them to bfloat16 before every product anyway: the numbers are the same bit for bit, only the copy
    at each step is saved (1.3 times faster rollouts, half the memory). An output head that shares its weights with the
    embeddings gets rounded ones of its own, for it is copied most often. Embeddings and norms stay in float32, so the
    residual stream does too; pure bfloat16 would shift log-probabilities by −0.13 a token. What a quantizer has packed
    (4-bit weights) stays: those are codes and no numbers.
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
    """Whether a weight is what it says it is: quantizers keep codes, in a type of parameter of their own or as bytes,
    and a float of eight bits is worth something only together with a scale that lies elsewhere."""
    return type(weight) is nn.Parameter and weight.dtype in FLOATS
