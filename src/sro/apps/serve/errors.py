"""Answers other than 200, in the format that the client of each endpoint expects.

    {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "…"}}        Google's, everywhere but
    {"error": {"message": "…", "type": "rate_limit_error", "param": null, "code": null}}      below /v1/moderations

No refusal repeats what was sent, so comments do not reach logs or other people's screens this way.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""Google's names for the codes (google.rpc.Code)."""
PERSPECTIVE = "/v1alpha1/"
OPENAI_TYPE = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error", 503: "server_error"}


class Refusal(HTTPException):
    """Why a request is not answered.

    Args:
        code: HTTP status, one of `STATUS`.
        message: for people; never holds what was sent.
        retry_after: seconds after which another try makes sense.
        details: machine-readable, for Google's shape.
        allow: the methods that a path takes, beside the code 405.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        retry_after: float | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        allow: str | None = None,
    ) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(max(1, math.ceil(retry_after)))}
        if allow is not None:
            headers["Allow"] = allow
        super().__init__(code, message, headers)
        self.details = list(details)


class Reply(JSONResponse):
    """JSON in ASCII: comments may hold lone surrogates, which UTF-8 cannot encode and `\\u` can."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def reply(path: str, error: HTTPException) -> Reply:
    """The refusal of a request for `path`, in the format of its client."""
    return Reply(body(path, error), error.status_code, dict(error.headers or {}))


def over_rate(path: str, a_minute: int, name: str, wait: float) -> Refusal:
    """429 for a key with too many requests; Perspective's clients get the words of Google's quotas.

    Source: an answer of 21 February 2024 (github.com/mlcommons/modelgauge, issue 169).
    """
    if not path.startswith(PERSPECTIVE):
        return Refusal(429, f"more than {a_minute} requests a minute (--rate)", retry_after=wait)
    metric = "Analysis requests (AnalyzeComment)"
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "service": "commentanalyzer.googleapis.com",
            "quota_metric": "CommentAnalyzerService/analyze_requests",
            "quota_limit": "AnalyzeRequestsPerMinutePerProject",
            "quota_limit_value": str(a_minute),
            "quota_location": "global",
            "consumer": f"projects/{name}",
        },
    }
    message = (
        f"Quota exceeded for quota metric '{metric}' and limit '{metric} per minute' of service "
        f"'commentanalyzer.googleapis.com' for consumer 'project:{name}'."
    )
    return Refusal(429, message, retry_after=wait, details=[info])


def body(path: str, error: HTTPException) -> dict[str, Any]:
    """The JSON body of the refusal, for the last line of a stream."""
    code, message = error.status_code, str(error.detail)
    if path.startswith("/v1/moderations"):
        kind = OPENAI_TYPE.get(code, "invalid_request_error")
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}
    told = {"code": code, "message": message, "status": STATUS.get(code, "UNKNOWN")}
    details = list(error.details) if isinstance(error, Refusal) else []
    after = (error.headers or {}).get("Retry-After")
    if code == 429 and after and path.startswith(PERSPECTIVE):
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{after}s"})
    return {"error": {**told, "details": details} if details else told}
