"""What this machine is: how many processors, how its allocator behaves, what its libraries may print."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def processors() -> int:
    """How many this process may use, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def describe_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """The first processor as Linux describes it (`model name`, `flags`, …); nothing elsewhere."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def quiet_libraries() -> None:
    """No progress bars over loading small files, no deprecations of one library's own calls into another."""
    import warnings

    from transformers.utils import logging

    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|peft")


def give_memory_back() -> None:
    """Let the allocator return large freed blocks at once (glibc; elsewhere nothing happens).

    By default it learns to keep blocks of up to 32 MB. Tensors of ever new lengths then leave holes that none of the
    next fits: a training run of 2.9 GB grew to 4.4. Nor may every thread have an arena, with holes of its own.
    """
    _mallopt({_MMAP_THRESHOLD: 1 << 20, _TRIM_THRESHOLD: 1 << 20, _ARENA_MAX: 2})


def keep_memory(least: float = 16e9) -> None:
    """Let the allocator keep what is freed, where the machine has at least so many bytes; else `give_memory_back`.

    For training: fetching each tensor anew costs page faults, a third of a step and more (the recipe's of 16 comments:
    8.2 s against 5.6 s; peak 2.6 GB against 3.1 GB).
    """
    if sys.platform != "linux" or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") < least:
        give_memory_back()
    else:
        _mallopt({_MMAP_MAX: 0, _TRIM_THRESHOLD: (1 << 31) - 1, _TOP_PAD: 1 << 28})


_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -2, -3, -4, -8  # of malloc.h


def _mallopt(wanted: dict[int, int]) -> None:
    """Set options of malloc, unless a variable `MALLOC_…` in the environment sets the allocator already: with
    `MALLOC_MMAP_THRESHOLD_=1048576` and `MALLOC_TRIM_THRESHOLD_=1048576` a training gives memory back at once."""
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt and not any(name.startswith("MALLOC_") for name in os.environ):
        for option, value in wanted.items():
            mallopt(option, value)


def device_defaults() -> dict[str, bool]:
    """Settings that this machine calls for: no GPU where there is none.

    They go in before the configuration is made, because Accelerate reads them while it is.
    """
    import torch

    return {} if torch.cuda.is_available() else {"use_cpu": True}
