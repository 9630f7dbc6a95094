"""The settings of the command line for processing a folder."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sro.core.errors import SROError


@dataclass(frozen=True)
class Reading:
    """How files are read (see `sro.comments.readers.read_rows`), and which of their rows are used."""

    where: str | None = None
    """Rows that do not meet this condition are left out (`sro.comments.columns.Where`)."""
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None


AS_FOUND = Reading()
"""Every row; separators and encodings are detected in the files."""


@dataclass(frozen=True)
class BulkArguments:
    """How a folder is processed. Only `shard_mb` and `prefix` can change what is written.

    Raises:
        SROError: a value out of range, or one that the runner does not use.
    """

    runner: Literal["here", "ray"] = field(
        default="here", metadata={"help": "folders: where shards are processed, in this process or by Ray workers"}
    )
    workers: int | None = field(
        default=None, metadata={"help": "ray: workers, each with its own models (default: one per GPU, or per CPU)"}
    )
    worker_cpus: int = field(default=1, metadata={"help": "ray: CPUs of a worker"})
    worker_gpus: float | None = field(default=None, metadata={"help": "ray: GPUs per worker (default: 1, if any)"})
    ray_address: str | None = field(
        default=None, metadata={"help": "ray: a cluster, `auto` or ray://…; without it, Ray uses this machine only"}
    )
    shard_mb: float | None = field(
        default=None,
        metadata={
            "help": "folders: megabytes of input per shard; after an interruption, unfinished shards are done again "
            "(default: 16 for screening, 1 for rewriting)"
        },
    )
    prefix: str = field(
        default="",
        metadata={"help": "folders and tables: text put before the names of the new columns (default: nothing)"},
    )

    def __post_init__(self) -> None:
        for name in ("workers", "worker_cpus"):
            if (value := getattr(self, name)) is not None and value <= 0:
                raise SROError(f"{name}={value} must be > 0")
        if self.shard_mb is not None and not 1e-6 <= self.shard_mb < math.inf:  # so written, these refuse NaN too
            raise SROError(f"shard_mb={self.shard_mb} must be ≥ 0.000001 (a byte), and finite")
        if self.worker_gpus is not None and not 0 <= self.worker_gpus < math.inf:
            raise SROError(f"worker_gpus={self.worker_gpus} must be ≥ 0")
        usual = {"workers": None, "worker_cpus": 1, "worker_gpus": None, "ray_address": None}
        for name, value in usual.items():
            if self.runner != "ray" and getattr(self, name) != value:
                raise SROError(f"--{name} is for --runner ray")


def is_bulk(source: str | None, target: str | None) -> bool:
    """Whether a command needs `run`: its input or output is a folder, or the output ends with a slash."""
    folders = [name for name in (source, target) if name and name != "-" and Path(name).is_dir()]
    return bool(source and source != "-" and (folders or (target or "").endswith("/")))
