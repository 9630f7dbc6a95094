"""The screeners that ship with `sro`, by name: their full names and their folders."""

from __future__ import annotations

from pathlib import Path

from sro.core.files import asset

EMBEDDED = "embedded/encoder"
"""The shipped screener that plain `embedded` stands for."""
SHIPPED = {"embedded/linear": "screener", "embedded/encoder": "encoder"}
"""Name → part that ships with `sro`, see `sro.core.files.asset`."""


def full_name(name: str) -> str:
    """The full name of a screener. Records store it, because `embedded` may stand for another screener later.

    >>> full_name("embedded"), full_name("embedded/linear")
    ('embedded/encoder', 'embedded/linear')
    """
    return EMBEDDED if name == "embedded" else name


def screener_folder(name_or_path: str) -> Path:
    """The folder of a screener: a shipped one by its name, or else the folder of that name.

    Raises:
        SROError: the screener ships with `sro-embedded`, which is not installed.
    """
    shipped = SHIPPED.get(full_name(name_or_path))
    return asset(shipped) if shipped else Path(name_or_path)
