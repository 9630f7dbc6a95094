"""Test the service under load, in one command: start `sro serve`, send requests from many clients, and kill it.

    python -m benchmarks.load --clients 200 --seconds 60    # answers and times; kills and restarts
    python -m benchmarks.load --clients 200 --seconds 60 --memory_minutes 10   # and memory
    python -m benchmarks.load --clients 200 --seconds 60 -- --no_rewrite    # behind `--`: flags of `sro serve`

1. *Load*, each of `--paths` for `--seconds`: a client sends a comment, waits for the answer, and sends the next. After
   429 or 503 it waits as long as Retry-After says. Only 200, 429 and 503 are right. Times are those of answers with
   200.
2. *Memory*, `--memory_minutes` with all endpoints at once and comments of one to eight sentences. Resident memory is
   read each second. The first third is warm-up. A line is fitted through the medians of ten windows of the rest; it
   may rise by at most 2 % of the memory.
3. *Kills*, `--kills` times: SIGKILL while clients send feedback and comments, then a restart with the same file. The
   server must become ready, answer, and still have every row that it had answered with 200, as it was sent.

Server and clients share this machine, so the figures include the clients' own work. The exit status is 1, with the
reasons, if anything was not right. `--output` saves all figures as JSON. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from sro.core.files import atomic_write_text
from sro.core.markdown import write_table

COMMENTS = (
    "thank you for the edit",
    "you are an idiot",
    "I moved the section, see the talk page for why.",
    "What a stupid idea, nobody asked for it.",
    "The source says 1987. Could you check?",
    "Shut up, you know nothing about trains.",
)
BODIES = {
    "/v1/screen": lambda text, mark: {"texts": [text], "spans": True},
    "/v1/rewrite": lambda text, mark: {"texts": [text]},
    "/v1/feedback": lambda text, mark: {"id": mark, "action": "accepted", "source": text, "suggestion": text[::-1]},
    "/v1alpha1/comments:analyze": lambda text, mark: {
        "comment": {"text": text},
        "requestedAttributes": {"TOXICITY": {}},
    },
    "/v1/moderations": lambda text, mark: {"input": text},
}
RIGHT = {200, 429, 503}
WARM_UP = 1 / 3
WINDOWS = 10
MAY_GROW = 0.02
LOADING = 300.0  # seconds until every part must be ready


@dataclass
class Seen:
    """Answers that the clients of a run got."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Times of the answers with 200."""
    accepted: dict[str, str] = field(default_factory=dict)
    """Comment by id, for feedback that was answered with 200."""
    elapsed: float = 0.0
    """Seconds until the last answer."""

    @property
    def wrong(self) -> dict[int | str, int]:
        return {status: number for status, number in self.statuses.items() if status not in RIGHT}

    def percentile(self, share: float) -> float:
        """Percentile of the times of answers with 200, in milliseconds."""
        return 1000 * float(np.quantile(self.seconds, share)) if self.seconds else float("nan")


class Server:
    """`sro serve` in its own process, on a free port; its feedback and log are in `folder`."""

    def __init__(self, folder: Path, flags: Sequence[str]) -> None:
        self.feedback, self.log = folder / "feedback.db", folder / "serve.log"
        self.command = [sys.executable, "-m", "sro", "serve", "--port", "0", "--feedback", str(self.feedback), *flags]
        self.start()

    def start(self) -> None:
        """Start it, and wait until every part is ready."""
        started = time.monotonic()
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log, text=True)  # noqa: S603
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()  # sro: http://127.0.0.1:8000   (…)
        if len(words) < 2:
            sys.exit(f"sro serve did not start:\n{self.log.read_text()}")
        self.url = words[1]
        while (answer := httpx2.get(f"{self.url}/readyz")).status_code != 200:
            if "failed" in answer.text or time.monotonic() > started + LOADING:
                self.stop()
                sys.exit(f"sro serve is not ready: {answer.text}\n{self.log.read_text()[-2000:]}")
            time.sleep(0.2)
        self.parts: dict[str, str] = answer.json()["parts"]
        self.seconds = time.monotonic() - started

    def megabytes(self) -> float:
        """Resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that takes too long."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()


async def client(http: httpx2.AsyncClient, path: str, longest: int, until: float, seen: Seen) -> None:
    """One client. It runs until the time is over or the server no longer answers."""
    chance = random.Random(secrets.randbits(64))
    while (started := time.monotonic()) < until:
        # The number makes all texts different, so that caches do not make the test too easy.
        text = " ".join([*chance.choices(COMMENTS, k=chance.randint(1, longest)), str(chance.randrange(10**6))])
        mark = f"{chance.getrandbits(64):016x}"
        try:
            answer = await http.post(path, json=BODIES[path](text, mark))
        except httpx2.HTTPError as error:
            seen.statuses[type(error).__name__] += 1
            if isinstance(error, httpx2.ConnectError):
                return
            continue
        seen.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            seen.seconds.append(time.monotonic() - started)
            if path == "/v1/feedback":
                seen.accepted[mark] = text
        else:
            wait = float(answer.headers.get("retry-after", 1))
            await asyncio.sleep(max(0.0, min(wait, until - time.monotonic())))


async def drive(
    server: Server, paths: Sequence[str], clients: int, seconds: float, *, longest: int = 1, kill: bool = False
) -> tuple[Seen, list[tuple[float, float]]]:
    """Run `clients` clients, spread over the paths, for `seconds`.

    Returns their answers, and the server's memory as (seconds since the start, MB). With `kill`, the server is killed
    at the end, under load.
    """
    seen, memory = Seen(), []
    # Idle connections are closed before the server's limit of five seconds, as any proxy must do.
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients, keepalive_expiry=3)
    async with httpx2.AsyncClient(base_url=server.url, timeout=60, limits=limits) as http:
        started = time.monotonic()
        until = started + seconds
        patience = 60 if kill else 0  # wait for accepted feedback: without it, a kill can lose nothing
        stay = until + 2 * patience
        tasks = [
            asyncio.create_task(client(http, paths[number % len(paths)], longest, stay, seen))
            for number in range(clients)
        ]
        told = started
        while (now := time.monotonic()) < until or (not seen.accepted and now < until + patience):
            if server.process.poll() is not None:
                sys.exit(f"the server ended by itself: {server.process.returncode}\n{server.log.read_text()[-2000:]}")
            memory.append((now - started, server.megabytes()))
            if now - told >= 10:
                told = now
                print(f"  {until - now:4.0f} s left, {memory[-1][1]:.0f} MB, {dict(seen.statuses)}", flush=True)
            await asyncio.sleep(min(1.0, max(0.1, until - now)))
        if kill:
            server.kill()
        await asyncio.gather(*tasks)
    seen.elapsed = time.monotonic() - started
    return seen, memory


def load(server: Server, paths: Sequence[str], clients: int, seconds: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Load on each path alone. Returns rows of figures, and what was wrong."""
    rows, wrong = [], []
    for path in paths:
        print(f"{path}: {clients} clients, {seconds:g} s", flush=True)
        seen, memory = asyncio.run(drive(server, [path], clients, seconds))
        rows.append(
            {
                "path": path,
                "answers/s": len(seen.seconds) / seen.elapsed,
                **{f"p{round(100 * share)} ms": seen.percentile(share) for share in (0.5, 0.95, 0.99)},
                **{str(status): seen.statuses[status] for status in sorted(RIGHT)},
                "other": sum(seen.wrong.values()),
                "MB": max(megabytes for _, megabytes in memory),
            }
        )
        if seen.wrong:
            wrong.append(f"{path}: {seen.wrong}")
        if not seen.seconds:
            wrong.append(f"{path}: not one answer with 200 ({dict(seen.statuses)})")
    return rows, wrong


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures of the load as a Markdown table."""
    names = list(rows[0])
    shown = (
        [f"{value:,.0f}" if isinstance(value, float | int) else f"`{value}`" for value in row.values()] for row in rows
    )
    return write_table(names, shown)


def growth(samples: Sequence[tuple[float, float]]) -> tuple[float, list[float]]:
    """The rise in MB of the line through the windows' medians after warm-up, and the medians.

    Medians ignore the temporary memory of a batch at work, but a leak still raises them.
    """
    seconds, megabytes = np.array(samples).T
    warm = seconds >= WARM_UP * seconds[-1]
    windows = [part for part in np.array_split(megabytes[warm], WINDOWS) if len(part)]
    medians = [float(np.median(part)) for part in windows]
    slope = float(np.polyfit(range(len(medians)), medians, 1)[0]) if len(medians) > 1 else 0.0
    return slope * len(medians), medians


def remember(server: Server, paths: Sequence[str], clients: int, minutes: float) -> tuple[dict[str, Any], list[str]]:
    """Memory under load on all endpoints. Returns the figures, and what was wrong."""
    print(f"memory: {clients} clients on {len(paths)} endpoints, {minutes:g} min", flush=True)
    seen, samples = asyncio.run(drive(server, paths, clients, 60 * minutes, longest=8))
    rise, medians = growth(samples)
    told = {
        "MB": [round(median, 1) for median in medians],
        "growth MB": round(rise, 1),
        "MB/hour": round(rise / (minutes * (1 - WARM_UP)) * 60, 1),
        "statuses": {str(status): number for status, number in seen.statuses.items()},
    }
    wrong = [f"memory grew by {rise:.0f} MB from {medians[0]:.0f} MB"] if rise > MAY_GROW * medians[0] else []
    return told, wrong + ([f"memory: {seen.wrong}"] if seen.wrong else [])


def kill(server: Server, paths: Sequence[str], clients: int, times: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Kill the server under load and restart it. Returns the figures, and what was wrong."""
    rows, wrong = [], []
    accepted: dict[str, str] = {}
    for number in range(times):
        seen, _ = asyncio.run(drive(server, paths, clients, 2 + 2 * random.random(), kill=True))
        accepted |= seen.accepted
        server.start()
        with closing(sqlite3.connect(server.feedback)) as store:
            kept = dict(store.execute("SELECT id, source FROM feedback"))
            sound = store.execute("PRAGMA integrity_check").fetchone()[0]
        lost = [mark for mark, text in accepted.items() if kept.get(mark) != text]
        answers = {path: httpx2.post(server.url + path, json=BODIES[path]("hello", "0"), timeout=60) for path in paths}
        refused = {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200}
        bad = {status: count for status, count in seen.wrong.items() if isinstance(status, int)}
        rows.append({"accepted": len(seen.accepted), "lost": len(lost), "ready after s": round(server.seconds, 1)})
        print(f"kill {number + 1}: {rows[-1]}", flush=True)
        wrong += [f"kill {number + 1}: {len(lost)} rows that were answered with 200 are lost"] if lost else []
        wrong += [f"kill {number + 1}: answers before it: {bad}"] if bad else []
        wrong += [f"kill {number + 1}: the file is damaged: {sound}"] if sound != "ok" else []
        wrong += [f"kill {number + 1}: no row was accepted before it, so it shows nothing"] * (not seen.accepted)
        wrong += [f"kill {number + 1}: answers after the restart: {refused}"] if refused else []
    return rows, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60, help="seconds of load on each path")
    parser.add_argument("--paths", nargs="+", choices=BODIES, default=["/v1/screen", "/v1/rewrite", "/v1/feedback"])
    parser.add_argument("--memory_minutes", type=float, default=0, help="minutes of the memory test; 0: no test")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--output", help="JSON file for all figures")
    parser.add_argument("flags", nargs="*", metavar="-- flags", help="flags for `sro serve`")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the `finally` stops the server
    told: dict[str, Any] = {"arguments": vars(options), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), options.flags)
        print(f"ready after {server.seconds:.1f} s, {server.megabytes():.0f} MB: {server.parts}", flush=True)
        here = [path for path in BODIES if path != "/v1/rewrite" or server.parts["rewrite"] == "ready"]
        try:
            paths = [path for path in options.paths if path in here]
            told["load"], wrong = load(server, paths, options.clients, options.seconds)
            if options.memory_minutes:
                told["memory"], more = remember(server, here, options.clients, options.memory_minutes)
                wrong += more
            if options.kills:
                told["kills"], more = kill(server, here, options.clients, options.kills)
                wrong += more
        finally:
            with suppress(ProcessLookupError):
                server.stop()
    print(f"\n{table(told['load'])}\n")
    if "memory" in told:
        print(f"memory: {told['memory']}")
    print("\n".join(["wrong:", *wrong]) if wrong else "all as it should be")
    if options.output:
        atomic_write_text(options.output, json.dumps({**told, "wrong": wrong}, indent=1) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
