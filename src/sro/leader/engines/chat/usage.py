"""Requests to a chat server and their cost, counted over all threads and reported in one line."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Usage:
    """Counts of one generator.

    Attributes:
        price_in, price_out: price of a million tokens read and written, in whatever currency; None: unknown.
        tokens_in, tokens_out: as the server counts them; servers that do not count leave them at 0.
        counts: `requests`, `retries`, and answers by their kind: `rewrites`, `declined`, `obeyed`, `no_answer`.
        faults: failed tries, by their message.
    """

    price_in: float | None = None
    price_out: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, what: str, number: int = 1) -> None:
        """Add `number` to the count of `what`."""
        with self._lock:
            self.counts[what] += number

    def count_fault(self, fault: str) -> None:
        """Count one more failed try."""
        with self._lock:
            self.faults[fault] += 1

    def count_tokens(self, read: int, written: int) -> None:
        """Add the tokens of one more request."""
        with self._lock:
            self.tokens_in += read
            self.tokens_out += written

    @property
    def cost(self) -> float | None:
        """The cost in the currency of the prices; None if no price was named."""
        if self.price_in is None and self.price_out is None:
            return None
        return (self.tokens_in * (self.price_in or 0.0) + self.tokens_out * (self.price_out or 0.0)) / 1e6

    def __str__(self) -> str:
        """One line, e.g. "12 requests (1 tried again), 10,240 tokens read, 301 written, cost 0.0025; 14 rewrites"."""
        with self._lock:
            counts, faults = Counter(self.counts), Counter(self.faults)
            tokens_in, tokens_out, cost = self.tokens_in, self.tokens_out, self.cost
        again = f" ({counts['retries']:,} tried again)" if counts["retries"] else ""
        parts = [f"{counts['requests']:,} request{'' if counts['requests'] == 1 else 's'}{again}"]
        parts += [f"{tokens_in:,} tokens read", f"{tokens_out:,} written"]
        if cost is not None:
            parts.append(f"cost {cost:.4f}")
        answers = [f"{counts['rewrites']:,} answers used"]
        named = {"declined": "declined", "obeyed": "obeyed the comment", "no_answer": "not given"}
        answers += [f"{counts[name]:,} {words}" for name, words in named.items() if counts[name]]
        line = f"{', '.join(parts)}; {', '.join(answers)}"
        if faults:
            line += "; faults: " + ", ".join(f"{number:,} × {fault}" for fault, number in faults.most_common(4))
        return line
