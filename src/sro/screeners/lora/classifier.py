"""A text classifier made of a LoRA adapter and a one-logit head on the embedded leader: 5 MB instead of 270.

`merge_adapter` writes a merged model that loads like any sequence classifier (`sro.screeners.huggingface`).
`sro.screeners.lora.training` trains the adapters.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from sro.core.files import UnwritableCache, cache_root, cached_folder
from sro.core.pretrained import read_adapter, read_model, read_tokenizer
from sro.leader.files import LeaderParts
from sro.leader.model import embedded_leader

MAX_TOKENS = 64
"""Most tokens of a text that `encode` keeps."""
LABEL = "LABEL_0"
"""Name of the only logit in a merged model; the caller knows its meaning."""


def merge_adapter(adapter: Path) -> Path:
    """Merge base and adapter in bfloat16, and return the folder of the merged model in the cache. The first call
    writes it.

    The tokenizer of the merged model adds the end tokens around a text, as `encode` does. Loading and merging base and
    adapter takes 1.8 s; loading the merged model takes half a second. If the cache cannot be written, the folder is a
    temporary one.

    Raises:
        SROError: the embedded leader is not installed.
    """
    place = cache_root() / "adapted" / LeaderParts(embedded_leader(), adapter, "").fingerprint()

    def make(folder: Path) -> None:
        from tokenizers.processors import TemplateProcessing

        model, tokenizer = base()
        model = read_adapter(model, adapter).merge_and_unload().to(torch.bfloat16)
        end = tokenizer.eos_token
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single=f"{end} $A {end}", special_tokens=[(end, tokenizer.eos_token_id)]
        )
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    try:
        return cached_folder(place, "model.safetensors", make)
    except UnwritableCache:  # so this folder is for this process only
        temporary = Path(tempfile.mkdtemp(prefix="sro-adapted-"))
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        make(temporary)
        return temporary


def base() -> tuple[Any, Any]:
    """The embedded leader with a fresh head of one logit, in float32, and its tokenizer."""
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging

    folder, verbosity = embedded_leader(), logging.get_verbosity()
    logging.set_verbosity_error()  # hide the warning about the fresh head, which is intended
    model = read_model(AutoModelForSequenceClassification, folder, num_labels=1, dtype=torch.float32)
    logging.set_verbosity(verbosity)
    return model, read_tokenizer(folder)


def encode(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids between two end tokens. The head reads the state of the last one, which has seen all tokens."""
    end = tokenizer.eos_token_id
    rows = tokenizer(list(texts), add_special_tokens=False)["input_ids"] if len(texts) else []
    return [[end, *row[:MAX_TOKENS], end] for row in rows]
