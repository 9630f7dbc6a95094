"""The application: endpoints, gate, health, the page. Its parts are made elsewhere, so that tests can pass their own.

app = make_app(parts, service)
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from sro.apps.serve import api, compat, state
from sro.apps.serve.body import needs_json
from sro.apps.serve.errors import Refusal, reply
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.middleware import Gate
from sro.apps.serve.page import Page
from sro.apps.serve.settings import LAST_BATCH, Service

WEB = Path(__file__).parent / "web"
NOTHING_HERE = "there is nothing at this path; /openapi.json describes what there is"
DESCRIPTION = "Screens comments, and rewrites those that are refused. Errors: `{error: {code, status, message}}`."


def make_app(
    parts: Parts,
    service: Service,
    *,
    keys: Mapping[str, str] | None = None,
    metrics: Metrics | None = None,
    web: Path = WEB,
) -> FastAPI:
    """Make the application.

    Args:
        parts: the lanes; the application starts and closes them.
        service: limits.
        keys: names by hash, see `sro.apps.serve.keys`; None: no key is required.
        metrics: collects the numbers; by default a new one.
        web: folder of the page at `/`; it may be missing.
    """
    metrics = metrics or Metrics()
    metrics.lanes(parts.lanes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for lane in parts.lanes:
            lane.start()
        if parts.shadow is not None:
            parts.shadow.start(metrics.shadowed)
        yield
        until = time.monotonic() + LAST_BATCH  # for all lanes: every request was answered or cancelled before
        if parts.shadow is not None:
            parts.shadow.close(1.0)
        for lane in parts.lanes:
            lane.close(max(0.0, until - time.monotonic()))

    # No page for the documentation: FastAPI's own pages load their scripts from another host.
    app = FastAPI(
        title="sro",
        version=version("sro"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    json = [Depends(needs_json)]
    app.include_router(api.router(parts, service, metrics), dependencies=json)
    app.include_router(compat.router(parts, service, metrics), dependencies=json)
    app.include_router(compat.batch_router(service))
    app.include_router(state.router(parts, service, metrics))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    if web.is_dir():  # for paths without an endpoint; a mount would hide that a path takes POST only
        app.router.default = Page(directory=web, html=True)
    app.add_middleware(Gate, service=service, keys=keys, metrics=metrics)
    if service.cors:  # outside the gate, so that a page can read its refusals too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=service.cors,
            allow_methods=["GET", "POST"],
            # Any: OpenAI's and Google's clients add headers of their own, more with each release, and a header gives
            # no access. Origin and key decide who may ask; cookies and the browser's passwords are not used.
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    return app


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return reply(request.url.path, Refusal(400, _describe_first_error(error.errors())))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and not isinstance(error, Refusal):
        error = Refusal(404, NOTHING_HERE)
    elif error.status_code == 400 and not isinstance(error, Refusal):  # errors of the JSON parser
        error = Refusal(400, "the body is not JSON in UTF-8, or too deeply nested")
    elif error.status_code == 405 and not isinstance(error, Refusal):
        allow = (error.headers or {}).get("Allow", "")
        error = Refusal(405, f"this path takes {allow or 'another method'} only", allow=allow)
    return reply(request.url.path, error)


def _describe_first_error(errors: Sequence[Mapping[str, Any]]) -> str:
    """The place and kind of the first error, without the value that was sent."""
    first = errors[0]
    where = ".".join(str(step) for step in first["loc"] if step != "body")
    if first["type"] == "json_invalid":
        return "the body is not JSON"
    if first["type"] == "extra_forbidden":
        where = where[:64].encode("ascii", "backslashreplace").decode()
    message = PLAINLY.get(first["type"]) or str(first["msg"]).removeprefix("Value error, ").replace("Input", "it")
    return f"{where}: {message}" if where else f"the body: {message}"


PLAINLY = {
    "missing": "this field is needed; /openapi.json describes the request",
    "extra_forbidden": "there is no such field; /openapi.json describes the request",
    "list_type": "must be a list, in square brackets",
    "model_attributes_type": "must be a JSON object; /openapi.json describes the request",
    "too_short": "must not be empty",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "string_type": "must be text",
}
"""Messages for failed type checks, by pydantic's names for them."""
