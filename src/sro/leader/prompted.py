"""The base class of generators with the leader's own tokenizer: they know which comments fit their prompt."""

from __future__ import annotations

from typing import Any

from sro.core.errors import SROError
from sro.leader.token_ids import prompt_ids


class Prompted:
    """A generator with a tokenizer and a prompt.

    Attributes:
        tokenizer: the leader's.
        prompt: template with `{text}`.
        max_prompt_length: tokens of prompt and comment together; more are an error.
    """

    tokenizer: Any
    prompt: str
    max_prompt_length: int

    def fits(self, comment: str) -> bool:
        """Whether the comment's prompt is short enough."""
        try:
            return bool(prompt_ids(self.tokenizer, self.prompt, [comment], self.max_prompt_length))
        except SROError:
            return False
