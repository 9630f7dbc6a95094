"""Read a chat server's replies: choices, tokens, and how long to wait. Pure functions."""

from __future__ import annotations

import email.utils
import json
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """One answer: what it says, and whether the server ended it by itself, declined, or cut it off."""

    text: str
    finished: bool = True
    declined: bool = False


def read_choices(answer: Any) -> list[Choice]:
    """The choices in the JSON of an answer; invalid choices are left out."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    found = []
    for choice in choices if isinstance(choices, list) else []:
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            continue
        reason = choice.get("finish_reason")
        if message.get("refusal") or reason == "content_filter":
            found.append(Choice("", declined=True))
        elif isinstance(message.get("content"), str):
            found.append(Choice(message["content"], finished=reason != "length"))
        elif reason == "length":  # its reasoning used up the token limit; another try would do the same
            found.append(Choice("", finished=False))
    return found


def read_tokens(answer: Any) -> tuple[int, int]:
    """Tokens read and written, by the JSON of an answer; 0 if it does not say."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    counts = (
        [usage.get(name) for name in ("prompt_tokens", "completion_tokens")] if isinstance(usage, dict) else [0, 0]
    )
    read, written = (count if isinstance(count, int) and count > 0 else 0 for count in counts)
    return read, written


def asked_to_wait(header: str) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date; None if it is neither."""
    try:
        seconds = float(header)
        return seconds if 0 <= seconds < float("inf") else None
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def shortened_json(answer: Any, most: int = 300) -> str:
    """An answer in a line of at most so many characters, for messages."""
    text = " ".join((answer if isinstance(answer, str) else json.dumps(answer, default=str)).split())
    return text if len(text) <= most else text[: most - 1] + "…"
