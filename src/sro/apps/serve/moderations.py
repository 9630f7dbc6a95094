"""OpenAI's `POST /v1/moderations`, translated. Pure functions.

OpenAI's categories are filled from the screener's scores if these meet their definitions. Each score is a probability,
and a category that is part of another ("hateful content that also includes violence …") never scores above it:

| category | from | of |
| --- | --- | --- |
| `harassment` | P(fail), the verdict | every screener |
| `harassment/threatening` | the lower of that and THREAT | one with attributes |
| `hate` | IDENTITY_ATTACK | one with attributes |
| `hate/threatening` | the lower of IDENTITY_ATTACK and THREAT | one with attributes |

PROFANITY, INSULT and SEVERE_TOXICITY fill no category: OpenAI does not flag swearing, and an insult is harassment. Its
clients expect every category in every result, so the others are there too. Categories without a score have an empty
`category_applied_input_types`. As with OpenAI, `flagged` is true if any category is. If the screener does not read the
text's language, `category_applied_input_types` is empty for every category, and the scores are guesses; the fields
`language` and `language_supported` say so. OpenAI does not have these two fields, and its clients ignore them.
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
"""Probability from which a category is true; for `harassment` the screener's own threshold decides."""


def read(payload: Any) -> list[str]:
    """The texts of a request: `input` is a text, a list of texts, or a list of parts `{"type": "text"}` of one text.

    Raises:
        Refusal: 400: no valid input; pictures are refused too.
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
