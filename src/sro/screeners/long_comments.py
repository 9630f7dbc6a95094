"""Cut long comments into pieces, so that they are judged in bounded time and memory.

A text longer than `MAX_WHOLE_CHARACTERS` is judged in parts, and each part is judged like a comment. So a dump of 50
MB in one line takes no more memory than the text itself. Texts that are screened together are grouped (`in_groups`)
for the same reason.

An n-gram screener reads a shorter text completely. A model that takes a millisecond for two tokens is too slow to read
20 kB twice (the whole text and each sentence) while a user waits. So a screener that `ReadsExcerpts` reads only the
sentences, and if there are too many, only the sentences of some passages. Each sentence is judged alone, because civil
sentences around it could hide an insult. Code, labels of links and tags are judged with the passage around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from sro.comments.clean import letters_and_digits

MAX_WHOLE_CHARACTERS = 100_000
"""Longest text, in characters, that is judged as a whole."""
GROUP = 1_000_000
"""Characters that are judged together; each takes about 60 bytes of memory."""
PASSAGE = 300
"""Longest passage, in characters: a few sentences, or a part of a very long one."""


class TextPiece(NamedTuple):
    """A piece of a comment: its position, and the text that a screener reads."""

    start: int
    end: int
    prose: str
    """The sentence; empty if the piece is not a sentence."""
    words: str
    """All words of the author in the piece, with code, labels and tags."""

    @property
    def has_more_than_prose(self) -> bool:
        """Whether the piece has text (code, labels, tags) beyond its prose, or no prose at all."""
        return not self.prose or letters_and_digits(self.words) != letters_and_digits(self.prose)


class Passage(NamedTuple):
    """A passage of a comment, as the texts that a screener judges."""

    whole: str | None
    """The whole text of the passage, if it holds more than its sentences; else None."""
    sentences: list[tuple[int, int, str]]

    @property
    def questions(self) -> list[str]:
        return [*([] if self.whole is None else [self.whole]), *(words for _, _, words in self.sentences)]


@runtime_checkable
class ReadsExcerpts(Protocol):
    """A screener that is too slow to read a whole long comment, and chooses the passages that it reads."""

    def can_read_all(self, texts: Sequence[str]) -> bool:
        """Whether the screener can read all of these texts, which belong to one comment."""
        ...

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        """Indices of the passages of one comment that the screener reads, in order; at least one."""
        ...


def parts(text: str) -> Iterator[tuple[int, str]]:
    """The start and the text of each part, of at most `MAX_WHOLE_CHARACTERS`. The text is cut at a line break if there
    is one, else at a full stop or a blank."""
    at = 0
    while at < len(text):
        end = _cut(text, at, at + MAX_WHOLE_CHARACTERS)
        yield at, text[at:end]
        at = end


def passages_to_read(screener: ReadsExcerpts, said: Iterable[TextPiece]) -> list[Passage]:
    """All passages of a comment if the screener can read all of them, else those that it chooses."""
    found = passages(said)
    if screener.can_read_all([words for passage in found for words in passage.questions]):
        return found
    return [found[place] for place in screener.choose_passages([" ".join(passage.questions) for passage in found])]


def passages(said: Iterable[TextPiece]) -> list[Passage]:
    """Passages of at most `PASSAGE` characters: short pieces are joined, long pieces are cut.

    All parts of a long sentence get the position of the whole sentence, because cleaned words have no positions.
    """
    together: list[list[TextPiece]] = []
    room = 0
    for piece in (part for whole in said for part in _short(whole)):
        if len(piece.words) > room:
            together.append([])
            room = PASSAGE
        together[-1].append(piece)
        room -= len(piece.words) + 1
    return [
        Passage(
            " ".join(one.words for one in some) if any(one.has_more_than_prose for one in some) else None,
            [(one.start, one.end, one.prose) for one in some if one.prose],
        )
        for some in together
    ]


def _short(piece: TextPiece) -> Iterator[TextPiece]:
    if len(piece.words) <= PASSAGE:
        yield piece
        return
    for words in _in_parts(piece.prose):
        yield TextPiece(piece.start, piece.end, words, words)
    if piece.has_more_than_prose:
        for words in _in_parts(piece.words):
            yield TextPiece(piece.start, piece.end, "", words)


def _in_parts(words: str) -> Iterator[str]:
    at = 0
    while at < len(words):
        end = _cut(words, at, at + PASSAGE)
        if part := words[at:end].strip():
            yield part
        at = end


def _cut(text: str, start: int, limit: int) -> int:
    """The end of the last line break in `text[start:limit]`, else of its last full stop or blank, else `limit`."""
    if limit >= len(text):
        return len(text)
    for sign in ("\n", ". ", " "):
        if (place := text.rfind(sign, start, limit)) > start:
            return place + len(sign)
    return limit


def in_groups(lengths: Iterable[int], most: int = GROUP) -> Iterator[list[int]]:
    """Indices of the texts, in order, in groups of about `most` characters. A text above `MAX_WHOLE_CHARACTERS` is a
    group of its own."""
    some: list[int] = []
    total = 0
    for place, length in enumerate(lengths):
        alone = length > MAX_WHOLE_CHARACTERS
        if some and (alone or total + length > most):
            yield some
            some, total = [], 0
        some.append(place)
        total += most if alone else length
    if some:
        yield some
