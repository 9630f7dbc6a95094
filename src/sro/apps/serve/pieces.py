"""Cut one request into pieces for a lane, under one deadline; results that are done at the deadline are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.errors import Refusal, Reply, body

Texts = Sequence[str]
Work = Callable[[Texts, Deadline], Awaitable[list[dict[str, Any]]]]
"""The results for a piece, as JSON."""
NotDone = Callable[[str, Refusal], dict[str, Any]]
"""Makes the result for a text that could not be processed, given the reason."""
RETRYABLE_STATUSES = (429, 503)


async def in_pieces(lane: Lane, texts: Texts, key: Hashable, deadline: Deadline) -> list[Any]:
    """The lane's answers to all texts, in order. The lane gets one piece at a time, so that other requests get a turn.

    Raises:
        Refusal: as `Lane.submit`; if some pieces were done, the message says how many texts.
    """
    found: list[Any] = []
    for piece in lane.pieces(texts):
        try:
            found += await lane.submit(piece, key, deadline)
        except Refusal as refusal:
            if found:
                refusal.detail += f" ({len(found):,} of {len(texts):,} texts were done by then)"
            raise
    return found


async def collect_results(work: Work, pieces: Iterator[Texts], deadline: Deadline, not_done: NotDone) -> Response:
    """All results in one answer. If the deadline passes or the queue is full after some pieces, the other texts are
    answered with `not_done`; if no piece was done, the whole request is refused."""
    results: list[dict[str, Any]] = []
    refused: Refusal | None = None
    for piece in pieces:
        if refused is None:
            try:
                results += await work(piece, deadline)
                continue
            except Refusal as refusal:
                if not results or refusal.status_code not in RETRYABLE_STATUSES:
                    raise
                refused = refusal
        results += [not_done(text, refused) for text in piece]
    return Reply({"results": results})


async def stream_results(work: Work, pieces: Iterator[Texts], seconds: float, path: str) -> Response:
    """Send one result per line; each piece has its own deadline. An error on the way is the last line."""
    first = await work(next(pieces), Deadline(seconds))  # before the status is sent, because it may be refused

    async def lines() -> AsyncIterator[bytes]:
        yield _lines(first)
        try:
            for piece in pieces:
                yield _lines(await work(piece, Deadline(seconds)))
        except HTTPException as error:  # the status is already sent
            yield _lines([body(path, error)])

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _lines(results: list[dict[str, Any]]) -> bytes:
    return b"".join(Reply(None).render(result) + b"\n" for result in results)
