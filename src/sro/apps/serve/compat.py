"""The endpoints of other services: Perspective's methods, single and in batches, with their discovery document;
OpenAI's moderations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import SkipValidation
from starlette.responses import Response

from sro.apps.serve import batch, moderations, perspective, suggestscore
from sro.apps.serve.api import NOT_OK, check
from sro.apps.serve.compat_schemas import (
    BATCH_BODY,
    BATCH_RESPONSES,
    AnalyzeRequest,
    AnalyzeResponse,
    ModerationRequest,
    ModerationResponse,
    SuggestScoreRequest,
    SuggestScoreResponse,
)
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.discovery import document
from sro.apps.serve.dispatch import answer_parts
from sro.apps.serve.errors import Refusal, Reply
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.pieces import in_pieces
from sro.apps.serve.schemas import ModerationErrorResponse
from sro.apps.serve.screening import ScreeningOptions
from sro.apps.serve.settings import Service

UNREAD = SkipValidation()
"""The model only describes the body, which arrives as JSON: errors have the other service's words."""
OPENAI_NOT_OK: dict[int | str, dict[str, Any]] = {
    code: {**told, "model": ModerationErrorResponse} for code, told in NOT_OK.items()
}


def router(parts: Parts, service: Service, metrics: Metrics) -> APIRouter:
    """The endpoints that use the screening lane."""
    routes = APIRouter(tags=["compatible"], responses=NOT_OK)

    @routes.post("/v1alpha1/comments:analyze", response_model=AnalyzeResponse)
    async def analyze(payload: Annotated[AnalyzeRequest, UNREAD], request: Request) -> Response:
        """Answers like Perspective, for the attributes that the screener scores."""
        query = perspective.read(payload, max_bytes=service.max_text, drop=service.drop_unknown_attributes)
        check([query.text], service, request)
        options = ScreeningOptions(language=True)
        [found] = await parts.screen.submit([query.text], options, Deadline(service.time_limit))
        scores = perspective.scores(found.verdict)
        query = perspective.in_language(perspective.with_known(query, scores), found.language, found.reads)
        metrics.verdicts.labels(found.verdict.label).inc()
        spans = [(one.start, one.end, perspective.scores(one.verdict)) for one in found.sentences]
        answer = Reply(perspective.answer(query, scores, spans, found.language))
        if parts.shadow is not None:
            parts.shadow.ask(
                query, scores, found.verdict.screener, sent=str(request.url.query), headers=request.headers
            )
        return answer

    @routes.post("/v1alpha1/comments:suggestscore", response_model=SuggestScoreResponse)
    async def suggest(payload: Annotated[SuggestScoreRequest, UNREAD], request: Request) -> Response:
        """Takes the scores that a comment should have; on disk before the answer, unless `doNotStore` is true."""
        sender = request.scope["sro.note"].get("key")
        suggestion = suggestscore.read(payload, max_bytes=service.max_text, sender=sender)
        check([suggestion.text], service, request)
        if parts.feedback is None:
            raise Refusal(404, "this server keeps no suggested scores (it was started without --feedback FILE)")
        [language] = await parts.feedback.submit([suggestion], None, Deadline(service.time_limit))
        if not suggestion.do_not_store:
            metrics.feedback.labels("suggested").inc()
        return Reply(suggestscore.answer(suggestion, language))

    @routes.get("/$discovery/rest")
    async def discovery(request: Request, version: str = "v1alpha1") -> Response:
        """Google's client libraries build their methods from this document."""
        if version != "v1alpha1":
            raise Refusal(404, "only the version v1alpha1 is described here")
        return Reply(document(str(request.base_url)))

    @routes.post("/v1/moderations", response_model=ModerationResponse, responses=OPENAI_NOT_OK)
    async def moderate(payload: Annotated[ModerationRequest, UNREAD], request: Request) -> Response:
        """Answers like OpenAI's moderation endpoint: `harassment` and the attributes' categories are scored."""
        texts = moderations.read(payload)
        check(texts, service, request)
        found = await in_pieces(parts.screen, texts, ScreeningOptions(language=True), Deadline(service.time_limit))
        for screened in found:
            metrics.verdicts.labels(screened.verdict.label).inc()
        return Reply(moderations.answer(found, found[0].verdict.screener))

    return routes


def batch_router(service: Service) -> APIRouter:
    """`/batch`, which does not take JSON."""
    routes = APIRouter(tags=["compatible"], responses=NOT_OK)

    @routes.post("/batch", responses=BATCH_RESPONSES, response_class=Response, openapi_extra=BATCH_BODY)
    async def many(request: Request) -> Response:
        """Several Perspective requests in one, as Google's client libraries batch them."""
        parts = batch.read(request.headers.get("content-type", ""), await request.body(), service.max_texts)
        return await answer_parts(parts, request, service.time_limit)

    return routes
