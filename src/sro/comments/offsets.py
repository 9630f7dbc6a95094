"""A text that was changed in steps, and the place in the original of each of its characters.

>>> seen = Normalised("an idiot", [0, 1, 2, 3, 5, 7, 9, 11, 12])  # of "an i d i o t"
>>> seen.origin(3, 8)
(3, 12)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

Edit = tuple[int, int, str]
"""Start, end, and the new text for that part."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text as a screener reads it, and where its characters came from."""

    text: str
    offsets: Sequence[int]
    """The place in the original where each character begins, then the original's length; never decreasing."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that became `text[start:end]`; if characters share an origin, the whole of it."""
        last = self.offsets[end]
        if end > start and last == self.offsets[end - 1]:
            last = self.offsets[min(bisect_right(self.offsets, last), len(self.offsets) - 1)]
        return self.offsets[start], last

    def shared_out(self, values: np.ndarray) -> np.ndarray:
        """Turn numbers of the characters of `text` into numbers of the original's characters, with the same sum.

        A number is divided among the characters that its own character came from. If there are none, the character at
        its offset gets it.
        """
        starts, length = np.array(self.offsets[:-1], dtype=np.int64), self.offsets[-1]
        widths = np.maximum(np.diff(np.array(self.offsets, dtype=np.int64)), 1)
        firsts = np.cumsum(widths) - widths  # where each number's places begin among all places
        places = np.repeat(starts - firsts, widths) + np.arange(widths.sum())
        return np.bincount(places, np.repeat(values / widths, widths), length)[:length]

    def edited(self, edits: Iterable[Edit], *, as_one: bool = False) -> Normalised:
        """The text with these edits, which must be in order and must not overlap.

        The new characters divide the replaced part evenly, or with `as_one` each stands for all of it; a removed part
        goes to the character before it.
        """
        parts: list[str] = []
        offsets: list[int] = []
        done = 0
        for start, end, new in edits:
            parts += [self.text[done:start], new]
            offsets += self.offsets[done:start]
            share = 0 if as_one else end - start
            if share == len(new) and not as_one:
                offsets += self.offsets[start:end]
            else:
                offsets += [self.offsets[start + share * i // len(new)] for i in range(len(new))]
            done = end
        if not parts:
            return self
        kept = [*offsets, *self.offsets[done:]]
        return Normalised("".join(parts) + self.text[done:], [0, *kept[1:]] if len(kept) > 1 else kept)

    def replaced(self, pattern: re.Pattern[str], new: Callable[[str], str]) -> Normalised:
        """`pattern.sub`, with `new` a function of the matched string."""
        found = ((match.start(), match.end(), match.group()) for match in pattern.finditer(self.text))
        return self.edited((start, end, now) for start, end, was in found if (now := new(was)) != was)
