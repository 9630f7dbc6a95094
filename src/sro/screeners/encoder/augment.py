"""What a screener must not care about: misspelt and disguised words, capitals, a missing full stop.

Labels stay: whoever reads "you morron" reads an insult.
"""

from __future__ import annotations

import random

from sro.screeners.encoder.spelling import misspelt

MISSPELT_TOXIC, MISSPELT_CLEAN = 0.08, 0.04
LOWER, UPPER, BARE = 0.12, 0.02, 0.1
SHORT = 200  # characters; longer comments are not shouted as a whole


def augment(text: str, toxic: bool, rng: random.Random) -> str:
    """The text as one training step sees it, misspelt more often where it is toxic."""
    if rng.random() < (MISSPELT_TOXIC if toxic else MISSPELT_CLEAN):
        text = misspelt(text, rng)
    chance = rng.random()
    if chance < LOWER:
        text = text.lower()
    elif chance < LOWER + UPPER and len(text) < SHORT:
        text = text.upper()
    if rng.random() < BARE:
        text = text.rstrip(" .!") or text
    return text
