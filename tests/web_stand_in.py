"""A service for the page to talk to: canned verdicts and rewrites as `sro serve` gives them, refusals on order."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import sro

WEB = Path(sro.__file__).parent / "apps" / "serve" / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
REFUSED = re.compile("idiot|stupid")
SCREENER = "nblr 1a2b3c4d"
Attributes = dict[str, float] | Callable[[str], dict[str, float]]


def screened(text: str) -> dict[str, Any]:
    spans = [{"start": m.start(), "end": m.end(), "score": 3.0} for m in REFUSED.finditer(text)]
    return {**verdict(text), **language(text), "spans": spans}


def language(text: str) -> dict[str, Any]:
    german = text.startswith("Du ")
    return {"language": "de" if german else "en", "language_supported": not german}


def verdict(text: str) -> dict[str, Any]:
    failed = REFUSED.search(text)
    return {"label": "fail" if failed else "pass", "probability": 0.98 if failed else 0.02, "screener": SCREENER}


def rewritten(text: str) -> dict[str, Any]:
    """`stupid` becomes `bad`, an `idiot` cannot be helped."""
    answer = {"status": "unchanged", "source": text, "text": text, "reason": None, "before": verdict(text)}
    answer |= {"after": None, "similarity": None, "candidates": 0, "changes": [], **language(text)}
    if answer["before"]["label"] == "pass":
        return answer
    best = text.replace("stupid", "bad")
    answer |= {"after": verdict(best), "similarity": 0.86, "candidates": 2}
    if answer["after"]["label"] == "fail":
        return answer | {"status": "refused", "text": None, "reason": "still_fails"}
    return answer | {"status": "rewritten", "text": best}


class StandIn:
    """What the page may find: parts, a key, refusals in the order in which they come, by path."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.parts = {"screen": "ready", "rewrite": "ready", "feedback": "off"}
        self.reasons: dict[str, str] = {}
        self.max_text = 20_480
        self.key = ""
        self.delay = 0.0
        self.slow: dict[str, float] = {}  # seconds, by text
        self.refusals: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)
        self.asked: list[tuple[str, Any]] = []
        self.breaks_after: int | None = None  # results of the next stream
        self.too_long = 10**9
        self.attributes: Attributes | None = (
            None  # of a text that is screened or rewritten; the same for all, or by text
        )

    def bodies(self, path: str) -> list[Any]:
        return [body for asked, body in self.asked if asked == path]

    def refuse(self, path: str, *codes: int, **headers: str) -> None:
        self.refusals[path] += [
            (code, {name.replace("_", "-"): value for name, value in headers.items()}) for code in codes
        ]

    def answer(self, path: str, body: Any, key: str) -> tuple[int, dict[str, str], Any]:
        self.asked.append((path, body))
        if path == "/readyz":
            ready = all(state in ("ready", "off") for state in self.parts.values())
            return 200 if ready else 503, {}, {"parts": self.parts, "reasons": self.reasons, "max_text": self.max_text}
        if self.key and key != f"Bearer {self.key}":
            return 401, {}, error(401, "an API key is needed")
        if self.refusals[path]:
            code, headers = self.refusals[path].pop(0)
            return code, headers, error(code, "canned")
        time.sleep(self.delay + sum(self.slow.get(text, 0) for text in body.get("texts", [])))
        if path == "/v1/feedback":
            return 200, {}, {"stored": True}
        work = {"/v1/screen": screened, "/v1/rewrite": rewritten}.get(path)
        if work is None:
            return 404, {}, error(404, "not found")
        if any(len(text) > self.too_long for text in body["texts"]):
            return 400, {}, error(400, "texts.0: may have 9 bytes in UTF-8")
        results = [work(text) for text in body["texts"]]
        if path == "/v1/screen" and not body.get("spans"):
            results = [{name: value for name, value in result.items() if name != "spans"} for result in results]
        if self.attributes:
            for text, result in zip(body["texts"], results):
                found = self.attributes(text) if callable(self.attributes) else self.attributes
                (result if path == "/v1/screen" else result["before"])["attributes"] = found
        return 200, {}, {"results": results}


def error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": "X", "message": message}}


class Server(ThreadingHTTPServer):
    """Serves the page's files, and whatever its `stand_in` answers."""

    request_queue_size = 64  # the page asks for all its files at once
    stand_in: StandIn

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        path = WEB / (self.path.strip("/") or "index.html")
        if self.path.startswith(("/v1", "/readyz")):
            self.reply(*self.server.stand_in.answer(self.path, None, self.headers.get("Authorization", "")))
        elif path.is_file():
            headers = {"Content-Type": TYPES[path.suffix], "Cache-Control": "max-age=3600"}  # tests open it often
            self.send(200, headers, path.read_bytes())
        else:
            self.send(404, {}, b"")

    def do_POST(self) -> None:
        stand_in, body = self.server.stand_in, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code, headers, answer = stand_in.answer(self.path, body, self.headers.get("Authorization", ""))
        if code != 200 or not body.get("stream"):
            return self.reply(code, headers, answer)
        broken, stand_in.breaks_after = stand_in.breaks_after, None
        lines = answer["results"][:broken] + ([] if broken is None else [error(503, "canned")])
        text = "".join(json.dumps(line) + "\n" for line in lines)
        self.send(200, {"Content-Type": "application/x-ndjson"}, text.encode())

    def reply(self, code: int, headers: dict[str, str], answer: Any) -> None:
        self.send(code, {"Content-Type": "application/json", **headers}, json.dumps(answer).encode())

    def send(self, code: int, headers: dict[str, str], content: bytes) -> None:
        try:
            self.send_response(code)
            sent = {**headers, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
            for name, value in {**sent, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):  # the page has given it up
            self.close_connection = True


@contextmanager
def serving() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
