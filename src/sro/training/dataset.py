"""Check the trainer's comments before the first step; comments that are too long are set aside."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch.utils.data import Subset

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.leader.token_ids import fill_prompts

logger = logging.getLogger(__name__)

FILE = "quarantine_too_long.jsonl"


@dataclass(frozen=True)
class PromptLimit:
    """The longest prompt that can be trained on.

    Attributes:
        tokens: its length.
        reason: what sets the limit, for messages.
        fix: what the user can do, for messages.
    """

    tokens: int
    reason: str
    fix: str

    @classmethod
    def of(cls, model: Any, max_prompt_length: int, max_completion_length: int = 0) -> PromptLimit:
        """`max_prompt_length`, or less if the leader would not have enough positions after the prompt
        for a completion, or for the comment itself."""
        positions = getattr(model.config, "max_position_embeddings", None)
        if positions and not model.config.is_encoder_decoder:
            positions = min(positions - max_completion_length, positions // 2)
        if positions and positions < max_prompt_length:
            return cls(positions, f"the {positions} tokens that this leader's positions leave", "shorter comments")
        return cls(max_prompt_length, f"max_prompt_length={max_prompt_length} tokens", "raise --max_prompt_length")


def fitting(
    comments: Sequence[str], tokenizer: Any, prompt: str, limit: PromptLimit, quarantine: Path | None
) -> list[int]:
    """Indices of the comments with a prompt within the limit. The number of other comments is logged.

    Args:
        quarantine: folder for `quarantine_too_long.jsonl`, which lists the other comments with row (from 1), reason,
            tokens and text; None: no file.
    """
    lengths = [len(row) for row in fill_prompts(tokenizer, prompt, comments)]
    long = [
        {"row": n, "reason": "too_long", "tokens": length, "text": comment}
        for n, (comment, length) in enumerate(zip(comments, lengths), 1)
        if length > limit.tokens
    ]
    if long:
        if quarantine:
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in long)
            atomic_write_text(quarantine / FILE, lines)
        place = f"; in {quarantine / FILE}" if quarantine else ""
        logger.warning(
            "%d of %d comments set aside: their prompts have more than %s%s",
            *(len(long), len(comments), limit.reason, place),
        )
    return [n for n, length in enumerate(lengths) if length <= limit.tokens]


def checked_dataset(dataset: Any, tokenizer: Any, prompt: str, limit: PromptLimit, quarantine: Path | None) -> Any:
    """The rows that can be trained on.

    Args:
        dataset: rows with the key `comment`, a text; anything with a length and indices.
        quarantine: as for `fitting`.

    Raises:
        SROError: no dataset, no rows, rows without `comment`, a comment that is not a text, or no comment that fits.
    """
    try:
        usable = len(dataset) > 0 and "comment" in dict(dataset[0])
    except (TypeError, ValueError, LookupError):  # a stream, a DatasetDict, a list of texts
        usable = False
    if not usable:
        raise SROError(
            "train_dataset is empty, has no length, or has rows without the key `comment`\n"
            "  fix: Dataset.from_dict({'comment': [...]})"
        )
    comments = [dataset[n].get("comment") for n in range(len(dataset))]
    for number, comment in enumerate(comments, 1):
        if not isinstance(comment, str):
            raise SROError(
                f"train_dataset, row {number} (counted from 1): the comment is {comment!r}, not a text\n"
                "  fix: dataset.filter(lambda row: isinstance(row['comment'], str))"
            )
    kept = fitting(comments, tokenizer, prompt, limit, quarantine)
    if not kept:
        raise SROError(
            f"no comment of train_dataset fits into {limit.reason}\n  fix: {limit.fix}, or split the comments"
        )
    return dataset if len(kept) == len(comments) else Subset(dataset, kept)
