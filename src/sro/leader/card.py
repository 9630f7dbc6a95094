"""What a folder of weights says of itself: the prompt they are used with, and of an export the leader that it was.

Read before any weight is loaded, and without torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sro.core.files import atomic_write_text

CARD = "sro.json"


def read_prompt(folder: Path) -> str | None:
    """The prompt that the adapter or fully tuned leader in `folder` was trained with, if it says."""
    return _read_card(folder).get("prompt")


def write_prompt(folder: Path, prompt: str) -> None:
    """Note in `folder` the prompt that the weights there are used with, for `read_prompt`."""
    _write_card(folder, {"prompt": prompt})


def write_origin(folder: Path, leader: str) -> None:
    """Note in the folder of an export, beside the prompt, which leader was exported, for `is_embedded`."""
    _write_card(folder, {**_read_card(folder), "leader": "embedded" if is_embedded(leader) else leader})


def is_embedded(leader: str) -> bool:
    """Whether this is the embedded leader: by its name, or a folder into which `sro export` wrote it."""
    return leader == "embedded" or _read_card(Path(leader)).get("leader") == "embedded"


def _read_card(folder: Path) -> dict[str, Any]:
    card = folder / CARD
    return json.loads(card.read_text("utf-8")) if card.is_file() else {}


def _write_card(folder: Path, card: Mapping[str, Any]) -> None:
    atomic_write_text(folder / CARD, json.dumps(card, indent=2) + "\n")
