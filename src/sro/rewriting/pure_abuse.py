"""Which sentences of a comment contain only abuse, so that the comment is better without them.

    >>> says_only_abuse("You damn bastard."), says_only_abuse("You damn bastard, you deleted my article.")
    (True, False)

People who rewrite a rude comment leave such sentences out, because they have nothing to say in civil words. An
accusation ("you are a liar", "racist!") says something, so it does not count as pure abuse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sro.comments.clean import readable
from sro.comments.sentences import Segment
from sro.rewriting.cohesion import is_numbered_item
from sro.rewriting.deletions import ADJECTIVES, CALLED, CONTEMPT
from sro.rewriting.disguise import plain_spelling

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ABUSE = re.compile(
    rf"\b(?:{CALLED}|{CONTEMPT}|{ADJECTIVES}|f+u+c+k+|twits?|nutcases?|dicks?|cocks?|ass|arse|shits?|crap|wank|bollocks"
    r"|trash|garbage|cow|fuck ?off|screw|piss off|shut (?:the )?up|suck|sucks|eat shit|hell|die)\b",
    re.IGNORECASE,
)
_LITTLE = frozenset(
    [
        *("a", "an", "the", "and", "or", "but", "so", "as", "at", "by", "for", "from", "in", "of", "off", "on"),
        *("to", "up", "with", "you", "u", "ya", "your", "ur", "yourself", "yourselves", "yours", "i", "me"),
        *("my", "he", "him", "his", "she", "her", "they", "them", "their", "we", "us", "it", "its", "is", "are"),
        *("was", "were", "be", "been", "am", "i'm", "you're", "he's", "she's", "they're", "it's", "that's"),
        *("that", "this", "these", "those", "what", "who", "how", "such", "just", "really", "very", "too", "all"),
        *("again", "now", "then", "man", "guys", "people", "person", "bro", "dude", "lol", "lmao", "haha", "hey"),
        *("oh", "ok", "well", "yeah", "yes", "no", "go", "get", "lot", "bunch", "piece", "pieces", "son", "sons"),
        *("mother", "old", "total", "one", "ones"),
    ]
)


FEWEST_WORDS = 3
"""Fewest words of a sentence that may be the only one left of a comment."""


def says_only_abuse(sentence: str) -> bool:
    """Whether a sentence has only rude names, contemptuous adjectives, swear words and small words."""
    text = plain_spelling(sentence).lower()
    return _ABUSE.search(text) is not None and all(word in _LITTLE for word in _WORD.findall(_ABUSE.sub(" ", text)))


def droppable(segments: Sequence[Segment], failing: Sequence[int]) -> list[int]:
    """The failing sentences that a comment can do without: those that contain only abuse, if another one says more.

    Items of a numbered list are not included, because the numbers after them would be wrong.

    Args:
        segments: of the comment.
        failing: places of the sentences that fail.
    """
    spare = {place for place in failing if says_only_abuse(readable(segments[place].prose))}
    others = (readable(segment.prose) for place, segment in enumerate(segments) if place not in spare)
    if not any(len(_WORD.findall(words)) >= FEWEST_WORDS and not says_only_abuse(words) for words in others):
        return []
    return sorted(place for place in spare if not (segments[place].kept or is_numbered_item(segments, place)))
