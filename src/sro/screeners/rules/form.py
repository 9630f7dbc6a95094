"""Check if a rewrite is well-formed, by cheap rules that compare it with its source and raise few false alarms.

The rules catch typical faults of rewriters: a deleted rude word (`your is .`), repetition (`a a a a`) or output
without words (`, , ,`). A fault that the source has too is allowed, because comments are often not well-formed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sro.comments.clean import letters_and_digits
from sro.screeners.base import RuleScreener
from sro.screeners.rules.repetition import WORD, echoes, repeats

# Words that come before a noun and cannot end a clause. `his`, `her`, `this`, `some`, `no` can end one.
ARTICLES = {"a", "an", "the", "my", "your", "our", "their", "every"}
# Words that cannot follow an article: the noun between them is missing.
AFTER_A_HOLE = {
    *("is", "are", "was", "were", "am", "has", "have", "had", "do", "does", "did", "would", "could", "should"),
    *("isn't", "don't", "doesn't", "didn't", "won't", "can't", "gets", "got", "goes", "went", "says", "said", "knows"),
    *("of", "and", "or", "but", "than", "because", "if", "when", "to", "at", "from", "with", "cannot"),
    *("a", "an", "the", "my", "your", "our", "their", "i", "you", "he", "she", "we", "they", "me", "him", "them"),
    *("us", "it's", "that's", "i'm", "you're", "he's", "she's", "they're"),
}
BEFORE_A_HOLE = {"and", "or", "but", "because", "than"}  # conjunctions that cannot end a sentence
PREPOSITIONS = {"to", "of", "off", "from", "with", "for", "at", "into", "by", "in", "on", "about"}
# "that is a comparison ." says nothing; "that is a joke ." does.
EMPTY_NOUNS = {
    *("comparison", "person", "people", "man", "woman", "guy", "thing", "comment", "post", "statement", "question"),
    *("answer", "argument", "article", "idea", "opinion", "place", "way", "word", "name", "reason", "individual"),
}
ENDS = set(".!?")
BREAKS = ENDS | set(",;:")
BE = {"is", "are", "was", "were", "am", "'s", "’s", "be", "it's", "that's", "he's", "she's", "you're", "i'm"}

MAX_LENGTH_RATIO, MIN_LENGTH_RATIO = 1.8, 0.2  # words of the rewrite per word of the source; four more are allowed


Defect = Literal["empty", "copy", "length", "repetition", "punctuation", "hole", "hollow"]


def defects(text: str, source: str) -> list[Defect]:
    """The formal faults of `text` as a rewrite of `source`; empty if there are none.

    Names: `empty`, `copy`, `length`, `repetition`, `punctuation`, `hole` (a word is missing: `is a .`), `hollow` (the
    rewrite says nothing without the deleted word: `that is a comparison .`).
    """
    words, original = WORD.findall(text.lower()), WORD.findall(source.lower())
    if not letters_and_digits(text):
        return ["empty"]
    if letters_and_digits(text) == letters_and_digits(source):
        return ["copy"]
    found: dict[Defect, bool] = {
        "length": _is_of_odd_length(words, original),
        "repetition": repeats(text, source) or echoes(text, source),
        "punctuation": _more(_punctuation_runs(words), _punctuation_runs(original)),
        "hole": _more(_holes(words), _holes(original)),
        "hollow": _is_hollow(words, original),
    }
    return [name for name, present in found.items() if present]


def _more(here: Iterable[str], there: Iterable[str]) -> bool:
    """Whether any element is more frequent in `here` than in `there`."""
    return bool(Counter(here) - Counter(there))


def _is_of_odd_length(words: list[str], original: list[str]) -> bool:
    here, there = (sum(word[0].isalnum() for word in side) for side in (words, original))
    return here > MAX_LENGTH_RATIO * there + 4 or here + 1 < MIN_LENGTH_RATIO * there


def _punctuation_runs(words: list[str]) -> list[str]:
    """Commas next to other punctuation, and punctuation at the start (except quotes or brackets)."""
    pairs = pairwise(words)
    runs = ["," for left, right in pairs if (left == "," and right in BREAKS) or (left in ";:" and right == ",")]
    return runs + (["start"] if words[:1] and words[0] in {",", ";", ":", "!", "?"} else [])


def _holes(words: list[str]) -> list[str]:
    """Places where a word is missing: two words that cannot be neighbours, or a word that cannot be last."""
    padded = ["", *words, ".", "."]
    found = []
    for before, left, right, after in zip(padded, padded[1:], padded[2:], padded[3:]):
        ends_clause, ends_sentence = right in BREAKS, right in ENDS
        if left in ARTICLES and (ends_clause or right in AFTER_A_HOLE) and (before, left) != ("oh", "my"):
            found.append("article")
        elif left in BEFORE_A_HOLE and (ends_sentence or (right in PREPOSITIONS and after in ENDS)):
            found.append("conjunction")
        elif left == "to" and right in {"off", "of", "and", "or"}:
            found.append("to")
    return found


def _is_hollow(words: list[str], original: list[str]) -> bool:
    """Whether the text ends in `be a NOUN .` with an empty noun, and the source had a describing word before it."""
    end = [word for word in words if word[0].isalnum()][-3:]
    if len(end) < 3 or end[0] not in BE or end[1] not in {"a", "an"} or end[2] not in EMPTY_NOUNS:
        return False
    return any(right == end[2] and left not in {"a", "an"} for left, right in pairwise(original))


@dataclass(frozen=True)
class FormScreener(RuleScreener):
    """Passes a text if `sro.screeners.rules.form.defects` finds nothing."""

    name: str = "shape 1"
    faults: Callable[[str, str], Sequence[str]] = defects
