"""Split comments into two or more parts: by the hash of each, or by holding out the last ones."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate

from sro.comments.clean import letters_and_digits
from sro.comments.corpus import Comment
from sro.core.errors import SROError


def split(comments: Iterable[Comment], fractions: Mapping[str, float], seed: int = 0) -> dict[str, list[Comment]]:
    """Parts of about the given sizes, e.g. {"train": 0.9, "heldout": 0.1}, each in the order of `comments`.

    A comment's part depends only on its key, the seed and the fractions, so new rows never move old ones, and equal
    comments stay together. Raises SROError if the fractions are negative or do not add up to 1.
    """
    if any(fraction < 0 for fraction in fractions.values()) or abs(sum(fractions.values()) - 1) > 1e-9:
        raise SROError(f"the fractions of a split must not be negative and must add up to 1, unlike {dict(fractions)}")
    names, bounds = list(fractions), list(accumulate(fractions.values()))
    parts: dict[str, list[Comment]] = {name: [] for name in names}
    for comment in comments:
        digest = hashlib.sha256(f"{seed}:{letters_and_digits(comment.text)}".encode()).digest()
        point = int.from_bytes(digest[:8], "big") / 2**64
        parts[names[min(bisect_right(bounds, point), len(names) - 1)]].append(comment)
    return parts


def hold_out_last(comments: Iterable[Comment], n: int) -> tuple[list[Comment], list[Comment]]:
    """All but the last `n` comments, and the last `n`. Raises SROError unless 0 <= n < number of comments."""
    rows = list(comments)
    if not 0 <= n < len(rows):
        raise SROError(f"cannot hold out the last {n} of {len(rows)} comments: some must be left to train on")
    return rows[: len(rows) - n], rows[len(rows) - n :]
