"""Is this a sentence that somebody wrote, or one with a fault? A LoRA adapter and a head on the embedded leader.

    acceptability = Acceptability.load("embedded")
    acceptability(["you ve got to be kidding me", "you ve got to be bad person me"])   # → array([0.9, 0.2])

It learns from sentences alone, each as it was written and once broken (`sro.screeners.lora.acceptability_training`):
no linguist's
label, no rewrite, none of the judges' data. So it may sit in the panel of the follower, where no judge may.
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
from sro.core.precision import compute_dtype
from sro.core.pretrained import ADAPTER_WEIGHTS, read_model, read_tokenizer
from sro.leader.model import embedded_leader
from sro.screeners.lora.classifier import encode, merge_adapter


class Acceptability:
    """P(acceptable) of each text; its source is not read."""

    def __init__(self, model: Any, tokenizer: Any, name: str = "acceptability", batch_size: int = 64) -> None:
        """model: decoder-only, for sequence classification with one logit."""
        self.model, self.tokenizer, self.name, self.batch_size = model, tokenizer, name, batch_size

    @classmethod
    def load(cls, folder: str = "embedded", device: str | None = None) -> Acceptability:
        """Load an adapter that `sro fluency` has trained; `embedded` is the shipped one.

        Args:
            device: `cuda`, `cpu` or another that torch knows; None: the GPU if there is one.

        Raises:
            SROError: no adapter there, or the embedded leader is not installed.
        """
        weights = find_adapter(folder)
        from transformers import AutoModelForSequenceClassification

        place = merge_adapter(weights.parent)
        model = read_model(AutoModelForSequenceClassification, place, dtype=torch.bfloat16)
        tokenizer = read_tokenizer(place)
        model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        model.eval().requires_grad_(False)
        if compute_dtype(device=model.device.type).bf16:
            for module in model.modules():  # what `store_frozen_linears_in_bf16` leaves in float32
                for parameter in module.parameters(recurse=False):
                    parameter.data = parameter.data if isinstance(module, nn.Linear) else parameter.data.float()
        else:
            model.float()
        return cls(model, tokenizer, f"acceptability {hashlib.sha256(weights.read_bytes()).hexdigest()[:8]}")

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str] | None = None, references: Sequence[str] | None = None
    ) -> np.ndarray:
        """[N] float32 in [0, 1]; 0 for a text without tokens. Only `texts` are read."""
        unlike = list(dict.fromkeys(texts))  # moves of one comment bring it along many times
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
    """The least power of two from n on. Every new shape of a batch costs the kernels' library time and memory that it
    keeps: a service that asked about batches of all shapes grew by 10 MB a minute."""
    return 1 << (n - 1).bit_length()


class AcceptabilityWhenAsked:
    """An `Acceptability` that is loaded when it is first asked, for whoever may never ask.

    Threads may share one: they take turns, for two would load it twice, and its tokenizer cannot pad for two at once.
    """

    def __init__(self, folder: str | None = None) -> None:
        """folder: as `Acceptability.load` takes it. None: `embedded`; if the embedded leader is not installed, every
        text gets 0.

        Raises:
            SROError: what is named is not there.
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
        """As `Acceptability`."""
        with self._lock:
            if self._judge is None:
                self._judge = self._load()
            return self._judge(texts)

    def _load(self) -> Callable[[Sequence[str]], np.ndarray]:
        if self.folder is not None:
            return Acceptability.load(self.folder)
        try:
            embedded_leader()
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
