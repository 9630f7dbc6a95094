"""Which languages a screener reads: those in its `languages` attribute, or else English.

    >>> from sro.screeners.loading import load_screener
    >>> languages_read(load_screener("embedded/linear"))
    ('en',)

A screener returns a probability for a text in any language, also in one that it does not read. So the service, its
compatible endpoints and the page check the language here before they show the answer.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from sro.screeners.base import Screener

ENGLISH = ("en",)


@runtime_checkable
class Multilingual(Protocol):
    """A screener that reads other languages than English, and lists them."""

    @property
    def languages(self) -> Collection[str]:
        """Language codes, as in `sro.comments.languages`."""
        ...


def languages_read(screener: Screener) -> tuple[str, ...]:
    """The codes of the languages that a screener reads, English first if it is one of them."""
    found = tuple(screener.languages) if isinstance(screener, Multilingual) else ENGLISH
    return tuple(sorted(found, key=lambda code: (code != "en", code)))
