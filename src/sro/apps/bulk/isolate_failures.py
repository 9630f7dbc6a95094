"""One row that breaks the work must not cost the others: it becomes an error, and they are worked on without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sro.core.errors import SROError

A = TypeVar("A")
LENGTH = 300  # characters of an error that are kept


def isolate_failures(work: Callable[[Sequence[str]], Sequence[A]], texts: Sequence[str]) -> list[A | Exception]:
    """What the work makes of the texts, or the exception that one of them alone raises.

    A batch that fails is halved until the culprits are alone, so a single one costs about 2·log₂(batch) more calls.

    Raises:
        SROError: the work itself raised one, or all of several texts fail: then the fault is not theirs.
    """
    answers = _halving(work, texts)
    failed = [answer for answer in answers if isinstance(answer, Exception)]
    if len(failed) == len(texts) > 1:
        raise SROError(
            f"all {len(texts):,} rows failed, the first with {described(failed[0])}, so the cause is not a single row"
        ) from failed[0]
    return answers


def described(error: Exception) -> str:
    """`ValueError: what it says`, of bounded length."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def _halving(work: Callable[[Sequence[str]], Sequence[A]], texts: Sequence[str]) -> list[A | Exception]:
    if not texts:
        return []
    try:
        return list(work(texts))
    except SROError:
        raise  # by contract never the fault of a text: a server that is gone, a model that does not fit
    except Exception as error:
        if len(texts) == 1:
            return [error]
    half = len(texts) // 2
    return _halving(work, texts[:half]) + _halving(work, texts[half:])
