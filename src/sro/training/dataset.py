"""The comments that a trainer is handed: checked before the first step; those too long are set aside."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch.utils.data import Subset

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.leader.model import fill_prompts

logger = logging.getLogger(__name__)

FILE = "quarantine_too_long.jsonl"


def fitting(
    comments: Sequence[str], tokenizer: Any, prompt: str, max_length: int, quarantine: Path | None
) -> list[int]:
    """Indices of the comments whose prompt has at most `max_length` tokens; the others are counted in the log.

    Args:
        quarantine: folder for `quarantine_too_long.jsonl` with the others: row (from 1), reason, tokens and text;
            None: they are written nowhere.
    """
    lengths = [len(row) for row in fill_prompts(tokenizer, prompt, comments)]
    long = [
        {"row": n, "reason": "too_long", "tokens": length, "text": comment}
        for n, (comment, length) in enumerate(zip(comments, lengths), 1)
        if length > max_length
    ]
    if long:
        if quarantine:
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in long)
            atomic_write_text(quarantine / FILE, lines)
        place = f"; in {quarantine / FILE}" if quarantine else ""
        logger.warning(
            "%d of %d comments set aside: their prompts have more than max_prompt_length=%d tokens%s",
            *(len(long), len(comments), max_length, place),
        )
    return [n for n, length in enumerate(lengths) if length <= max_length]


def checked_dataset(dataset: Any, tokenizer: Any, prompt: str, max_length: int, quarantine: Path | None = None) -> Any:
    """The rows that can be trained on.

    Args:
        dataset: rows with the key `comment`, a text; anything with a length and indices.

    Raises:
        SROError: no rows, rows without `comment`, a comment that is no text, or none that fits.
    """
    if not len(dataset) or "comment" not in dataset[0]:
        raise SROError(
            "train_dataset is empty or its rows have no `comment`\n  fix: Dataset.from_dict({'comment': [...]})"
        )
    comments = [dataset[n].get("comment") for n in range(len(dataset))]
    for number, comment in enumerate(comments, 1):
        if not isinstance(comment, str):
            raise SROError(
                f"train_dataset, row {number} (counted from 1): the comment is {comment!r}, not a text\n"
                "  fix: dataset.filter(lambda row: isinstance(row['comment'], str))"
            )
    kept = fitting(comments, tokenizer, prompt, max_length, quarantine)
    if not kept:
        raise SROError(
            f"no comment of train_dataset fits into max_prompt_length={max_length} tokens\n"
            "  fix: raise --max_prompt_length, or split the comments"
        )
    return dataset if len(kept) == len(comments) else Subset(dataset, kept)
