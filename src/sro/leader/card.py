"""The card beside a leader's weights (`sro.json`): the prompt of their training, and which leader was exported."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sro.core.errors import SROError
from sro.core.files import atomic_write_text

CARD = "sro.json"

logger = logging.getLogger(__name__)


def read_prompt(place: str | Path) -> str | None:
    """The prompt that an adapter or fully tuned leader was trained with, if it says.

    Args:
        place: its folder or hub name, from which its weights were just loaded.

    Raises:
        SROError: the card cannot be read from the hub, or it is damaged.
    """
    folder = Path(place) if Path(place).is_dir() else _folder_of_card_on_hub(str(place))
    return _read_card(folder).get("prompt") if folder else None


def write_prompt(folder: Path, prompt: str) -> None:
    """Note in `folder` the prompt that the weights there are used with, for `read_prompt`."""
    _write_card(folder, {"prompt": prompt})


def write_origin(folder: Path, leader: str) -> None:
    """Note in the folder of an export, beside the prompt, which leader was exported, for `is_embedded`."""
    _write_card(folder, {**_read_card(folder), "leader": "embedded" if is_embedded(leader) else leader})


def is_embedded(leader: str) -> bool:
    """Whether this is the embedded leader: by its name, or a folder into which `sro export` wrote it.

    Raises:
        SROError: the folder's card is damaged.
    """
    return leader == "embedded" or _read_card(Path(leader)).get("leader") == "embedded"


def _folder_of_card_on_hub(name: str) -> Path | None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(name, CARD)).parent
    except LocalEntryNotFoundError:  # no connection; weights in the cache can be used without a card
        logger.warning("%s is read from the cache, without %s: --prompt names the prompt if it has one", name, CARD)
        return None
    except EntryNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SROError(
            f"the prompt of {name!r} could not be read from the hub: {str(error).splitlines()[0]}\n"
            "  fix: --prompt with {text} in it, or a folder"
        ) from error


def _read_card(folder: Path) -> dict[str, Any]:
    """The content of the card in a folder, {} if there is none. Anyone may write a card, so its form is checked."""
    card = folder / CARD
    if not card.is_file():
        return {}
    try:
        found = json.loads(card.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SROError(f"{card}: cannot be read as JSON: {error}\n  fix: mend or remove the file") from error
    if not isinstance(found, dict) or not isinstance(found.get("prompt", ""), str | None):
        form = '{"prompt": "Rude: {text}"}'
        raise SROError(f"{card}: want an object such as {form}\n  fix: mend or remove the file")
    return found


def _write_card(folder: Path, card: Mapping[str, Any]) -> None:
    atomic_write_text(folder / CARD, json.dumps(card, indent=2) + "\n")
