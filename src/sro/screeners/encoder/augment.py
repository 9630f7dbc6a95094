"""Small changes of training texts: misspellings and disguises of words, and what a screener must not care about.

Labels stay: whoever reads "you morron" reads an insult.
"""

from __future__ import annotations

import random
import re

WORD = re.compile(r"[A-Za-z]{4,}")
LEET = {"a": "@4", "e": "3", "i": "1!", "o": "0", "s": "$5", "t": "7"}


def swap(word: str, rng: random.Random) -> str:
    """Two neighbouring letters change places: "stuipd"."""
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def drop(word: str, rng: random.Random) -> str:
    """One inner letter is missing: "idot"."""
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


def double(word: str, rng: random.Random) -> str:
    """One letter is written twice or more: "morron"."""
    at = rng.randrange(1, len(word))
    return word[:at] + word[at] * rng.choice((1, 1, 3)) + word[at:]


def leet(word: str, rng: random.Random) -> str:
    """Letters become look-alike digits and signs: "1d10t"."""
    return "".join(rng.choice(LEET[c.lower()]) if c.lower() in LEET and rng.random() < 0.6 else c for c in word)


def star(word: str, rng: random.Random) -> str:
    """Inner letters are starred: "st*pid", "f**k"."""
    at, sign = rng.randrange(1, len(word) - 1), rng.choice("**#-_.")
    length = rng.randint(1, len(word) - 1 - at)
    return word[:at] + sign * length + word[at + length :]


def space(word: str, rng: random.Random) -> str:
    """The letters stand apart: "i d i o t"."""
    return rng.choice((" ", ".", "-")).join(word)


CHANGES = (swap, swap, drop, drop, double, leet, star, space)


def misspell(text: str, rng: random.Random, share: float = 0.3) -> str:
    """About `share` of the words of four letters and more, at least one, misspelt or disguised."""
    words = list(WORD.finditer(text))
    if not words:
        return text
    chosen = [word for word in words if rng.random() < share] or [rng.choice(words)]
    for word in reversed(chosen):
        text = text[: word.start()] + rng.choice(CHANGES)(word.group(), rng) + text[word.end() :]
    return text


def augment(text: str, toxic: bool, rng: random.Random) -> str:
    """The text as a training step sees it: misspelt (8 % of the toxic, 4 % of other rows), sometimes in lower case,
    sometimes without its last full stop."""
    if rng.random() < (0.08 if toxic else 0.04):
        text = misspell(text, rng)
    chance = rng.random()
    if chance < 0.12:
        text = text.lower()
    elif chance < 0.14 and len(text) < 200:
        text = text.upper()
    if rng.random() < 0.1:
        text = text.rstrip(" .!")  or text
    return text
