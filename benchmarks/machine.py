"""Describe the machine of a benchmark (processor, cores, threads, load, versions), and save a run in one file."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from sro.core.data_folder import data_folder
from sro.core.files import atomic_write_text
from sro.core.machine import processors
from sro.core.provenance import manifest, version


@dataclass(frozen=True)
class Machine:
    """A machine, and the versions of the relevant packages (None: not installed)."""

    processor: str
    cores: int
    """Cores that this process may use."""
    threads: int | None
    """OMP_NUM_THREADS, or torch's number if torch is loaded; None: the default of each library."""
    load: float
    """Mean load of the last minute; 0 is a quiet machine."""
    python: str
    packages: dict[str, str | None]

    def __str__(self) -> str:
        """One line for the head of a table."""
        threads = "threads not set" if self.threads is None else f"{self.threads} threads"
        packages = ", ".join(f"{name} {found or 'not installed'}" for name, found in self.packages.items())
        where = f"{self.processor}, {self.cores} cores, {threads}, load {self.load:.1f} at the start"
        return f"{where}; {packages}, Python {self.python}"


def this_machine(packages: Sequence[str]) -> Machine:
    """The machine and the versions of `packages`. Call it before the work, because the work itself adds load."""
    torch = sys.modules.get("torch")  # not imported only for this
    own = os.environ.get("OMP_NUM_THREADS", "")
    threads = torch.get_num_threads() if torch else int(own) if own.isdigit() else None
    gpu = f" and {torch.cuda.get_device_name()}" if torch and torch.cuda.is_available() else ""
    return Machine(
        processor=processor() + gpu,
        cores=processors(),
        threads=threads,
        load=round(psutil.getloadavg()[0], 2),
        python=platform.python_version(),
        packages={name: version(name) for name in packages},
    )


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's model, or the architecture if the system does not tell the model."""
    names = re.findall(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE) if cpuinfo.exists() else []
    return names[0].strip() if names else platform.processor() or platform.machine()


def goal(what: str, met: bool) -> str:
    """A line that says if a goal was met. The benchmark's exit status does not depend on it."""
    return f"- goal: {what}: {'met' if met else 'NOT MET'}"


def data_file(name: str, otherwise: str) -> str:
    """The source `name` (see `sro.comments.sources`) in `$SRO_DATA` or ../shared/data, or else `otherwise`."""
    source = Path(data_folder()) / name
    return str(source) if Path(str(source).partition("[")[0]).is_file() else otherwise


def save(
    path: str | Path,
    command: Sequence[str],
    config: Mapping[str, Any],
    machine: Machine,
    figures: Mapping[str, Any],
    text: str,
) -> None:
    """Write the figures, the machine, the settings and the command to one JSON file; `text` is the printed output."""
    content = {
        "machine": asdict(machine),
        "figures": dict(figures),
        "text": text,
        "manifest": manifest(command, config, {}, None),
    }
    atomic_write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")
