"""OpenAI's `POST /v1/moderations`, translated. Pure functions.

What a screener knows fills those of OpenAI's categories whose definition it meets. Each score is a probability, and a
category that includes another ("hateful content that also includes violence …") has at most the other's:

| category | from | of |
| --- | --- | --- |
| `harassment` | P(fail), the verdict | every screener |
| `harassment/threatening` | the lower of that and THREAT | one with attributes |
| `hate` | IDENTITY_ATTACK | one with attributes |
| `hate/threatening` | the lower of IDENTITY_ATTACK and THREAT | one with attributes |

PROFANITY, INSULT and SEVERE_TOXICITY fill none: OpenAI does not flag swearing, and an insult is harassment. Its
clients expect every category in every result, so the others are there too. Categories that nothing here scores have an
empty `category_applied_input_types`. As with OpenAI, `flagged` is true if any category is. If the screener does not
read the text's language, `category_applied_input_types` is empty for every category, and the scores are guesses;
`language` and `language_supported`, two fields that OpenAI does not have and its clients ignore, say so.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sro.apps.serve.errors import Refusal
from sro.apps.serve.screening import Screened

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)

PRESENT = 0.5
"""Probability from which on a category is true; of `harassment` the screener's own threshold decides."""


def read(payload: Any) -> list[str]:
    """The texts of a request: `input` is one, a list of them, or a list of parts `{"type": "text"}`, which are one.

    Raises:
        Refusal: 400, no such input; pictures too.
    """
    if not isinstance(payload, dict):
        raise Refusal(400, "expected a JSON object with `input`")
    given = payload.get("input")
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given:
        if all(isinstance(part, str) for part in given):
            return given
        parts = [_part(part) for part in given]
        return ["\n".join(parts)]
    raise Refusal(400, "`input` must be a string, a list of strings, or a list of text parts, and not empty")


def answer(found: Sequence[Screened], model: str) -> dict[str, Any]:
    """The response. `model` is the screener's name."""
    return {"id": f"modr-{secrets.token_hex(12)}", "model": model, "results": list(map(_result, found))}


def _part(part: Any) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        text: str = part["text"]
        return text
    raise Refusal(400, "`input` may hold strings, or parts of type `text`; nothing else can be screened here")


def _result(screened: Screened) -> dict[str, Any]:
    verdict = screened.verdict
    scores = {"harassment": verdict.probability}
    known = verdict.attributes or {}
    if "THREAT" in known:
        scores["harassment/threatening"] = min(verdict.probability, known["THREAT"])
    if "IDENTITY_ATTACK" in known:
        scores["hate"] = known["IDENTITY_ATTACK"]
    if {"THREAT", "IDENTITY_ATTACK"} <= set(known):
        scores["hate/threatening"] = min(known["THREAT"], known["IDENTITY_ATTACK"])
    found = {name: score >= PRESENT for name, score in scores.items()} | {"harassment": not verdict.passed}
    read = scores if screened.language_supported is not False else {}
    return {
        "flagged": any(found.values()),
        "categories": {name: found.get(name, False) for name in CATEGORIES},
        "category_scores": {name: scores.get(name, 0.0) for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] if name in read else [] for name in CATEGORIES},
        "language": screened.language,
        "language_supported": screened.language_supported,
    }
