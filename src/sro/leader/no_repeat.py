"""No loops: a decoding rule that keeps a rewriter from saying a phrase twice in a row.

A small leader that has learnt to avoid words may fall into "untrustworthy , false , false , false". The game punishes
such completions but cannot rule them out; this rule does. It is only for rewriting: in the game they must be drawn
from the policy that is scored.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor

LONGEST = 12  # tokens in a phrase


class NoLoops(LogitsProcessor):
    """Forbids the token that would complete an immediate repetition: a phrase of 2 to 12 tokens for the second time,
    a single token for the third.

    Repetitions that the comment itself has are allowed, and so is repeated punctuation.

    Args:
        tokenizer: says which tokens hold letters or digits.
        prompts: the prompts as token ids, one a row.
        start: where completions begin in the rows that `generate` passes.
    """

    def __init__(self, tokenizer: Any, prompts: list[list[int]], start: int) -> None:
        self.start = start
        self.allowed = [{tuple(phrase) for phrase in _repeated(prompt)} for prompt in prompts]
        self.tokenizer = tokenizer
        self._wordy: dict[int, bool] = {}

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """[rows, so far], [rows, vocabulary] → scores with −inf where a loop would close."""
        rows, columns = [], []
        for row, ids in enumerate(input_ids[:, self.start :].tolist()):
            for token in self.forbidden_tokens(row, ids):
                rows.append(row)
                columns.append(token)
        if not rows:
            return scores
        return scores.index_put(
            (torch.tensor(rows, device=scores.device), torch.tensor(columns, device=scores.device)),
            torch.tensor(-torch.inf, device=scores.device, dtype=scores.dtype),
        )

    def forbidden_tokens(self, row: int, ids: list[int]) -> set[int]:
        """The tokens that would complete a repetition after `ids`, the completion so far to prompt number `row`."""
        allowed = self.allowed[row]
        found = set()
        if len(ids) >= 2 and ids[-1] == ids[-2] and self._holds_a_word(ids[-1:]) and (ids[-1],) not in allowed:
            found.add(ids[-1])
        for size in range(2, min(LONGEST, (len(ids) + 1) // 2) + 1):
            phrase, again = ids[-2 * size + 1 : -size + 1], ids[-size + 1 :]
            if phrase[:-1] == again and self._holds_a_word(phrase) and tuple(phrase) not in allowed:
                found.add(phrase[-1])
        return found

    def _holds_a_word(self, ids: list[int]) -> bool:
        for token in ids:
            if token not in self._wordy:
                self._wordy[token] = any(letter.isalnum() for letter in self.tokenizer.decode([token]))
        return any(self._wordy[token] for token in ids)


def _repeated(ids: list[int]) -> list[list[int]]:
    """The phrases that stand twice in a row, and the tokens that stand three times in a row."""
    twice = [
        ids[at : at + size]
        for size in range(2, LONGEST + 1)
        for at in range(len(ids) - 2 * size + 1)
        if ids[at : at + size] == ids[at + size : at + 2 * size]
    ]
    return twice + [[a] for a, b, c in zip(ids, ids[1:], ids[2:]) if a == b == c]
