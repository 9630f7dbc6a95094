"""Choose what to read from a table of comments: the column with the text, and the rows with the wanted label."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sro.core.errors import SROError
from sro.core.suggestion import suggestion

# Tried in this order, whatever the case; `toxic` is last because in many files it is a label.
USUAL_COLUMNS = (
    *("text", "comment", "comment_text", "toxic_comment", "toxic_sentence", "sentence", "content", "body", "message"),
    *("tweet", "post", "toxic"),
)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    **{"=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le},
    **{">": operator.gt, ">=": operator.ge},
}
TRUTH_VALUES = {"true": 1.0, "false": 0.0}


class Columns(NamedTuple):
    """The columns to read."""

    text: str
    label: str | None = None
    guessed: bool = False


Choose = Callable[[list[str]], Columns]  # the columns a file has -> those to read


def choose_columns(available: list[str], source: str, text: str | None = None, label: str | None = None) -> Columns:
    """Choose the columns to read from those `available`: the named ones, or for the text the first with a usual name.

    Raises SROError with the list of columns if a named column is missing or no column has a usual name.
    """
    listing = ", ".join(map(repr, available))
    text, label = (_among(available, name) for name in (text, label))
    for name in (text, label):
        if name is not None and name not in available:
            raise SROError(f"{source}: no column {name!r}{suggestion(name, available) or '.'} Columns: {listing}.")
    if text is not None:
        return Columns(text, label)
    if usual := usual_column(available):
        return Columns(usual, label, guessed=len(available) > 1)
    raise SROError(
        f"{source}: no column with a usual name for comments ({', '.join(USUAL_COLUMNS)}). Columns: {listing}."
        "\n  fix: name the column: --column NAME; of a file without a header line, one comment a line: --format text"
    )


def usual_column(available: list[str]) -> str | None:
    """The first column with a usual name for comments; None if there is none."""
    plain = {name.strip().lower(): name for name in reversed(available)}
    return next((plain[usual] for usual in USUAL_COLUMNS if usual in plain), None)


def _among(available: list[str], name: str | None) -> str | None:
    """The name as the file spells it, which may have blanks around it that users do not type."""
    if name is None or name in available:
        return name
    alike = [one for one in available if one.strip() == name.strip()]
    return alike[0] if len(alike) == 1 else name


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on the label column, such as `label=1`, `toxicity>=0.5` or `class!=neither`."""

    column: str
    sign: str
    value: str

    @classmethod
    def parse(cls, condition: str) -> Where:
        """Read `column SIGN value`, SIGN one of = != < <= > >=; raises SROError for anything else."""
        match = re.fullmatch(r"\s*([^=!<>]+?)\s*(!=|<=|>=|==?|<|>)\s*([^=!<>]+?)\s*", condition)
        if match is None:
            raise SROError(f"cannot read the condition {condition!r}; write it like label=1, score>=0.5, kind!=clean")
        column, sign, value = match.groups()
        if sign[0] in "<>" and _number(value) is None:
            raise SROError(f"the condition {condition!r} needs a number after {sign}")
        return cls(column, "=" if sign == "==" else sign, value)

    def __str__(self) -> str:
        return f"{self.column}{self.sign}{self.value}"

    def matches(self, label: object) -> bool:
        """Compare as numbers if both are (`1` is `1.0` and `True`), else as words in any case. No label: no match."""
        word = "" if label is None else str(label).strip().casefold()
        if word in ("", "nan"):
            return False
        compare = COMPARE[self.sign]
        here, wanted = _number(label), _number(self.value)
        if here is not None and wanted is not None:
            return compare(here, wanted)
        return self.sign in ("=", "!=") and compare(word, self.value.casefold())


def _number(value: Any) -> float | None:
    """The value as a number, also the words true and false, which in a table stand for the truth values of JSON."""
    if isinstance(value, str):
        value = TRUTH_VALUES.get(value.strip().casefold(), value)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number
