"""The number format follows the hardware, the flag or the environment, and never a clock."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sro.core.errors import SROError
from sro.core.precision import compute_dtype, gflops, store_frozen_linears_in_bf16
from sro.core.training_arguments import resolve_bf16


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function (gpu, gpu_bf16, amx, vendor, flags) that makes torch and Linux report such a machine, with nothing in
    the environment."""
    monkeypatch.delenv("SRO_BF16", raising=False)

    def report(
        gpu: bool = False,
        gpu_bf16: bool = False,
        amx: bool = False,
        vendor: str = "GenuineIntel",
        flags: str = "avx512f avx512_bf16",
    ) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: gpu_bf16)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
        about = {"vendor_id": vendor, "flags": flags}
        monkeypatch.setattr("sro.core.precision.describe_processor", lambda: about)

    return report


@pytest.mark.parametrize(
    ("parts", "name", "reason"),
    [
        ({}, "float32", "no AMX"),
        ({"amx": True}, "bfloat16", "has AMX"),
        ({"vendor": "AuthenticAMD"}, "bfloat16", "AMD's and has AVX512-BF16"),
        ({"vendor": "AuthenticAMD", "flags": "avx512f"}, "float32", "no AMX"),
        ({"gpu": True, "gpu_bf16": True}, "bfloat16", "GPU has bfloat16"),
        ({"gpu": True, "amx": True}, "float32", "GPU has no bfloat16"),
    ],
)
def test_the_hardware_decides_and_the_reason_says_so(machine: Any, parts: Any, name: str, reason: str) -> None:
    machine(**parts)
    chosen = compute_dtype()
    assert chosen.name == name and reason in chosen.reason


def test_a_model_on_the_processor_is_not_judged_by_the_gpu(machine: Any) -> None:
    machine(gpu=True, gpu_bf16=True)
    assert compute_dtype(device="cuda:0").bf16 and not compute_dtype(device="cpu").bf16


@pytest.mark.parametrize("value", ["true", "TRUE", "1", "false", "off"])
def test_the_environment_overrides_the_hardware_and_the_caller_both(
    machine: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    machine(amx=True)
    monkeypatch.setenv("SRO_BF16", value)
    said = value.lower() in ("true", "1")
    assert compute_dtype().bf16 is said and f"SRO_BF16={value}" in compute_dtype().reason
    assert compute_dtype(bf16=not said).bf16 is not said


def test_an_environment_that_says_neither_is_an_error(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine()
    monkeypatch.setenv("SRO_BF16", "maybe")
    with pytest.raises(SROError, match=r"SRO_BF16='maybe' is neither true nor false\n  fix: "):
        compute_dtype()


def test_the_choice_is_logged_once(machine: Any, caplog: pytest.LogCaptureFixture) -> None:
    from sro.core import precision

    machine(amx=True)
    precision._log_once.cache_clear()
    with caplog.at_level(logging.DEBUG, logger="sro"):
        compute_dtype(), compute_dtype()
    assert [record.getMessage() for record in caplog.records] == [
        "models compute in bfloat16: this processor has AMX (--bf16 or SRO_BF16 decide otherwise)"
    ]


def settle(**values: Any) -> bool:
    arguments: Any = SimpleNamespace(**{"bf16": None, "fp16": False, "use_cpu": False, **values})
    resolve_bf16(arguments)
    settled: bool = arguments.bf16
    return settled


def test_training_arguments_are_settled_once(machine: Any) -> None:
    machine(gpu=True, gpu_bf16=True)
    assert settle() and not settle(use_cpu=True) and not settle(fp16=True) and not settle(bf16=False)


def test_fp16_without_a_gpu_is_one_clear_error(machine: Any) -> None:
    machine(amx=True)
    with pytest.raises(SROError, match=r"fp16 needs a GPU(.|\n)*fix: .*--bf16"):
        settle(fp16=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_speed_is_measured(dtype: torch.dtype) -> None:
    assert gflops("cpu", dtype, size=64, seconds=0.01) > 0.01


def test_a_bias_that_is_trained_stays_in_float32() -> None:
    layer, frozen = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2).requires_grad_(False)
    layer.weight.requires_grad_(False)
    model = torch.nn.Sequential(layer, frozen)
    store_frozen_linears_in_bf16(model)
    assert [p.dtype for p in model.parameters()] == [torch.bfloat16, torch.float32, torch.bfloat16, torch.bfloat16]
    with torch.autocast("cpu", torch.bfloat16):
        model(torch.ones(1, 2)).sum().backward()
    assert layer.bias.grad is not None and layer.bias.grad.dtype == torch.float32


# -- packed weights --------------------------------------------------------------------------------


class PackedParameter(nn.Parameter):
    """What quantizers derive from `Parameter`; its bytes may be stored as floats."""


class PackedLinear(nn.Linear):
    """As bitsandbytes' Linear4bit: an `nn.Linear` whose weight holds two codes of four bits in a byte."""

    def __init__(self, codes: Tensor, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        packed = (codes[0::2] << 4 | codes[1::2]).view(-1, 1)
        self.weight = nn.Parameter(packed, requires_grad=False)
        self.bias.requires_grad_(False)

    def forward(self, given: Tensor) -> Tensor:
        codes = torch.stack([self.weight >> 4, self.weight & 15], dim=-1).view(self.out_features, self.in_features)
        return nn.functional.linear(given, codes.to(given.dtype) - 8, self.bias.to(given.dtype))


def test_packed_weights_stay_as_they_are_packed() -> None:
    torch.manual_seed(0)
    packed = PackedLinear(torch.randint(0, 16, (32,), dtype=torch.uint8), 8, 4)
    plain, wrapped, eight_bits = (nn.Linear(8, 8).requires_grad_(False) for _ in range(3))
    wrapped.weight = PackedParameter(wrapped.weight.data, requires_grad=False)
    eight_bits.weight = nn.Parameter(eight_bits.weight.data.to(torch.float8_e4m3fn), requires_grad=False)
    given, weight = torch.randn(2, 8), packed.weight.clone()
    expected = packed(given)
    store_frozen_linears_in_bf16(nn.ModuleList([packed, plain, wrapped, eight_bits]))
    assert torch.equal(packed.weight, weight) and packed.weight.dtype == torch.uint8
    assert torch.equal(packed(given), expected)
    assert (plain.weight.dtype, wrapped.weight.dtype) == (torch.bfloat16, torch.float32)
    assert eight_bits.weight.dtype == torch.float8_e4m3fn
