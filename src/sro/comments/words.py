"""What a word of a comment is: the white-space token, and the core inside its punctuation."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z][a-z'’*@$-]*[a-z*]|[a-z]")


def words(sentence: str) -> list[str]:
    """Tokens of a sentence, split at white space; punctuation stays glued, as in the comments."""
    return sentence.split()


def core(token: str) -> str:
    """The lower-cased word inside a token, without the punctuation around it; empty for pure punctuation."""
    found = _WORD.search(token.lower())
    return found.group(0) if found else ""
