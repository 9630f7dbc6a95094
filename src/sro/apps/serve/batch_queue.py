"""A lane: one thread that owns a model, and the requests that wait for it in a bounded queue.

Requests that arrive while the thread is busy go into its next batch. So there is nothing to tune: an idle lane answers
at once, and a busy one in batches that grow with its load. Requests of one batch share a `key` (the arguments of the
call), which is that of the first request in the queue. Batches and queue are measured in weight, not in items, because
a long text takes as much time as many short ones.

    lane = Lane("screen", load=lambda: work, max_batch=64, max_waiting=4096)      work(key, items) -> answers
    answers = await lane.submit(["you idiot"], key="verdict", deadline=Deadline(30))
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sro.apps.serve.deadline import Deadline
from sro.apps.serve.errors import Refusal
from sro.core.errors import SROError

Work = Callable[[Any, Sequence[Any]], Sequence[Any]]
"""Returns the answers to the items, in order; called with their shared key. From one thread only."""
State = Literal["loading", "ready", "failed"]
Watch = Callable[[str, int, float], None]
"""Called after every batch with lane, items and seconds."""

MEMORY = 0.8  # share of the past in the running mean of the speed
SOON = 5.0  # Retry-After, in seconds, while a part is loading or restarting
LONGEST_REASON = 2000  # characters

log = logging.getLogger("sro.apps.serve")


@dataclass(eq=False)
class _Job:
    items: Sequence[Any]
    weight: int
    key: Hashable
    answer: asyncio.Future[Sequence[Any]]
    loop: asyncio.AbstractEventLoop

    def settle(self, outcome: Sequence[Any] | Exception) -> None:
        """Pass on the outcome; called from the lane's thread."""

        def put() -> None:
            if self.answer.done():  # cancelled in the meantime
                return
            if isinstance(outcome, Exception):
                self.answer.set_exception(outcome)
            else:
                self.answer.set_result(outcome)

        try:
            self.loop.call_soon_threadsafe(put)
        except RuntimeError:  # the loop is closed: no caller waits any more
            log.debug("nobody waits for the answer")


class Lane:
    """One thread that owns a model, with its queue; see the module.

    Args:
        name: for messages and metrics.
        load: makes the work function, in the lane's own thread; until it returns, requests are refused with 503.
        max_batch: weight of one call; a single item may exceed it.
        max_waiting: weight that may wait; further requests are refused with 429.
        weigh: weight of an item, at least 1.
        watch: called after every batch.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], Work],
        *,
        max_batch: int,
        max_waiting: int,
        weigh: Callable[[Any], int] = lambda item: 1,
        watch: Watch = lambda name, items, seconds: None,
    ) -> None:
        self.name, self.max_batch, self.max_waiting = name, max_batch, max_waiting
        self.weigh, self.watch = weigh, watch
        self.state: State = "loading"
        self.failure: str | None = None
        """Why it could not be loaded."""
        self._load = load
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._seconds_a_unit = 0.0
        self._at_work: tuple[int, float] | None = None  # weight of the running batch, and its start
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread, which loads the model and then works."""
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Take no more requests; wait up to `seconds` for those in the queue, but not for loading."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self.state == "ready":
            self._thread.join(seconds)

    @property
    def alive(self) -> bool:
        """Whether its thread is still loading or working."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Weight of the queue."""
        return sum(job.weight for job in list(self._jobs))

    def pieces(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """The items in order, in pieces that each fit into one call."""
        first, weight = 0, 0
        for at, item in enumerate(items):
            more = self.weigh(item)
            if at > first and weight + more > self.max_batch:
                yield items[first:at]
                first, weight = at, 0
            weight += more
        if items:
            yield items[first:]

    async def submit(self, items: Sequence[Any], key: Hashable, deadline: Deadline) -> Sequence[Any]:
        """Answers to the items, in order.

        Args:
            items: one of the `pieces`; at least one.
            key: what the call needs besides the items; only requests with equal keys share a call.
            deadline: that of the request.

        Raises:
            Refusal: 429: the queue is full, or too long for the deadline; 503: not ready, closing or out of time (with
                Retry-After only if other requests caused the delay, so that a later try may succeed); 500: the work
                failed on these items.
        """
        loop = asyncio.get_running_loop()
        job = _Job(items, sum(map(self.weigh, items)), key, loop.create_future(), loop)
        with self._changed:
            self._admit(job.weight, deadline)
            self._jobs.append(job)
            self._changed.notify()
        try:
            return await asyncio.wait_for(job.answer, deadline.left)
        except asyncio.TimeoutError:
            raise self._out_of_time(deadline, in_queue=job in self._jobs) from None
        finally:
            with self._changed:
                if job in self._jobs:
                    self._jobs.remove(job)

    def _admit(self, weight: int, deadline: Deadline) -> None:
        if self.state == "failed":
            raise Refusal(503, f"the part '{self.name}' could not be loaded; /readyz says why")
        if self.state == "loading":
            raise Refusal(503, f"the part '{self.name}' is still loading", retry_after=SOON)
        if self._closed:
            raise Refusal(503, "the server is shutting down", retry_after=SOON)
        if not deadline.left:
            raise self._out_of_time(deadline, in_queue=False)
        wait = self._until_free()
        full = self._jobs and self.waiting + weight > self.max_waiting
        if full or wait > deadline.left:
            after = min(60.0, wait + self._until_batch_is_done())
            raise Refusal(429, f"too many texts are waiting for '{self.name}'; try again later", retry_after=after)

    def _out_of_time(self, deadline: Deadline, in_queue: bool) -> Refusal:
        limit = f"within the time limit of {deadline.limit:g} s (--time_limit)"
        if in_queue:
            message = f"others' texts were before these, and nothing was free {limit}; try again later"
            return Refusal(503, message, retry_after=min(60.0, self._until_free() + self._until_batch_is_done()))
        return Refusal(503, f"not done {limit}; send fewer or shorter texts in one request, or stream the results")

    def _until_free(self) -> float:
        """Estimated seconds until the requests that wait now are done; at most a minute."""
        return min(60.0, self.waiting * self._seconds_a_unit)

    def _until_batch_is_done(self) -> float:
        """Estimated seconds until the running batch ends.

        A batch that has run longer than estimated is expected to need as long again as it is overdue; if there is no
        estimate yet, as long again as it has run.
        """
        if (at_work := self._at_work) is None:
            return 0.0
        weight, started = at_work
        return abs(weight * self._seconds_a_unit - (time.monotonic() - started))

    # --- the lane's own thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            work = self._load()
        except BaseException as error:  # whatever the error is, the other lanes go on
            self.failure = _reason(error)
            log.error("the part '%s' could not be loaded", self.name, exc_info=error, extra={"reason": self.failure})
            self.state = "failed"
            return
        self.state = "ready"
        log.info("ready", extra={"part": self.name})
        while jobs := self._take():
            weight, started = sum(job.weight for job in jobs), time.monotonic()
            self._at_work = weight, started
            self._do(work, jobs)
            self._at_work = None
            seconds = time.monotonic() - started
            now = seconds / weight
            self._seconds_a_unit = MEMORY * (self._seconds_a_unit or now) + (1 - MEMORY) * now
            self.watch(self.name, sum(len(job.items) for job in jobs), seconds)

    def _take(self) -> list[_Job]:
        """The next batch; empty when the lane is closed and no request waits."""
        with self._changed:
            while not self._jobs:
                if self._closed:
                    return []
                self._changed.wait()
            key, room = self._jobs[0].key, self.max_batch
            batch: list[_Job] = []
            for job in self._jobs:
                if job.key == key and (not batch or job.weight <= room):
                    batch.append(job)
                    room -= job.weight
            for job in batch:
                self._jobs.remove(job)
            return batch

    def _do(self, work: Work, jobs: Sequence[_Job]) -> None:
        try:
            answers = work(jobs[0].key, [item for job in jobs for item in job.items])
            at = 0
            for job in jobs:
                job.settle(answers[at : at + len(job.items)])
                at += len(job.items)
        except Refusal as refusal:  # by the work as a whole: the items are not the cause
            for job in jobs:
                job.settle(refusal)
        except Exception as error:
            if len(jobs) > 1:  # one request must not fail the others
                for job in jobs:
                    self._do(work, [job])
                return
            log.error("the part '%s' failed", self.name, exc_info=error)
            jobs[0].settle(Refusal(500, f"the part '{self.name}' failed; the server's log says where"))


def _reason(error: BaseException) -> str:
    """Why a part could not be loaded: a message of this package is for people, other messages get their type added."""
    told = str(error) if isinstance(error, SROError) else f"{type(error).__name__}: {error}"
    return told[:LONGEST_REASON]
