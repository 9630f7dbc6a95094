"""How a rewrite is generated, whatever the engine: sampling settings, completions and the protocol. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Sampling:
    """How a move is drawn. temperature 0 is greedy; top_p 1 and top_k 0 keep the whole distribution (on-policy)."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_new_tokens: int = 96
    max_length_ratio: float = 1.5  # of the comment's own tokens, plus a slack of 8
    avoid_loops: bool = False  # for rewriting; in the game moves come from the policy that is scored


@dataclass(frozen=True)
class Completion:
    """One move. ids end with the end token if and only if `finished`; text is folded and without special tokens."""

    text: str
    ids: list[int]
    finished: bool


class Generator(Protocol):
    """Anything that answers comments with paraphrases: transformers here, faster engines elsewhere."""

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """`n` paraphrases for each comment, in order.

        Args:
            seed: of what is drawn; None: chances without a beginning, so other moves every time.
        """
        ...
