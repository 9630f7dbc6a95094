"""Undo disguises (s p a c e d, st*rred, l33t, eloooongated, look-alike letters) before a text is screened.

A screener that reads n-grams is blind to `f*ck` and `i d i o t`. Guessing at every odd spelling would harm plain text
(`A55` is a road, `*sigh*` no swear word), so the rule is: **a disguise is undone only when the word that appears
beneath it is on the short list below.** All else is left as it is, apart from case and Unicode form.

    >>> normalise("You are a f*cking 1d1ot, a r3al i d i o t!")
    'you are a fucking idiot, a r3al idiot!'
"""

from __future__ import annotations

import re
import unicodedata

# Words whose disguises are undone. Where a mask fits several (`s***`), the earlier wins.
WORDS = (
    *("fuck", "motherfuck", "shit", "bullshit", "bitch", "asshole", "ass", "cunt", "dick", "pussy", "nigga", "nigger"),
    *("cock", "damn", "goddamn", "whore", "slut", "bastard", "crap", "piss", "faggot", "fag", "twat", "wank", "prick"),
    *(
        "tits",
        "dumbass",
        "jackass",
        "retard",
        "idiot",
        "moron",
        "stupid",
        "dumb",
        "imbecile",
        "loser",
        "scum",
        "clown",
    ),
)
SUFFIXES = ("", "s", "es", "ed", "er", "ers", "ing", "in", "y", "ty", "ic", "head", "heads", "face", "faces")
LEXICON = tuple(word + suffix for suffix in SUFFIXES for word in WORDS)

# What is written in a letter's stead; `*` and `#` may mask any letter but the first, the others mask vowels.
STAND_INS = {"a": "@4", "b": "8", "c": "(", "e": "3", "g": "9", "i": "1!", "l": "1", "o": "0", "s": "$5", "t": "7+"}
MASKS, VOWEL_MASKS = "*#", "@%&$!._-"

ZERO_WIDTH = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe0f]")
STACKED_MARKS = re.compile("(?<=[a-z])[\u0300-\u036f\u0489]+")
QUOTES = str.maketrans("‘’‚‛“”„‟`´", "''''\"\"\"\"''")
LOOK_ALIKES = str.maketrans("аеорсхуікѕјһԁԛԝмтвнαοερτυικν", "aeopcxyiksjhdqwmtbhaoeptuikn")
WORD_OF_TWO_SCRIPTS = re.compile(r"(?=\w*[a-z])(?=\w*[\u0370-\u03ff\u0400-\u052f])\w+")


def _disguised(word: str, gap: str = "") -> str:
    """Regex of `word` with letters drawn out, replaced or masked, and `gap` between them."""
    letters = []
    for position, letter in enumerate(word):
        drawn_out = f"[{re.escape(letter + STAND_INS.get(letter, ''))}]+"
        mask = f"[{re.escape(MASKS + VOWEL_MASKS if letter in 'aeiou' else MASKS)}]"  # one mask hides one letter
        letters.append(f"(?:{drawn_out}|{mask})" if position else drawn_out)
    return gap.join(letters)


GAP = "[ ._*-]+"
BESIDE = r"(?<![a-z0-9])(?:{})(?![a-z0-9]|[*#]+[a-z0-9])"  # a whole word, no part of a longer one
MASKED = re.compile(BESIDE.format("|".join(map(_disguised, LEXICON))))
SPACED = re.compile(BESIDE.format("|".join(_disguised(word, GAP) for word in sorted(LEXICON, key=len, reverse=True))))
BENEATH = [(word, re.compile(_disguised(word))) for word in LEXICON]

# Where to look: the two regexes above are slow, and plain text shall cost next to nothing.
ODD_TOKEN = re.compile(r"(?=\S*[a-z])(?=\S*(?:[a-z0-9@$(][*#@$%&!(+\d._-]|[*#@$%&!(+\d._-][a-z]|([a-z])\1\1))\S+")
SINGLE_LETTERS = re.compile(r"(?<![a-z0-9*])[a-z0-9@$](?:[ ._*-]+[a-z0-9@$!]){2,}(?![a-z0-9*])")


def normalise(text: str) -> str:
    """The text as a screener should read it: Unicode folded, lower-cased, disguised words restored.

    Plain text comes back merely lower-cased, with straight quotes. Never fails.
    """
    text = fold_unicode(text)
    text = fold_look_alikes(text)
    text = join_spaced_words(text)
    return restore_masked_words(text)


def fold_unicode(text: str) -> str:
    """Compatibility forms (ｆｕｌｌ ｗｉｄｔｈ) to plain letters, nothing invisible, lower case, straight quotes."""
    text = text.translate(QUOTES)
    if not text.isascii():
        text = ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", text))
        text = STACKED_MARKS.sub("", unicodedata.normalize("NFKC", text.casefold()))
    return text.lower()


def fold_look_alikes(text: str) -> str:
    """Cyrillic and Greek letters that look Latin become Latin, in words that mix the scripts and nowhere else."""
    if text.isascii():
        return text
    return WORD_OF_TWO_SCRIPTS.sub(lambda word: word.group().translate(LOOK_ALIKES), text)


def join_spaced_words(text: str) -> str:
    """`i d i o t` and `f.u.c.k` to listed words; other runs of single letters (`a b c`, `U.S.A.`) stay."""
    return SINGLE_LETTERS.sub(lambda run: SPACED.sub(_without_gaps, run.group()), text)


def restore_masked_words(text: str) -> str:
    """Starred, l33t and elongated spellings (`sh*t`, `1diot`, `stuuupid`) to listed words; other tokens stay."""
    return ODD_TOKEN.sub(lambda token: MASKED.sub(_unmasked, token.group()), text)


def _without_gaps(match: re.Match[str]) -> str:
    return _word_beneath(re.sub(GAP, "", match.group())) or match.group()


def _unmasked(match: re.Match[str]) -> str:
    seen = match.group()
    if seen.isalpha() and not re.search(r"(.)\1\1", seen):
        return seen  # a plain word beside an odd sign, such as "crappy.": nothing is hidden
    return _word_beneath(seen) or seen


def _word_beneath(seen: str) -> str | None:
    """The first listed word that `seen` may spell; None where so few letters show that it may be anything."""
    letters = sum(character.isalpha() for character in seen)
    if not letters or (letters == 1 and any(character.isdigit() for character in seen)):
        return None  # `4*5` is a product and `A55` a road
    return next((word for word, pattern in BENEATH if pattern.fullmatch(seen)), None)
