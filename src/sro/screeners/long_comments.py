"""Comments that are longer than people write them: the pieces in which they are judged, in bounded time and memory.

A text above `LONGEST` characters is judged in parts, each as a comment of its own, so that a dump of 50 MB in one line
takes no more memory than itself. Texts that are screened together come in groups (`in_groups`) for the same reason.

Of a shorter one a screener of n-grams reads all. A model that takes a millisecond for two tokens cannot read 20 kB
twice, as a whole and by sentences, while somebody waits: a screener that is `Sparing` reads some passages of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

LONGEST = 100_000
"""Characters of a text that is still judged as one."""
GROUP = 1_000_000
"""Characters that are judged together; some 60 bytes of memory each."""
PASSAGE = 300
"""Characters of a passage: a few sentences, or a piece of one that does not end."""


class Passage(NamedTuple):
    """A stretch of a comment, and what a screener reads of it."""

    start: int
    end: int
    words: str


@runtime_checkable
class Sparing(Protocol):
    """A screener that is too slow for all of a long comment, and says which passages it reads instead."""

    def affords(self, texts: Sequence[str]) -> bool:
        """Whether it reads all of these, which are one comment and its sentences."""
        ...

    def most_telling(self, passages: Sequence[str]) -> list[int]:
        """Places of the passages of one comment that it reads, in order; at least one."""
        ...


def parts(text: str) -> Iterator[tuple[int, str]]:
    """Where each part begins, and the part, of at most `LONGEST` characters; cut at a line break where there
    is one, else at a full stop or blank."""
    at = 0
    while at < len(text):
        end = _cut(text, at, at + LONGEST)
        yield at, text[at:end]
        at = end


def passages(sentences: Iterable[tuple[int, int, str]]) -> list[Passage]:
    """Sentences (begin, end, words) in passages of at most `PASSAGE` characters: short ones together, long ones cut.

    The pieces of a long one all have the place of the whole sentence, since words are cleaned and have no places.
    """
    found: list[Passage] = []
    for start, end, words in sentences:
        last = found[-1] if found else None
        if last is not None and len(last.words) + 1 + len(words) <= PASSAGE:
            found[-1] = Passage(last.start, end, f"{last.words} {words}")
            continue
        at = 0
        while at < len(words):
            cut = _cut(words, at, at + PASSAGE)
            found.append(Passage(start, end, words[at:cut].strip()))
            at = cut
    return [passage for passage in found if passage.words]


def _cut(text: str, start: int, limit: int) -> int:
    """Behind the last line break of `text[start:limit]`, else its last full stop or blank, else `limit`."""
    if limit >= len(text):
        return len(text)
    for sign in ("\n", ". ", " "):
        if (place := text.rfind(sign, start, limit)) > start:
            return place + len(sign)
    return limit


def in_groups(lengths: Iterable[int]) -> Iterator[list[int]]:
    """Places of texts of these lengths, in order, in lists of about `GROUP` characters; one above `LONGEST` alone."""
    some: list[int] = []
    total = 0
    for place, length in enumerate(lengths):
        alone = length > LONGEST
        if some and (alone or total + length > GROUP):
            yield some
            some, total = [], 0
        some.append(place)
        total += GROUP if alone else length
    if some:
        yield some
