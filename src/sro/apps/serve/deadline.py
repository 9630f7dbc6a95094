"""When a request must be answered, whatever it has to wait for on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Deadline:
    """`limit` seconds from the moment it is made. One request has one, however many pieces it is cut into."""

    limit: float
    end: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", time.monotonic() + self.limit)

    @property
    def left(self) -> float:
        """Seconds; 0.0 when it has passed."""
        return max(0.0, self.end - time.monotonic())
