"""Perspective's `comments:analyze`, translated: its request in, its response or its error out. Pure functions.

Sources: the method's reference and the page on limits and errors (github.com/conversationai/perspectiveapi, 2-api/),
and Google's discovery document of `commentanalyzer` v1alpha1, which has the field names and says that spans count
UTF-16 units. The service ends on 31 December 2026.

Of its attributes only TOXICITY can be scored honestly: there is one screener, and it was taught toxicity. The others
are answered as Perspective answers names that it does not know.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from sro.apps.serve.errors import Refusal
from sro.comments.normalise import normalise

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
    text = comment.get("text", "")
    if not isinstance(text, str):
        raise _invalid('Invalid value at "comment.text": expected text')
    if not text.strip():
        raise _error("COMMENT_EMPTY", "Comment must be non-empty.")
    if len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise _error("COMMENT_TOO_LONG", "Comment text too long.")
    if comment.get("type", "PLAIN_TEXT") not in ("PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"):
        raise _invalid("Currently, only 'PLAIN_TEXT' comments are supported")
    asked = request.get("requestedAttributes", {})
    if not asked:
        raise _error("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    drop = drop or request.get("dropUnsupportedAttributes", False)
    attributes = tuple(name for name in asked if name == TOXICITY)
    unknown = [name for name in asked if name != TOXICITY]
    if unknown and not drop:
        raise _invalid(f"Unknown requested attribute: {_ascii(unknown[0])}")
    given = request.get("languages", [])
    _speaks(text, given, languages, attributes)
    return Query(
        text=text,
        attributes=attributes,
        thresholds={name: _threshold(name, asked[name]) for name in attributes},
        languages=tuple(given) or tuple(languages[:1]),
        sentences=request.get("spanAnnotations", False),
        client_token=request.get("clientToken"),
    )


def answer(query: Query, probability: float, sentences: Sequence[tuple[int, int, float]] = ()) -> dict[str, Any]:
    """The response.

    Args:
        query: as `read` gave it.
        probability: of the whole comment to be toxic.
        sentences: begin and end in characters, and the probability of each; by default the whole comment is one span.
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
        "detectedLanguages": list(query.languages),
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
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        raise _invalid(f'Invalid value at "requestedAttributes.{name}": expected an object')
    kind = parameters.get("scoreType", parameters.get("score_type", "PROBABILITY"))
    if kind not in ("PROBABILITY", "SCORE_TYPE_UNSPECIFIED"):
        raise _invalid(f"Requested score type {_ascii(str(kind))} is not supported by attribute {name}")
    value = parameters.get("scoreThreshold", parameters.get("score_threshold", 0.0))
    if not isinstance(value, int | float) or value != value:
        raise _invalid(f'Invalid value at "requestedAttributes.{name}.scoreThreshold": expected a number')
    return value


def _speaks(text: str, given: Sequence[Any], languages: Sequence[str], attributes: Sequence[str]) -> None:
    """Refuse other languages: those named, and, where none is, texts in a script that the screener cannot read."""
    if not all(isinstance(language, str) for language in given):
        raise _invalid('Invalid value at "languages": expected a list of language codes')
    other = [language for language in given if language.split("-")[0].lower() not in languages]
    if not given and set(languages) == {"en"} and not _latin(text):
        other = ["und"]
    if other and attributes:
        known = {"requestedLanguages": list(given)} if given else {"detectedLanguages": other}
        raise _error(
            "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            f"Attribute {attributes[0]} does not support request languages: {_ascii(', '.join(other))}",
            languageNotSupportedByAttributeError={**known, "attribute": attributes[0]},
        )


def _latin(text: str) -> bool:
    """Whether at least half of the letters are Latin, once disguises are taken off; so too where there is none."""
    letters = list(filter(str.isalpha, normalise(text)))
    return 2 * sum("LATIN" in unicodedata.name(letter, "") for letter in letters) >= len(letters)


def _invalid(message: str) -> Refusal:
    return _error("INVALID_REQUEST", message)


def _error(kind: str, message: str, **more: Any) -> Refusal:
    detail = {"@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", "errorType": kind, **more}
    return Refusal(400, message, details=[detail])


def _ascii(name: str) -> str:
    """A name out of the request, fit to be shown."""
    return name[:64].encode("ascii", "backslashreplace").decode()
