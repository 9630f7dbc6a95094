"""Requests to a server that the user has named, and to no other: its address, its key, no redirects."""

from __future__ import annotations

import os
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from sro.core.errors import SROError


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """For `build_opener`: a redirect is an HTTPError. Following it would send the comment and the key elsewhere."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Do not follow the redirect."""
        return None


def check_url(url: str, example: str, place_of_key: str) -> str:
    """The address without a slash at its end.

    Args:
        example: a flag with a right address, for the message.
        place_of_key: where the server's key belongs, for the message.

    Raises:
        SROError: it is no http(s) address, or may hold a password or a key; the message then does not quote it.
    """
    url = url.strip()
    host = url.partition("://")[2].partition("/")[0] if "://" in url else url
    if any(sign in where for sign, where in (("@", host), ("?", url), ("#", url))):
        raise SROError(
            "the server's address holds more than an address (a user, a query or a fragment), and it is logged\n"
            f"  fix: put the key into {place_of_key}, and give the address alone"
        )
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # half a bracket, or a port that is no number
        usable = False
    if not usable:
        # It may be a key, or hold a password with a slash in it.
        shown = repr(url) if "://" in url and "@" not in url else "the server's address"
        raise SROError(f"{shown} is no http:// or https:// address\n  fix: {example}")
    return url.rstrip("/")


def read_key(variable: str) -> str | None:
    """The key in an environment variable, without white space around it; None: the variable is not set, or blank.

    Files of settings and secrets often put a line break behind a key. Clients refuse it, and every other sign that no
    header may hold, with an error that quotes the key.

    Raises:
        SROError: the key holds such a sign; the message does not quote it.
    """
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise SROError(
            f"the environment variable {variable} holds a line break or another sign that no key has\n"
            f"  fix: put the server's key into {variable}, and nothing else"
        )
    return key or None
