"""Does a rewrite say no as often as its comment? The cheapest way to turn a meaning round is a "not" more or less.

Neither cosine nor grammar sees it ("that shit ain 't fun" → "that is fun"), and a leader finds "not honest", "not
smart" and "not good" to be stopgaps that every toxicity screener passes. So a panel may hold it to the comment's
count. People change it in 8 % of their rewrites ("is shit" → "is not good"), where another word would have done.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sro.screeners import Verdict
from sro.screeners.panel import paired

# Also as corpora split it ("isn 't") and as people type it ("isnt").
NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|without|zero"
    r"|(?:ca|do|does|did|is|was|are|were|wo|ai|could|should|would|have|has|had)nt)\b|(?<=[n\s])['’´]t\b"
)


def negations(text: str) -> int:
    """How often a text says no."""
    return len(NEGATION.findall(text.lower()))


@dataclass(frozen=True)
class NegationScreener:
    """Passes a text that says no exactly as often as its source; rules, so P(fail) is 0 or 1."""

    name: str = "negation 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. Raises SROError without `sources`, or with a number of them other than of texts."""
        return [
            Verdict("pass", 0.0, self.name)
            if negations(text) == negations(source)
            else Verdict("fail", 1.0, self.name)
            for text, source in zip(texts, paired(self.name, texts, sources))
        ]
