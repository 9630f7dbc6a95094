"""Translate Perspective's `comments:suggestscore`: the scores that people of a platform suggest for a comment.

Source: `SuggestCommentScoreRequest` and `…Response` of Google's discovery document. It says about scores: they must
not be empty, every span has a begin and an end, every score has a value, and a score without a type is a probability.
Besides Google's fields, `doNotStore` is accepted: then the request is checked and answered, but not stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sro.apps.serve.google_json import SCORE_TYPES, comment_text, fields, invalid, language_codes, member, number
from sro.apps.serve.perspective import in_production
from sro.apps.serve.suggested import Suggestion

FIELDS = {
    "comment": dict,
    "context": dict,
    "attributeScores": dict,
    "languages": list,
    "clientToken": str,
    "sessionId": str,
    "communityId": str,
    "doNotStore": bool,
}
NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""Pattern of an attribute's name; in lower case it could equal another field of the exported row, such as `text`."""
LONGEST = 1024
"""Most characters of a stored identifier: `communityId`, `sessionId`, `clientToken`."""
MOST_SPANS = 1000
MOST_ATTRIBUTES = 64


def read(payload: Any, *, max_bytes: int = 20_480, sender: str | None = None) -> Suggestion:
    """Read the suggestion from a request's JSON.

    Args:
        payload: the parsed body.
        max_bytes: largest size of the comment in UTF-8.
        sender: name of the API key.

    Raises:
        Refusal: 400, with Perspective's message and error type.
    """
    request = fields(payload, FIELDS)
    text = comment_text(request, max_bytes)
    suggested = request.get("attributeScores", {})
    if not suggested:
        raise invalid("Missing attribute_scores")
    if len(suggested) > MOST_ATTRIBUTES:
        raise invalid(f"attribute_scores may have {MOST_ATTRIBUTES} attributes")
    scores: dict[str, Mapping[str, Any]] = {}
    for name, told in suggested.items():
        if not NAME.fullmatch(name):
            raise invalid('Invalid value at "attributeScores": a name of an attribute has capitals, digits and _')
        scores[in_production(name)] = _scores(f"attributeScores.{name}", told)
    names = {name: request.get(name) for name in ("communityId", "sessionId", "clientToken")}
    for name, value in names.items():
        if value is not None and len(value) > LONGEST:
            raise invalid(f'Invalid value at "{name}": it may have {LONGEST:,} characters')
    return Suggestion(
        text=text,
        scores=scores,
        languages=[code[:LONGEST] for code in language_codes(request)[:MOST_ATTRIBUTES]],
        community=names["communityId"],
        session=names["sessionId"],
        client_token=names["clientToken"],
        sender=sender,
        do_not_store=request.get("doNotStore", False),
    )


def answer(suggestion: Suggestion, language: str | None) -> dict[str, Any]:
    """Make the response. `language`: detected in the comment; None or `und`: the response does not name it."""
    return {
        **({} if suggestion.client_token is None else {"clientToken": suggestion.client_token}),
        **({} if language in (None, "und") else {"detectedLanguages": [language]}),
        **({"requestedLanguages": list(suggestion.languages)} if suggestion.languages else {}),
    }


def _scores(where: str, told: Any) -> dict[str, Any]:
    """Read `AttributeScores` in the form in which they are stored."""
    found = fields(told, {"summaryScore": dict, "spanScores": list}, f"{where}.")
    if not found:
        raise invalid(f'Invalid value at "{where}": neither summaryScore nor spanScores')
    summary = _value(f"{where}.summaryScore", found["summaryScore"]) if "summaryScore" in found else None
    spans: Sequence[Any] = found.get("spanScores", [])
    if len(spans) > MOST_SPANS:
        raise invalid(f'Invalid value at "{where}.spanScores": there may be {MOST_SPANS:,}')
    return {"summary": summary, "spans": [_span(f"{where}.spanScores", span) for span in spans]}


def _span(where: str, told: Any) -> list[float]:
    span = fields(told, {"begin": object, "end": object, "score": dict}, f"{where}.")
    begin, end = number(span.get("begin")), number(span.get("end"))
    if begin is None or end is None or not 0 <= begin <= end or begin % 1 or end % 1:
        raise invalid(f'Invalid value at "{where}": every span has a begin and an end')
    return [int(begin), int(end), _value(f"{where}.score", span.get("score"))]


def _value(where: str, told: Any) -> float:
    score = fields({} if told is None else told, {"value": object, "type": object}, f"{where}.")
    if member(score.get("type"), SCORE_TYPES) not in SCORE_TYPES:
        raise invalid(f'Invalid value at "{where}.type": only PROBABILITY is kept here')
    value = number(score.get("value", 0))  # proto3 leaves out a zero
    if value is None or not 0 <= value <= 1:
        raise invalid(f'Invalid value at "{where}.value": expected a probability')
    return value
