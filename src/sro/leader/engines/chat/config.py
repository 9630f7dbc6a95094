"""The settings of a chat server, as flags and as YAML. They never hold the key, only the name of its variable."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sro.core.errors import SROError

KEY = "OPENAI_API_KEY"
"""Environment variable of the key if none is named."""
NAMED_ONLY = ("chat_url", "chat_model", "chat_prompt", "chat_key_env", "chat_price_in", "chat_price_out")
"""Settings that are refused with another engine. The others have defaults, so it is unknown if a user set them."""


@dataclass(frozen=True, kw_only=True)
class ChatSettings:
    """All settings except the address.

    Raises:
        SROError: a number outside its range.
    """

    chat_model: str | None = field(
        default=None, metadata={"help": "chat: name of the model (default: the server's, where it lists one alone)"}
    )
    chat_prompt: str | None = field(
        default=None, metadata={"help": "chat: YAML file with instructions and examples (default: the shipped one)"}
    )
    chat_key_env: str | None = field(
        default=None,
        metadata={
            "help": "chat: environment variable that holds the server's key (default: OPENAI_API_KEY, which goes to "
            "https://api.openai.com and to this machine alone)"
        },
    )
    chat_timeout: float = field(default=60.0, metadata={"help": "chat: seconds for one request"})
    chat_retries: int = field(
        default=4, metadata={"help": "chat: retries of a request that failed or was rate-limited"}
    )
    chat_concurrency: int = field(default=4, metadata={"help": "chat: requests under way at the same time"})
    chat_max_tokens: int = field(
        default=512, metadata={"help": "chat: longest answer in tokens; reasoning models need thousands"}
    )
    chat_price_in: float | None = field(
        default=None, metadata={"help": "chat: price of a million input tokens, to print the cost at the end"}
    )
    chat_price_out: float | None = field(default=None, metadata={"help": "chat: price of a million output tokens"})

    def check(self) -> None:
        """Raise SROError if a number is out of its range."""
        for name, least in (("chat_timeout", 0.001), ("chat_retries", 0), ("chat_concurrency", 1)):
            if getattr(self, name) < least:
                raise SROError(f"--{name} {getattr(self, name)} must be at least {least}")
        if self.chat_max_tokens < 1:
            raise SROError(f"--chat_max_tokens {self.chat_max_tokens} must be at least 1")
        for name in ("chat_price_in", "chat_price_out"):
            if (getattr(self, name) or 0.0) < 0:
                raise SROError(f"--{name} {getattr(self, name)} must not be negative")


@dataclass(frozen=True, kw_only=True)
class ChatArguments(ChatSettings):
    """The address and the settings of a chat server."""

    chat_url: str | None = field(default=None, metadata={"help": "chat: e.g. http://localhost:11434/v1 (Ollama)"})


def gets_the_usual_key(url: str) -> bool:
    """Whether `OPENAI_API_KEY` is sent there by default: to OpenAI itself, encrypted, or to this machine."""
    parts = urlsplit(url)
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return True
    return parts.scheme == "https" and parts.hostname == "api.openai.com"
