"""Convert a value read from YAML to a field's type if nothing is lost, and describe values and types in messages.

Known hints: text, numbers, booleans, None, `Any`, `Path`, `list[...]`, `dict`, `Literal`, enumerations, and unions of
these.
"""

import contextlib
import enum
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import yaml


def convert_value(value: Any, hint: Any) -> Any:
    """Return `value`, converted if nothing is lost (text to a path, for example); TypeError if it is no `hint`."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        for member in _members(arguments):
            try:
                return convert_value(value, member)
            except TypeError:
                continue
    elif origin is Literal:
        if any(value == choice and type(value) is type(choice) for choice in arguments):
            return value
    elif origin is list and isinstance(value, list):
        return [convert_value(item, arguments[0]) for item in value]
    elif hint is dict or origin is dict:
        if isinstance(value, dict):
            return value
    elif hint is float and type(value) in (int, float):
        return value
    elif hint is float and isinstance(value, str):  # YAML 1.1 takes 2e-5, without a point, for text
        with contextlib.suppress(ValueError):
            return float(value)
    elif hint is Path and isinstance(value, str):
        return Path(value)
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        if value in [member.value for member in hint]:
            return value
    elif isinstance(hint, type) and type(value) is hint:  # not isinstance: True is not a number here
        return value
    raise TypeError


def _members(arguments: tuple[Any, ...]) -> list[Any]:
    """Members of a union, without `str` if one of them is an enumeration: there `str` means the name of its member."""
    closed = any(isinstance(a, type) and issubclass(a, enum.Enum) for a in arguments)
    return [a for a in arguments if not (closed and a is str)]


def describe_type(hint: Any) -> str:
    """A type in words, for messages."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(describe_type(a) for a in _members(arguments))
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin is list:
        return f"a list of {describe_type(arguments[0])}"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "one of " + ", ".join(str(member.value) for member in hint)
    words = {str: "text", float: "a number", int: "a whole number", bool: "true or false", type(None): "null"}
    words |= {Path: "a path", dict: "a mapping"}
    return words.get(origin or hint, getattr(hint, "__name__", str(hint)))


def format_value(value: Any) -> str:
    """A value as YAML writes it, on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("\n...\n").rstrip()
