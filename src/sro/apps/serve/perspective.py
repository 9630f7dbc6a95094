"""Translate Perspective's `comments:analyze`: read its requests; make its responses and errors. Pure functions.

Sources: the method's reference and the page on limits and errors (github.com/conversationai/perspectiveapi, 2-api/),
and Google's discovery document of `commentanalyzer` v1alpha1, which has the field names and says that spans count
UTF-16 units. The service ends on 31 December 2026.

Perspective had six attributes in production. A screener with attributes answers these, also under the names of their
experimental versions; a screener without attributes answers TOXICITY only. No screener here was trained on the others
(SEXUALLY_EXPLICIT, FLIRTATION, ATTACK_ON_AUTHOR, …): they are refused as Perspective refuses unknown names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from sro.apps.serve.errors import Refusal
from sro.apps.serve.google_json import (
    SCORE_TYPES,
    ascii_name,
    comment_text,
    either,
    error,
    fields,
    invalid,
    language_codes,
    member,
    number,
)
from sro.comments.languages import is_among
from sro.screeners.base import Verdict
from sro.screeners.encoder.attributes import ATTRIBUTES

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
EXPERIMENTAL = "_EXPERIMENTAL"


@dataclass(frozen=True)
class Query:
    """The question about one comment."""

    text: str
    attributes: tuple[str, ...]
    """The requested attributes that some screener scores, by the request's names and in its order."""
    thresholds: Mapping[str, float]
    """Threshold by attribute: scores below it are not returned."""
    languages: tuple[str, ...]
    """The languages that the request names, else the comment's (`in_language`)."""
    sentences: bool
    """Whether each sentence gets a score of its own."""
    client_token: str | None
    named: bool
    """Whether the request names the comment's languages."""
    drop: bool
    """Whether attributes that do not support the comment's language are left out, instead of an error."""
    drop_unknown: bool
    """The same for attributes that the screener does not score."""


def read(payload: Any, *, max_bytes: int = 20_480, drop: bool = False) -> Query:
    """Read the query from a request's JSON.

    Args:
        payload: the parsed body.
        max_bytes: largest size of the comment in UTF-8.
        drop: leave out attributes that cannot be scored, as if the request had `dropUnsupportedAttributes`.

    Raises:
        Refusal: 400, with Perspective's message and error type.
    """
    request = fields(payload, FIELDS)
    text = comment_text(request, max_bytes)
    asked = request.get("requestedAttributes", {})
    if not asked:
        raise error("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    dropping = request.get("dropUnsupportedAttributes", False)
    given = language_codes(request)
    query = Query(
        text=text,
        attributes=tuple(asked),
        thresholds={},
        languages=tuple(given),
        sentences=request.get("spanAnnotations", False),
        client_token=request.get("clientToken"),
        named=bool(given),
        drop=dropping,
        drop_unknown=drop or dropping,
    )
    query = with_known(query, ATTRIBUTES)
    return replace(query, thresholds={name: _threshold(name, asked[name]) for name in query.attributes})


def with_known(query: Query, known: Collection[str]) -> Query:
    """Complete the query, given the attributes that the screener scores.

    Raises:
        Refusal: 400: a requested attribute is not among them, and no setting says to leave such attributes out.
    """
    # A lookup and not a search, because a request of 1 MB may name 100,000 attributes.
    unknown = dict.fromkeys(name for name in query.attributes if in_production(name) not in known)
    if not unknown:
        return query
    if not query.drop_unknown:
        raise error(
            "INVALID_REQUEST",
            f"Unknown requested attribute: {ascii_name(next(iter(unknown)))}",
            advice=f"This server scores {', '.join(known)}. Other attributes are left out where the request says "
            "dropUnsupportedAttributes, or the server was started with --drop_unknown_attributes."
            + ("" if len(known) > 1 else f" `--screener embedded` scores {', '.join(ATTRIBUTES)}."),
        )
    return replace(query, attributes=tuple(name for name in query.attributes if name not in unknown))


def in_language(query: Query, language: str | None, reads: Sequence[str]) -> Query:
    """Complete the query, given the language of the comment.

    If a request names its languages, these are used. If no language is known, the answer names the first of `reads`.

    Args:
        query: as `read` returned it.
        language: the detected language of the comment; None: unknown.
        reads: codes of the languages that the screener reads, as in `sro.comments.languages`.

    Raises:
        Refusal: 400: the screener does not read this language, and the request does not say to drop the attribute.
    """
    if query.named:
        other = [named for named in query.languages if _code(named) not in reads]
        return _without_attributes(query, other) if other else query
    told = language if language is not None and language in reads else reads[0]
    query = replace(query, languages=(told,))
    if language is None or is_among(language, reads) is not False:
        return query
    return _without_attributes(query, [language])


def _without_attributes(query: Query, other: Sequence[str]) -> Query:
    if query.drop or not query.attributes:
        return replace(query, attributes=())
    known = {
        "requestedLanguages" if query.named else "detectedLanguages": list(query.languages if query.named else other)
    }
    raise error(
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        f"Attribute {query.attributes[0]} does not support request languages: {ascii_name(', '.join(other))}",
        languageNotSupportedByAttributeError={**known, "attribute": query.attributes[0]},
    )


def in_production(name: str) -> str:
    """`TOXICITY` for `TOXICITY_EXPERIMENTAL`; other names are unchanged."""
    plain = name.removesuffix(EXPERIMENTAL)
    return plain if plain in ATTRIBUTES else name


def scores(verdict: Verdict) -> Mapping[str, float]:
    """The probability of each attribute that the screener scores; P(fail) as TOXICITY if it scores none."""
    return verdict.attributes or {"TOXICITY": verdict.probability}


def answer(
    query: Query,
    probabilities: Mapping[str, float],
    sentences: Sequence[tuple[int, int, Mapping[str, float]]] = (),
    language: str | None = None,
) -> dict[str, Any]:
    """Make the response.

    Args:
        query: as `read` and `with_known` returned it.
        probabilities: of the whole comment, by attribute (`scores`).
        sentences: begin and end in characters, and the probabilities of each; by default the whole comment is one
            span.
        language: the detected language of the comment; None or `und`: unknown, and the response does not name it.
    """
    units = [0, *accumulate(2 if ord(character) > 0xFFFF else 1 for character in query.text)]
    spans = sentences if query.sentences and sentences else [(0, len(query.text), probabilities)]
    told = {}
    for name in query.attributes:
        plain = in_production(name)
        if probabilities[plain] >= query.thresholds[name]:
            told[name] = {
                "spanScores": [{"begin": units[a], "end": units[b], "score": _score(of[plain])} for a, b, of in spans],
                "summaryScore": _score(probabilities[plain]),
            }
    return {
        # Google's JSON leaves out empty fields.
        **({"attributeScores": told} if told else {}),
        "languages": list(query.languages),
        **({} if language in (None, "und") else {"detectedLanguages": [language]}),
        **({} if query.client_token is None else {"clientToken": query.client_token}),
    }


def _score(value: float) -> dict[str, Any]:
    return {"value": round(value, 8), "type": "PROBABILITY"}


def _threshold(name: str, parameters: Any) -> float:
    parameters = either(parameters, {})
    if not isinstance(parameters, dict):
        raise invalid(f'Invalid value at "requestedAttributes.{name}": expected an object')
    kind = member(either(parameters.get("scoreType"), parameters.get("score_type")), SCORE_TYPES)
    if kind not in SCORE_TYPES:
        raise _unsupported_type(name, kind)
    value = either(either(parameters.get("scoreThreshold"), parameters.get("score_threshold")), 0.0)
    found = number(value)
    if found is None:
        raise invalid(f'Invalid value at "requestedAttributes.{name}.scoreThreshold": expected a number')
    return found


def _unsupported_type(name: str, kind: Any) -> Refusal:
    return invalid(f"Requested score type {ascii_name(str(kind))} is not supported by attribute {name}")


def _code(language: str) -> str:
    """`en` for `en-GB`; but romanised Hindi is a language of its own, as in Perspective."""
    return "hi-Latn" if language.lower() == "hi-latn" else language.split("-")[0].lower()
