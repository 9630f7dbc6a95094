"""Words spelled letter by letter: `i d i o t`, `f.u.c.k`, `s-h-i-t`, a letter a line, letters in squares.

A run of single characters is joined if it contains a rude word of `sro.comments.disguises`, or if it spells words that
people use (`assets/words.txt`); the screener then decides which of them are rude. Other runs (`a b c`, `U.S.A.`) stay
as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

from sro.comments.disguises import LISTED, LONGEST_WORD, looks_like, split_spelled_out, undo_disguise
from sro.comments.offsets import Edit, Normalised

ENCLOSED = "\U0001f130-\U0001f189\U0001f1e6-\U0001f1ff"  # letters in squares and circles, halves of flags
ONE = rf"(?:[a-z0-9@$!|+]|[^\W\x00-\x7f]|[{ENCLOSED}])"
GAP = rf"(?:[^\w@$!|+,(){ENCLOSED}]|_){{1,3}}"  # no lists: `f(u, c, k)`
# The longest run from its start. No character is both in ONE and GAP, so there is one way to read it. The characters
# before and after it are checked later, because a pattern would check them for every part of a long run.
CHAIN = re.compile(f"{ONE}(?:{GAP}{ONE})+")
SINGLE = re.compile(ONE)
TWO_SINGLES = re.compile(rf"{GAP}{ONE}{GAP}{ONE}(?![^\W_])")  # quick check whether there is any
NO_START, NO_END = re.compile(r"[^\W_]|['*]"), re.compile(r"[^\W_]|\*")
SHORT_WORDS = frozenset(
    [
        *("a", "i", "u", "am", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me", "my", "no"),
        *("of", "oh", "ok", "on", "or", "so", "to", "up", "us", "we", "ur"),
    ]
)


def join_spaced_words(seen: Normalised) -> Normalised:
    """The lower-cased text with words that are spelled letter by letter joined."""
    return seen.edited(edits_of_spaced_words(seen.text))


def edits_of_spaced_words(text: str) -> list[Edit]:
    """The edits that join words spelled letter by letter, in a lower-cased text."""
    if not TWO_SINGLES.search(text):
        return []
    return [edit for run in runs_of_singles(text) for edit in _joined(text, run)]


def runs_of_singles(text: str) -> Iterator[list[int]]:
    """The places of the characters of each run: three or more, not within a word, and not after a `'` or `*`."""
    for chain in CHAIN.finditer(text):
        places = [single.start() for single in SINGLE.finditer(text, *chain.span())]
        starts = (i for i, place in enumerate(places) if not (place and NO_START.match(text, place - 1)))
        ends = (i for i in range(len(places), 0, -1) if not NO_END.match(text, places[i - 1] + 1))
        run = places[next(starts, len(places)) : next(ends, 0)]
        if len(run) >= 3:
            yield run


def _joined(text: str, places: list[int]) -> list[Edit]:
    last = places[-1]
    while places and text[places[-1]] in "!|+":  # at the end it is an exclamation mark
        places.pop()
    if not places:
        return []
    if words := split_spelled_out(_letters(text, places)):
        # Three initials with points between them are an acronym.
        if len(places) == 3 and text[places[0] + 1] == "." and text[last + 1 : last + 2] == ".":
            return []
        return _edits(places, [(word, word if word in LISTED else undo_disguise(word) or word) for word in words])
    groups = [(group, _usual_words(_letters(text, group))) for group in _spaced_groups(text, places)]
    longest = max((len(word) for _, words in groups for word in words), default=0)
    if longest < (5 if "." in text[places[0] : places[-1] + 1] else 4):  # `a.s.a.p.` is an acronym
        return []
    return [edit for group, words in groups for edit in _edits(group, list(zip(words, words)))]


def _letters(text: str, places: Sequence[int]) -> str:
    """The characters at these places, as the Latin letters that they look like."""
    return "".join(looks_like(text[place]) for place in places)


def _edits(places: Sequence[int], words: Sequence[tuple[str, str]]) -> list[Edit]:
    """The edits that put each word in the place of its letters; `words` holds pairs (as spelled, as meant)."""
    edits, at = [], 0
    for spelled, meant in words:
        here = places[at : at + len(spelled)]
        edits.append((here[0], here[-1] + 1, meant))
        at += len(spelled)
    return edits


def _spaced_groups(text: str, places: list[int]) -> list[list[int]]:
    """The run, cut at each gap that is wider than its narrowest: `s c r e w  y o u`."""
    gaps = [after - before for before, after in pairwise(places)]
    narrowest = min(gaps, default=0)
    groups = [[places[0]]]
    for place, gap in zip(places[1:], gaps):
        if gap > narrowest:
            groups.append([])
        groups[-1].append(place)
    return groups


def _usual_words(letters: str) -> list[str]:
    """The words that the letters spell, as few as possible; none if they spell anything else."""
    if len(letters) < 2 or not (letters.isascii() and letters.isalpha()):
        return []
    best: list[tuple[int, int] | None] = [(0, 0)]  # end of a word → number of words so far, start of the word
    for end in range(1, len(letters) + 1):
        ways = (
            (so_far[0] + 1, start)
            for start in range(max(0, end - LONGEST_WORD), end)
            if (so_far := best[start]) is not None and is_usual(letters[start:end])
        )
        best.append(min(ways, default=None))
    words, end = [], len(letters)
    while end and (way := best[end]) is not None:
        words.append(letters[way[1] : end])
        end = way[1]
    return words[::-1]


def is_usual(letters: str) -> bool:
    """Whether these lower-case letters are a word that people use; of words with two letters only the most common."""
    return letters in SHORT_WORDS or (len(letters) > 2 and letters in usual_words())


@cache
def usual_words() -> frozenset[str]:
    """The lower-cased words of three letters and more that the package carries."""
    lines = (files("sro") / "assets" / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
