"""Work that is given up when its client hangs up: what waits in a queue then makes room for those that still wait."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sro.apps.serve.body import replay

GONE = 499
"""Noted as the status of a request whose client was gone before it was answered, as nginx does; nobody gets it."""


async def until_gone(receive: Receive) -> None:
    """Return when the client of a connection, whose body was read, is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_connected(app: ASGIApp, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
    """Let the application answer this body, or cancel it where the client is gone before it has.

    Args:
        receive: of the connection, whose body was read; nobody else may read from it meanwhile.
    """

    async def later() -> Message:
        await asyncio.shield(gone)
        return {"type": "http.disconnect"}

    gone = asyncio.ensure_future(until_gone(receive))
    answering = asyncio.ensure_future(app(scope, replay(body, later), send))
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:  # also where this is cancelled itself
        gone.cancel()
        answering.cancel()  # without effect on what is done
    await asyncio.wait({answering})
    if not answering.cancelled():
        answering.result()  # an error goes on to the caller
