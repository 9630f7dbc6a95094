"""Also ask the service that this one replaces, while it still runs, and save pairs of scores for thresholds.

    sro serve --shadow https://commentanalyzer.googleapis.com --shadow_pairs pairs.jsonl
    sro screener thresholds --pairs pairs.jsonl --threshold 0.8

A line of the file is `{"at": …, "screener": …, "ours": {"TOXICITY": 0.91}, "theirs": {"TOXICITY": 0.84}}`: no text, no
key, no address. The old service gets the comment, the languages and the attributes, with the client's own key (or the
one in the environment variable SRO_SHADOW_KEY) and `doNotStore`. A key that was made by `sro serve add-key` is never
sent there.

Our own answer neither waits for it nor depends on it: separate threads send the requests, from a queue that drops
requests when it is full. All failures are counted (`sro_shadow` of `/metrics`).
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from sro.apps.serve.keys import PREFIX
from sro.apps.serve.perspective import Query, in_production
from sro.core.errors import SROError
from sro.core.http import NoRedirects

Outcome = Literal["pair", "refused", "failed", "dropped"]
"""A pair was written; the old service returned an error; the service or the file failed; the queue was full."""

ASKED_BY = "x-sro-shadow"
"""A header of the requests sent here. A request with it is not sent again, in case the old name leads back to us."""
KEY = "SRO_SHADOW_KEY"
LONGEST_ANSWER = 1 << 20
CHECK = 0.2  # between checks whether it is closed

log = logging.getLogger("sro.apps.serve")


@dataclass(frozen=True)
class Question:
    """A request to the old service, and our answer."""

    body: bytes
    query: str
    headers: Mapping[str, str]
    screener: str
    ours: Mapping[str, float]


class Shadow:
    """Sends requests to the old service; see the module. It sends none before `start`.

    Args:
        url: of the old service, e.g. https://commentanalyzer.googleapis.com.
        path: file for the pairs; they are appended.
        seconds: time limit for an answer, or for a piece of it.
        threads: number of threads that send requests.
        waiting: most requests that may wait; further ones are dropped.

    Raises:
        SROError: the file cannot be written.
    """

    def __init__(self, url: str, path: str | Path, *, seconds: float = 10.0, threads: int = 4, waiting: int = 256):
        self.url = f"{url.rstrip('/').removesuffix('/v1alpha1')}/v1alpha1/comments:analyze"
        self.path, self.seconds = Path(path), seconds
        self._questions: queue.Queue[Question] = queue.Queue(waiting)
        self._threads = [threading.Thread(target=self._run, name="shadow", daemon=True) for _ in range(threads)]
        self._closed, self._writing = threading.Event(), threading.Lock()
        self._count: Callable[[Outcome], None] = lambda outcome: None
        self._last: str | None = None
        self._opener = urllib.request.build_opener(NoRedirects)
        try:
            self.path.touch(mode=0o600)
        except OSError as error:
            raise SROError(f"{path}: cannot be written: {error.strerror}\n  fix: another --shadow_pairs") from error

    def start(self, count: Callable[[Outcome], None]) -> None:
        """Start the threads. `count` is called with every outcome, from any thread."""
        self._count = count
        for thread in self._threads:
            thread.start()

    def close(self, seconds: float) -> None:
        """Send no more requests, and wait up to `seconds` for the pending answers."""
        self._closed.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def ask(
        self, query: Query, ours: Mapping[str, float], screener: str, *, sent: str, headers: Mapping[str, str]
    ) -> None:
        """Queue the same request for the old service; returns at once.

        Args:
            query: the query that was answered here.
            ours: the probabilities that were answered, by attribute.
            screener: the screener's name.
            sent: the request's query string, with the client's key.
            headers: of the request.
        """
        if ASKED_BY in headers or not query.attributes:
            return
        named = {"languages": list(query.languages)} if query.named else {}
        # Without their thresholds, because these would hide low scores.
        asked: dict[str, dict[str, Any]] = {name: {} for name in query.attributes}
        body = {"comment": {"text": query.text}, **named, "requestedAttributes": asked, "doNotStore": True}
        key = {name: headers[name] for name in ("x-goog-api-key",) if name in headers}
        key = {name: value for name, value in key.items() if not value.startswith(PREFIX)}
        sent = _without_our_keys(sent)
        if own := os.environ.get(KEY):
            sent, key = "", {"x-goog-api-key": own}
        told = {name: round(ours[in_production(name)], 6) for name in query.attributes}
        try:
            self._questions.put_nowait(Question(json.dumps(body).encode("ascii"), sent, key, screener, told))
        except queue.Full:
            self._count("dropped")

    # --- its threads -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                question = self._questions.get(timeout=CHECK)
            except queue.Empty:
                continue
            try:
                outcome, why = self._pair(question)
            except Exception as error:  # errors may only reach the log, and must not end the thread
                outcome, why = "failed", type(error).__name__
            self._count(outcome)
            if why is not None and why != self._last:  # one line as long as the reason stays the same
                log.warning("the old service gave no scores", extra={"reason": why})
            self._last = why

    def _pair(self, question: Question) -> tuple[Outcome, str | None]:
        """Send the request and write the pair; return the outcome and the reason if it failed."""
        headers = {**question.headers, "Content-Type": "application/json", ASKED_BY: "1"}
        url = f"{self.url}?{question.query}" if question.query else self.url
        request = urllib.request.Request(url, question.body, headers, method="POST")  # noqa: S310 - the scheme was looked at
        try:
            with self._opener.open(request, timeout=self.seconds) as answer:
                told = json.loads(answer.read(LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            error.close()
            return "refused", f"it answered {error.code}"
        found = told["attributeScores"]
        theirs = {name: float(found[name]["summaryScore"]["value"]) for name in question.ours if name in found}
        if not theirs or not all(0 <= value <= 1 for value in theirs.values()):
            return "failed", "no probabilities in its answer"
        ours = {name: question.ours[name] for name in theirs}
        row: dict[str, Any] = {"at": datetime.now(timezone.utc).isoformat(timespec="seconds")}
        row |= {"screener": question.screener, "ours": ours, "theirs": theirs}
        with self._writing, open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return "pair", None


def _without_our_keys(query: str) -> str:
    """The query string without values that begin like our own keys, whatever their names and escapes are."""
    fields = query.split("&")
    return "&".join(one for one in fields if not urllib.parse.unquote_plus(one.partition("=")[2]).startswith(PREFIX))
