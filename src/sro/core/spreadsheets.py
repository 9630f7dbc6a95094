"""Texts of strangers in tables that people open in a spreadsheet, which would run what looks like a formula.

    >>> guarded("=1+1"), guarded("fine"), unguarded(guarded("=1+1"))
    ("'=1+1", 'fine', '=1+1')

An apostrophe before it makes it text, as on the service's page. What has such apostrophes already gets one more, so
that reading takes exactly one away again: `unguarded(guarded(text)) == text` of any text.
"""

from __future__ import annotations

import re
import unicodedata

SIGNS = "=+-@＝＋－＠"
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def guarded(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if _is_formula(text.lstrip("'")) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text[:1] == "'" and _is_formula(text.lstrip("'")) else text


def _is_formula(text: str) -> bool:
    """Whether it begins like one, with or without invisible signs before; a plain number does not."""
    visible = next((sign for sign in text if not (sign.isspace() or unicodedata.category(sign)[0] == "C")), "")
    if text[:1] in ("\t", "\r", "\n"):
        return True
    return bool(visible) and visible in SIGNS and not NUMBER.fullmatch(text)
