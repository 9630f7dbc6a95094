"""Estimate if a sentence is acceptable or has a fault, with a LoRA adapter and a head on the embedded leader.

    acceptability = Acceptability.load("embedded")
    acceptability(["you ve got to be kidding me", "you ve got to be bad person me"])   # → array([0.9, 0.2])

It learns only from sentences: each as it was written, and once with a fault added
(`sro.screeners.lora.acceptability_training`). It does not use labels of linguists, rewrites or the judges' data. So it
may be a member of the follower's panel; a judge may not.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sro.core.errors import SROError
from sro.core.files import UnwritableCache
from sro.core.precision import compute_dtype
from sro.core.pretrained import ADAPTER_WEIGHTS, read_model, read_tokenizer
from sro.leader.model import embedded_leader
from sro.screeners.lora.classifier import encode, merge_adapter


class Acceptability:
    """Returns P(acceptable) of each text; the sources are not read."""

    def __init__(self, model: Any, tokenizer: Any, name: str = "acceptability", batch_size: int = 64) -> None:
        """model: decoder-only, for sequence classification with one logit."""
        self.model, self.tokenizer, self.name, self.batch_size = model, tokenizer, name, batch_size

    @classmethod
    def load(cls, folder: str = "embedded", device: str | None = None) -> Acceptability:
        """Load an adapter that `sro fluency` has trained; `embedded` is the shipped one.

        Args:
            device: `cuda`, `cpu` or another torch device; None: the GPU if there is one.

        Raises:
            SROError: the folder holds no adapter, or the embedded leader is not installed.
        """
        weights = find_adapter(folder)
        from transformers import AutoModelForSequenceClassification

        place = merge_adapter(weights.parent)
        model = read_model(AutoModelForSequenceClassification, place, dtype=torch.bfloat16)
        tokenizer = read_tokenizer(place)
        model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        model.eval().requires_grad_(False)
        if compute_dtype(device=model.device.type).bf16:
            for module in model.modules():  # `store_frozen_linears_in_bf16` leaves these in float32
                for parameter in module.parameters(recurse=False):
                    parameter.data = parameter.data if isinstance(module, nn.Linear) else parameter.data.float()
        else:
            model.float()
        return cls(model, tokenizer, f"acceptability {hashlib.sha256(weights.read_bytes()).hexdigest()[:8]}")

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str] | None = None, references: Sequence[str] | None = None
    ) -> np.ndarray:
        """[N] float32 in [0, 1]; 0 for a text without tokens. Only `texts` are read."""
        unlike = list(dict.fromkeys(texts))  # a comment with several rewrites occurs several times
        found = dict(zip(unlike, self._of_each(unlike).tolist()))
        return np.array([found[text] for text in texts], dtype=np.float32)

    def _of_each(self, texts: Sequence[str]) -> np.ndarray:
        rows = encode(self.tokenizer, texts)
        found = np.zeros(len(rows), dtype=np.float32)
        order = sorted((i for i, row in enumerate(rows) if len(row) > 2), key=lambda i: len(rows[i]))
        device = next(self.model.parameters()).device
        bf16 = compute_dtype(device=device.type).bf16
        with torch.inference_mode(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            for start in range(0, len(order), self.batch_size):
                chosen = order[start : start + self.batch_size]
                filled = [rows[i] for i in chosen] + [rows[chosen[0]]] * (_next_power(len(chosen)) - len(chosen))
                batch = self.tokenizer.pad({"input_ids": filled}, pad_to_multiple_of=16, return_tensors="pt").to(
                    device
                )
                logits = self.model(**batch).logits[: len(chosen), 0]
                found[chosen] = logits.float().sigmoid().cpu().numpy()
        return found


def _next_power(n: int) -> int:
    """The smallest power of two that is at least n. Each new batch shape costs time, and memory that the kernel
    library keeps: a service with batches of all shapes grew by 10 MB a minute."""
    return 1 << (n - 1).bit_length()


class AcceptabilityWhenAsked:
    """An `Acceptability` that is loaded at its first call, because it may never be needed.

    Threads can share one. They take turns: otherwise two threads would load it twice, and its tokenizer cannot pad for
    two threads at once.
    """

    def __init__(self, folder: str | None = None) -> None:
        """folder: as in `Acceptability.load`. None: `embedded`; if the embedded leader is not installed, every text
        gets 0.

        Raises:
            SROError: `folder` is given, but it or the embedded leader is missing.
        """
        if folder is not None:
            find_adapter(folder)
            embedded_leader()
        self.folder = folder
        self._lock = threading.Lock()
        self._judge: Callable[[Sequence[str]], np.ndarray] | None = None

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str] | None = None, references: Sequence[str] | None = None
    ) -> np.ndarray:
        """See `Acceptability`."""
        with self._lock:
            if self._judge is None:
                self._judge = self._load()
            return self._judge(texts)

    def _load(self) -> Callable[[Sequence[str]], np.ndarray]:
        if self.folder is not None:
            return Acceptability.load(self.folder)
        try:
            embedded_leader()
        except UnwritableCache:
            raise
        except SROError:
            return lambda texts: np.zeros(len(texts), np.float32)
        return Acceptability.load()


def find_adapter(folder: str) -> Path:
    """The weights of a fluency adapter; `embedded` is the shipped one.

    Raises:
        SROError: there are none.
    """
    place = Path(str(resources.files("sro") / "assets/fluency")) if folder == "embedded" else Path(folder)
    weights = place / ADAPTER_WEIGHTS
    if not weights.is_file():
        raise SROError(f"{place} holds no fluency adapter\n  fix: `embedded`, or a folder made by `sro fluency`")
    return weights
