"""Misspell sentences like people in a hurry or people who evade a filter, for all labels, so that noise is no sign of
abuse."""

from __future__ import annotations

import random
import re


def misspelt(text: str, rng: random.Random) -> str:
    """`text` with one kind of noise: a typing error or a disguise."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    long = long or [place for place, word in enumerate(words) if word][:1]
    noise = rng.choice([_drop, _swap, _double, _leet, _spaced, _starred, _joined, _shouted])
    if noise in (_joined, _shouted):
        return noise(text, rng)
    for place in rng.sample(long, min(len(long), 2 if noise in (_drop, _swap, _double) else 1)):
        words[place] = noise(words[place], rng)
    return " ".join(words)


def _drop(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, max(2, len(word) - 1))
    return word[:place] + word[place + 1 :]


def _swap(word: str, rng: random.Random) -> str:
    place = rng.randrange(max(1, len(word) - 2))
    return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]


def _double(word: str, rng: random.Random) -> str:
    place = rng.randrange(len(word))
    return word[:place] + word[place] * rng.randint(2, 4) + word[place + 1 :]


def _leet(word: str, rng: random.Random) -> str:
    return word.translate(str.maketrans("aeios", rng.choice(["43105", "@3!0$", "a3i0s"])))


def _spaced(word: str, rng: random.Random) -> str:
    return rng.choice([" ", ".", "-"]).join(word)


def _starred(word: str, rng: random.Random) -> str:
    return word[0] + re.sub("[aeiou]", rng.choice(["*", "#"]), word[1:])


def _joined(text: str, rng: random.Random) -> str:
    return text.replace(" ", "" if len(text) < 40 else rng.choice(["_", "."]))


def _shouted(text: str, rng: random.Random) -> str:
    return text.upper().rstrip(".") + "!" * rng.randint(0, 4)
