"""Requests to a server that the user has named, and to no other."""

from __future__ import annotations

import urllib.request
from typing import Any


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """For `build_opener`: a redirect is an HTTPError. Following it would send the comment and the key elsewhere."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Do not follow the redirect."""
        return None
