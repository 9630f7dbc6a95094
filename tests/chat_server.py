"""A stand-in on loopback for a server that speaks OpenAI's chat completions, with whatever faults a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], Any]
"""Request → what to answer: a text or a list of texts (choices), `Reply` for anything else."""


class Reply:
    """A status, a body (text as it is, anything else as JSON) and headers."""

    def __init__(self, status: int, body: Any = "", headers: Mapping[str, str] | None = None) -> None:
        self.status, self.body, self.headers = status, body, dict(headers or {})


def completion(texts: list[str], **message: Any) -> dict[str, Any]:
    """The JSON of an answer with these choices."""
    choices = [
        {"index": i, "finish_reason": "stop", "message": {"role": "assistant", "content": text, **message}}
        for i, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 100, "completion_tokens": 10 * len(texts), "total_tokens": 100 + 10 * len(texts)}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}


def comment_of(request: dict[str, Any]) -> str:
    """The comment that the last question is about, or that an objection is about."""
    questions = [one["content"] for one in request["messages"] if one["content"].startswith("<comment-")]
    return questions[-1].partition(">\n")[2].rpartition("\n</comment-")[0]


class ChatServer(ThreadingHTTPServer):
    """Answers by a function; `seen` keeps the requests, `headers` their headers."""

    daemon_threads = True

    def __init__(self, answer: Answer, models: tuple[str, ...] = ("tiny",)) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.models = answer, models
        self.seen: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        """A client that gave up waiting is no news."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_GET(self) -> None:
        self._send(
            Reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.models]})
        )

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(request)
        self.server.headers.append(self.headers)
        answer = self.server.answer(request)
        if isinstance(answer, str):
            answer = [answer] * request.get("n", 1)
        self._send(answer if isinstance(answer, Reply) else Reply(200, completion(answer)))

    def _send(self, reply: Reply) -> None:
        body = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""
