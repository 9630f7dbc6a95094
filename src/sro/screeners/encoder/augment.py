"""Augmentations that must not change a verdict: misspelt and disguised words, capitals, a missing full stop.

Labels stay the same: "you morron" is still an insult.
"""

from __future__ import annotations

import random

from sro.screeners.encoder.spelling import misspelt

MISSPELT = 0.08  # the same share of toxic and of clean texts, so that noise is no sign of abuse
LOWER, UPPER, BARE = 0.12, 0.02, 0.1
SHORT = 200  # characters; people do not write longer comments all in capitals


def augment(text: str, rng: random.Random) -> str:
    """A random variant of the text for one training step."""
    if rng.random() < MISSPELT:
        text = misspelt(text, rng)
    chance = rng.random()
    if chance < LOWER:
        text = text.lower()
    elif chance < LOWER + UPPER and len(text) < SHORT:
        text = text.upper()
    if rng.random() < BARE:
        text = text.rstrip(" .!") or text
    return text
