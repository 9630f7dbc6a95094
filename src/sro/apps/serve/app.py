"""The application: endpoints, gate, health, the page. Its parts are made elsewhere, so tests bring their own.

app = make_app(parts, service)
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from sro.apps.serve import api, compat
from sro.apps.serve.errors import Refusal, Reply, reply
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import CONTENT_TYPE_LATEST, Metrics
from sro.apps.serve.middleware import Gate
from sro.apps.serve.schemas import StateResponse
from sro.apps.serve.settings import LAST_BATCH, Service

WEB = Path(__file__).parent / "web"
DESCRIPTION = "Screens comments, and rewrites those that are refused. Errors: `{error: {code, status, message}}`."


def make_app(
    parts: Parts,
    service: Service,
    *,
    keys: Mapping[str, str] | None = None,
    languages: Sequence[str] = ("en",),
    metrics: Metrics | None = None,
    web: Path = WEB,
) -> FastAPI:
    """The application.

    Args:
        parts: the lanes; started and closed with the application.
        service: limits.
        keys: names by hash, see `sro.apps.serve.keys`; None: no key is asked for.
        languages: what the screener reads.
        metrics: where numbers go; by default its own.
        web: folder of the page at `/`; need not be there.
    """
    metrics = metrics or Metrics()
    metrics.lanes(parts.lanes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for lane in parts.lanes:
            lane.start()
        yield
        until = time.monotonic() + LAST_BATCH  # for all of them: every request was answered or given up before
        for lane in parts.lanes:
            lane.close(max(0.0, until - time.monotonic()))

    # No page for the documentation: FastAPI's own ask another host for their scripts.
    app = FastAPI(
        title="sro",
        version=version("sro"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(api.router(parts, service, metrics))
    app.include_router(compat.router(parts, list(languages), service, metrics))

    not_here = {code: api.NOT_OK[code] for code in (403, "4XX")}

    @app.get("/healthz", tags=["state"], responses=not_here)
    async def healthz() -> Response:
        """200 as long as the server answers at all."""
        return Reply({"status": "ok"})

    @app.get(
        "/readyz",
        tags=["state"],
        response_model=StateResponse,
        responses={**not_here, 503: {"model": StateResponse, "description": "not every part is ready"}},
    )
    async def readyz(part: str | None = None) -> Response:
        """200 if every part is ready, or the one that is named; else 503."""
        states = parts.states()
        if part is not None and part not in states:
            raise Refusal(404, f"the parts are {', '.join(states)}")
        wanted = [states[part]] if part else [state for state in states.values() if state != "off"]
        return Reply({"parts": states}, 200 if all(state == "ready" for state in wanted) else 503)

    @app.get("/metrics", tags=["state"], response_class=PlainTextResponse, responses=not_here)
    async def prometheus() -> Response:
        """Numbers for Prometheus."""
        return PlainTextResponse(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return reply(request.url.path, Refusal(400, _told(error.errors())))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        return reply(request.url.path, error)

    if web.is_dir():
        app.mount("/", StaticFiles(directory=web, html=True))
    app.add_middleware(Gate, service=service, keys=keys, metrics=metrics)
    if service.cors:  # around the gate, so that a page can read its refusals too
        app.add_middleware(
            CORSMiddleware,
            allow_origins=service.cors,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Goog-Api-Key"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    return app


def _told(errors: Sequence[Mapping[str, Any]]) -> str:
    """Where the first mistake is, and what it is; not what stood there."""
    first = errors[0]
    where = ".".join(str(step) for step in first["loc"] if step != "body")
    if first["type"] == "json_invalid":
        return "the body is not JSON"
    if first["type"] == "extra_forbidden":
        where = where[:64].encode("ascii", "backslashreplace").decode()
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
