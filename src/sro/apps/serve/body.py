"""Read request bodies from all kinds of clients: compressed or not, with or without a JSON Content-Type."""

from __future__ import annotations

import zlib

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from sro.apps.serve.errors import Refusal

GZIP = 16 + zlib.MAX_WBITS


def is_json(content_type: str) -> bool:
    """Whether a Content-Type header says JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def needs_json(request: Request) -> None:
    """Refuse a body without a JSON Content-Type; a dependency of the endpoints that take JSON.

    On a server without keys this header protects the machine from other sites' pages: before a browser sends JSON to
    another origin, it sends a preflight request, which this server denies; it would send plain text at once. On a
    server with keys, every request here has a key, and `as_json` has set the header, because many clients send none or
    a wrong one, and Google accepts them all.
    """
    if request.method == "POST" and not is_json(request.headers.get("content-type", "")):
        message = "send the header `Content-Type: application/json`; a server without keys (--keys) insists on it"
        raise Refusal(415, message)


def as_json(scope: Scope, body: bytes, limit: int, *, trusted: bool) -> bytes:
    """Return the body decompressed (see `unpacked`), and change the scope's headers to match.

    Args:
        trusted: whether the request had a key; its body is then JSON whatever its Content-Type says.
    """
    headers = MutableHeaders(scope=scope)
    body = unpacked(body, headers.get("content-encoding", ""), limit)
    del headers["content-encoding"]
    if trusted:
        headers["content-type"] = "application/json"
    return body


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding: `gzip` or none.

    At most `limit` + 1 bytes are ever decompressed, so memory is bounded.

    Raises:
        Refusal: 413: more than `limit` bytes; 415: another encoding; 400: not gzip, or truncated.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(415, "gzip is the only Content-Encoding that this server accepts")
    stream = zlib.decompressobj(GZIP)
    try:
        found = stream.decompress(body, limit + 1)
    except zlib.error:
        raise Refusal(400, "the body is not gzip, although its Content-Encoding says so") from None
    if len(found) > limit:
        raise Refusal(413, f"a request may have {limit:,} bytes (--max_body), unpacked too")
    if not stream.eof or stream.unused_data:
        raise Refusal(400, "the gzip of the body breaks off, or something follows it")
    return found


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that first returns this body in one piece, and then what the original `receive` returns."""
    pieces = [body]

    async def again() -> Message:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(), "more_body": False}
        return await receive()

    return again
