"""Languages of an encoder screener: which it reads, and the thresholds that some of them have of their own.

The card of a screener (`encoder.json`) may say so: `"languages": {"de": 0.31, "es": null}` is every language that it
reads beside English, and null where TOXICITY's usual threshold holds. A card that says nothing means `LEARNT`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sro.comments.languages import language_of
from sro.core.errors import SROError

LEARNT = ("ar", "de", "es", "fr", "hi", "it", "ko", "nl", "pl", "pt", "ru", "zh")
"""Beside English: languages of which an encoder sees labels or contrast sentences (`sources`, `assets/contrast`).

The model below it has read about a hundred, and labels carry over to many of them; to how many is to be measured
(`sro experiment languages`), and these alone have been learnt.
"""

Thresholds = Mapping[str, float | None]
"""Language → its threshold for TOXICITY; None: the usual one."""


def read_languages(about: Mapping[str, Any], where: object) -> dict[str, float | None]:
    """The languages of a card, English among them.

    Raises:
        SROError: naming `where`, for a threshold outside (0, 1].
    """
    thresholds = about.get("languages", dict.fromkeys(LEARNT))
    right = isinstance(thresholds, dict) and all(
        value is None or (isinstance(value, int | float) and 0 < value <= 1) for value in thresholds.values()
    )
    if not right:
        raise SROError(
            f"{where}: `languages` must be an object, each language with a threshold in (0, 1] or null\n"
            "  fix: write it anew with `sro experiment languages --write_thresholds`"
        )
    return {"en": None, **thresholds}


def thresholds_of(
    texts: Sequence[str], thresholds: Thresholds, tell: Callable[[str], str | None] = language_of
) -> list[float | None]:
    """The threshold that each text's language has of its own; None: the usual one holds.

    No language is told where none has a threshold, for telling takes longer than many a verdict.
    """
    if not any(value is not None for value in thresholds.values()):
        return [None] * len(texts)
    return [thresholds.get(tell(text) or "en") for text in texts]
