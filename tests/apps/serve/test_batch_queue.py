"""Lanes: batches, bounds, time limits, failures."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from serving import Held, make_lane

from sro.apps.serve.batch_queue import Lane
from sro.apps.serve.deadline import Deadline
from sro.apps.serve.errors import Refusal


@pytest.fixture
def started() -> Iterator[Callable[[Lane], Lane]]:
    """Starts a lane and waits until it has loaded; closes it in the end."""
    lanes: list[Lane] = []

    def start(lane: Lane) -> Lane:
        lane.start()
        lanes.append(lane)
        while lane.state == "loading":
            time.sleep(0.001)
        return lane

    yield start
    for lane in lanes:
        lane.close(10)


def run(coroutine: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await asyncio.wait_for(coroutine, 60)

    return asyncio.run(main())


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.001)


def test_what_waits_together_is_done_together_and_arguments_are_not_mixed(started: Callable[[Lane], Lane]) -> None:
    work = Held()
    lane = started(make_lane(work))

    async def main() -> list[Any]:
        first = asyncio.create_task(lane.submit(["a"], 1, Deadline(30)))
        await until(work.begun.is_set)
        rest = [
            asyncio.create_task(lane.submit([text], key, Deadline(30))) for text, key in (("b", 1), ("x", 2), ("c", 1))
        ]
        await until(lambda: lane.waiting == 3)
        work.go.set()
        return await asyncio.gather(first, *rest)

    assert run(main()) == [["a!"], ["b!"], ["x!"], ["c!"]]
    assert work.calls == [(1, ["a"]), (1, ["b", "c"]), (2, ["x"])]


def test_a_batch_is_bounded_by_weight(started: Callable[[Lane], Lane]) -> None:
    work = Held()
    lane = started(make_lane(work, max_batch=4))
    long = "l" * 650  # weighs 4

    async def main() -> None:
        first = asyncio.create_task(lane.submit(["a"], 1, Deadline(30)))
        await until(work.begun.is_set)
        rest = [asyncio.create_task(lane.submit([text], 1, Deadline(30))) for text in ("b", long, "c", "d", "e", "f")]
        await until(lambda: lane.waiting == 9)
        work.go.set()
        await asyncio.gather(first, *rest)

    run(main())
    assert [items for _, items in work.calls] == [["a"], ["b", "c", "d", "e"], [long], ["f"]]
    longer = "x" * 5000  # weighs more than a batch
    assert list(lane.pieces(["a", "b", long, "c", longer, "d"])) == [["a", "b"], [long], ["c"], [longer], ["d"]]


def test_a_full_queue_refuses_with_429_and_takes_again(started: Callable[[Lane], Lane]) -> None:
    work = Held()
    lane = started(make_lane(work, max_waiting=2))

    async def main() -> None:
        tasks = [asyncio.create_task(lane.submit(["a"], 1, Deadline(30)))]
        await until(work.begun.is_set)
        tasks += [asyncio.create_task(lane.submit([text], 1, Deadline(30))) for text in "bc"]
        await until(lambda: lane.waiting == 2)
        with pytest.raises(Refusal) as refused:
            await lane.submit(["d"], 1, Deadline(30))
        assert refused.value.status_code == 429 and int(refused.value.headers["Retry-After"]) >= 1
        work.go.set()
        await asyncio.gather(*tasks)
        assert await lane.submit(["d"], 1, Deadline(30)) == ["d!"]

    run(main())


def test_who_waits_too_long_gets_503_and_leaves_the_queue(started: Callable[[Lane], Lane]) -> None:
    work = Held()
    lane = started(make_lane(work))

    async def main() -> None:
        first = asyncio.create_task(lane.submit(["a"], 1, Deadline(30)))
        await until(work.begun.is_set)
        with pytest.raises(Refusal, match="others' texts were before these") as refused:
            await lane.submit(["late"], 1, Deadline(0.01))
        assert refused.value.status_code == 503 and "Retry-After" in refused.value.headers
        assert lane.waiting == 0
        work.go.set()
        await first

    run(main())
    assert work.calls == [(1, ["a"])]


def test_the_seconds_to_wait_count_the_batch_at_work(started: Callable[[Lane], Lane]) -> None:
    """Half of a batch of about 20 s is done: nobody is sent away for one second."""
    work = Held()
    lane = started(make_lane(work))

    async def main() -> None:
        first = asyncio.create_task(lane.submit(["a"], 1, Deadline(30)))
        await until(work.begun.is_set)
        lane._seconds_a_unit, lane._at_work = 20.0, (1, time.monotonic() - 10)
        with pytest.raises(Refusal, match="others' texts were before these") as late:
            await lane.submit(["late"], 1, Deadline(0.01))
        assert 29 <= int((late.value.headers or {})["Retry-After"]) <= 31  # 10 s of that batch, and 20 s of its own
        lane._seconds_a_unit, lane._at_work = 0.0, (1, time.monotonic() - 7)  # the first batch, of unknown speed
        with pytest.raises(Refusal) as unknown:
            await lane.submit(["late"], 1, Deadline(0.01))
        assert 7 <= int((unknown.value.headers or {})["Retry-After"]) <= 9
        work.go.set()
        await first

    run(main())
    lane.close(10)
    assert lane._until_batch_is_done() == 0.0


def test_work_that_is_too_slow_is_told_with_the_true_limit_and_is_not_worth_another_try(
    started: Callable[[Lane], Lane],
) -> None:
    work = Held()
    lane = started(make_lane(work))

    async def main() -> None:
        deadline = Deadline(1)
        with pytest.raises(Refusal, match=r"within the time limit of 1 s \(--time_limit\)") as refused:
            await lane.submit(["a"], 1, deadline)
        assert refused.value.status_code == 503 and not refused.value.headers
        with pytest.raises(Refusal, match="not done within"):  # nothing of the time is left for a second piece
            await lane.submit(["b"], 1, deadline)
        work.go.set()

    run(main())
    assert work.calls == [(1, ["a"])]


def test_a_queue_that_would_outlast_the_time_limit_is_not_joined(started: Callable[[Lane], Lane]) -> None:
    work = Held()

    def slow(key: Any, items: Sequence[Any]) -> list[Any]:
        time.sleep(0.1)
        return work(key, items) if "held" in items else list(items)

    lane = started(make_lane(slow))

    async def main() -> None:
        await lane.submit(["a"], 1, Deadline(30))  # 0.1 s an item is known now
        tasks = [asyncio.create_task(lane.submit(["held"], 1, Deadline(30)))]
        await until(work.begun.is_set)
        tasks += [asyncio.create_task(lane.submit(["b", "c", "d"], 1, Deadline(30)))]
        await until(lambda: lane.waiting == 3)
        with pytest.raises(Refusal) as refused:
            await lane.submit(["e"], 1, Deadline(0.2))
        assert refused.value.status_code == 429
        work.go.set()
        await asyncio.gather(*tasks)

    run(main())


def test_one_request_does_not_spoil_the_others(started: Callable[[Lane], Lane]) -> None:
    held = Held()

    def work(key: Any, items: Sequence[str]) -> list[str]:
        if "first" in items:
            return held(key, items)
        if "poison" in items:
            raise ValueError("no")
        return [item.upper() for item in items]

    lane = started(make_lane(work))

    async def main() -> list[Any]:
        first = asyncio.create_task(lane.submit(["first"], 1, Deadline(30)))
        await until(held.begun.is_set)
        rest = [asyncio.create_task(lane.submit([text], 1, Deadline(30))) for text in ("b", "poison", "c")]
        await until(lambda: lane.waiting == 3)
        held.go.set()
        return await asyncio.gather(first, *rest, return_exceptions=True)

    _, b, poison, c = run(main())
    assert (b, c) == (["B"], ["C"])
    assert isinstance(poison, Refusal) and poison.status_code == 500


def test_a_lane_that_cannot_load_says_so(started: Callable[[Lane], Lane]) -> None:
    def load() -> Any:
        raise OSError("no weights")

    lane = started(Lane("rewrite", load, max_batch=1, max_waiting=1))
    assert lane.state == "failed"
    with pytest.raises(Refusal, match="could not be loaded") as refused:
        run(lane.submit(["a"], 1, Deadline(1)))
    assert refused.value.status_code == 503 and not refused.value.headers  # it will not load by itself
    assert lane.failure == "OSError: no weights"


def test_closing_finishes_what_waits(started: Callable[[Lane], Lane]) -> None:
    work = Held()
    lane = started(make_lane(work))

    async def main() -> list[Any]:
        tasks = [asyncio.create_task(lane.submit(["a"], 1, Deadline(30)))]
        await until(work.begun.is_set)
        tasks += [asyncio.create_task(lane.submit(["b"], 1, Deadline(30)))]
        await until(lambda: lane.waiting == 1)
        work.go.set()
        await asyncio.to_thread(lane.close, 30)
        with pytest.raises(Refusal, match="shutting down"):
            await lane.submit(["c"], 1, Deadline(30))
        return await asyncio.gather(*tasks)

    assert run(main()) == [["a!"], ["b!"]]
