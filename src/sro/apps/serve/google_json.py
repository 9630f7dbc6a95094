"""Read JSON as Google's parsers do, and report errors as Perspective does. Pure functions.

Fields have the names of the discovery document or the same in snake_case. A null field counts as not given. Numbers
and booleans may be in quotation marks, members of enumerations may be given by their numbers (proto3's JSON mapping),
and a single language needs no list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sro.apps.serve.errors import Refusal

NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
TEXT_TYPES = ("TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML")
SCORE_TYPES = ("SCORE_TYPE_UNSPECIFIED", "PROBABILITY")
"""Enumerations, whose members may also be named by their numbers."""
JSON_NAMES = {dict: "an object", list: "a list", bool: "true or false", str: "text"}


def fields(payload: Any, kinds: Mapping[str, type], where: str = "") -> dict[str, Any]:
    """Return an object's fields under their JSON names, without those that are null.

    Args:
        payload: the parsed JSON.
        kinds: the known fields, and the type of each.
        where: the object's own name and a full stop, for messages; empty for the whole request.

    Raises:
        Refusal: 400: not an object, an unknown field, or a value of another type.
    """
    if not isinstance(payload, dict):
        if where:
            raise invalid(f'Invalid value at "{where[:-1]}": expected an object')
        raise invalid("Invalid JSON payload received. Expected an object.")
    found: dict[str, Any] = {}
    for given, value in payload.items():
        head, *tail = given.split("_")
        name = head + "".join(map(str.capitalize, tail))
        if name not in kinds:
            raise invalid(f'Invalid JSON payload received. Unknown name "{ascii_name(given)}": Cannot find field.')
        if value is None:
            continue
        if kinds[name] is bool and value in ("true", "false"):
            value = value == "true"
        if name == "languages" and isinstance(value, str):
            value = [value]
        if not isinstance(value, kinds[name]):
            raise invalid(f'Invalid value at "{where}{name}": expected {JSON_NAMES[kinds[name]]}')
        found[name] = value
    return found


def comment_text(request: Mapping[str, Any], max_bytes: int) -> str:
    """The text of a request's `comment`.

    Raises:
        Refusal: 400: the text is empty, longer than `max_bytes` in UTF-8, or not plain text; or the request's
            `context` has both of its two alternative fields.
    """
    comment = request.get("comment", {})
    text = either(comment.get("text"), "")
    if not isinstance(text, str):
        raise invalid('Invalid value at "comment.text": expected text')
    if not text.strip():
        raise error("COMMENT_EMPTY", "Comment must be non-empty.")
    if (size := len(text.encode("utf-8", "surrogatepass"))) > max_bytes:
        limit = f"It has {size:,} bytes in UTF-8; {max_bytes:,} are allowed here (--max_text)."
        raise error("COMMENT_TOO_LONG", f"Comment text too long. {limit}")
    if member(comment.get("type"), TEXT_TYPES) not in ("PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"):
        raise invalid("Currently, only 'PLAIN_TEXT' comments are supported")
    context = request.get("context", {})
    articles = either(context.get("articleAndParentComment"), context.get("article_and_parent_comment"))
    if context.get("entries") and articles:
        raise invalid("Context can have either entries or article_and_parent_comment, but both fields were populated.")
    return text


def language_codes(request: Mapping[str, Any]) -> list[str]:
    """The `languages` that a request names. Raises Refusal 400 if they are not strings."""
    given: list[Any] = request.get("languages", [])
    if not all(isinstance(language, str) for language in given):
        raise invalid('Invalid value at "languages": expected a list of language codes')
    return given


def number(value: Any) -> float | None:
    """A number, which may be in quotation marks; None if the value is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        return None
    try:
        found = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return None if found != found else found


def member(value: Any, members: Sequence[str]) -> Any:
    """The name of an enumeration's member, which may be given by its number; by default the first member."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(members):
        return members[value]
    return either(value, members[0])


def either(value: Any, default: Any) -> Any:
    """The value, or the default if the value is null."""
    return default if value is None else value


def invalid(message: str) -> Refusal:
    """A refusal for a mistake without an error type of its own."""
    return error("INVALID_REQUEST", message)


def error(kind: str, message: str, *, advice: str | None = None, **more: Any) -> Refusal:
    """Perspective's error of this type.

    Args:
        kind: `errorType`.
        message: in Google's words, because clients look for them.
        advice: how to fix it on this server; sent separately from Google's words, in its own detail.
        more: further fields of the detail.
    """
    details = [{"@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", "errorType": kind, **more}]
    if advice is not None:
        told = {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": advice}
        details.append(told)
    return Refusal(400, message, details=details)


def ascii_name(name: str) -> str:
    """A name from the request, escaped for a message."""
    return name[:64].encode("ascii", "backslashreplace").decode()
