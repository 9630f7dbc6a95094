"""The attributes that the columns of a user's own file label, by the names of the columns."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sro.core.errors import SROError
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.label_maps import JIGSAW, Targets

NAMES = {name.lower(): name for name in ATTRIBUTES} | JIGSAW
"""Attributes by column names in lower case: the names of Perspective, of Civil Comments (the same as ours) and of
Jigsaw."""


def attribute_of(column: str) -> str | None:
    """The attribute whose labels or scores a column of this name holds; None if there is none."""
    return NAMES.get(column.strip().lower())


def own_targets(fields: Mapping[str, object], where: str) -> Targets:
    """The labels or scores in the columns of a user's file. An empty or NaN value counts as missing.

    Args:
        where: the row, for messages.

    Raises:
        SROError: a value is not a number from 0 to 1, or two columns have a value for the same attribute.
    """
    targets: Targets = {}
    columns: dict[str, str] = {}
    for column, value in fields.items():
        attribute = attribute_of(column)
        if attribute is None or value in (None, ""):
            continue
        try:
            share = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            share = -1.0
        if math.isnan(share):
            continue
        if not 0 <= share <= 1:
            raise SROError(f"{where}: {column} is {value!r}\n  fix: give a number from 0 to 1, or nothing")
        if attribute in targets:
            raise SROError(
                f"{where}: {columns[attribute]} and {column} are both {attribute}\n  fix: leave out one of the columns"
            )
        targets[attribute], columns[attribute] = share, column
    return targets
