"""What is wrong with a move that anyone can see: rules of text alone, for the game and for rewriting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sro.leader.generation import Completion

Fault = Literal["empty", "unfinished", "repeating"]


def repeats(text: str, source: str = "") -> bool:
    """Whether a text says a word three times running, or a phrase of two to six words twice running, and its source
    does not."""

    def stutters(sentence: str) -> bool:
        words = sentence.lower().split()
        triple = any(words[i] == words[i + 1] == words[i + 2] for i in range(len(words) - 2))
        return triple or any(
            words[i : i + n] == words[i + n : i + 2 * n] for n in range(2, 7) for i in range(len(words) - 2 * n + 1)
        )

    return stutters(text) and not stutters(source)


def completion_fault(move: Completion, source: str) -> Fault | None:
    """What is wrong with the shape of a move, if anything."""
    if not move.text:
        return "empty"
    if not move.finished:
        return "unfinished"
    return "repeating" if repeats(move.text, source) else None
