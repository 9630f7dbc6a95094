"""How long comments are cut into pieces and judged in bounded time and memory.

A text longer than `MAX_WHOLE_CHARACTERS` is judged in parts, each as a comment of its own, so that a dump of 50 MB in
one line takes no more memory than itself. Texts that are screened together come in groups (`in_groups`) for the same
reason.

Of a shorter one a screener of n-grams reads all. A model that takes a millisecond for two tokens cannot read 20 kB
twice, as a whole and by sentences, while somebody waits: a screener that `ReadsExcerpts` reads the sentences instead
of the whole, and where they are too many, those of some passages. Each sentence is judged by itself, because civil
sentences around it could hide it. Code, labels of links and tags are judged with the passage that they are in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from sro.comments.clean import letters_and_digits

MAX_WHOLE_CHARACTERS = 100_000
"""Characters of a text that is still judged as one."""
GROUP = 1_000_000
"""Characters that are judged together; some 60 bytes of memory each."""
PASSAGE = 300
"""Characters of a passage: a few sentences, or a part of one that does not end."""


class TextPiece(NamedTuple):
    """A piece of a comment: where it stands, and what a screener reads of it."""

    start: int
    end: int
    prose: str
    """The sentence; empty where it is none."""
    words: str
    """All that the author says in it, with code, labels and tags."""

    @property
    def has_more_than_prose(self) -> bool:
        """Whether the piece has text (code, labels, tags) beyond its prose, or no prose at all."""
        return not self.prose or letters_and_digits(self.words) != letters_and_digits(self.prose)


class Passage(NamedTuple):
    """A stretch of a comment, and what a screener is asked about it."""

    whole: str | None
    """All that is said in it, where that is more than its sentences."""
    sentences: list[tuple[int, int, str]]

    @property
    def questions(self) -> list[str]:
        return [*([] if self.whole is None else [self.whole]), *(words for _, _, words in self.sentences)]


@runtime_checkable
class ReadsExcerpts(Protocol):
    """A screener that is too slow for all of a long comment, and says which passages it reads instead."""

    def can_read_all(self, texts: Sequence[str]) -> bool:
        """Whether it reads all of these, which are what might be asked about one comment."""
        ...

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        """Places of the passages of one comment that it reads, in order; at least one."""
        ...


def parts(text: str) -> Iterator[tuple[int, str]]:
    """Where each part begins, and the part, of at most `MAX_WHOLE_CHARACTERS`; cut at a line break where there is
    one, else at a full stop or blank."""
    at = 0
    while at < len(text):
        end = _cut(text, at, at + MAX_WHOLE_CHARACTERS)
        yield at, text[at:end]
        at = end


def passages_to_read(screener: ReadsExcerpts, said: Iterable[TextPiece]) -> list[Passage]:
    """All passages of a comment where the screener can read every sentence, else the most telling."""
    found = passages(said)
    if screener.can_read_all([words for passage in found for words in passage.questions]):
        return found
    return [found[place] for place in screener.choose_passages([" ".join(passage.questions) for passage in found])]


def passages(said: Iterable[TextPiece]) -> list[Passage]:
    """What is said, in passages of at most `PASSAGE` characters: short pieces together, long ones cut.

    The parts of a long sentence all have the place of the whole one, since words are cleaned and have no places.
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
    """Behind the last line break of `text[start:limit]`, else its last full stop or blank, else `limit`."""
    if limit >= len(text):
        return len(text)
    for sign in ("\n", ". ", " "):
        if (place := text.rfind(sign, start, limit)) > start:
            return place + len(sign)
    return limit


def in_groups(lengths: Iterable[int], most: int = GROUP) -> Iterator[list[int]]:
    """Places of texts of these lengths, in order, in lists of about `most` characters; one above the limit alone."""
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
