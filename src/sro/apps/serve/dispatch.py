"""Answer a batch: each part passes through the whole application, including the gate, like a single request.

So each part has its own key, counts for the rate limit, appears in the log, and fails independently. The limit on
requests at the same time counts only the batch, which answers `SCREEN_BATCH` parts at a time. If a part has no key,
the key in the batch's headers or address is used (as Google does).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope

from sro.apps.serve.batch import Answer, Part, render
from sro.apps.serve.connection import GONE, until_gone
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.errors import Refusal, Reply, reply
from sro.apps.serve.middleware import PART
from sro.apps.serve.settings import SCREEN_BATCH

WITHIN = "/v1alpha1/"
"""Paths that a part may request: those of the API that defines these batches."""
KEYS = ("authorization", "x-api-key", "x-goog-api-key")
OWN = ("host", "content-length", "content-encoding", "transfer-encoding", "connection", "expect", "origin")
"""Headers of a part that are ignored: its body is complete, not compressed, and for this host."""


async def answer_parts(parts: Sequence[Part], request: Request, seconds: float) -> Response:
    """Answer all parts, in order; a part that is not done within `seconds` gets 503.

    Each part is told when the batch's client disconnects, and stops or continues like a single request.
    """
    deadline, places = Deadline(seconds), asyncio.Semaphore(SCREEN_BATCH)
    gone = asyncio.ensure_future(until_gone(request.receive))

    async def one(part: Part) -> Answer:
        async with places:
            try:
                return await asyncio.wait_for(answer_part(part, request, gone), deadline.left)
            except asyncio.TimeoutError:
                limit = f"the time limit of {seconds:g} s (--time_limit)"
                late = Refusal(503, f"not done within {limit}; send fewer parts in one batch")
                return _refused_part(part, reply(part.path, late))

    try:
        answers = await asyncio.gather(*map(one, parts))
        if gone.done():
            return Response(status_code=GONE)  # only for the log: it reaches no client
    finally:
        gone.cancel()
    boundary = f"batch_{secrets.token_hex(16)}"
    return Response(render(answers, boundary), media_type=f"multipart/mixed; boundary={boundary}")


async def answer_part(part: Part, request: Request, gone: asyncio.Future[None]) -> Answer:
    """Answer one part. `request` is that of the batch; `gone` is done when its client has disconnected."""
    if part.mistake is not None:
        return _refused_part(part, reply(WITHIN, Refusal(400, part.mistake)))
    if not part.path.startswith(WITHIN):
        return _refused_part(part, reply(WITHIN, Refusal(404, f"a part of a batch asks for a path below {WITHIN}")))
    status, headers, body = 500, [], bytearray()
    pending = [part.body]

    async def receive() -> Message:
        if not pending:
            await asyncio.shield(gone)
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pending.pop(), "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
        else:
            body.extend(message.get("body", b""))

    app: ASGIApp = request.app
    await app(_scope(part, request), receive, send)
    kept = {b"content-type": "Content-Type", b"retry-after": "Retry-After"}
    told = [(kept[name], value.decode("latin-1")) for name, value in headers if name in kept]
    return Answer(part.content_id, status, told, bytes(body))


def _scope(part: Part, request: Request) -> Scope:
    headers = {name: value for name, value in part.headers.items() if name not in OWN}
    query = part.query
    if not any(name in headers for name in KEYS) and "key" not in QueryParams(query):
        headers |= {name: request.headers[name] for name in KEYS if name in request.headers}
        outer = str(request.url.query)
        query = "&".join(filter(None, (query, outer)))
    headers["host"] = request.headers.get("host", "")
    return {
        "type": "http",
        PART: True,
        "asgi": request.scope.get("asgi", {"version": "3.0"}),
        "http_version": "1.1",
        "method": part.method,
        "scheme": request.url.scheme,
        "path": part.path,
        "raw_path": part.path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query.encode("latin-1", "replace"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": request.scope.get("client"),
        "server": request.scope.get("server"),
    }


def _refused_part(part: Part, response: Reply) -> Answer:
    return Answer(part.content_id, response.status_code, [("Content-Type", "application/json")], bytes(response.body))
