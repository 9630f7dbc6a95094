"""Fluency of a text: mean log-probability per token under a frozen language model.

Only differences are meaningful: a rewrite is compared with its own source, because both share topic and register (on
original against scrambled text the AUC is .96–.98). Values are computed in one numeric mode, so two machines may give
slightly different figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from sro.leader.logprobs import causal_log_probs


class LanguageModelFluency:
    """Mean log-probability per token, nats, under a frozen decoder-only model."""

    def __init__(self, model: Any, tokenizer: Any, batch_size: int = 64, bf16: bool = False) -> None:
        """bf16: compute under bfloat16 autocast (twice as fast if the processor supports it)."""
        self.model, self.tokenizer, self.batch_size, self.bf16 = model, tokenizer, batch_size, bf16

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """[N] float32; −inf for an empty text."""
        rows = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"] if len(texts) else []
        start = [self.tokenizer.eos_token_id]
        scores = np.full(len(rows), -np.inf, dtype=np.float32)
        order = sorted((i for i, row in enumerate(rows) if row), key=lambda i: len(rows[i]))
        device = next(self.model.parameters()).device.type
        with torch.inference_mode(), torch.autocast(device, dtype=torch.bfloat16, enabled=self.bf16):
            for at in range(0, len(order), self.batch_size):
                chosen = order[at : at + self.batch_size]
                found = causal_log_probs(
                    self.model, [start] * len(chosen), [[rows[i]] for i in chosen], self.tokenizer.pad_token_id
                )
                scores[chosen] = (found.total() / found.lengths()).cpu().numpy()
        return scores
