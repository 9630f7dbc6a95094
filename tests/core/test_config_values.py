"""A value from YAML against a type hint."""

import enum
from pathlib import Path
from typing import Any, Literal, Optional

import pytest

from sro.core.config_values import convert_value, describe_type, format_value


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, int, 1),
        (1, float, 1),
        ("2e-5", float, 2e-5),
        (None, float | None, None),
        (None, Optional[int], None),  # noqa: UP045 - this spelling is another type at run time
        ("x", Path, Path("x")),
        ("b", Literal["a", "b"], "b"),
        ("red", Colour | str, "red"),
        (["a"], list[str] | str, ["a"]),
        ("a", list[str] | str, "a"),
        ({"a": 1}, dict[str, Any], {"a": 1}),
        ({"a": 1}, dict | str | None, {"a": 1}),
        ([object], Any, [object]),
    ],
)
def test_what_fits(value: Any, hint: Any, expected: Any) -> None:
    got = convert_value(value, hint)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (True, int),
        (True, float),
        (1, bool),
        (1.0, int),
        (1, str),
        ("much", float),
        (None, int),
        (1, Literal[True]),
        ("blue", Colour | str),
        ([1], list[str]),
        ("a", list[str]),
        ([], dict),
    ],
)
def test_what_does_not(value: Any, hint: Any) -> None:
    with pytest.raises(TypeError):
        convert_value(value, hint)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (float | None, "a number or null"),
        (list[int], "a list of a whole number"),
        (Literal["a", 1], "one of a, 1"),
        (Colour | str, "one of red"),
        (dict[str, Any], "a mapping"),
        (Path, "a path"),
        (Colour, "one of red"),
        (complex, "complex"),
    ],
)
def test_types_in_words(hint: Any, words: str) -> None:
    assert describe_type(hint) == words


def test_values_as_yaml_writes_them() -> None:
    assert [format_value(value) for value in (None, True, "x y", [1, "a"], {"a": 1}, "no")] == [
        *("null", "true", "x y", "[1, a]", "{a: 1}", "'no'")
    ]
