"""API keys: created once, shown once, stored as hashes; and the rate limit of each key.

A file of keys has one line per key, `name sha256:…`; text after a `#` is ignored. A key is 256 random bits, or was
made elsewhere and is long, so its plain hash can be neither guessed nor reversed, and needs no salt.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sro.core.errors import SROError

NAME = re.compile(r"[\w.@-]{1,64}")
LINE = re.compile(rf"({NAME.pattern})\s+sha256:([0-9a-f]{{64}})")
PREFIX = "sro_"
"""Prefix of keys made here, so that a person who finds a key knows what it is for."""
SHORTEST = 20
"""Fewest characters of a key made elsewhere, so that its hash cannot be guessed. Google's keys have 39."""


def read_keys(path: str | Path) -> dict[str, str]:
    """Names by hash.

    Raises:
        SROError: the file cannot be read, is empty, or has a line that is not a key; with the line's number.
    """
    names = _names(path, _lines(path))
    if not names:
        raise SROError(f"{path}: holds no key\n  fix: sro serve add-key NAME --keys {path}")
    return names


def _lines(path: str | Path) -> list[str]:
    try:
        # without the byte order mark that some editors on Windows put first
        return Path(path).read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: the keys cannot be read: {error}") from error


def _names(path: str | Path, lines: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        match = LINE.fullmatch(words)
        if match is None:
            raise SROError(f"{path}:{number}: expected `name sha256:…`, as `sro serve add-key` writes it")
        names[match[2]] = match[1]
    return names


def add_key(path: str | Path, name: str, key: str | None = None) -> str:
    """Make a key, or take `key`; append its hash to the file and return the key, which cannot be recovered later.

    Raises:
        SROError: the name is in use or invalid, the key is too short, or the file cannot be written.
    """
    if not NAME.fullmatch(name):
        raise SROError(f"{name!r} is no name for a key: letters, digits and _ . @ - (64 at most)")
    path = Path(path)
    written = _lines(path) if path.exists() else []
    if name in _names(path, written).values():
        raise SROError(f"{path} has a key '{name}'; take another name, or remove its line")
    if key is None:
        key = f"{PREFIX}{secrets.token_urlsafe(32)}"
    elif len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise SROError(
            f"a key needs at least {SHORTEST} printable ASCII characters and no spaces\n"
            "  fix: leave out --existing to have a new key made"
        )
    try:
        # Private to the owner, although the hashes reveal nothing except the names.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a", encoding="utf-8") as file:
            if written and not written[-1].endswith(("\n", "\r")):  # some editors and programs leave out the line end
                file.write("\n")
            file.write(f"{name} sha256:{digest(key)}\n")
    except OSError as error:
        raise SROError(f"{path}: cannot be written: {error.strerror}") from error
    return key


def digest(key: str) -> str:
    """SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def presented(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The key of a request: a bearer token (OpenAI's clients), `X-API-Key`, or as Google's clients send it."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or query.get("key") or None


class RateLimit:
    """Limits the requests per minute for each name: a full minute's worth at once, refilled evenly.

    Args:
        a_minute: requests per minute; 0: no limit.
        clock: returns seconds.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.a_minute, self.clock = a_minute, clock
        self._left: dict[str, tuple[float, float]] = {}  # by name: requests left, and at what time

    def take(self, name: str) -> float:
        """Count a request; return the seconds until one is allowed, 0.0 if this one is."""
        if not self.a_minute:
            return 0.0
        now, a_second = self.clock(), self.a_minute / 60
        left, then = self._left.get(name, (float(self.a_minute), now))
        left = min(float(self.a_minute), left + (now - then) * a_second)
        self._left[name] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / a_second
