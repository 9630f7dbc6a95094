"""Go through a queue of comments with the HTTP API: publish, suggest, or leave to a moderator.

    sro serve &
    python examples/moderate_queue.py queue.jsonl decisions.jsonl

A row of the queue is {"id": ..., "text": ...}. A decision has the same id and one of three actions: `publish` (the
comment passes), `suggest` (show its author the suggestion) and `moderate` (a person has to look). `reason` says why;
it is `out_of_time` or `busy` if the service had no time for the comment.
"""

from __future__ import annotations

import argparse
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BATCH = 16  # comments per request: small enough for the time limit of the service


def post(address: str, path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
    """The answer of the service. Raises urllib.error.HTTPError; its body says what is wrong."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(address + path, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310 - the address is the caller's own server
        answer: dict[str, Any] = json.load(reply)
    return answer


def decisions(address: str, queue: list[dict[str, Any]], key: str = "") -> Iterator[dict[str, Any]]:
    """One decision per comment, in order."""
    for start in range(0, len(queue), BATCH):
        rows = queue[start : start + BATCH]
        answer = post(address, "/v1/rewrite", {"texts": [row["text"] for row in rows]}, key)
        for row, result in zip(rows, answer["results"], strict=True):
            if result["status"] == "unchanged":
                yield {"id": row["id"], "action": "publish"}
            elif result["status"] == "rewritten":
                yield {"id": row["id"], "action": "suggest", "suggestion": result["text"]}
            else:
                yield {"id": row["id"], "action": "moderate", "reason": result["reason"]}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Decide on a queue of comments with the HTTP API.")
    parser.add_argument("queue", type=Path, help='JSON Lines of {"id": ..., "text": ...}')
    parser.add_argument("decisions", type=Path, help="the JSON Lines to write")
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where `sro serve` listens")
    parser.add_argument("--key", default="", help="API key, if the service asks for one")
    options = parser.parse_args(arguments)

    with options.queue.open(encoding="utf-8-sig") as file:
        queue = [json.loads(line) for line in file if line.strip()]
    with options.decisions.open("w", encoding="utf-8") as file:
        for decision in decisions(options.address, queue, options.key):
            file.write(json.dumps(decision, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
