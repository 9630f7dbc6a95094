"""Runs the application until it is told to stop, and stops it within a known time.

On SIGTERM or Ctrl-C the server takes no new requests. Accepted requests have `time_limit` seconds to be answered,
batches still running have `LAST_BATCH` seconds more, and the exit status is 0, also while models are being loaded.
So a supervisor that waits `longest_stop` seconds before it kills the process interrupts nothing.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Iterable

import uvicorn
from starlette.types import ASGIApp

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.settings import LAST_BATCH, Service

KEEP_ALIVE = 75
"""Seconds; longer than proxies keep idle connections, because the proxy, not this server, has to close first."""


def run(app: ASGIApp, listening: socket.socket, service: Service, lanes: Iterable[Lane] = ()) -> None:
    """Serve on that socket; returns when all is closed. In the main thread only, which gets the signals.

    Where one of the `lanes` still loads or works in the end, it does not return but ends the process with status 0.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # ours has the time, and no keys from the query string
        server_header=False,
        ws="none",
        # From any proxy: it has another address than loopback in a container or cluster. The scheme is told to whoever
        # asked, in the discovery document, and nothing hangs on the client's address; so a lie harms the liar alone.
        forwarded_allow_ips="*",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(service.time_limit),
        # No `limit_concurrency`: its 503 is bare text, and counts idle connections. The gate refuses in our own shape.
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # Uvicorn takes the signals itself once it runs, and raises them once more when it is done. To have stopped when
    # told to is no failure, and a signal that comes before uvicorn listens for it shall not be lost.
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, stop) for one in signals]
    try:
        server.run(sockets=[listening])
        if any(lane.alive for lane in lanes):
            leave()
    finally:
        for one, handler in zip(signals, before):
            signal.signal(one, handler)


def leave() -> None:
    """End the process with status 0 at once, without shutting the interpreter down.

    A thread that is inside a library of C++ (torch, CTranslate2) when the interpreter shuts down is unwound
    through code that allows no exception, and the process aborts. What had to be kept is on the disk: feedback is
    answered after it is written, and files of the cache are put in place whole.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def longest_stop(service: Service) -> float:
    """Seconds from the signal to the end, at worst; a second of them for Python itself."""
    return math.ceil(service.time_limit) + LAST_BATCH + 1
