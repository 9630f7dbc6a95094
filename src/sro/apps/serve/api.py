"""The endpoints of this service's own: `/v1/screen`, `/v1/rewrite`, `/v1/feedback`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.errors import Refusal, Reply, body
from sro.apps.serve.feedback import Feedback
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.schemas import (
    ErrorResponse,
    FeedbackRequest,
    FeedbackResponse,
    RewriteRequest,
    RewriteResponse,
    ScreenRequest,
    ScreenResponse,
)
from sro.apps.serve.screening import Screened
from sro.apps.serve.settings import Service

REASONS: dict[int | str, str] = {
    400: "not a request",
    401: "no key, or a wrong one",
    403: "a server without keys was asked under another name than localhost",
    404: "the server was started without this part",
    408: "the request came too slowly",
    413: "too large",
    429: "too many texts wait, or too many requests a minute; see Retry-After",
    503: "the part is still loading, or did not answer in time; see Retry-After",
    "4XX": "refused otherwise",  # where this stands FastAPI describes no 422, which is never sent here
}
NOT_OK: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorResponse, "description": told} for code, told in REASONS.items()
}
"""Answers other than 200, for the description."""

STREAM = {"application/x-ndjson": {"schema": {"type": "string", "description": "with `stream`: a result a line"}}}


def router(parts: Parts, service: Service, metrics: Metrics) -> APIRouter:
    """The three endpoints, over these parts."""
    routes = APIRouter(prefix="/v1", responses=NOT_OK, tags=["sro"])

    @routes.post("/screen", response_model=ScreenResponse, responses={200: {"content": STREAM}})
    async def screen(asked: ScreenRequest, request: Request) -> Response:
        """Verdicts on comments, and which words they are refused for."""
        check(asked.texts, service, request)

        def told(screened: Screened) -> dict[str, Any]:
            metrics.verdicts.labels(screened.verdict.label).inc()
            spans = {"spans": [asdict(span) for span in screened.spans]} if asked.spans else {}
            return {**asdict(screened.verdict), **spans}

        key = ("words" if asked.spans else "verdict", asked.threshold)
        return await answered(parts.screen, asked.texts, key, told, asked.stream, service, request)

    @routes.post("/rewrite", response_model=RewriteResponse, responses={200: {"content": STREAM}})
    async def rewrite(asked: RewriteRequest, request: Request) -> Response:
        """Rewrites of comments that the screener refuses; others stay as they are."""
        check(asked.texts, service, request, min(service.max_text, service.max_rewrite))
        if parts.rewrite is None:
            raise Refusal(404, "this server screens only (it was started with --no_rewrite)")

        def told(found: Any) -> dict[str, Any]:
            metrics.rewrites.labels(found.status).inc()
            return asdict(found)

        key = tuple(sorted(asked.options().items()))
        return await answered(parts.rewrite, asked.texts, key, told, asked.stream, service, request)

    @routes.post("/feedback", response_model=FeedbackResponse)
    async def feedback(asked: FeedbackRequest, request: Request) -> Response:
        """What somebody did with a suggestion; kept on the disk before it is answered."""
        texts = [text for text in (asked.source, asked.suggestion, asked.final) if text is not None]
        check(texts, service, request)
        if parts.feedback is None:
            raise Refusal(404, "this server takes no feedback (it was started without --feedback FILE)")
        row = Feedback(**asked.model_dump(), sender=request.scope["sro.note"].get("key"))
        await parts.feedback.submit([row], None, service.time_limit)
        metrics.feedback.labels(row.action).inc()
        return Reply({"stored": True})

    return routes


def check(texts: Sequence[str], service: Service, request: Request, max_text: int | None = None) -> None:
    """Note how many texts came, and refuse too many or too long ones (`max_text` bytes; by default the service's)."""
    max_text = max_text or service.max_text
    note = request.scope["sro.note"]
    note["texts"] = len(texts)
    if service.log_texts:
        note["comments"] = list(texts)
    if len(texts) > service.max_texts:
        raise Refusal(400, f"a request may have {service.max_texts:,} texts")
    for number, text in enumerate(texts):
        if len(text.encode("utf-8", "surrogatepass")) > max_text:
            raise Refusal(400, f"texts.{number}: may have {max_text:,} bytes in UTF-8")


async def answered(
    lane: Lane,
    texts: Sequence[str],
    key: Hashable,
    told: Callable[[Any], dict[str, Any]],
    stream: bool,
    service: Service,
    request: Request,
) -> Response:
    """All results at once, or as they come.

    Either way the lane gets piece after piece of a long request, so that it cannot keep others from their turn.
    """
    deadline = time.monotonic() + service.time_limit
    pieces = list(lane.pieces(texts))
    first = await lane.submit(pieces[0], key, service.time_limit)  # before the status: it may be refused
    if not stream:
        found = list(first)
        for piece in pieces[1:]:
            found += await lane.submit(piece, key, max(0.0, deadline - time.monotonic()))
        return Reply({"results": list(map(told, found))})

    async def lines() -> AsyncIterator[bytes]:
        yield _lines(map(told, first))
        try:
            for piece in pieces[1:]:
                yield _lines(map(told, await lane.submit(piece, key, service.time_limit)))
        except HTTPException as error:  # too late for a status
            yield _lines([body(request.url.path, error)])

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _lines(results: Any) -> bytes:
    return b"".join(Reply(None).render(result) + b"\n" for result in results)
