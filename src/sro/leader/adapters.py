"""Put an adapter on a leader, and refuse one that belongs to another."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from sro.core.errors import SROError
from sro.core.pretrained import ADAPTER_WEIGHTS, find_adapter_folder, read_adapter

logger = logging.getLogger(__name__)

LORA_PARTS = (".lora_A.", ".lora_B.")
"""What the names of LoRA's weights hold, in the model and in the file."""


def attach_adapter(model: Any, name: str, folder: str, leader: str, trainable: bool = False) -> Any:
    """The PEFT model of `model` with the adapter in `folder`.

    Args:
        name: the adapter as the user named it, for messages.
        folder: folder or hub name that it is loaded from.
        leader: the leader as the user named it, for messages.
        trainable: whether the adapter's weights take gradients.

    Raises:
        SROError: nothing loadable there, weights that are not safetensors, or an adapter of a leader with other sizes,
            other layers or fewer or more of them, which PEFT itself would load in part.
    """
    try:
        place = find_adapter_folder(folder)
        found = read_adapter(model, place, trainable)
        fault = _weight_mismatch(found, place / ADAPTER_WEIGHTS)
    except RuntimeError as error:
        raise _wrong_leader_error(name, leader, "its weights have other sizes") from error
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        if "not found in the base model" in str(error):
            raise _wrong_leader_error(name, leader, "its layers have other names") from error
        raise SROError(
            f"no adapter could be loaded from {name!r}: {error}\n"
            "  fix: a folder with adapter_config.json and adapter_model.safetensors, `embedded/warmup`, or `none`"
        ) from error
    if fault:
        raise _wrong_leader_error(name, leader, fault)
    return found


def _weight_mismatch(model: Any, file: Path) -> str | None:
    """What tells that the file has not the weights that the model has room for."""
    with safe_open(file, "pt") as weights:
        names = weights.keys()
    given = {key for key in names if any(part in key for part in LORA_PARTS)}
    room = {
        key.replace(".default.", ".")
        for key, _ in model.named_parameters()
        if any(part in key for part in LORA_PARTS) and ".default." in key
    }
    if room - given:
        return f"{len(room - given)} of this leader's {len(room)} weights are not in it"
    return f"{len(given - room)} of its {len(given)} weights have no place" if given - room else None


def _wrong_leader_error(name: str, leader: str, fault: str) -> SROError:
    return SROError(
        f"no adapter could be loaded from {name!r}: it was made for another leader than {leader!r} ({fault})\n"
        "  fix: --leader as adapter_config.json names it (base_model_name_or_path), or --adapter none"
    )


def warn_of_other_base(model: Any, name: str, path: str) -> None:
    """Log where an adapter names another base than it is put on; only the last parts of the names are compared, for
    the same leader lies in other folders on other machines."""
    for settings in model.peft_config.values():
        base = str(settings.base_model_name_or_path or "")
        if base and Path(base).name != Path(path).name:
            logger.warning("the adapter %s says that it was made for %s, and is put on %s", name, base, path)
