"""Find repetitions that a text has and its source does not; the same rule for training, rewriting and measures."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sro.leader.generation import Completion

Fault = Literal["empty", "unfinished", "repeating"]

WORD = re.compile(r"\w+(?:['’.]\w+)*|[^\w\s]")  # "a.m." is one word
LONGEST_PHRASE = 6
"""In words. A longer repeated phrase is a refrain and does not count."""
LONG_PHRASE = 4
"""In words. From this length, a phrase also counts as repeated if one of _CONNECTIVES is between the two."""
_CONNECTIVES = {"and", "but", "or", "so", "because", ","}
SAID_TWICE = {
    *("very", "so", "really", "that", "had", "no", "ha", "haha", "bye", "blah", "yes", "much", "far", "is"),
}
"""Words that people often say twice; for these, only three in a row count as a repetition."""


NEAR = 4
"""In words. If a word comes again within this distance, it is an echo ("you people are unkind people")."""
SMALL_WORDS = {
    *("that", "this", "with", "they", "them", "your", "have", "what", "when", "were", "been", "more", "very", "just"),
    *("like", "from", "will", "their", "there", "then", "than", "some", "only", "because", "about", "would", "could"),
    *("should", "into", "over", "does"),
}
"""Words of four letters or more that occur twice in many good sentences."""


def repeats(text: str, source: str = "") -> bool:
    """Whether `text` repeats a word ("wrong wrong") or a phrase of two to six words more often than `source` does."""
    return bool(Counter(_repetitions(text)) - Counter(_repetitions(source)))


def echoes(text: str, source: str) -> bool:
    """Whether `text` has a word of four letters or more twice within `NEAR` words, and has it more often than
    `source`.

    This is so in .4 % of 19,714 rewrites by people (docs/research/lab-notes.md).
    """
    words, original = WORD.findall(text.lower()), Counter(WORD.findall(source.lower()))
    counts = Counter(words)
    return any(
        len(word) >= 4 and word.isalpha() and word not in SMALL_WORDS and counts[word] > original[word]
        for place, word in enumerate(words)
        if word in words[place + 1 : place + 1 + NEAR]
    )


def _repetitions(text: str) -> list[str]:
    """The words and phrases that occur twice in a row; long phrases also with an "and" between."""
    words = WORD.findall(text.lower())
    found = []
    for size in range(1, LONGEST_PHRASE + 1):
        for start in range(len(words) - 2 * size + 1):
            run = words[start : start + size]
            behind_join = words[start + size + 1 : start + 2 * size + 1] if words[start + size] in _CONNECTIVES else []
            joined = size >= LONG_PHRASE and run == behind_join
            if not (joined or run == words[start + size : start + 2 * size]):
                continue
            if not all(word[0].isalpha() for word in run):
                continue
            thrice = words[start + 2 * size : start + 3 * size] == run
            if size > 1 or thrice or run[0] not in SAID_TWICE:
                found.append(" ".join(run))
    return found


def completion_fault(completion: Completion, source: str) -> Fault | None:
    """The fault of a completion that shows that a leader breaks down in training: empty, unfinished or repeating."""
    if not completion.text:
        return "empty"
    if not completion.finished:
        return "unfinished"
    return "repeating" if repeats(completion.text, source) else None
