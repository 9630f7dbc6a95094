"""A limit in seconds for what has none of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def limited(seconds: float, what: str) -> Iterator[None]:
    """Raises TimeoutError after so many seconds, and again after as many more if something swallowed the first.

    An expectation of Playwright's ends by itself, but a script and a key that are sent to a page wait for it for ever,
    and a page that hangs would hang the whole run.
    """

    def give_up(*_: Any) -> None:
        raise TimeoutError(f"{what} did not end within {seconds:g} s")

    handler = signal.signal(signal.SIGALRM, give_up)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)
