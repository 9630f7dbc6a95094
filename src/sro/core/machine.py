"""Settings for this machine: number of processors, memory allocator, GPU, and what libraries may print."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux shows the limits of a container (version 2 of cgroups)."""


def processors(limits: Path = CONTAINER) -> int:
    """The number of processors that this process may use; in a container, the machine may have more."""
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota, _, period = _limit(limits / "cpu.max").partition(" ")  # microseconds of each period, or "max"
    return min(usable, max(1, math.ceil(int(quota) / int(period)))) if quota.isdigit() else usable


def usable_memory(limits: Path = CONTAINER) -> int:
    """Bytes of memory that this process may use; only on Linux."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _limit(limits / "memory.max")
    return min(whole, int(limit)) if limit.isdigit() else whole


def _limit(file: Path) -> str:
    """What a file of `CONTAINER` says; nothing outside of a container."""
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def describe_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """The first processor as Linux describes it (`model name`, `flags`, …); empty on other systems."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def quiet_libraries() -> None:
    """Turn off progress bars for loading small files, and deprecation warnings for calls between libraries."""
    import warnings

    from transformers.utils import logging

    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|peft")


def give_memory_back() -> None:
    """Let the allocator return large freed blocks at once (glibc; elsewhere nothing happens).

    By default it starts to keep blocks of up to 32 MB. Tensors of changing lengths then leave holes that later tensors
    do not fit: a training run of 2.9 GB grew to 4.4. The number of arenas is limited too: each has holes of its own.
    """
    _mallopt({_MMAP_THRESHOLD: 1 << 20, _TRIM_THRESHOLD: 1 << 20, _ARENA_MAX: 2})


def keep_memory(least: float = 16e9) -> None:
    """Let the allocator keep freed memory if this process may use at least `least` bytes; else call
    `give_memory_back`.

    For training: new memory for each tensor costs page faults, a third of a step and more (the recipe's step of 16
    comments: 8.2 s against 5.6 s; peak 2.6 GB against 3.1 GB).
    """
    if sys.platform != "linux" or usable_memory() < least:
        give_memory_back()
    else:
        _mallopt({_MMAP_MAX: 0, _TRIM_THRESHOLD: (1 << 31) - 1, _TOP_PAD: 1 << 28})


_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -2, -3, -4, -8  # of malloc.h


def _mallopt(wanted: dict[int, int]) -> None:
    """Set options of malloc, unless a variable `MALLOC_…` in the environment sets the allocator already. With
    `MALLOC_MMAP_THRESHOLD_=1048576` and `MALLOC_TRIM_THRESHOLD_=1048576` a training gives memory back at once."""
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt and not any(name.startswith("MALLOC_") for name in os.environ):
        for option, value in wanted.items():
            mallopt(option, value)


def device_defaults() -> dict[str, bool]:
    """Settings for this machine: `use_cpu` if there is no GPU.

    They must be set before the configuration is made, because Accelerate reads them at that time.
    """
    import torch

    return {} if torch.cuda.is_available() else {"use_cpu": True}
