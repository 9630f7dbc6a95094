"""Undo disguised spellings, so that a rewrite keeps no part of one: the leader reads the plain sentence.

    >>> plain_spelling("Y0u are a f*cking 1d1ot")
    'You are a fucking idiot'
    >>> keeps_disguise("you are 1d10n", "you are an idiot"), keeps_disguise("u c k off", "fuck off")
    (True, True)

`sro.comments.normalise` finds the words under the disguises; here they are put into the sentence, and the rest stays
as its author wrote it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Sequence
from string import ascii_lowercase

from sro.comments.languages import speaks
from sro.comments.normalise import trace
from sro.comments.spelled_out import is_usual
from sro.comments.words import LETTERS

SPELT_OUT = re.compile(r"(?<!\w)(?:[a-z] ){2,}[a-z](?!\w)", re.IGNORECASE)
AMID = re.compile(r"(?<=[a-z])[013457@$](?=[a-z])", re.IGNORECASE)
NUMBERED = re.compile(r"(?<![\w@$])(?=[\d@$]{0,40}[a-z])[a-z0-9@$]{1,40}(?![\w@$])", re.IGNORECASE)
STANDS_FOR = dict(zip("013457@$", "oieastas"))
NUMBER = re.compile(
    r"[1-9]\d*(?:st|nd|rd|th|s|am|pm|[a-z])|[a-z][1-9]\d*|(?!(?:th|sh)3)[bcdfghjklmnpqrstvwxz]{2,3}[1-9]",
    re.IGNORECASE,
)
"""1st, 70s, 5am, 4k; i7, M3; GT4, WW3: these are far more often numbers or names than disguised words."""
LETTERS_IN_A_ROW = re.compile(r"[a-z]{3}", re.IGNORECASE)
"""Disguised words have these after their disguise (`p5ycho7`), names seldom (H1N1, W3C, mp3s)."""
MIXED = re.compile(r"(?=[^\s]*[a-z])(?=[^\s]*[0-9@$*#|])[^\s]+", re.IGNORECASE)
AROUND = ".,:;?!\"'’()[]{}*_~#"


def plain_spelling(sentence: str, kept: Sequence[str] = ()) -> str:
    """The sentence with its disguises undone, or the sentence itself if there is none.

    Args:
        kept: links, mentions and the like within it, from left to right; nothing is changed in them.
    """
    fixed = _places(sentence, kept)
    seen = trace(sentence)
    foreign = speaks(sentence) is False
    parts, at = [], 0
    for match in LETTERS.finditer(seen.text):
        start, end = seen.origin(*match.span())
        written = sentence[start:end]
        letters = unicodedata.normalize("NFKC", written)
        spellings = (letters.lower(), letters.casefold())  # the ß of a casefolded "ss" is no disguise
        same = any(match.group() in spelling for spelling in spellings) and not _is_styled(written)
        same = same or (foreign and _is_spelt_so(written))
        if same or not written or start < at or _overlaps(fixed, start, end):
            continue
        word = match.group()
        parts += [sentence[at:start], word.capitalize() if written[:1].isupper() and start == 0 else word]
        at = end
    if not parts:
        return sentence
    plain = "".join(parts) + sentence[at:]
    # Authors who hide one word often hide its neighbours too (`y0u`, `y o u`), which are in no list of rude words.
    plain = _replaced(plain, kept, SPELT_OUT, _joined)
    return _replaced(plain, kept, NUMBERED, _lettered)


def _joined(spelt: str) -> str:
    """`y o u` as the usual word that it spells; unusual words, and lists (`plan a b c`), are unchanged."""
    letters = spelt.replace(" ", "")
    is_list = letters.lower() in ascii_lowercase
    return letters if is_usual(letters.lower()) and not is_list else spelt


def _lettered(word: str) -> str:
    """`ar3` as the usual word that it spells; in others (`p5ycho7`) only signs between letters. Numbers stay."""
    if NUMBER.fullmatch(word):
        return word
    letters = "".join(STANDS_FOR.get(sign, sign) for sign in word)
    if word.isalpha() or letters == word:
        return word
    if letters.isalpha() and is_usual(letters.lower()):
        return letters.upper() if word.isupper() and len(word) > 1 else letters
    if not LETTERS_IN_A_ROW.search(word):
        return word
    return AMID.sub(lambda sign: STANDS_FOR[sign.group()], word)


def keeps_disguise(text: str, plain: str) -> bool:
    """Whether a rewrite is disguised, or holds fragments of its source's disguise; `plain` is the source without it.

    Fragments are single letters, and words with digits or signs in them, that `plain` does not have.
    """
    if plain_spelling(text) != text:
        return True
    known = set(map(_bare, plain.lower().split()))
    words = [_bare(word) for word in text.lower().split()]
    return any(word not in known and (_is_lone(word) or MIXED.fullmatch(word)) for word in words)


def _is_styled(written: str) -> bool:
    """Whether these are letters from a "fancy text" page: 𝓯𝓾𝓬𝓴, ｆｕｃｋ."""
    return len(written) > 1 and all(
        not sign.isascii() and (plain := unicodedata.normalize("NFKC", sign)).isascii() and plain.isalpha()
        for sign in written
    )


def _is_spelt_so(written: str) -> bool:
    """Whether a word has only letters, with accents or all of one other script: "hâte" and "нате" hide no "hate" in a
    sentence that is not English. Words that mix scripts ("іdiоt") do."""
    plain = unicodedata.normalize("NFC", written)
    scripts = {unicodedata.name(letter, "").split(" ")[0] for letter in plain}
    return plain.isalpha() and len(scripts) == 1 and not _is_styled(written)


def _is_lone(word: str) -> bool:
    return len(word) == 1 and word.isalpha() and word not in ("a", "i")


def _bare(word: str) -> str:
    return word.strip(AROUND)


def merge_pieces(text: str, *groups: Sequence[str]) -> list[str]:
    """The pieces of all groups from left to right; each group is in order already.

    >>> merge_pieces("@a and @b and @a", ["@a", "@b", "@a"], ["and"])
    ['@a', 'and', '@b', '@a']
    """
    places = sorted(place for group in groups for place in _places(text, group))
    return [text[start:end] for start, end in places]


def _places(text: str, kept: Sequence[str]) -> list[tuple[int, int]]:
    places, at = [], 0
    for piece in kept:
        start = text.find(piece, at)
        if start >= 0:
            at = start + len(piece)
            places.append((start, at))
    return places


def _overlaps(places: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether one of these places, which are in order, shares a character with `start` to `end`."""
    before = bisect_left(places, (end, 0)) - 1
    return before >= 0 and places[before][1] > start


def _replaced(text: str, kept: Sequence[str], pattern: re.Pattern[str], plain: Callable[[str], str]) -> str:
    fixed = _places(text, kept)

    def of(match: re.Match[str]) -> str:
        if _overlaps(fixed, *match.span()):
            return match.group()
        return plain(match.group())

    return pattern.sub(of, text)
