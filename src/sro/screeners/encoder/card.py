"""The card of an encoder screener, `encoder.json`: which attributes it scores, how, and in which languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sro.core.errors import SROError
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.languages import Thresholds, read_languages

CARD = "encoder.json"
FORMAT = 1


@dataclass(frozen=True)
class Card:
    """What `encoder.json` says.

    Attributes:
        sha256: Of the graph, `model.onnx`.
        longest: Most tokens of a window.
        calibration: Attribute → scale and shift of its logit. Only these attributes are scored.
        thresholds: The same attributes → lowest probability at which it counts as present.
        languages: Languages that it reads (`encoder.languages`).
    """

    sha256: str
    longest: int
    calibration: Mapping[str, tuple[float, float]]
    thresholds: Mapping[str, float]
    languages: Thresholds


def read_card(path: Path) -> Card:
    """Read the card. Attributes are in the order of `ATTRIBUTES`.

    Raises SROError if it is damaged, or of another format.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        supported = about["format"] == FORMAT
        found = {name: about["calibration"][name] for name in ATTRIBUTES if name in about["calibration"]}
        calibration = {name: (float(scale), float(shift)) for name, (scale, shift) in found.items()}
        thresholds = {name: float(about["thresholds"][name]) for name in calibration}
        longest, digest = int(about["longest"]), str(about["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise SROError(f"{path} is damaged: {error!r}\n  fix: train or export the screener again") from None
    if not supported:
        raise SROError(f"{path} has format {about['format']}, and this sro reads {FORMAT}\n  fix: update sro")
    if not calibration:
        raise SROError(f"{path} is damaged: it names no attribute\n  fix: train or export the screener again")
    return Card(digest, longest, calibration, thresholds, read_languages(about, path))
