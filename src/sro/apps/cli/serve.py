"""`sro serve`: screen and rewrite over HTTP, also as Perspective's `comments:analyze` and OpenAI's moderations.

    sro serve                                          # this machine only: http://127.0.0.1:8000
    sro serve add-key my-forum --keys keys.txt         # prints a key, and keeps its hash
    sro serve add-key my-forum --keys keys.txt --existing < key.txt      # one that clients have already
    sro serve --host 0.0.0.0 --keys keys.txt --rate 600 --feedback feedback.db

Logs go to standard error as JSON Lines, without comments. On Ctrl-C or SIGTERM the server answers the requests that it
has accepted, and then exits (`sro.apps.serve.server`).
"""

from __future__ import annotations

import argparse
import signal
import socket
import sys

from sro.apps.serve.keys import add_key, read_keys
from sro.apps.serve.settings import Models, Service
from sro.core.config import parse
from sro.core.errors import SROError
from sro.leader.engines.loading import EngineArguments

DESCRIPTION = (
    "Screen and rewrite over HTTP, compatible with Perspective's comments:analyze and OpenAI's moderations. "
    "`sro serve add-key NAME --keys FILE` makes an API key."
)


def run(argv: list[str]) -> int:
    """Serve until stopped, or add a key."""
    if argv[:1] == ["add-key"]:
        return add(argv[1:])
    # Until the server handles the signal itself: its imports take a second.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return serve(argv)
    finally:
        signal.signal(signal.SIGTERM, before)


def serve(argv: list[str]) -> int:
    """Serve until stopped."""
    schema = (Models, EngineArguments, Service)
    models, engine, service = parse(schema, argv, prog="sro serve", description=DESCRIPTION)

    from sro.apps.serve import app, lanes, logs, metrics, server

    keys = read_keys(service.keys) if service.keys else None
    listening = listen(service.host, service.port)
    logs.to_stderr()
    numbers = metrics.Metrics()
    parts = lanes.make_parts(models, service, numbers.batch, engine)
    application = app.make_app(parts, service, keys=keys, metrics=numbers)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"sro: http://{shown}:{port}   ({'keys' if keys else 'no keys, this machine only'})", flush=True)
    server.run(application, listening, service, parts.lanes)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on this address.

    Raises:
        SROError: it cannot, e.g. because another server uses the port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise SROError(f"cannot listen on {host}:{port}: {error}\n  fix: another --port, or 0 for any") from error


def add(argv: list[str]) -> int:
    """Make a key, print it, and store its hash; or store the hash of an existing key."""
    parser = argparse.ArgumentParser(prog="sro serve add-key", description="Make an API key and keep its hash.")
    parser.add_argument("name", help="who will use it, e.g. my-forum")
    parser.add_argument("--keys", required=True, metavar="FILE", help="file of hashed keys; created if missing")
    parser.add_argument(
        "--existing",
        action="store_true",
        help="read an existing key from standard input, e.g. the one that clients send to Perspective",
    )
    options = parser.parse_args(argv)

    if options.existing:
        add_key(options.keys, options.name, sys.stdin.readline().strip())
        print(f"the key of '{options.name}' is in {options.keys}")
    else:
        print(add_key(options.keys, options.name))
    return 0
