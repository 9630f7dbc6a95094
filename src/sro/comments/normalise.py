"""Undo disguises (s p a c e d, st*rred, l33t, eloooongated, look-alike letters) before a text is screened.

A screener that reads n-grams is blind to `f*ck` and `i d i o t`. What it should read instead:

    >>> normalise("You are a f*cking 1d1ot, a r3al i d i o t!")
    'you are a fucking idiot, a r3al idiot!'

Each step looks for its own disguise and is a function from `Normalised` to `Normalised`, which knows where every
character came from, so that what a screener objects to can be shown in the text as it was written:

    >>> seen = trace("an i d i o t")
    >>> seen.text, seen.origin(3, 8)
    ('an idiot', (3, 12))

Which words may lie beneath a disguise is told in `sro.comments.disguises`. All other text comes back merely
lower-cased, with straight quotes and in Unicode's compatibility form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sro.comments.disguises import LISTED, beneath, looks_like, undo_disguise
from sro.core.bounded_cache import cache_short_strings

Edit = tuple[int, int, str]
"""Start, end, and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text as a screener reads it, and where its characters came from."""

    text: str
    offsets: Sequence[int]
    """Where in the original each character begins, and at last the original's length; never falling."""

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that became `text[start:end]`."""
        return self.offsets[start], self.offsets[end]

    def shared_out(self, values: np.ndarray) -> np.ndarray:
        """Numbers, one a character of `text`, as numbers of the original's characters, with the same sum.

        A number is shared among the characters that its own came from, or goes to the first where there is none.
        """
        shared = np.zeros(self.offsets[-1])
        for value, start, end in zip(values.tolist(), self.offsets, self.offsets[1:]):
            shared[start : max(end, start + 1)] += value / max(end - start, 1)
        return shared

    def edited(self, edits: Iterable[Edit]) -> Normalised:
        """The text with these edits, which must be in order and apart.

        The characters put in share what they replace evenly; what is removed goes to the character before it.
        """
        parts: list[str] = []
        offsets: list[int] = []
        done = 0
        for start, end, new in edits:
            parts += [self.text[done:start], new]
            offsets += self.offsets[done:start]
            offsets += [self.offsets[start + (end - start) * i // len(new)] for i in range(len(new))]
            done = end
        if not parts:
            return self
        kept = [*offsets, *self.offsets[done:]]
        return Normalised("".join(parts) + self.text[done:], [0, *kept[1:]] if len(kept) > 1 else kept)

    def replaced(self, pattern: re.Pattern[str], new: Callable[[str], str]) -> Normalised:
        """`pattern.sub`, with `new` a function of the matched string."""
        found = ((match.start(), match.end(), match.group()) for match in pattern.finditer(self.text))
        return self.edited((start, end, now) for start, end, was in found if (now := new(was)) != was)


def normalise(text: str) -> str:
    """The text as a screener should read it. Never fails; doing it twice changes nothing more."""
    return trace(text).text


def trace(text: str) -> Normalised:
    """As `normalise`, with the place in `text` that each character came from."""
    seen = Normalised(text, range(len(text) + 1))
    if not text.isascii():
        seen = fold_look_alikes(fold_unicode(seen))
    if "I" in text:
        seen = capital_i_to_l(seen)
    return restore_masked_words(join_spaced_words(lower(seen)))


# --- Unicode ---------------------------------------------------------------------------------------------------------

QUOTES = str.maketrans("‘’‚‛“”„‟`´", "''''\"\"\"\"''")
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]+"
)
MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
CLUSTER = re.compile(f"[^\x00-\x7f][{MARKS}]*|[A-Za-z][{MARKS}]+")
NON_ASCII = re.compile(r"[^\x00-\x7f]")


def fold_unicode(seen: Normalised) -> Normalised:
    """Nothing invisible, compatibility forms (ｗｉｄｅ, 𝐛𝐨𝐥𝐝) plain, no letters under piles of marks; case stays."""
    return seen.replaced(INVISIBLE, lambda _: "").replaced(CLUSTER, _folded)


@cache_short_strings(4096)
def _folded(cluster: str) -> str:
    """NFKC, but a Latin letter under marks that do not compose with it (z̴a̴l̴g̴o̴) loses them all."""
    folded = unicodedata.normalize("NFKC", cluster.translate(QUOTES))
    bare = unicodedata.normalize("NFD", folded)[:1]
    piled = len(folded) > 1 and re.search(f"[{MARKS}]", folded)
    return bare if piled and bare.isascii() and bare.isalpha() else folded


def lower(seen: Normalised) -> Normalised:
    """Lower case and straight quotes, letter by letter where that changes the length (`ß`)."""
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
OTHER_LETTER = re.compile("[^\\W\x00-\x7f]|[\U0001f130-\U0001f1ff]")  # is there any? quick to see
INNOCENT = frozenset(["morón", "móron"])  # a town


def fold_look_alikes(seen: Normalised) -> Normalised:
    """Letters that look Latin become Latin: in words that mix the scripts always, in others to spell a listed word."""
    if not OTHER_LETTER.search(seen.text):
        return seen
    return seen.replaced(SPELLING, _latin_in)


def _latin_in(spelling: str) -> str:
    """Of letters and signs in a row: all of it where a letter is no ASCII, else its words with letters in squares."""
    if FOREIGN.search(spelling):
        return _latin(spelling)
    return WORD.sub(lambda word: _latin(word.group()), spelling) if ENCLOSED.search(spelling) else spelling


@cache_short_strings(4096)
def _latin(word: str) -> str:
    plain = "".join(map(looks_like, word))
    if plain.isascii() and len(plain) == len(word) and word.casefold() not in INNOCENT:
        if plain in LISTED:
            return plain
        if restored := beneath(plain):
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


# --- spelled out -----------------------------------------------------------------------------------------------------

# `i d i o t`, `f.u.c.k`, `s-h-i-t`: single characters, at least three, with the same kind of nothing between them.
ONE = "[a-z0-9@$!|+]"
GAP = r"[^a-z0-9@$!|+,()\n]{1,3}"  # no lists: `f(u, c, k)`
# The longest run from where it starts. No character is both in ONE and in GAP, so there is one way to read it; what
# may stand before and behind is looked at afterwards, since a pattern would try every part of a long run for it.
CHAIN = re.compile(f"{ONE}(?:{GAP}{ONE})+")
SINGLE = re.compile(ONE)
TWO_SINGLES = re.compile(f"{GAP}{ONE}{GAP}{ONE}(?![a-z0-9])")  # is there any? quick to see
NO_START, NO_END = re.compile("[a-z0-9'*]"), re.compile("[a-z0-9*]")


def join_spaced_words(seen: Normalised) -> Normalised:
    """Words spelled letter by letter are joined where one of them is listed; other runs (`a b c`, `U.S.A.`) stay."""
    if not TWO_SINGLES.search(seen.text):
        return seen
    return seen.edited(edit for run in runs_of_singles(seen.text) for edit in _joined(seen.text, run))


def runs_of_singles(text: str) -> Iterator[list[int]]:
    """Where the characters of each run stand: three or more, not within a word, nor behind a `'` or `*`."""
    for chain in CHAIN.finditer(text):
        places = [single.start() for single in SINGLE.finditer(text, *chain.span())]
        starts = (i for i, place in enumerate(places) if not (place and NO_START.match(text, place - 1)))
        ends = (i for i in range(len(places), 0, -1) if not NO_END.match(text, places[i - 1] + 1))
        run = places[next(starts, len(places)) : next(ends, 0)]
        if len(run) >= 3:
            yield run


def _joined(text: str, places: list[int]) -> list[Edit]:
    last = places[-1]
    while places and text[places[-1]] in "!|+":  # what follows is a mark of exclamation
        places.pop()
    words = undo_disguise("".join(text[place] for place in places))
    # Three initials with points between them are an acronym.
    if not words or (len(places) == 3 and text[places[0] + 1] == "." and text[last + 1 : last + 2] == "."):
        return []
    edits, at = [], 0
    for word in words:
        here = places[at : at + len(word)]
        edits.append((here[0], here[-1] + 1, word if word in LISTED else beneath(word) or word))
        at += len(word)
    return edits


# --- masked, numbered, drawn out -------------------------------------------------------------------------------------

# A sign within a word, or a letter three times. Plain text has few of them and costs no more than this search.
ODD = re.compile(
    r"[-\d@$*#+%&!|._~(¡-×µμ†€]"
    r"(?:(?<=[\d@$*#+%&!|¡-×µμ†€])(?:(?=[a-z])|(?<=[a-z].))|(?<=[a-z].)(?=[a-z])|(?<=@)(?=\$))"
)
DRAWN_OUT = re.compile(r"([a-z])\1\1")
TOKEN = re.compile(r"\S+")
ADDRESS = re.compile(r"://|^www\.|\w@\w+\.\w|[\[\]{}=<>\\]|\(\)")  # and code
OPENING, CLOSING = "\"'[{.,", "\"'.,:;?!)]}"
SEPARATORS = re.compile(r"[^a-z0-9@$*#+%&!|(¡-×µμ†€]+")


def restore_masked_words(seen: Normalised) -> Normalised:
    """Starred, l33t, broken and drawn-out spellings (`sh*t`, `1diot`, `fu.ck`, `stuuupid`) to listed words."""
    if not ODD.search(seen.text) and not DRAWN_OUT.search(seen.text):
        return seen
    return seen.edited(
        (token.start() + start, token.start() + end, word)
        for token in TOKEN.finditer(seen.text)
        for start, end, word in _unmasked(token.group())
    )


def hides(token: str) -> bool:
    """Whether a lower-cased token of ASCII, with no space in it, is restored to something else."""
    return bool(_unmasked(token))


@cache_short_strings(20_000)
def _unmasked(token: str) -> tuple[Edit, ...]:
    """The edits that undo the disguises in a token: of the whole of it, else of its parts (`b*tch-ass`)."""
    if not (ODD.search(token) or DRAWN_OUT.search(token)) or ADDRESS.search(token):
        return ()
    if whole := _restored(token, 0):
        return (whole,)
    parts, start = [], 0
    for gap in [*SEPARATORS.finditer(token), None]:
        part = token[start : gap.start() if gap else None]
        if part != token and (DRAWN_OUT.search(part) or (part and not part.isalpha())):
            parts.append(_restored(part, start))
        start = gap.end() if gap else 0
    return tuple(edit for edit in parts if edit)


def _restored(token: str, at: int) -> Edit | None:
    """The edit of one word, without the punctuation around it: first with `*_~#!` taken for punctuation as well."""
    for left, right in ((f"{OPENING}(*_~#-", f"{CLOSING}*_~#-"), (f"{OPENING}(*_~#-", CLOSING), (OPENING, CLOSING)):
        start = len(token) - len(token.lstrip(left))
        word = token[start:].rstrip(right)
        if word in LISTED:
            return None  # `*fuck*`: nothing is hidden
        if word and (found := beneath(word) or _without_gaps(word)):
            return at + start, at + start + len(word), found
    return None


def _without_gaps(word: str) -> str | None:
    """`fu.ck`, `i-diot`: a listed word of at least four letters with signs strewn in."""
    joined = re.sub(r"[-._~*]", "", word)
    if LISTED.intersection(re.split(r"[-._~*]+", word)):  # `cluster-fuck` hides nothing
        return None
    if len(joined) < 4 or joined == word or (len(joined) < len(word) - 2 and not joined.isalpha()):
        return None
    return joined if joined in LISTED else beneath(joined)
