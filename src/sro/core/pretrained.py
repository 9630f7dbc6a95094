"""Read models from unknown authors: their settings and weights, never their code.

All code that reads a model, tokenizer or adapter from a folder or hub name uses these functions, and a test checks
that, because the libraries themselves would run code. transformers asks on standard input whether it may run the
Python files in a folder, but the comments come from there. PEFT unpickles an adapter that has no safetensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sro.core.errors import SROError

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def read_config(place: str | Path) -> Any:
    """The configuration in a folder or under a hub name. Raises the errors of transformers, as the next two do."""
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(place, trust_remote_code=False)


def read_tokenizer(place: str | Path, **options: Any) -> Any:
    """The tokenizer in a folder or under a hub name."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(place, trust_remote_code=False, **options)


def read_model(kind: Any, place: str | Path, **options: Any) -> Any:
    """The model in a folder or under a hub name, from weights in safetensors (or GGUF, if `gguf_file` names a file).

    Args:
        kind: class of transformers that reads it, such as `AutoModel`.
        options: further arguments of its `from_pretrained`.

    Raises:
        SROError: an adapter in another format lies beside the model; transformers would load it too.
    """
    from transformers.utils import find_adapter_config_file

    if find_adapter_config_file(str(place)):
        find_adapter_folder(place)
    return kind.from_pretrained(place, trust_remote_code=False, use_safetensors=True, **options)


def find_adapter_folder(place: str | Path) -> Path:
    """The folder of an adapter whose weights are in safetensors; an adapter on the hub is downloaded.

    Raises:
        SROError: the folder has no such weights.
        OSError, ValueError: the hub cannot be reached, or has no adapter under that name.
    """
    folder = Path(place)
    if not folder.is_dir():
        from huggingface_hub import hf_hub_download

        hf_hub_download(str(place), ADAPTER_CONFIG)
        folder = Path(hf_hub_download(str(place), ADAPTER_WEIGHTS)).parent
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise SROError(
            f"{place}: no {ADAPTER_WEIGHTS}\n"
            "  fix: name the folder of an adapter that has it; adapter_model.bin, which can hold code, is not read "
            "(PEFT saves such an adapter again as safetensors)"
        )
    return folder


def read_adapter(model: Any, place: str | Path, trainable: bool = False) -> Any:
    """The PEFT model of `model` with the adapter of a folder or hub name. Raises the errors of `find_adapter_folder`
    and PEFT."""
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(find_adapter_folder(place)), is_trainable=trainable)
