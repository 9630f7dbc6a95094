"""Which languages a screener reads: what it says itself, else English.

    >>> from sro.screeners.loading import load_screener
    >>> languages_read(load_screener("embedded/linear"))
    ('en',)

A screener answers any text with a probability, whatever its language. Whoever shows the answer asks here whether it is
one: the service, its endpoints of others and the page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from sro.screeners.base import Screener

ENGLISH = ("en",)


@runtime_checkable
class Multilingual(Protocol):
    """A screener that says which languages it reads, because it reads more than English."""

    @property
    def languages(self) -> Collection[str]:
        """Their codes, as `sro.comments.languages` has them."""
        ...


def languages_read(screener: Screener) -> tuple[str, ...]:
    """The codes of the languages that a screener reads, English first if it is one of them."""
    found = tuple(screener.languages) if isinstance(screener, Multilingual) else ENGLISH
    return tuple(sorted(found, key=lambda code: (code != "en", code)))
