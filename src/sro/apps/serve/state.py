"""Health, readiness and metrics of the server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from sro.apps.serve.api import NOT_OK
from sro.apps.serve.errors import Refusal, Reply
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import CONTENT_TYPE_LATEST, Metrics
from sro.apps.serve.schemas import StateResponse
from sro.apps.serve.settings import Service


def router(parts: Parts, service: Service, metrics: Metrics) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`."""
    routes = APIRouter(tags=["state"], responses={code: NOT_OK[code] for code in (403, "4XX")})
    not_ready: dict[int | str, dict[str, Any]] = {
        503: {"model": StateResponse, "description": "not every part is ready"}
    }

    @routes.head("/healthz", include_in_schema=False)  # some monitors send HEAD
    @routes.get("/healthz")
    async def healthz() -> Response:
        """200 as long as the server answers."""
        return Reply({"status": "ok"})

    @routes.head("/readyz", include_in_schema=False)
    @routes.get("/readyz", response_model=StateResponse, responses=not_ready)
    async def readyz(part: str | None = None) -> Response:
        """200 if every part is ready, or the named part; else 503. `reasons` says why a part failed."""
        states = parts.states()
        if part is not None and part not in states:
            raise Refusal(404, f"the parts are {', '.join(states)}")
        wanted = [states[part]] if part else [state for state in states.values() if state != "off"]
        ready = all(state == "ready" for state in wanted)
        told = {"parts": states, "reasons": parts.failures(), "max_text": service.max_text}
        return Reply(told, 200 if ready else 503)

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def prometheus() -> Response:
        """Metrics for Prometheus."""
        return PlainTextResponse(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return routes
