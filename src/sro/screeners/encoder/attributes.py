"""The six attributes that an encoder screener scores, as Jigsaw and Perspective define them."""

from __future__ import annotations

DEFINITIONS = {
    "TOXICITY": "A rude, disrespectful or unreasonable comment that is likely to make people leave a discussion.",
    "SEVERE_TOXICITY": "A very hateful, aggressive or disrespectful comment; less sensitive to mild swearing.",
    "INSULT": "An insulting, inflammatory or negative comment towards a person or a group of people.",
    "PROFANITY": "Swear words, curse words or other obscene language, whoever or whatever they are about.",
    "THREAT": "An intention or wish to inflict pain, injury or violence on a person or a group.",
    "IDENTITY_ATTACK": "A negative or hateful comment about somebody because of their identity.",
}
ATTRIBUTES = tuple(DEFINITIONS)
"""The names in the order of the model's outputs."""
