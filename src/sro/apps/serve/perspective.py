"""Perspective's `comments:analyze`, translated: its request in, its response or its error out. Pure functions.

Sources: the method's reference and the page on limits and errors (github.com/conversationai/perspectiveapi, 2-api/),
and Google's discovery document of `commentanalyzer` v1alpha1, which has the field names and says that spans count
UTF-16 units. The service ends on 31 December 2026.

Of its attributes only TOXICITY can be scored honestly: there is one screener, and it was taught toxicity. The others
are answered as Perspective answers names that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from sro.apps.serve.errors import Refusal

TOXICITY = "TOXICITY"
FIELDS = {
    "comment": dict,
    "context": dict,
    "requestedAttributes": dict,
    "languages": list,
    "doNotStore": bool,
    "clientToken": str,
    "sessionId": str,
    "communityId": str,
    "spanAnnotations": bool,
    "dropUnsupportedAttributes": bool,
}
NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
TEXT_TYPES = ("TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML")
SCORE_TYPES = ("SCORE_TYPE_UNSPECIFIED", "PROBABILITY")
"""Enumerations, whose members may also be named by their numbers."""
JSON_NAMES = {dict: "an object", list: "a list", bool: "true or false", str: "text"}


@dataclass(frozen=True)
class Query:
    """What is asked about one comment."""

    text: str
    attributes: tuple[str, ...]
    """Those asked for that can be scored, in the request's order."""
    thresholds: Mapping[str, float]
    """By attribute: scores below are not returned."""
    languages: tuple[str, ...]
    sentences: bool
    """Whether each sentence shall have a score of its own."""
    client_token: str | None
    named: bool
    """Whether the request says which languages the comment is in."""
    drop: bool
    """Whether attributes that do not support the comment's language are left out, instead of an error."""


def read(payload: Any, *, languages: Sequence[str] = ("en",), max_bytes: int = 20_480, drop: bool = False) -> Query:
    """The query in a request's JSON.

    Args:
        payload: the parsed body.
        languages: what the screener reads, ISO 639-1.
        max_bytes: of the comment in UTF-8.
        drop: leave out attributes that cannot be scored, as if the request had `dropUnsupportedAttributes`.

    Raises:
        Refusal: 400, with Perspective's message and error type.
    """
    request = _fields(payload)
    comment = request.get("comment", {})
    text = _or(comment.get("text"), "")
    if not isinstance(text, str):
        raise _invalid('Invalid value at "comment.text": expected text')
    if not text.strip():
        raise _error("COMMENT_EMPTY", "Comment must be non-empty.")
    if (size := len(text.encode("utf-8", "surrogatepass"))) > max_bytes:
        limit = f"It has {size:,} bytes in UTF-8; {max_bytes:,} are allowed here (--max_text)."
        raise _error("COMMENT_TOO_LONG", f"Comment text too long. {limit}")
    if _member(comment.get("type"), TEXT_TYPES) not in ("PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"):
        raise _invalid("Currently, only 'PLAIN_TEXT' comments are supported")
    asked = request.get("requestedAttributes", {})
    if not asked:
        raise _error("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    dropping = request.get("dropUnsupportedAttributes", False)
    attributes = tuple(name for name in asked if name == TOXICITY)
    unknown = [name for name in asked if name != TOXICITY]
    if unknown and not (drop or dropping):
        raise _invalid(
            f"Unknown requested attribute: {_ascii(unknown[0])}. Only {TOXICITY} is scored here; other attributes are "
            "left out where the request says dropUnsupportedAttributes, or the server was started with "
            "--drop_unknown_attributes."
        )
    given = request.get("languages", [])
    if not all(isinstance(language, str) for language in given):
        raise _invalid('Invalid value at "languages": expected a list of language codes')
    query = Query(
        text=text,
        attributes=attributes,
        thresholds={name: _threshold(name, asked[name]) for name in attributes},
        languages=tuple(given) or tuple(languages[:1]),
        sentences=request.get("spanAnnotations", False),
        client_token=request.get("clientToken"),
        named=bool(given),
        drop=dropping,
    )
    other = [language for language in given if _code(language) not in languages]
    return _without_attributes(query, other) if other else query


def in_language(query: Query, language: str | None, languages: Sequence[str]) -> Query:
    """The query, once it is known which language the comment is in (None: it is not).

    A request that names its languages is believed.

    Raises:
        Refusal: 400, the screener does not read this language, and the request does not say to drop the attribute.
    """
    if query.named or language is None:
        return query
    if language in languages:
        return replace(query, languages=(language,))
    if language == "und" and set(languages) != {"en"}:
        return query  # all that is known is that it is not English, and this screener reads more than that
    return _without_attributes(query, [language])


def _without_attributes(query: Query, other: Sequence[str]) -> Query:
    if query.drop or not query.attributes:
        return replace(query, attributes=())
    known = {
        "requestedLanguages" if query.named else "detectedLanguages": list(query.languages if query.named else other)
    }
    raise _error(
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        f"Attribute {query.attributes[0]} does not support request languages: {_ascii(', '.join(other))}",
        languageNotSupportedByAttributeError={**known, "attribute": query.attributes[0]},
    )


def answer(
    query: Query,
    probability: float,
    sentences: Sequence[tuple[int, int, float]] = (),
    language: str | None = None,
) -> dict[str, Any]:
    """The response.

    Args:
        query: as `read` gave it.
        probability: of the whole comment to be toxic.
        sentences: begin and end in characters, and the probability of each; by default the whole comment is one span.
        language: that the comment was found to be in; None or `und`: unknown, and nothing is said of it.
    """
    units = [0, *accumulate(2 if ord(character) > 0xFFFF else 1 for character in query.text)]
    spans = sentences if query.sentences and sentences else [(0, len(query.text), probability)]
    scores = {
        name: {
            "spanScores": [{"begin": units[a], "end": units[b], "score": _score(value)} for a, b, value in spans],
            "summaryScore": _score(probability),
        }
        for name in query.attributes
        if probability >= query.thresholds[name]
    }
    return {
        # Google's JSON leaves out what is empty.
        **({"attributeScores": scores} if scores else {}),
        "languages": list(query.languages),
        **({} if language in (None, "und") else {"detectedLanguages": [language]}),
        **({} if query.client_token is None else {"clientToken": query.client_token}),
    }


def _score(value: float) -> dict[str, Any]:
    return {"value": round(value, 8), "type": "PROBABILITY"}


def _fields(payload: Any) -> dict[str, Any]:
    """The request's fields under their JSON names; Google's parsers take `requested_attributes` too, and null for
    nothing."""
    if not isinstance(payload, dict):
        raise _invalid("Invalid JSON payload received. Expected an object.")
    fields: dict[str, Any] = {}
    for given, value in payload.items():
        head, *tail = given.split("_")
        name = head + "".join(map(str.capitalize, tail))
        if name not in FIELDS:
            raise _invalid(f'Invalid JSON payload received. Unknown name "{_ascii(given)}": Cannot find field.')
        if value is None:
            continue
        if not isinstance(value, FIELDS[name]):
            raise _invalid(f'Invalid value at "{name}": expected {JSON_NAMES[FIELDS[name]]}')
        fields[name] = value
    return fields


def _threshold(name: str, parameters: Any) -> float:
    parameters = _or(parameters, {})
    if not isinstance(parameters, dict):
        raise _invalid(f'Invalid value at "requestedAttributes.{name}": expected an object')
    kind = _member(_or(parameters.get("scoreType"), parameters.get("score_type")), SCORE_TYPES)
    if kind not in SCORE_TYPES:
        raise _invalid(f"Requested score type {_ascii(str(kind))} is not supported by attribute {name}")
    value = _or(_or(parameters.get("scoreThreshold"), parameters.get("score_threshold")), 0.0)
    number = _number(value)
    if number is None:
        raise _invalid(f'Invalid value at "requestedAttributes.{name}.scoreThreshold": expected a number')
    return number


def _number(value: Any) -> float | None:
    """A number, which in Google's JSON (proto3) may stand in quotation marks; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return None if number != number else number


def _member(value: Any, members: Sequence[str]) -> Any:
    """The name of an enumeration's member, which may be told by its number; by default the first."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(members):
        return members[value]
    return _or(value, members[0])


def _or(value: Any, default: Any) -> Any:
    """In Google's JSON null is as good as nothing."""
    return default if value is None else value


def _code(language: str) -> str:
    """`en` of `en-GB`; but romanised Hindi is a language of its own, as it was to Perspective."""
    return "hi-Latn" if language.lower() == "hi-latn" else language.split("-")[0].lower()


def _invalid(message: str) -> Refusal:
    return _error("INVALID_REQUEST", message)


def _error(kind: str, message: str, **more: Any) -> Refusal:
    detail = {"@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", "errorType": kind, **more}
    return Refusal(400, message, details=[detail])


def _ascii(name: str) -> str:
    """A name out of the request, fit to be shown."""
    return name[:64].encode("ascii", "backslashreplace").decode()
