"""The logs of a training step, and the share of its completions that are not sentences. Needs no library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Step = Mapping[str, Any]


def bad_share(logs: Step) -> float | None:
    """Share of completions that are empty, repeat themselves or were cut off; None if that was not logged.

    The log has only the three rates, so a completion with two faults counts twice. The result is an upper bound, cut
    at 1.
    """
    rates = [logs[name] for name in ("empty_rate", "repeat_rate", "completions/clipped_ratio") if name in logs]
    return min(1.0, sum(rates)) if rates else None
