"""What an encoder knows after its training: the attributes that it scores, their calibration, and its languages.

An encoder scores only what it was taught: attributes that its training rows label, and those of the encoder that it
starts from (`--init`), whose heads it keeps. The heads of the others are at their random start, so it says nothing
about them. An attribute keeps its earlier calibration and threshold if there are no new labels to calibrate it on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sro.core.errors import SROError
from sro.screeners.base import sigmoid
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.calibration import balanced_threshold, fit_to_prior
from sro.screeners.encoder.card import CARD, Card, read_card
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.languages import LEARNT
from sro.screeners.encoder.mixture import target_matrix
from sro.screeners.shipped import screener_folder

logger = logging.getLogger(__name__)

OWN = "own"
"""Source of the rows in a user's own files; all other rows come from the public sets."""
NATURAL = frozenset({"jigsaw6_small", "jigsaw_binary20k", "jigsaw_toxic", "wikipedia_talk"})
"""Sets of whole comments of one forum. TOXICITY is calibrated on these, because they resemble the texts of a forum."""
FEWEST_NATURAL = 300
FEWEST = 5
"""An attribute is calibrated if at least this many held-out texts have it, and as many have not."""
PRIOR = {"TOXICITY": 0.1}
OTHER_PRIOR = 0.25
"""Share of texts with an attribute for which its probability is calibrated. For TOXICITY, it is about the share in a
forum. The other attributes are so rare there that a probability calibrated to their share would never reach a half."""
COST_OF_FALSE_ALARMS = {"TOXICITY": 2.0}
"""Cost of a false alarm relative to a miss. TOXICITY decides what passes, and failing a civil comment is worse than
passing a rude one."""


@dataclass(frozen=True)
class Calibrated:
    """P = sigmoid(scale · logit + shift) of an attribute, and its threshold."""

    scale: float
    shift: float
    threshold: float


UNCALIBRATED = Calibrated(1.0, 0.0, 0.5)


@dataclass(frozen=True)
class Knowledge:
    """What an encoder can say after its training.

    Attributes:
        learnt: Attributes that some training rows have and others have not.
        before: Card of the encoder that training starts from; None if it starts without a trained head.
        languages: Languages that it reads besides English.
    """

    learnt: tuple[str, ...]
    before: Card | None
    languages: tuple[str, ...]

    @property
    def taken_over(self) -> tuple[str, ...]:
        """Attributes that only the encoder before has learnt."""
        return tuple(name for name in self.before.calibration if name not in self.learnt) if self.before else ()

    @property
    def scored(self) -> tuple[str, ...]:
        """All attributes that it scores, in the order of `ATTRIBUTES`."""
        return tuple(name for name in ATTRIBUTES if name in {*self.learnt, *self.taken_over})

    def __str__(self) -> str:
        others = [name for name in ATTRIBUTES if name not in self.scored]
        parts = {"learns": self.learnt, "takes over from --init": self.taken_over, "does not score": others}
        return "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)

    def card(self, found: Mapping[str, Calibrated]) -> dict[str, Any]:
        """The entries of the card about attributes and languages.

        Args:
            found: New calibration of the attributes that had enough rows.
        """
        known = {name: UNCALIBRATED for name in self.scored}
        told: dict[str, float | None] = dict.fromkeys(self.languages)
        if self.before is not None:
            thresholds = self.before.thresholds
            known |= {name: Calibrated(*both, thresholds[name]) for name, both in self.before.calibration.items()}
            if "TOXICITY" not in found:  # else a language's own threshold is for probabilities of another calibration
                told |= {code: own for code, own in self.before.languages.items() if code in told}
        known |= found
        return {
            "learnt": list(self.learnt),
            "taken_over": list(self.taken_over),
            "calibration": {name: [known[name].scale, known[name].shift] for name in self.scored},
            "thresholds": {name: known[name].threshold for name in self.scored},
            "languages": told,
        }


def knowledge_from(rows: Sequence[Row], init: str | None) -> Knowledge:
    """What an encoder will know that learns from `rows`.

    Args:
        rows: Training rows.
        init: Name or folder of the encoder to go on from; None: the base model.

    Logs a warning for each attribute whose labels are all above or all below a half.

    Raises SROError if it would score no attribute, or if the card of `init` is damaged.
    """
    card = None if init is None else screener_folder(init) / CARD
    before = read_card(card) if card is not None and card.is_file() else None  # a critic has no such card
    columns = dict(zip(ATTRIBUTES, target_matrix(list(rows)).T))
    learnt = tuple(name for name, labels in columns.items() if _both(labels, fewest=1))
    for name, labels in columns.items():
        if name not in learnt and not np.isnan(labels).all():
            logger.warning(
                "%s: all labels are on one side of a half, so training moves it there; add rows of the other side, "
                "or leave these labels out",
                name,
            )
    if not learnt and before is None:
        raise SROError(
            "nothing to learn from: no attribute has labels below and above a half"
            "\n  fix: add rows of the missing kind, or go on from an encoder with --init embedded/encoder"
        )
    public = LEARNT if any(row.source != OWN for row in rows) else ()
    languages = {*public, *(before.languages if before is not None else ())} - {"en"}
    return Knowledge(learnt, before, tuple(sorted(languages)))


def calibrate(knowledge: Knowledge, logits: NDArray[np.float64], rows: Sequence[Row]) -> dict[str, Calibrated]:
    """Calibrate the attributes that were learnt, for the shares of `PRIOR`; `balanced_threshold` gives the thresholds.

    Logs a warning for each attribute that has too few rows.

    Args:
        knowledge: Says which attributes were learnt.
        logits: Of `rows`, shape [rows, `knowledge.scored`].
        rows: Rows that were held out of training.
    """
    targets = target_matrix(list(rows)).astype(np.float64)
    natural = np.array([row.source in NATURAL for row in rows], dtype=bool)
    found = {}
    for name in knowledge.learnt:
        labels, its_logits = targets[:, ATTRIBUTES.index(name)], logits[:, knowledge.scored.index(name)]
        if not _both(labels, FEWEST):
            logger.warning(
                "%s is not calibrated: fewer than %d held-out texts have it, or have it not; %s. "
                "A larger --development, or more rows, would help.",
                *(name, FEWEST),
                "it keeps the calibration of --init"
                if knowledge.before and name in knowledge.before.calibration
                else "its probabilities may be far off",
            )
            continue
        known = ~np.isnan(labels)
        fitted = known & natural if name == "TOXICITY" and (known & natural).sum() >= FEWEST_NATURAL else known
        scale, shift = fit_to_prior(its_logits[fitted], labels[fitted], PRIOR.get(name, OTHER_PRIOR))
        probabilities = sigmoid(scale * its_logits[known] + shift)
        cost = COST_OF_FALSE_ALARMS.get(name, 1.0)
        found[name] = Calibrated(scale, shift, balanced_threshold(probabilities, labels[known] >= 0.5, cost))
    return found


def _both(labels: NDArray[np.floating], fewest: int) -> bool:
    """Whether at least `fewest` labels are above a half, and as many below."""
    return bool(min((labels >= 0.5).sum(), (labels < 0.5).sum()) >= fewest)
