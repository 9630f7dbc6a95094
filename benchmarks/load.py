"""Many clients at once against a server on this machine: how long answers take, which ones come, what memory it needs.

    sro serve --no_rewrite --port 8000 &
    python benchmarks/load.py --clients 200 --seconds 60
    python benchmarks/load.py --clients 200 --seconds 60 --path /v1/rewrite

A client sends a comment, waits for the answer, sends the next; after a 429 or 503 it waits as long as Retry-After
says. Memory is the server's own `/metrics`. Exit status 1 if any answer was another than 200, 429 or 503.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from sro.serve.settings import is_loopback

COMMENTS = (
    "thank you for the edit",
    "you are an idiot",
    "I moved the section, see the talk page for why.",
    "What a stupid idea, nobody asked for it.",
    "The source says 1987. Could you check?",
    "Shut up, you know nothing about trains.",
)
BODIES = {
    "/v1/screen": lambda text: {"texts": [text], "spans": True},
    "/v1/rewrite": lambda text: {"texts": [text]},
    "/v1alpha1/comments:analyze": lambda text: {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}},
    "/v1/moderations": lambda text: {"input": text},
    "/v1/feedback": lambda text: {"action": "accepted", "source": text, "suggestion": text[::-1]},
}
RSS = re.compile(r"^process_resident_memory_bytes (\S+)", re.MULTILINE)


@dataclass
class Seen:
    """What all clients saw."""

    statuses: Counter[int | str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """Of the answers with 200."""


async def client(http: httpx2.AsyncClient, path: str, number: int, until: float, seen: Seen) -> None:
    """One client, until the time is up."""
    chance = random.Random(number)
    while (started := time.monotonic()) < until:
        # The number keeps texts apart, so that no cache of words makes it too easy.
        text = f"{chance.choice(COMMENTS)} {chance.randrange(10**6)}"
        try:
            answer = await http.post(path, json=BODIES[path](text))
        except httpx2.HTTPError as error:
            seen.statuses[type(error).__name__] += 1
            continue
        seen.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            seen.seconds.append(time.monotonic() - started)
        else:
            wait = float(answer.headers.get("retry-after", 1))
            await asyncio.sleep(max(0.0, min(wait, until - time.monotonic())))


async def memory(http: httpx2.AsyncClient) -> float:
    """Of the server, in MB."""
    found = RSS.search((await http.get("/metrics")).text)
    return float(found[1]) / 1e6 if found else float("nan")


async def load(url: str, path: str, clients: int, seconds: float, key: str | None) -> Seen:
    """Let so many clients work for so long; the server's memory is printed on the way."""
    seen = Seen()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    limits = httpx2.Limits(max_connections=clients + 1)
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as http:
        until = time.monotonic() + seconds
        tasks = [asyncio.create_task(client(http, path, number, until, seen)) for number in range(clients)]
        while time.monotonic() < until:
            print(f"{until - time.monotonic():4.0f} s left: {await memory(http):.0f} MB, {dict(seen.statuses)}")
            await asyncio.sleep(min(5.0, max(0.1, until - time.monotonic())))
        await asyncio.gather(*tasks)
        print(f"at the end: {await memory(http):.0f} MB")
    return seen


def percentile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))] if seconds else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--path", default="/v1/screen", choices=BODIES)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--key", help="API key, if the server wants one")
    options = parser.parse_args()
    if not is_loopback(urlsplit(options.url).hostname or ""):
        parser.error("a load test is for a server on this machine")
    seen = asyncio.run(load(options.url, options.path, options.clients, options.seconds, options.key))
    shares = ", ".join(
        f"p{round(100 * share)} {percentile(seen.seconds, share):.0f} ms" for share in (0.5, 0.95, 0.99)
    )
    print(f"{len(seen.seconds) / options.seconds:.0f} answers/s, {shares}; {dict(seen.statuses)}")
    return int(not set(seen.statuses) <= {200, 429, 503})


if __name__ == "__main__":
    sys.exit(main())
