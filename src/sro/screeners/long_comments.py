"""Comments that are longer than people write them: the pieces in which they are judged, in bounded time and memory.

A text above `LONGEST` characters is judged in parts, each as a comment of its own, so that a dump of 50 MB in one line
takes no more memory than itself. Texts that are screened together come in groups (`in_groups`) for the same reason.

Of a shorter one a screener of n-grams reads all. A model that takes a millisecond for two tokens cannot read 20 kB
twice, as a whole and by sentences, while somebody waits: a screener that is `Sparing` does not read the whole, and
where the sentences are too many, those of some passages. Each sentence is read by itself, or three civil ones around
it would hide it. What stands in code, labels and tags is read in the passage around it, as in a short comment's whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from sro.comments.clean import key

LONGEST = 100_000
"""Characters of a text that is still judged as one."""
GROUP = 1_000_000
"""Characters that are judged together; some 60 bytes of memory each."""
PASSAGE = 300
"""Characters of a passage: a few sentences, or a part of one that does not end."""


class Said(NamedTuple):
    """A piece of a comment: where it stands, and what a screener reads of it."""

    start: int
    end: int
    prose: str
    """The sentence; empty where it is none."""
    words: str
    """All that the author says in it, with code, labels and tags."""

    @property
    def tells_more(self) -> bool:
        """Whether more is said than the prose; without one `words` say something."""
        return not self.prose or key(self.words) != key(self.prose)


class Passage(NamedTuple):
    """A stretch of a comment, and what a screener is asked about it."""

    around: str | None
    """All that is said in it, where that is more than its sentences."""
    sentences: list[tuple[int, int, str]]

    @property
    def asked(self) -> list[str]:
        return [*([] if self.around is None else [self.around]), *(words for _, _, words in self.sentences)]


@runtime_checkable
class Sparing(Protocol):
    """A screener that is too slow for all of a long comment, and says which passages it reads instead."""

    def affords(self, texts: Sequence[str]) -> bool:
        """Whether it reads all of these, which are what might be asked about one comment."""
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


def chosen_passages(screener: Sparing, said: Iterable[Said]) -> list[Passage]:
    """All passages of a comment where the screener affords to read each sentence, else the most telling."""
    found = passages(said)
    if screener.affords([words for passage in found for words in passage.asked]):
        return found
    return [found[place] for place in screener.most_telling([" ".join(passage.asked) for passage in found])]


def passages(said: Iterable[Said]) -> list[Passage]:
    """What is said, in passages of at most `PASSAGE` characters: short pieces together, long ones cut.

    The parts of a long sentence all have the place of the whole one, since words are cleaned and have no places.
    """
    together: list[list[Said]] = []
    room = 0
    for piece in (part for whole in said for part in _short(whole)):
        if len(piece.words) > room:
            together.append([])
            room = PASSAGE
        together[-1].append(piece)
        room -= len(piece.words) + 1
    return [
        Passage(
            " ".join(one.words for one in some) if any(one.tells_more for one in some) else None,
            [(one.start, one.end, one.prose) for one in some if one.prose],
        )
        for some in together
    ]


def _short(piece: Said) -> Iterator[Said]:
    if len(piece.words) <= PASSAGE:
        yield piece
        return
    for words in _in_parts(piece.prose):
        yield Said(piece.start, piece.end, words, words)
    if piece.tells_more:
        for words in _in_parts(piece.words):
            yield Said(piece.start, piece.end, "", words)


def _in_parts(words: str) -> Iterator[str]:
    at = 0
    while at < len(words):
        end = _cut(words, at, at + PASSAGE)
        if part := words[at:end].strip():
            yield part
        at = end


def _cut(text: str, start: int, limit: int) -> int:
    """Behind the last line break of `text[start:limit]`, else its last full stop or blank, else `limit`."""
    if limit >= len(text):
        return len(text)
    for sign in ("\n", ". ", " "):
        if (place := text.rfind(sign, start, limit)) > start:
            return place + len(sign)
    return limit


def in_groups(lengths: Iterable[int], most: int = GROUP) -> Iterator[list[int]]:
    """Places of texts of these lengths, in order, in lists of about `most` characters; one above `LONGEST` alone."""
    some: list[int] = []
    total = 0
    for place, length in enumerate(lengths):
        alone = length > LONGEST
        if some and (alone or total + length > most):
            yield some
            some, total = [], 0
        some.append(place)
        total += most if alone else length
    if some:
        yield some
