"""An LRU cache that skips long strings, so that its memory stays bounded.

People's words recur and are short. One of 20,000 letters comes once, and takes as much room as thousands of others, so
a cache that is bounded in entries alone is not bounded in memory. Long words are worked out anew each time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

MAX_CACHED_CHARACTERS = 40
"""Characters of a word, or bytes of an encoded one, that is still kept."""


def cache_short_strings(entries: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """`functools.lru_cache` for a pure function of one word, with words above `MAX_CACHED_CHARACTERS` left out.

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
