"""Runs the application until it is told to stop; how it stops is what a supervisor has to know.

On SIGTERM (or Ctrl-C) nothing new is taken, what came in has `time_limit` seconds to be answered, the batches that are
still at work have `LAST_BATCH` more, and the exit status is 0. So a supervisor that waits `longest_stop` kills nobody.
"""

from __future__ import annotations

import math
import signal
import socket

import uvicorn
from starlette.types import ASGIApp

from sro.apps.serve.settings import LAST_BATCH, Service

KEEP_ALIVE = 75
"""Seconds; longer than proxies keep idle connections, for whoever closes first must not be us."""


def run(app: ASGIApp, listening: socket.socket, service: Service) -> None:
    """Serve on that socket; returns when all is closed. In the main thread only, which gets the signals."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # ours has the time, and no keys from the query string
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(service.time_limit),
        # No `limit_concurrency`: its 503 is bare text, and counts idle connections. The gate refuses in our own shape.
    )
    # Uvicorn raises the signal once more when it is done. To have stopped when told to is no failure.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)


def longest_stop(service: Service) -> float:
    """Seconds from the signal to the end, at worst; a second of them for Python itself."""
    return math.ceil(service.time_limit) + LAST_BATCH + 1
