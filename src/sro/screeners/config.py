"""Options that choose the screener and what it fails; all commands and the service share them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class ScreenerArguments:
    """The screener and what it fails; `sro.screeners.loading.load_named_screener` takes these."""

    screener: str = field(
        default="embedded",
        metadata={
            "help": "screener that judges: `embedded` (a transformer that reads context and scores six attributes), "
            "`embedded/linear` (n-grams, a hundred times as fast), the folder of one, or a classifier's hub name"
        },
    )
    toxic_labels: list[str] = field(
        default_factory=list,
        metadata={
            "help": "labels of a Hugging Face classifier that count as toxic (default: those whose names say so)"
        },
    )
    fail_on: list[str] = field(
        default_factory=list,
        metadata={
            "help": "attributes that fail a text (any of them does), e.g. insult threat; for encoder screeners "
            "(default: toxicity)"
        },
    )
