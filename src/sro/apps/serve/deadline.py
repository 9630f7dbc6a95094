"""The time by which a request must be answered, including all waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Deadline:
    """`limit` seconds from its creation. A request has one deadline, however many pieces it is cut into."""

    limit: float
    end: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", time.monotonic() + self.limit)

    @property
    def left(self) -> float:
        """Seconds left; 0.0 after the deadline."""
        return max(0.0, self.end - time.monotonic())
