"""Does a text say something twice running that its source does not? One rule for training, rewriting and measures."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sro.leader.generation import Completion

Fault = Literal["empty", "unfinished", "repeating"]

WORD = re.compile(r"\w+(?:['’.]\w+)*|[^\w\s]")  # "a.m." is one word
LONGEST_PHRASE = 6
"""Words. What is repeated after more than these is a refrain."""
LONG_PHRASE = 4
"""Words from which on a phrase is also repeated where one of _CONNECTIVES stands between."""
_CONNECTIVES = {"and", "but", "or", "so", "because", ","}
SAID_TWICE = {
    *("very", "so", "really", "that", "had", "no", "ha", "haha", "bye", "blah", "yes", "much", "far", "is"),
}
"""Words that people say twice; three times is a repetition of these too."""


NEAR = 4
"""Words within which the same word again is heard as an echo ("you people are unkind people")."""
SMALL_WORDS = {
    *("that", "this", "with", "they", "them", "your", "have", "what", "when", "were", "been", "more", "very", "just"),
    *("like", "from", "will", "their", "there", "then", "than", "some", "only", "because", "about", "would", "could"),
    *("should", "into", "over", "does"),
}
"""Words of four letters and more that stand twice in good sentences."""


def repeats(text: str, source: str = "") -> bool:
    """Whether `text` repeats a word ("wrong wrong") or a phrase of two to six words, oftener than `source` does."""
    return bool(Counter(_repetitions(text)) - Counter(_repetitions(source)))


def echoes(text: str, source: str) -> bool:
    """Whether `text` says a word of four letters and more again within `NEAR` words, where `source` has it once less.

    Of 19,714 rewrites by people, .4 % do (docs/research/lab-notes.md).
    """
    words, original = WORD.findall(text.lower()), Counter(WORD.findall(source.lower()))
    counts = Counter(words)
    return any(
        len(word) >= 4 and word.isalpha() and word not in SMALL_WORDS and counts[word] > original[word]
        for place, word in enumerate(words)
        if word in words[place + 1 : place + 1 + NEAR]
    )


def _repetitions(text: str) -> list[str]:
    """The words and phrases that are said twice running; long ones also behind an "and"."""
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
    """By which fault a leader that breaks down in training is known: it says nothing, finds no end, or repeats."""
    if not completion.text:
        return "empty"
    if not completion.finished:
        return "unfinished"
    return "repeating" if repeats(completion.text, source) else None
