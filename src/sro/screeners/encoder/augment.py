"""What a screener must not care about: misspelt and disguised words, capitals, a missing full stop.

Labels stay: whoever reads "you morron" reads an insult.
"""

from __future__ import annotations

import random

from sro.screeners.encoder.spelling import misspelt

MISSPELT = 0.08  # the same share of toxic and of clean texts: noise must not look like abuse
LOWER, UPPER, BARE = 0.12, 0.02, 0.1
SHORT = 200  # characters; longer comments are not shouted as a whole


def augment(text: str, rng: random.Random) -> str:
    """The text as one training step sees it."""
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
