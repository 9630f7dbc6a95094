"""bfloat16 where it is fast, which a processor's flags do not tell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from sro.core import precision


@pytest.fixture(autouse=True)
def _measured_anew() -> Iterator[None]:
    precision.bf16_pays.cache_clear()
    yield
    precision.bf16_pays.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_speed_is_measured(dtype: torch.dtype) -> None:
    assert precision.gflops("cpu", dtype, size=64, seconds=0.01) > 0.01


@pytest.mark.parametrize(("half", "pays"), [(100.0, False), (119.0, False), (130.0, True)])
def test_a_processor_that_has_it_has_to_be_fast_too(monkeypatch: pytest.MonkeyPatch, half: float, pays: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setattr(precision, "gflops", lambda device, dtype: half if dtype == torch.bfloat16 else 100.0)
    assert precision.bf16_pays() is pays


def test_one_that_has_it_not_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    monkeypatch.setattr(precision, "gflops", lambda *_: pytest.fail("measured"))
    assert not precision.bf16_pays()


def test_a_gpu_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert precision.bf16_pays()
