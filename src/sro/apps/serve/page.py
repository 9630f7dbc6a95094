"""The page at `/`: files from one folder."""

from __future__ import annotations

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sro.apps.serve.errors import Refusal


class Page(StaticFiles):
    """Files for GET and HEAD; other methods get 405 if there is a file, and 404 if there is none."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or an error."""
        found = await super().get_response(path, {**scope, "method": "GET"})  # raises 404, for invalid names too
        if scope["method"] in ("GET", "HEAD"):
            return found
        raise Refusal(405, "this path takes GET only", allow="GET, HEAD")
