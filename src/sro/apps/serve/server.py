"""Run the application until it is stopped; stopping takes a limited time.

On SIGTERM or Ctrl-C the server takes no new requests. Accepted requests have `time_limit` seconds to be answered,
batches still running have `LAST_BATCH` seconds more, and the exit status is 0, also while models are being loaded.
So a supervisor that waits `longest_stop` seconds before it kills the process does not interrupt any work.
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
"""In seconds; longer than proxies keep idle connections, because the proxy must close first, not this server."""


def run(app: ASGIApp, listening: socket.socket, service: Service, lanes: Iterable[Lane] = ()) -> None:
    """Serve on that socket; return when everything is closed. Call it in the main thread, which gets the signals.

    If one of the `lanes` is still loading or working at the end, it does not return but ends the process with status
    0.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # our own log has the time, and no keys from the query string
        server_header=False,
        ws="none",
        # From any proxy, because in a container or cluster a proxy's address is not loopback. The scheme is only used
        # in the discovery document for the same client, and the client's address is not used; so a false header harms
        # its sender only.
        forwarded_allow_ips="*",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=math.ceil(service.time_limit),
        # No `limit_concurrency`: its 503 is plain text, and it counts idle connections. The gate refuses in our
        # format.
    )
    server = uvicorn.Server(config)

    def stop(*_: object) -> None:
        server.should_exit = True

    # Once uvicorn runs it handles the signals itself, and raises them again when it is done. A stop on request is not
    # a failure, and a signal that comes before uvicorn listens for it must not be lost.
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

    If a thread is inside a C++ library (torch, CTranslate2) when the interpreter shuts down, the thread is unwound
    through code that allows no exception, and the process aborts. All data that must be kept is on disk: feedback is
    written before it is answered, and cache files are moved into place as a whole.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def longest_stop(service: Service) -> float:
    """Seconds from the signal to the end in the worst case; includes a second for Python itself."""
    return math.ceil(service.time_limit) + LAST_BATCH + 1
