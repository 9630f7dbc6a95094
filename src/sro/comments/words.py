"""The words of a comment: tokens between white space, and the bare word inside a token's punctuation."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from sro.core.errors import SROError

_BLOCKS_WITH_MARKS = (
    *(range(0x300, 0x3100), range(0xA600, 0xAC00), range(0xFB00, 0xFE30), range(0x10100, 0x12000)),
    *(range(0x13400, 0x17000), range(0x1BC00, 0x1BD00), range(0x1CF00, 0x1F000)),
)
"""Blocks of Unicode below 0x20000 that hold combining marks. The others, mostly Chinese and Korean, are skipped
because looking at each of their characters takes milliseconds at every start."""


def _combining_marks() -> str:
    """As ranges for a pattern: signs that belong to the letter before them, and the joiners between letters."""
    places = [at for block in _BLOCKS_WITH_MARKS for at in block if unicodedata.category(chr(at))[0] == "M"]
    runs: list[list[int]] = []
    for at in sorted([*places, 0x200C, 0x200D]):
        if runs and at == runs[-1][1] + 1:
            runs[-1][1] = at
        else:
            runs.append([at, at])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


COMBINING_MARKS = _combining_marks()
r"""For a class of characters: vowel signs of Hindi, accents that stand alone and the like, which `\w` leaves out."""
LETTERS = re.compile(rf"[\w{COMBINING_MARKS}]+")
"""A word in any script, whole: `\\w+` would cut मूर्ख to single consonants."""

_WORD = re.compile(r"[a-z][a-z'’*@$-]*[a-z*]|[a-z]")


def word_set(listed: str) -> frozenset[str]:
    """The set of words in a text with blanks between them."""
    return frozenset(listed.split())


def words(sentence: str) -> list[str]:
    """Tokens of a sentence, split at white space; punctuation stays attached, as in the comments."""
    return sentence.split()


def bare_word(token: str) -> str:
    """The lower-cased word inside a token, without the punctuation around it; empty for pure punctuation."""
    found = _WORD.search(token.lower())
    return found.group(0) if found else ""


# As it is spoken: an hour, a user, a one-sided view, but an unusual one.
VOWEL = re.compile(r"(?!u(?:ni(?:on|[tvcfq])|s[eu]|til)|eu|one\b|once)[aeiou]|hour|hono?u?r|honest|heir")


def takes_an(following: str, article: str) -> bool:
    """Whether `an` fits before a word; initials ("a US senator", "an FBI agent") keep the article that they have."""
    if following.isupper() and len(following) > 1 and not article.isupper():
        return len(article) > 1
    return VOWEL.match(following.lower()) is not None


def read_word_list(path: str | Path) -> list[str]:
    """Words and phrases of a text file, one a line; empty lines are left out.

    Raises:
        SROError: the file cannot be read, or holds no word.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: cannot be read as a word list: {error}\n  fix: UTF-8, one word a line") from error
    if not (words := [line.strip() for line in lines if line.strip()]):
        raise SROError(f"{path}: holds no word\n  fix: one word or phrase a line")
    return words


def with_capital_of(text: str, like: str) -> str:
    """`text`, with a capital if `like` begins with one."""
    return text[:1].upper() + text[1:] if like.lstrip()[:1].isupper() else text
