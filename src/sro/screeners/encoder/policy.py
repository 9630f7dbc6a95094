"""Which attributes of an encoder screener fail a text, and at which probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sro.core.errors import SROError
from sro.screeners.encoder.attributes import ATTRIBUTES


@dataclass(frozen=True)
class Policy:
    """The attributes that fail a text, and their thresholds.

    >>> Policy({"INSULT": 0.7, "THREAT": 0.5}).decide({"INSULT": 0.2, "THREAT": 0.9, "PROFANITY": 1.0})
    (True, 0.9)
    """

    fail_on: Mapping[str, float]

    def __post_init__(self) -> None:
        unknown = [name for name in self.fail_on if name not in ATTRIBUTES]
        if unknown or not self.fail_on:
            raise SROError(
                f"no attribute of an encoder screener: {', '.join(unknown) or '(none given)'}"
                f"\n  fix: name at least one of {', '.join(ATTRIBUTES)}"
            )

    def at(self, threshold: float | None) -> Policy:
        """The same policy with another threshold for TOXICITY. Unchanged for None, or if it does not name TOXICITY."""
        if threshold is None or "TOXICITY" not in self.fail_on:
            return self
        return Policy({**self.fail_on, "TOXICITY": threshold})

    def decide(self, probabilities: Mapping[str, float]) -> tuple[bool, float]:
        """Whether a text fails, and the probability of the attribute that is furthest above its threshold."""
        decisive = self.decisive(probabilities)
        return probabilities[decisive] >= self.fail_on[decisive], probabilities[decisive]

    def decisive(self, probabilities: Mapping[str, float]) -> str:
        """The attribute that is furthest above its threshold."""
        return max(self.fail_on, key=lambda name: probabilities[name] - self.fail_on[name])


def usual_policy(thresholds: Mapping[str, float]) -> Policy:
    """The policy of a screener that scores these attributes: TOXICITY or, if it is not among them, each of them.

    >>> usual_policy({"INSULT": 0.7, "THREAT": 0.5}).fail_on
    {'INSULT': 0.7, 'THREAT': 0.5}
    """
    return Policy({"TOXICITY": thresholds["TOXICITY"]} if "TOXICITY" in thresholds else thresholds)
