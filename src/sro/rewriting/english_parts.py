"""Words and signs of an English sentence, and what the small words among them call for.

What `sro.rewriting.phrase_cuts` and `sro.rewriting.reframings` know of grammar.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

LONGEST = 600
"""Characters of a sentence that is looked at; a longer one is no sentence, and is left to others."""

DETERMINERS = frozenset(
    [
        *("a", "an", "the", "this", "that", "these", "those", "some", "such", "my", "your", "ur"),
        *("his", "her", "their", "our"),
    ]
)
JOINS = frozenset(["and", "but", "so", "or", "because", "cause", "cuz", "then", "while", "though", "plus", "yet"])
YOU = frozenset(["you", "u", "ya", "ye", "yall", "y'all"])
SUBJECTS = frozenset(["i", "you", "u", "he", "she", "it", "we", "they", "this", "that", "who", "people", "everyone"])
FUNCTION_WORDS = (
    JOINS
    | YOU
    | SUBJECTS
    | frozenset(
        [
            *("if", "when", "whether", "where", "why", "how", "what", "which", "as", "at", "by", "for", "from", "in"),
            *("of", "on", "than", "to", "with", "about", "like", "is", "are", "was", "were", "be", "been", "am", "do"),
            *("does", "did", "has", "have", "had", "can", "could", "will", "would", "should", "may", "might", "must"),
            *("not", "me", "him", "her", "them", "us", "my", "your", "his", "their", "our", "a", "an", "the", "there"),
            *("here", "up", "down", "out", "off", "now", "again", "too", "yet", "before", "after", "until", "r"),
        ]
    )
)
"""No nouns: an adjective does not stand before these."""
_MEASURES = frozenset(["piece", "pieces", "bunch", "pack", "load", "bag", "lot", "gang", "sack"])
_STOPS = frozenset('.!?…,;:–—-()"”“')
_PART = re.compile(r"[^\W_]+(?:['’*$@#-][^\W_]+)*|[^\w\s]+|_+")


@dataclass(frozen=True)
class Part:
    """A word or a run of signs, and where it stands."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in lower case; empty for signs."""
        return self.text.lower().replace("’", "'") if self.text[0].isalnum() else ""

    @property
    def is_stop(self) -> bool:
        """Whether a phrase ends here."""
        return self.text[0] in _STOPS


def parts_of(sentence: str) -> list[Part]:
    """Its words and signs in order."""
    return [Part(match[0], *match.span()) for match in _PART.finditer(sentence)]


def words_of(sentence: str) -> list[str]:
    """The distinct words of a sentence in lower case: what a screener is asked about one by one."""
    return list(dict.fromkeys(part.word for part in parts_of(sentence) if part.word))


def word_at(parts: Sequence[Part], place: int) -> str:
    """The word at a place; empty for signs and beyond the ends."""
    return parts[place].word if 0 <= place < len(parts) else ""


def holds_any(text: str, words: Collection[str]) -> bool:
    """Whether a text has one of these words."""
    return any(part.word in words for part in parts_of(text))


MOST_RUDE_RUNS = 4
"""A sentence with more says little else, and rules that try pairs of changes would take long over it."""


def rude_runs(parts: Sequence[Part], rude: Collection[str]) -> Iterator[tuple[int, int]]:
    """First and last + 1 of each run of rude words, with "a piece of" before it; none if there are too many."""
    runs = list(_rude_runs(parts, rude))
    return iter(runs if len(runs) <= MOST_RUDE_RUNS else [])


def _rude_runs(parts: Sequence[Part], rude: Collection[str]) -> Iterator[tuple[int, int]]:
    place = 0
    while place < len(parts):
        if parts[place].word not in rude:
            place += 1
            continue
        start = place
        while place < len(parts) and parts[place].word in rude:
            place += 1
        if word_at(parts, start - 1) == "of" and word_at(parts, start - 2) in _MEASURES:
            start -= 2
        yield start, place


def tidied(text: str, like: str) -> str:
    """A changed sentence with single spaces, no space before a sign unless `like` has some, and its capital."""
    text = " ".join(text.split())
    if not re.search(r" [.,!?;:…]", like):
        text = re.sub(r" (?=[.,!?;:…])", "", text)
    return text[:1].upper() + text[1:] if like.lstrip()[:1].isupper() else text
