"""The endpoints of others: Perspective's `comments:analyze` with its discovery document, OpenAI's moderations."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import SkipValidation
from starlette.responses import Response

from sro.apps.serve import moderations, perspective
from sro.apps.serve.api import NOT_OK, check
from sro.apps.serve.compat_schemas import AnalyzeRequest, AnalyzeResponse, ModerationRequest, ModerationResponse
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.discovery import document
from sro.apps.serve.errors import Refusal, Reply
from sro.apps.serve.lanes import Parts
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.pieces import in_pieces
from sro.apps.serve.schemas import ModerationErrorResponse
from sro.apps.serve.screening import Asked
from sro.apps.serve.settings import Service

UNREAD = SkipValidation()
"""The body is described by its model, and comes as the JSON it is: mistakes are told in the other service's words."""
OPENAI_NOT_OK: dict[int | str, dict[str, Any]] = {
    code: {**told, "model": ModerationErrorResponse} for code, told in NOT_OK.items()
}


def router(parts: Parts, languages: list[str], service: Service, metrics: Metrics) -> APIRouter:
    """The endpoints over the screening lane."""
    routes = APIRouter(tags=["compatible"], responses=NOT_OK)

    @routes.post("/v1alpha1/comments:analyze", response_model=AnalyzeResponse)
    async def analyze(payload: Annotated[AnalyzeRequest, UNREAD], request: Request) -> Response:
        """As Perspective answers; of its attributes TOXICITY is scored."""
        query = perspective.read(
            payload, languages=languages, max_bytes=service.max_text, drop=service.drop_unknown_attributes
        )
        check([query.text], service, request)
        asked = Asked(language=True)
        [found] = await parts.screen.submit([query.text], asked, Deadline(service.time_limit))
        query = perspective.in_language(query, found.language, languages)
        metrics.verdicts.labels(found.verdict.label).inc()
        spans = [(one.start, one.end, one.verdict.probability) for one in found.sentences]
        return Reply(perspective.answer(query, found.verdict.probability, spans, found.language))

    @routes.get("/$discovery/rest")
    async def discovery(request: Request, version: str = "v1alpha1") -> Response:
        """Google's client libraries build themselves from this."""
        if version != "v1alpha1":
            raise Refusal(404, "only the version v1alpha1 is described here")
        return Reply(document(str(request.base_url)))

    @routes.post("/v1/moderations", response_model=ModerationResponse, responses=OPENAI_NOT_OK)
    async def moderate(payload: Annotated[ModerationRequest, UNREAD], request: Request) -> Response:
        """As OpenAI's moderation endpoint answers; `harassment` is scored."""
        texts = moderations.read(payload)
        check(texts, service, request)
        found = await in_pieces(parts.screen, texts, Asked(), Deadline(service.time_limit))
        for screened in found:
            metrics.verdicts.labels(screened.verdict.label).inc()
        verdicts = [screened.verdict for screened in found]
        return Reply(moderations.answer(verdicts, verdicts[0].screener))

    return routes
