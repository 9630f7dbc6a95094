"""OpenAI's `POST /v1/moderations`, translated. Pure functions.

The one screener knows toxicity, which comes nearest to OpenAI's `harassment`. Its clients expect every category in
every result, so the others are there too; that nobody looked at them is said where OpenAI's shape has a place for it:
their `category_applied_input_types` are empty. `flagged` is the screener's verdict.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sro.apps.serve.errors import Refusal
from sro.screeners.base import Verdict

SCORED = "harassment"
CATEGORIES = (
    SCORED,
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


def answer(verdicts: Sequence[Verdict], model: str) -> dict[str, Any]:
    """The response. `model` is the screener's name."""
    return {"id": f"modr-{secrets.token_hex(12)}", "model": model, "results": list(map(_result, verdicts))}


def _part(part: Any) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        text: str = part["text"]
        return text
    raise Refusal(400, "`input` may hold strings, or parts of type `text`; nothing else can be screened here")


def _result(verdict: Verdict) -> dict[str, Any]:
    return {
        "flagged": not verdict.passed,
        "categories": {name: name == SCORED and not verdict.passed for name in CATEGORIES},
        "category_scores": {name: verdict.probability if name == SCORED else 0.0 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] if name == SCORED else [] for name in CATEGORIES},
    }
