"""Undo disguises (s p a c e d, st*rred, l33t, eloooongated, look-alike letters) before a text is screened.

A screener that reads n-grams does not recognise `f*ck` and `i d i o t`. It should read this instead:

    >>> normalise("You are a f*cking 1d1ot, a r3al i d i o t!")
    'you are a fucking idiot, a r3al idiot!'

Each step undoes one kind of disguise and is a function from `Normalised` to `Normalised`. That class knows where every
character came from, so the words that a screener objects to can be shown in the text as it was written:

    >>> seen = trace("an i d i o t")
    >>> seen.text, seen.origin(3, 8)
    ('an idiot', (3, 12))

`sro.comments.disguises` lists the words that a disguise may hide. All other text is only lower-cased, with straight
quotes and in Unicode's compatibility form.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from sro.comments.disguises import LISTED, looks_like, undo_disguise
from sro.comments.markup import as_displayed
from sro.comments.offsets import Edit, Normalised
from sro.comments.spelled_out import edits_of_spaced_words, join_spaced_words, usual_words
from sro.core.bounded_cache import cache_short_strings


def normalise(text: str) -> str:
    """The text as a screener should read it. Never fails.

    Idempotent, except if undoing an entity or a tag yields another one (`&amp;lt;`, `<<b>b>`). A reader sees one
    level, so each call undoes one level.
    """
    return trace(text).text


def trace(text: str) -> Normalised:
    """As `normalise`, with the place in `text` that each character came from."""
    seen = as_displayed(Normalised(text, range(len(text) + 1)))
    if not seen.text.isascii():
        seen = fold_look_alikes(fold_unicode(seen))
    if "I" in seen.text:
        seen = capital_i_to_l(seen)
    return restore_masked_words(without_emphasis(join_spaced_words(lower(seen))))


def with_words_joined(text: str) -> str:
    """The text as it is written, but words spelled letter by letter are joined."""
    seen = Normalised(text, range(len(text) + 1))
    lowered = lower(seen)
    edits = edits_of_spaced_words(lowered.text)
    return seen.edited((*lowered.origin(start, end), word) for start, end, word in edits).text


# --- Unicode ---------------------------------------------------------------------------------------------------------

QUOTES = str.maketrans("‘’‚‛“”„‟`´", "''''\"\"\"\"''")
DEFAULT_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+"
)
MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
CLUSTER = re.compile(f"[^\x00-\x7f][{MARKS}]*|[A-Za-z][{MARKS}]+")
NON_ASCII = re.compile(r"[^\x00-\x7f]")


def fold_unicode(seen: Normalised) -> Normalised:
    """Drop invisible characters, make compatibility forms (ｗｉｄｅ, 𝐛𝐨𝐥𝐝) plain, drop piled marks; case stays."""
    return seen.replaced(DEFAULT_IGNORABLE, lambda _: "").replaced(CLUSTER, _folded)


@cache_short_strings(4096)
def _folded(cluster: str) -> str:
    """NFKC, but a Latin letter under marks that do not compose with it (z̴a̴l̴g̴o̴) loses them all."""
    folded = unicodedata.normalize("NFKC", cluster.translate(QUOTES))
    if len(folded) == 3 and len(cluster) == 1 and folded[0] + folded[2] == "()":
        return folded[1]  # one character that shows a letter between brackets
    bare = unicodedata.normalize("NFD", folded)[:1]
    piled = len(folded) > 1 and re.search(f"[{MARKS}]", folded)
    return bare if piled and bare.isascii() and bare.isalpha() else folded


def lower(seen: Normalised) -> Normalised:
    """Lower case and straight quotes, letter by letter if that changes the length (`ß`)."""
    text = seen.text
    if text.isascii():
        return Normalised(text.replace("`", "'").lower(), seen.offsets)
    seen = seen.replaced(NON_ASCII, lambda letter: unicodedata.normalize("NFKC", letter.casefold()))
    return Normalised(seen.text.replace("`", "'").lower(), seen.offsets)


# --- look-alike letters ----------------------------------------------------------------------------------------------

LETTERS = "\\w\U0001f130-\U0001f189\U0001f1e6-\U0001f1ff"  # also those in squares and circles
SPELLING = re.compile(f"[{LETTERS}@$*!|+]+")
WORD = re.compile(f"[{LETTERS}]+")
FOREIGN = re.compile("[^\\W\x00-\x7f]")
ENCLOSED = re.compile("[\U0001f130-\U0001f1ff]")
OTHER_LETTER = re.compile("[^\\W\x00-\x7f]|[\U0001f130-\U0001f1ff]")  # quick check whether there is any
INNOCENT = frozenset(["morón", "móron"])  # a town


def fold_look_alikes(seen: Normalised) -> Normalised:
    """Replace letters that look Latin: always in words that mix scripts, in others only to spell a listed word."""
    if not OTHER_LETTER.search(seen.text):
        return seen
    return seen.replaced(SPELLING, _latin_in).replaced(TOKEN, _latin_whole)


def _latin_in(spelling: str) -> str:
    """Fold a run of letters and signs: all of it if a letter is not ASCII, else only words with enclosed letters."""
    if FOREIGN.search(spelling):
        return _latin(spelling)
    return WORD.sub(lambda word: _latin(word.group()), spelling) if ENCLOSED.search(spelling) else spelling


@cache_short_strings(4096)
def _latin_whole(token: str) -> str:
    """Fold a whole token such as `іd.іо.t` with pieces that are no words by themselves."""
    if not FOREIGN.search(token) or token.isalpha():
        return token
    plain = "".join(map(looks_like, token))
    return plain if plain != token and plain.isascii() and len(plain) == len(token) and is_disguised(plain) else token


@cache_short_strings(4096)
def _latin(word: str) -> str:
    plain = "".join(map(looks_like, word))
    if plain.isascii() and len(plain) == len(word) and word.casefold() not in INNOCENT:
        if plain in LISTED:
            return plain
        if restored := undo_disguise(plain):
            return restored
    if not any("a" <= letter <= "z" for letter in word.lower()):
        return word
    mixed = [looks_like(letter) if _other_script(letter) else letter for letter in word]
    return "".join(mixed)


def _other_script(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"))


PLAIN_WORD = re.compile(r"\b[A-Za-z]+\b")
HIDDEN_L = re.compile("[a-z]I")


def capital_i_to_l(seen: Normalised) -> Normalised:
    """A capital i amid small letters that stands for an l: `assho` + `I` + `e`."""

    def plain(word: str) -> str:
        candidate = word.replace("I", "l").lower() if HIDDEN_L.search(word) else word
        return candidate if candidate in LISTED else word

    return seen.replaced(PLAIN_WORD, plain)


# --- emphasis within a word ------------------------------------------------------------------------------------------

INNER_MARK = re.compile(r"[^\W\d_][*_~|]+[^\W\d_]")  # quick check whether there is any
MARKS_OF_EMPHASIS = re.compile(r"\*\*|__|~~|\|\||[*_]")
NO_EMPHASIS = re.compile(r"\*{3}|_{3}|~{3}|\|{3}|[^\W_]_[^\W_]")  # masks, `snake_case`
NAME = re.compile(r"[^\W_]__[^\W_]")  # `user__name__like`; but chats underline `cl__o__wn`


def without_emphasis(seen: Normalised) -> Normalised:
    """Remove marks within a word that a chat reads in pairs and does not show: `m||or||on`, `_m_**o**ron`."""
    if not INNER_MARK.search(seen.text):
        return seen
    return seen.edited(
        (token.start() + mark.start(), token.start() + mark.end(), "")
        for token in TOKEN.finditer(seen.text)
        if _is_emphasised(token.group())
        for mark in MARKS_OF_EMPHASIS.finditer(token.group())
    )


def _is_emphasised(token: str) -> bool:
    if not INNER_MARK.search(token) or NO_EMPHASIS.search(token) or ADDRESS.search(token):
        return False
    bare = MARKS_OF_EMPHASIS.sub("", token).strip(OPENING + CLOSING)
    if is_disguised(token) and bare not in LISTED:
        return False  # a mask: `b**ch`
    if NAME.search(token) and bare not in LISTED and bare not in usual_words():
        return False
    marks = Counter(MARKS_OF_EMPHASIS.findall(token))
    return all(number % 2 == 0 for number in marks.values())


# --- masked, numbered, drawn out -------------------------------------------------------------------------------------

# A sign within a word, or a letter three times. Plain text has few of them and costs no more than this search.
ODD = re.compile(
    r"(?:[-\d@$*#+%&!|._~(:;,^¡-×µμ†€]|[^\w\s\x00-\x7f])"
    r"(?:(?<=[\d@$*#+%&!|¡-×µμ†€])(?:(?=[a-z])|(?<=[a-z].))|(?<=[a-z].)(?=[a-z])|(?<=@)(?=\$))"
    r"|(?<=[a-z])[^\w\s\x00-\x7f]{2,4}(?=[a-z])"
)
DRAWN_OUT = re.compile(r"([a-z])\1\1")
TOKEN = re.compile(r"\S+")
ADDRESS = re.compile(r"://|^www\.|\w@\w+\.\w|[\[\]{}=<>\\]|\(\)")  # and code
OPENING, CLOSING = "\"'[{.,", "\"'.,:;?!)]}"
NUMBER_OF_ITS_OWN = re.compile(r"(?:^|[-._/])\d{2,}(?:[-._/]|$)")
SEPARATORS = re.compile(r"[^a-z0-9@$*#+%&!|(¡-×µμ†€]+")


def restore_masked_words(seen: Normalised) -> Normalised:
    """Restore listed words: starred, l33t, broken and drawn-out (`sh*t`, `1diot`, `fu.ck`, `stuuupid`)."""
    if not ODD.search(seen.text) and not DRAWN_OUT.search(seen.text):
        return seen
    return seen.edited(
        (token.start() + start, token.start() + end, word)
        for token in TOKEN.finditer(seen.text)
        for start, end, word in _unmasked(token.group())
    )


def is_disguised(token: str) -> bool:
    """Whether a lower-cased token, with no space in it, is restored to something else."""
    return bool(_unmasked(token))


@cache_short_strings(20_000)
def _unmasked(token: str) -> tuple[Edit, ...]:
    """The edits that undo the disguises in a token: in the whole token, else in its parts (`b*tch-ass`)."""
    if not (ODD.search(token) or DRAWN_OUT.search(token)) or ADDRESS.search(token):
        return ()
    if whole := _restored(token, 0):
        return (whole,)
    if NUMBER_OF_ITS_OWN.search(token):
        return ()  # a part number: `SH1T-9921`
    parts, start = [], 0
    for gap in [*SEPARATORS.finditer(token), None]:
        part = token[start : gap.start() if gap else None]
        if part != token and (DRAWN_OUT.search(part) or (part and not part.isalpha())):
            parts.append(_restored(part, start))
        start = gap.end() if gap else 0
    return tuple(edit for edit in parts if edit)


def _restored(token: str, at: int) -> Edit | None:
    """The edit of one word without the punctuation around it; at first `*_~#!` count as punctuation too."""
    before = None
    for left, right in ((f"{OPENING}(*_~#-", f"{CLOSING}*_~#-"), (f"{OPENING}(*_~#-", CLOSING), (OPENING, CLOSING)):
        start = len(token) - len(token.lstrip(left))
        word = token[start:].rstrip(right)
        if word == before:
            continue
        before = word
        if word in LISTED:
            return None  # `*fuck*`: nothing is hidden
        if word and (found := undo_disguise(word) or _without_gaps(word)):
            return at + start, at + start + len(word), found
    return None


GAPS = re.compile(r"(?:[-._~*+:;,^]|[^\w\s\x00-\x7f])+")  # no `/` nor `'`: `r/apes`, `s'il`


def _without_gaps(word: str) -> str | None:
    """`fu.ck`, `i-diot`, `id😂iot`: restore a listed word of at least four letters with signs in it."""
    joined = GAPS.sub("", word)
    if 2 * sum(map(str.isdigit, joined)) >= len(joined):  # part numbers: `a55-h01e`
        return None
    if LISTED.intersection(GAPS.split(word)):  # `cluster-fuck` hides nothing
        return None
    if len(joined) < 4 or joined == word or (len(joined) < len(word) - 2 and not joined.isalpha()):
        return None
    return joined if joined in LISTED else undo_disguise(joined)
