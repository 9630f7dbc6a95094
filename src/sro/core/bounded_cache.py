"""An LRU cache that skips long strings, so that its memory stays bounded.

Most words are short and come again. A word of 20,000 letters comes once and takes as much memory as thousands of
others, so a limit on the number of entries does not limit the memory. Long words are computed again each time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

MAX_CACHED_CHARACTERS = 40
"""Length of the longest word that is cached: in characters, or in bytes if the word is encoded."""


def cache_short_strings(entries: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """`functools.lru_cache` for a pure function of one word; words above `MAX_CACHED_CHARACTERS` are not cached.

    >>> @cache_short_strings(1000)
    ... def spelled(word: str) -> str: ...
    """

    def decorate(function: Callable[[str], T]) -> Callable[[str], T]:
        kept = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def found(word: str) -> T:
            return kept(word) if len(word) <= MAX_CACHED_CHARACTERS else function(word)

        return found

    return decorate
