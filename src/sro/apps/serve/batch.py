"""Google's batches: many requests in one, each a part of a `multipart/mixed` body; the answer has the same form.

    --batch_1                                            HTTP/1.1 200 OK
    Content-Type: application/http                       Content-Type: application/json; charset=UTF-8
    Content-ID: <b29c5de2 + 1>
                                                         {"attributeScores": …}
    POST /v1alpha1/comments:analyze?key=… HTTP/1.1
    Content-Type: application/json

    {"comment": {"text": "…"}, …}
    --batch_1--

Source: developers.google.com on batching (each part has a `Content-ID`, and its answer has `<response-…>`), and
`BatchHttpRequest` of google-api-python-client, which sends and reads batches. Pure functions. The standard library's
mail parser is not used, because it follows nested parts to any depth that a client sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from itertools import takewhile
from urllib.parse import unquote, urlsplit

from sro.apps.serve.errors import Refusal

NOT_A_BATCH = "a batch is POST with the header `Content-Type: multipart/mixed; boundary=…`"
LONGEST_TYPE = 256
"""Most characters of that header; a boundary has at most 70 (RFC 2046). The standard library needs quadratic time to
read the header, on the event loop and before any key is checked."""


@dataclass(frozen=True)
class Part:
    """One request of a batch.

    Attributes:
        content_id: as it was sent, with its brackets; None: the part has none.
        headers: of the request, in lower case; the last one if a header is repeated.
        mistake: why the part is not a request; the other fields are then empty.
    """

    content_id: str | None
    method: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    mistake: str | None = None


@dataclass(frozen=True)
class Answer:
    """The answer to one part; its body is ASCII."""

    content_id: str | None
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def read(content_type: str, body: bytes, most: int) -> list[Part]:
    """The requests of a batch, in order. A part that is not a request has a `mistake`; the other parts are still read.

    Args:
        content_type: the Content-Type of the whole batch.
        body: with any line ends.
        most: the largest number of parts that a batch may have.

    Raises:
        Refusal: 400: not a batch, an empty one, one with too many parts, or a Content-Type that is too long.
    """
    if len(content_type) > LONGEST_TYPE:
        raise Refusal(400, f"{NOT_A_BATCH}, of at most {LONGEST_TYPE} characters")
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/mixed" or not boundary:
        raise Refusal(400, NOT_A_BATCH)
    delimiter = b"\n--" + boundary.encode("utf-8", "replace")
    # JSON texts hold no bare line ends, so they may be changed.
    pieces = (b"\n" + body.replace(b"\r\n", b"\n")).split(delimiter, most + 2)[1:]
    whole = list(takewhile(lambda piece: not piece.startswith(b"--"), pieces))
    if len(whole) > most:
        raise Refusal(400, f"a batch may have {most:,} requests (--max_texts)")
    if not whole:
        raise Refusal(400, f"no request is in this batch; {NOT_A_BATCH}")
    return list(map(_part, whole))


def render(answers: Sequence[Answer], boundary: str) -> bytes:
    """The body of the answer, with the type `multipart/mixed; boundary=…`."""
    lines = []
    for one in answers:
        about = [b"--" + boundary.encode(), b"Content-Type: application/http"]
        if one.content_id is not None:
            about.append(b"Content-ID: " + _answering(one.content_id).encode())
        status = f"HTTP/1.1 {one.status} {HTTPStatus(one.status).phrase}"
        headers = [f"{name}: {value}" for name, value in one.headers]
        lines += [*about, b"", status.encode(), *(header.encode("latin-1") for header in headers), b"", one.body]
    return b"\r\n".join([*lines, b"--" + boundary.encode() + b"--", b""])


def _part(piece: bytes) -> Part:
    about, found, request = piece.lstrip(b" \t").removeprefix(b"\n").partition(b"\n\n")
    outer = _headers(about)
    content_id = outer.get("content-id")
    if content_id is not None and not (content_id.isascii() and content_id.isprintable()):
        content_id = None  # it is sent back as a line of the answer
    if not found or outer.get("content-type", "").partition(";")[0].strip().lower() != "application/http":
        return Part(content_id, mistake="a part of a batch is of the type application/http, and has a request")
    head, _, body = request.lstrip(b"\n").partition(b"\n\n")
    line, _, rest = head.partition(b"\n")
    words = line.decode("latin-1").split()
    version = words[2:] or ["HTTP/1.1"]  # may be missing, as in Google's own examples
    if len(words) not in (2, 3) or not words[0].isalpha() or not version[0].upper().startswith("HTTP/"):
        return Part(content_id, mistake="a request begins with `POST /v1alpha1/comments:analyze HTTP/1.1`")
    try:
        target = urlsplit(words[1])
    except ValueError:
        return Part(content_id, mistake="the address of the request cannot be read")
    return Part(content_id, words[0].upper(), unquote(target.path), target.query, _headers(rest), body.rstrip(b"\n"))


def _headers(lines: bytes) -> dict[str, str]:
    named = (line.decode("latin-1").partition(":") for line in lines.split(b"\n"))
    return {name.strip().lower(): value.strip() for name, colon, value in named if colon}


def _answering(content_id: str) -> str:
    """`<response-X>` for `<X>`."""
    return f"<response-{content_id[1:]}" if content_id.startswith("<") else f"response-{content_id}"
