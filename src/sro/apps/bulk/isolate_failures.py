"""If one row makes a batch fail, that row becomes an error and the other rows are processed without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sro.core.errors import SROError

A = TypeVar("A")
LENGTH = 300  # maximum number of characters kept of an error


def isolate_failures(work: Callable[[Sequence[str]], Sequence[A]], texts: Sequence[str]) -> list[A | Exception]:
    """Return the answers to the texts; a text that fails on its own gets its exception as the answer.

    A failing batch is halved until each failing text is alone, so one costs about 2·log₂(batch) more calls.

    Raises:
        SROError: the work itself raised one, or all of several texts fail, so the texts are not the cause.
    """
    answers = _halving(work, texts)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    if len(failed) == len(texts) > 1:
        raise SROError(
            f"all {len(texts):,} rows failed, the first with {described(failed[0])}, so the cause is not a single row"
        ) from failed[0]
    return answers


def described(error: Exception) -> str:
    """`ValueError: message`, cut to `LENGTH` characters."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def _halving(work: Callable[[Sequence[str]], Sequence[A]], texts: Sequence[str]) -> list[A | Exception]:
    if not texts:
        return []
    try:
        return list(work(texts))
    except SROError:
        raise  # never caused by a text, by contract: a server that is gone, a model that does not fit
    except Exception as error:
        if len(texts) == 1:
            return [error]
    half = len(texts) // 2
    return _halving(work, texts[:half]) + _halving(work, texts[half:])
