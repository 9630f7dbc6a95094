"""Cancel work when its client disconnects, so that requests that still have a client get its place in the queue."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sro.apps.serve.body import replay

GONE = 499
"""Logged as the status if the client disconnected before the answer, as nginx does; it is never sent."""


async def until_gone(receive: Receive) -> None:
    """Return when the client has disconnected; the request body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_connected(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Let the application answer this body; cancel it if the client disconnects first.

    Args:
        receive: of the connection, after the body was read; nothing else may read from it at the same time.
    """

    async def later() -> Message:
        await asyncio.shield(gone)
        return {"type": "http.disconnect"}

    gone = asyncio.ensure_future(until_gone(receive))
    answering = asyncio.ensure_future(app(scope, replay(body, later), send))
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:  # also if this is cancelled itself
        gone.cancel()
        answering.cancel()  # no effect if it is done
    await asyncio.wait({answering})
    if not answering.cancelled():
        answering.result()  # raises its error for the caller
