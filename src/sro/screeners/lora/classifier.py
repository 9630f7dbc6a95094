"""A classifier of texts that is a LoRA adapter and a head of one logit on the embedded leader: 5 MB instead of 270.

`merge_adapter` writes a merged model that any reader of sequence classifiers can load (`sro.screeners.huggingface`).
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

from sro.core.files import atomic_folder, cache_root
from sro.core.pretrained import read_adapter, read_model, read_tokenizer
from sro.leader.files import LeaderParts
from sro.leader.model import embedded_leader

MAX_TOKENS = 64
"""Tokens that are read of a text while it learns."""
LABEL = "LABEL_0"
"""What a merged model calls its only logit; whoever loads it knows what it stands for."""


def merge_adapter(adapter: Path) -> Path:
    """The folder, in the cache, of base and adapter in one, in bfloat16; made when it is first asked for.

    Its tokenizer puts the end tokens round a text by itself, as `encode` does. Adapter and base take 1.8 s to load and
    merge, the merged model half a second. Where the cache cannot be written it is a temporary folder.

    Raises:
        SROError: the embedded leader is not installed.
    """
    place = cache_root() / "adapted" / LeaderParts(embedded_leader(), adapter, "").fingerprint()
    if not (place / "model.safetensors").is_file():
        from tokenizers.processors import TemplateProcessing

        model, tokenizer = base()
        model = read_adapter(model, adapter).merge_and_unload().to(torch.bfloat16)
        end = tokenizer.eos_token
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single=f"{end} $A {end}", special_tokens=[(end, tokenizer.eos_token_id)]
        )
        try:
            with atomic_folder(place, replace=True) as fresh:
                _save(model, tokenizer, fresh)
        except OSError:  # a cache that cannot be written: for this process alone
            place = Path(tempfile.mkdtemp(prefix="sro-adapted-"))
            atexit.register(shutil.rmtree, place, ignore_errors=True)
            _save(model, tokenizer, place)
    return place


def _save(model: Any, tokenizer: Any, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def base() -> tuple[Any, Any]:
    """The embedded leader with a fresh head of one logit, in float32, and its tokenizer."""
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging

    folder, verbosity = embedded_leader(), logging.get_verbosity()
    logging.set_verbosity_error()  # that the head is fresh is what is wanted
    model = read_model(AutoModelForSequenceClassification, folder, num_labels=1, dtype=torch.float32)
    logging.set_verbosity(verbosity)
    return model, read_tokenizer(folder)


def encode(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids between two end tokens: the last one has read all, and its state is what the head is asked about."""
    end = tokenizer.eos_token_id
    rows = tokenizer(list(texts), add_special_tokens=False)["input_ids"] if len(texts) else []
    return [[end, *row[:MAX_TOKENS], end] for row in rows]
