"""Words and marks of a sentence as separate tokens; each mark remembers how the author spaced it.

    >>> join(split("¿Really... ? Yes , really :/"))
    '¿Really... ? Yes , really :/'

So a phrase can be replaced and every mark outside it stays where its author put it. Only for the marks that the new
phrase brings along the spacing is a guess: `in_style_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sro.comments.words import words

MARKS = ",.!?;:…،؟؛।，。！？；：、"
OPENING_MARKS = "¡¿"
_PLAIN_MARKS = frozenset(",.!?")
_SINGLE_MARKS = frozenset(MARKS + OPENING_MARKS)


class Token(NamedTuple):
    """A word or a mark.

    Attributes:
        text: as the author wrote it.
        clings: whether no blank stands between a mark and what it belongs to: the token before it, or after ¡ and ¿
            the next one. False for words.
    """

    text: str
    clings: bool = False


def split(sentence: str) -> list[Token]:
    """Split at white space; punctuation before and after a word becomes separate tokens."""
    tokens: list[Token] = []
    for token in words(sentence):
        rest = token.lstrip(OPENING_MARKS)
        word = rest.rstrip(MARKS) or rest  # a pattern for the end would search from each mark of "...!...x"
        tokens += [Token(mark, True) for mark in token[: len(token) - len(rest)]]
        if word:
            tokens.append(Token(word))
        else:
            tokens[-1] = Token(tokens[-1].text)  # "¿" alone
        tokens += [Token(mark, True) for mark in rest[len(word) :]]
    return tokens


def join(tokens: Iterable[Token]) -> str:
    """Join the tokens; marks that cling have no blank between."""
    parts: list[str] = []
    close = True
    for text, clings in tokens:
        opens = text in OPENING_MARKS
        parts += [text] if close or (clings and not opens) else [" ", text]
        close = clings and opens
    return "".join(parts)


def spacing(tokens: Sequence[Token]) -> dict[str, bool]:
    """Whether each mark clings in this sentence; marks that it lacks stand free only if all of its ,.!? do."""
    found: dict[str, bool] = {}
    for text, clings in tokens:
        if text in _SINGLE_MARKS:
            found[text] = found.get(text, False) or clings
    plain = [clings for mark, clings in found.items() if mark in _PLAIN_MARKS]
    return {**dict.fromkeys(_SINGLE_MARKS, any(plain) or not plain), **found}


def in_style_of(texts: Iterable[str], replaced: Iterable[Token], usual: Mapping[str, bool]) -> list[Token]:
    """The tokens of a new phrase; a mark stands as in the phrase that it replaces, else as usual in the sentence."""
    style = {**usual, **dict(replaced)}
    return [Token(text, style.get(text, _SINGLE_MARKS.issuperset(text) and style[text[0]])) for text in texts]
