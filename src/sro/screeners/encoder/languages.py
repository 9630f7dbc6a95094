"""The languages that an encoder screener reads; some have their own threshold.

The card of a screener (`encoder.json`) may list them: `"languages": {"de": 0.31, "es": null}` names every language
that it reads besides English. null means the usual threshold of TOXICITY. A card without this entry means `LEARNT`.
Training enters only the languages of the public sets and of the encoder that it starts from; enter others by hand, or
with `sro experiment languages --write_thresholds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sro.comments.languages import language_of
from sro.core.errors import SROError

LEARNT = ("ar", "de", "es", "fr", "hi", "it", "ko", "nl", "pl", "pt", "ru", "zh")
"""Languages besides English with labels or contrast sentences in training (`sources`, `assets/contrast`).

The base model has been trained on about a hundred languages, and the labels transfer to many of them.
`sro experiment languages` measures to how many. Only the languages listed here were in the fine-tuning data.
"""

Thresholds = Mapping[str, float | None]
"""Language → its own threshold for TOXICITY; None: the usual threshold."""


def read_languages(about: Mapping[str, Any], where: object) -> dict[str, float | None]:
    """The languages of a card, English among them.

    Raises:
        SROError: a threshold is outside (0, 1]; the message names `where`.
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
    """The own threshold of each text's language; None: the usual threshold.

    If no language has its own threshold, languages are not detected, because detection often takes longer than a
    verdict.
    """
    if not any(value is not None for value in thresholds.values()):
        return [None] * len(texts)
    return [thresholds.get(tell(text) or "en") for text in texts]
