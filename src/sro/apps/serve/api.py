"""The endpoints of this service: `/v1/screen`, `/v1/rewrite`, `/v1/feedback`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.errors import Refusal, Reply
from sro.apps.serve.feedback import Feedback
from sro.apps.serve.lanes import Parts
from sro.apps.serve.long_posts import Options, is_long, rewrite_long
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.pieces import Work, collect_results, in_pieces, stream_results
from sro.apps.serve.rewriter import Rewritten
from sro.apps.serve.schemas import (
    ErrorResponse,
    FeedbackRequest,
    FeedbackResponse,
    RewriteRequest,
    RewriteResponse,
    ScreenRequest,
    ScreenResponse,
)
from sro.apps.serve.screening import Screened, ScreeningOptions
from sro.apps.serve.settings import Service
from sro.screeners.base import plain_values

REASONS: dict[int | str, str] = {
    400: "not a request",
    401: "no key, or a wrong one; the message says which",
    403: "a server without keys was asked under another name than localhost",
    404: "the server was started without this part",
    408: "the request came too slowly",
    413: "too large",
    415: "a body that is not JSON, or has another Content-Encoding than gzip",
    429: "too many texts wait, or too many requests a minute; see Retry-After",
    503: "the part is loading or could not be loaded, or time was up; Retry-After where asking again may help",
    "4XX": "refused otherwise",  # with this entry FastAPI describes no 422, which is never sent here
}
NOT_OK: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorResponse, "description": told} for code, told in REASONS.items()
}
"""Answers other than 200, for the API description."""

STREAM = {"application/x-ndjson": {"schema": {"type": "string", "description": "with `stream`: a result a line"}}}


def router(parts: Parts, service: Service, metrics: Metrics) -> APIRouter:
    """The three endpoints for these parts."""
    routes = APIRouter(prefix="/v1", responses=NOT_OK, tags=["sro"])

    @routes.post("/screen", response_model=ScreenResponse, responses={200: {"content": STREAM}})
    async def screen(asked: ScreenRequest, request: Request) -> Response:
        """Verdicts on comments, and which words they fail for."""
        check(asked.texts, service, request)
        key = ScreeningOptions(words=asked.spans, language=True, threshold=asked.threshold)

        async def work(texts: Sequence[str], deadline: Deadline) -> list[dict[str, Any]]:
            return [
                _screened_json(found, asked.spans, metrics)
                for found in await in_pieces(parts.screen, texts, key, deadline)
            ]

        if asked.stream:
            return await stream_results(work, parts.screen.pieces(asked.texts), service.time_limit, request.url.path)
        return Reply({"results": await work(asked.texts, Deadline(service.time_limit))})

    @routes.post("/rewrite", response_model=RewriteResponse, responses={200: {"content": STREAM}})
    async def rewrite(asked: RewriteRequest, request: Request) -> Response:
        """Rewrites of comments that fail; others stay as they are."""
        check(asked.texts, service, request)
        if parts.rewrite is None:
            raise Refusal(404, "this server screens only (it was started with --no_rewrite)")
        work = _rewriting(parts, parts.rewrite, tuple(sorted(asked.options().items())), metrics)
        pieces = parts.rewrite.pieces(asked.texts)
        if asked.stream:
            return await stream_results(work, pieces, service.time_limit, request.url.path)

        def not_done(text: str, refusal: Refusal) -> dict[str, Any]:
            metrics.rewrites.labels("not_done").inc()
            return {"source": text, "reason": "busy" if refusal.status_code == 429 else "out_of_time", **NOT_DONE}

        return await collect_results(work, pieces, Deadline(service.time_limit), not_done)

    @routes.post("/feedback", response_model=FeedbackResponse)
    async def feedback(asked: FeedbackRequest, request: Request) -> Response:
        """What somebody did with a suggestion; the answer is sent once it is stored on disk."""
        texts = [text for text in (asked.source, asked.suggestion, asked.final) if text is not None]
        check(texts, service, request)
        if parts.feedback is None:
            raise Refusal(404, "this server takes no feedback (it was started without --feedback FILE)")
        row = Feedback(**asked.model_dump(), sender=request.scope["sro.note"].get("key"))
        await parts.feedback.submit([row], None, Deadline(service.time_limit))
        metrics.feedback.labels(row.action).inc()
        return Reply({"stored": True})

    return routes


def check(texts: Sequence[str], service: Service, request: Request) -> None:
    """Record how many texts came, and refuse a request with too many or too long ones."""
    note = request.scope["sro.note"]
    note["texts"] = len(texts)
    if service.log_texts:
        note["comments"] = list(texts)
    if len(texts) > service.max_texts:
        message = f"texts: a request may have {service.max_texts:,} texts (--max_texts), this one has {len(texts):,}"
        raise Refusal(400, message)
    for number, text in enumerate(texts):
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > service.max_text:
            limit = f"a text may have {service.max_text:,} bytes in UTF-8 (--max_text)"
            raise Refusal(400, f"texts.{number}: {limit}, this one has {size:,}")


def _screened_json(screened: Screened, spans: bool, metrics: Metrics) -> dict[str, Any]:
    metrics.verdicts.labels(screened.verdict.label).inc()
    words = {"spans": [asdict(span) for span in screened.words]} if spans else {}
    return {**_fields(screened.verdict), **_language(screened), **words}


def _language(found: Screened | Rewritten) -> dict[str, Any]:
    return {"language": found.language, "language_supported": found.language_supported}


def _fields(found: Any) -> dict[str, Any]:
    """A verdict or a rewrite as JSON; `attributes` only if the screener scores them."""
    told = plain_values(found)
    for one in (told, told.get("before"), told.get("after")):
        if one and one.get("attributes") is None:
            one.pop("attributes", None)
    return told


def _rewriting(parts: Parts, lane: Lane, options: Options, metrics: Metrics) -> Work:
    """Return the function that rewrites a piece: short comments together, long posts by sentence."""

    async def work(texts: Sequence[str], deadline: Deadline) -> list[dict[str, Any]]:
        short = [text for text in texts if not is_long(text)]
        together = iter(await lane.submit(short, options, deadline) if short else [])
        results = []
        for text in texts:
            found = await rewrite_long(text, options, parts, deadline) if is_long(text) else next(together)
            metrics.rewrites.labels(found.rewrite.status).inc()
            results.append({**_fields(found.rewrite), **_language(found)})
        return results

    return work


NOT_DONE: dict[str, Any] = {
    "status": "not_done",
    **dict.fromkeys(("text", "before", "after", "similarity")),
    "candidates": 0,
    "changes": [],
    **dict.fromkeys(("language", "language_supported")),
}
"""The result for a comment that was not processed in time, besides `source` and `reason` (`RewriteModel`)."""
