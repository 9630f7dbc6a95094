"""Checks on every request before it is parsed: key, number at the same time, rate, size and speed; and its log entry.

An ASGI middleware. On the paths that take a body, it reads the whole body within its limits, decompresses it, and
passes it on in one piece. On other paths it reads none: their number is not limited, and bodies would fill the memory.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sro.apps.serve.body import as_json, replay
from sro.apps.serve.connection import GONE, while_connected
from sro.apps.serve.errors import Refusal, over_rate, reply
from sro.apps.serve.keys import RateLimit, digest, presented
from sro.apps.serve.metrics import Metrics
from sro.apps.serve.settings import Service

PROTECTED = ("/v1/", "/v1alpha1/", "/metrics")
"""Paths that need a key if the server has keys. Health checks, the page and the API description need none."""
BATCH = "/batch"
"""Needs no key and does not count for the rate: each of its parts does (`sro.apps.serve.dispatch`)."""
DISCOVERY = "/$discovery/rest"
LIMITED = ("/v1/", "/v1alpha1/")
"""Paths that take bodies and that the limits count, besides `BATCH`; a busy server must still answer health checks."""
PART = "sro.part"
"""Name in the scope of a batch's part. A part takes no place of its own, because its batch has one and answers a few
parts at a time; else a large batch would refuse its own parts. No client can set it."""
KEYLESS_BATCHES = 32
"""Most batches in progress without a known key of their own; their parts may have keys. They are counted separately,
so that a stranger who sends a body slowly cannot take the places of clients with keys."""
CANCELLED_ON_DISCONNECT = ("/v1/screen", "/v1/rewrite", "/v1/moderations", "/v1alpha1/comments:analyze")
"""Paths whose work is cancelled if their client disconnects. Feedback is stored all the same."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

log = logging.getLogger("sro.apps.serve")


class Gate:
    """The checks on every request; see the module.

    Args:
        app: the application behind the gate.
        service: limits.
        keys: names by hash; None: no key is needed, but the host must be one of this machine's own names.
        metrics: counts requests.
    """

    def __init__(self, app: ASGIApp, service: Service, keys: Mapping[str, str] | None, metrics: Metrics) -> None:
        self.app, self.service, self.keys, self.metrics = app, service, keys, metrics
        self.rate = RateLimit(service.rate)
        self.open = 0  # requests in progress
        self.keyless = 0  # batches in progress, see `KEYLESS_BATCHES`

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        note: dict[str, Any] = {
            "id": f"{random.getrandbits(64):016x}",
            "method": scope["method"],
            "path": scope["path"],
        }
        scope["sro.note"] = note
        started, status = time.monotonic(), 0
        takes_body = scope["path"] == BATCH or scope["path"].startswith(LIMITED)
        counted = takes_body and PART not in scope
        keyless = scope["path"] == BATCH and self.keys is not None and self._known(_key(scope)) is None

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update({**HEADERS, "X-Request-ID": note["id"]})
            await send(message)

        self.open += counted and not keyless
        self.keyless += keyless
        try:
            try:
                self._make_room(counted, keyless)
                self._admit(scope, note)
                body = await self._read(scope, receive) if takes_body else b""
                if scope["method"] == "POST" and takes_body:
                    trusted = self.keys is not None and scope["path"] != BATCH
                    body = as_json(scope, body, self.service.max_body, trusted=trusted)
                if scope["path"] in CANCELLED_ON_DISCONNECT:
                    await while_connected(self.app, scope, body, receive, answer)
                    status = status or GONE
                else:
                    await self.app(scope, replay(body, receive), answer)
            except asyncio.CancelledError:  # a batch part reached its deadline, or the server stops
                status = status or 503
                raise
            except HTTPException as refusal:
                await reply(scope["path"], refusal)(scope, receive, answer)
            except Exception as error:
                log.error("failed", exc_info=error, extra=note)
                if not status:
                    await reply(scope["path"], Refusal(500, "internal error"))(scope, receive, answer)
        finally:
            self.open -= counted and not keyless
            self.keyless -= keyless
            seconds = time.monotonic() - started
            route = getattr(scope.get("route"), "path", None) or "other"
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            log.info("request", extra={**note, "status": status, "ms": round(1000 * seconds, 1)})

    def _make_room(self, counted: bool, keyless: bool) -> None:
        if keyless and self.keyless > KEYLESS_BATCHES:
            message = (
                f"{KEYLESS_BATCHES} batches without a key of their own are under way; one of /batch?key=… has room"
            )
            raise Refusal(503, message, retry_after=1)
        if counted and not keyless and self.open > self.service.max_requests:
            message = f"{self.service.max_requests:,} requests are under way (--max_requests)"
            raise Refusal(503, message, retry_after=1)

    def _admit(self, scope: Scope, note: dict[str, Any]) -> None:
        path = scope["path"]
        if self.keys is None:
            # A page of another site must not reach this machine through its user's browser (DNS rebinding).
            if _host(Headers(scope=scope).get("host", "")) not in (*LOOPBACK_NAMES, self.service.host):
                raise Refusal(403, "a server without keys answers to localhost only; --keys FILE opens it to others")
            name = "anyone"
        elif path.startswith(PROTECTED):
            name = self._name(path, _key(scope))
            note["key"] = name
        else:
            key = _key(scope)
            if path == DISCOVERY and key:  # it may come without one; clients check their key with it
                self._name(path, key)
            return
        if path.startswith(LIMITED) and (wait := self.rate.take(name)):
            raise over_rate(path, self.service.rate, name, wait)

    def _known(self, key: str | None) -> str | None:
        """The name of the key's owner; None if the key is not known."""
        return (self.keys or {}).get(digest(key)) if key else None

    def _name(self, path: str, key: str | None) -> str:
        name = self._known(key)
        if name is not None:
            return name
        if path.startswith(("/v1alpha1/", DISCOVERY)):  # Google's codes and words, which its clients look for
            if key:
                raise Refusal(400, "API key not valid. Please pass a valid API key.")
            raise Refusal(403, "Method doesn't allow unregistered callers. Please pass an API key.")
        if key:
            raise Refusal(401, "this API key is not known here; the server reads its --keys file when it starts")
        raise Refusal(401, "no API key came with the request; send the header `Authorization: Bearer KEY`")

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """Read the whole body."""
        limit, seconds = self.service.max_body, self.service.time_limit
        too_large = Refusal(413, f"a request may have {limit:,} bytes (--max_body)")
        if _length(Headers(scope=scope)) > limit:
            raise too_large
        body = bytearray()

        async def whole() -> None:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal(400, "the request broke off")
                body.extend(message.get("body", b""))
                more = message.get("more_body", False)
                if len(body) > limit:
                    raise too_large

        try:
            await asyncio.wait_for(whole(), seconds)
        except asyncio.TimeoutError:
            raise Refusal(408, f"the request took more than {seconds:g} s (--time_limit) to arrive") from None
        return bytes(body)


def _key(scope: Scope) -> str | None:
    return presented(Headers(scope=scope), QueryParams(scope["query_string"]))


def _host(header: str) -> str:
    """The name in a Host header, without port and brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def _length(headers: Headers) -> int:
    stated = headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 19 else 0
