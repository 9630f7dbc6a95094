"""Requests to a server that the user has named, and to no other."""

from __future__ import annotations

import urllib.request
from typing import Any


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """For `build_opener`: a redirect is an HTTPError. Followed, it would carry comment and key to somebody else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Go nowhere."""
        return None
