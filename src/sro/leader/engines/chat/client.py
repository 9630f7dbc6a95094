"""Ask a chat server one question, with retries after time-outs, lost connections, rate limits and broken answers.

The client of `openai` sends the requests. This module decides when to try again, because threads share one pause after
a 429, an answer that is no JSON or holds no choice counts as a fault too, and every try is counted.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from sro.core.errors import SROError
from sro.leader.engines.chat.config import KEY
from sro.leader.engines.chat.replies import Choice, asked_to_wait, read_choices, read_tokens, shortened_json
from sro.leader.engines.chat.usage import Usage

logger = logging.getLogger(__name__)

RETRYABLE_STATUSES = (408, 409, 425, 429)
"""Statuses below 500 that a retry may resolve; all statuses from 500 on are retried too."""
LONGEST_WAIT = 120.0
"""Longest wait in seconds that a server may ask for; above it, an error tells the user."""
HOPELESS = 6
"""After so many questions in a row without an answer, the command stops, because the comments are not the reason."""
DISPENSABLE = ("seed", "temperature", "top_p", "n")
"""Fields that a server may refuse; the question is asked again without them, and so are all later questions."""
SUSPECTS = "--chat_model, --chat_max_tokens, or `request` in the file of --chat_prompt"
"""Settings that may make a server refuse every question."""

Request = dict[str, Any]


class NoAnswer(Exception):
    """All tries failed, or this one question was refused; the message says why, without quoting the comment.

    Attributes:
        declined: whether the server's content filter rejected the question.
    """

    def __init__(self, how: str, declined: bool = False) -> None:
        super().__init__(how)
        self.declined = declined


class _Fault(Exception):
    """One try failed; another one may succeed. `wait`: seconds that the server asks for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


class ChatClient:
    """Asks one model of one server; threads may share it."""

    def __init__(
        self, url: str, key: str | None, *, timeout: float, retries: int, usage: Usage, key_env: str = ""
    ) -> None:
        """Nothing is sent.

        Args:
            url: up to and including the version, e.g. http://localhost:11434/v1.
            key: the server's key; None: it needs none.
            timeout: seconds for one try.
            retries: further tries, after pauses of 0.5, 1, 2, … 8 seconds, or longer if the server asks for it.
            usage: counts requests, tokens and faults.
            key_env: environment variable of the key, for messages; empty if the user named none and OPENAI_API_KEY is
                not sent to this server.

        Raises:
            SROError: `openai` is not installed.
        """
        try:
            import openai
        except ImportError as error:
            raise SROError("--engine chat needs openai\n  fix: pip install -e '.[chat]'") from error
        self.url, self.retries, self.usage, self.timeout, self.key_env = url, retries, usage, timeout, key_env
        self._openai: Any = openai
        self._client: Any = openai.OpenAI(
            api_key=key or "none",
            base_url=url,
            timeout=timeout,
            max_retries=0,  # this module retries, see its docstring
            http_client=openai.DefaultHttpxClient(follow_redirects=False),  # comments go only to the named server
        )
        kept_back = [] if key else ["Authorization"]
        if not key or key_env != KEY:  # the user's OpenAI account, which the client would send to any server
            kept_back += ["OpenAI-Organization", "OpenAI-Project"]
        self._headers = dict.fromkeys(kept_back, openai.Omit())
        self._lock = threading.Lock()
        self._not_before = 0.0  # monotonic clock: no thread sends before this time, after a rate limit
        self._hopeless = 0
        self._refused: set[str] = set()
        self._answered = False
        self._first_refused: Any = None  # messages: if another question is refused too, the comment is not the reason

    def models(self) -> list[str]:
        """Names of the models that the server lists.

        Raises:
            SROError: the server cannot be reached, or does not list its models.
        """
        try:
            answer = self._tried(lambda: self._client.models.with_raw_response.list(extra_headers=self._headers))
        except (NoAnswer, self._openai.APIStatusError) as error:
            raise SROError(f"{self.url} does not list its models: {error}\n  fix: --chat_model NAME") from error
        try:
            return [str(model["id"]) for model in answer["data"]]
        except (KeyError, TypeError) as error:
            raise SROError(
                f"{self.url} does not list its models: {shortened_json(answer)}\n  fix: --chat_model NAME"
            ) from error

    def ask(self, request: Request) -> list[Choice]:
        """The choices that the server gives, at least one and perhaps fewer than `n`.

        Raises:
            NoAnswer: no try was answered, or this question was refused but others are not.
            SROError: the server answers no question: it is away, or needs another key, address, model or request.
        """

        def send() -> Any:
            kept = {name: value for name, value in request.items() if name not in self._refused}
            if "max_tokens" in self._refused:
                kept["max_completion_tokens"] = request["max_tokens"]
            self.usage.count("requests")
            return self._client.chat.completions.with_raw_response.create(**kept, extra_headers=self._headers)

        def read(answer: Any) -> list[Choice]:
            choices = read_choices(answer)
            if not choices:
                raise _Fault("an answer without choices")  # what it says instead may quote the comment
            return choices

        while True:
            refused = len(self._refused)
            try:
                answer = self._tried(send, read)
            except self._openai.APIStatusError as error:
                self._take_refusal(error, request, refused)
                continue
            self.usage.count_tokens(*read_tokens(answer))
            self._answered = True
            return read_choices(answer)

    def _tried(self, send: Any, read: Any = None) -> Any:
        """The JSON of the first try that is answered."""
        fault: _Fault | None = None
        for attempt in range(self.retries + 1):
            if attempt:
                self.usage.count("retries")
            self._wait()
            try:
                answer = self._once(send)
                if read:
                    read(answer)
                self._hopeless = 0
                return answer
            except _Fault as error:
                fault = error
                self.usage.count_fault(str(error))
            pause = min(0.5 * 2**attempt, 8.0)
            if fault.wait is not None:
                self._pause_all(max(fault.wait, pause))  # 0 would use up all tries at once
            elif attempt < self.retries:
                time.sleep(pause)
        self._hopeless += 1
        said = f"no answer in {self.retries + 1} tries; last: {fault}"
        if self._hopeless >= HOPELESS:
            raise SROError(f"{self.url} gave {said}\n  fix: look at the server, then run the command again")
        raise NoAnswer(said)

    def _once(self, send: Any) -> Any:
        """One try."""
        try:
            reply = send()
        except self._openai.APITimeoutError as error:
            raise _Fault(f"no answer within {self.timeout:g} s") from error
        except self._openai.APIConnectionError as error:
            why = str(error.__cause__ or error)
            if not self._answered and "refused" in why.lower():
                raise SROError(
                    f"nothing answers at {self.url}: {why}\n  fix: start the server, or name its address by --chat_url"
                ) from error
            raise _Fault(f"connection lost: {why}") from error
        except self._openai.APIStatusError as error:
            fault = self._status_fault(error)
            if fault is None:
                raise
            raise fault from error
        try:
            return json.loads(reply.text)
        except (ValueError, RecursionError) as error:
            raise _Fault("an answer that is no JSON") from error

    def _status_fault(self, error: Any) -> Exception | None:
        """What a status means: a fault that may pass, or the end; None: this request was refused, `ask` finds why."""
        status, said = int(error.status_code), shortened_json(error.body or error.message)
        if status in (401, 403):
            fix = f"put it into {self.key_env}" if self.key_env else "export MY_KEY=… and --chat_key_env MY_KEY"
            return SROError(f"{self.url} refuses the key (status {status}): {said}\n  fix: {fix}")
        if status == 404 or 300 <= status < 400:
            return SROError(
                f"{self.url} has no such address or model (status {status}): {said}\n"
                "  fix: --chat_url up to and with the version (…/v1), --chat_model as the server lists it"
            )
        if status < 500 and status not in RETRYABLE_STATUSES:
            return None
        if error.code == "insufficient_quota":
            return SROError(f"{self.url}: the account has no credit left: {said}\n  fix: see the provider's page")
        wait = asked_to_wait(error.response.headers.get("retry-after", ""))
        if wait is not None and wait > LONGEST_WAIT:
            return SROError(f"{self.url} asks to wait {wait:.0f} s (status {status})\n  fix: run it again later")
        return _Fault(f"status {status}", wait)

    def _take_refusal(self, error: Any, request: Request, refused: int) -> None:
        """Leave out the fields that the server does not know and return; else raise.

        Before the first answer, one question may be refused because of its comment (too long, or a filter without its
        code). If two different questions are refused, the reason is what they have in common: the settings.
        """
        said = shortened_json(error.body or error.message)
        fields = (*DISPENSABLE, "max_tokens")
        named = {name for name in fields if name == error.param or f"'{name}'" in said or f'"{name}"' in said}
        with self._lock:
            fresh = named & request.keys() - self._refused
            self._refused |= fresh
            if fresh:
                told = ", ".join(sorted(fresh))
                logger.warning("%s does not take %s, so it is asked without", self.url, told)
            if len(self._refused) > refused:
                return
        if error.code == "content_filter":
            raise NoAnswer("declined by the server's filter", declined=True)
        with self._lock:
            first = self._first_refused = self._first_refused or request["messages"]
        if not self._answered and first != request["messages"]:
            raise SROError(
                f"{self.url} refused two questions (status {error.status_code}): {said}\n  fix: {SUSPECTS}"
            ) from error
        self.usage.count_fault(f"status {error.status_code}")
        hint = "" if self._answered else f"; if others are too, look at {SUSPECTS}"
        raise NoAnswer(f"refused with status {error.status_code}{hint}")  # what else it says may quote the comment

    def _wait(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0:
            time.sleep(left)

    def _pause_all(self, seconds: float) -> None:
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)


def the_model(named: str | None, listed: Sequence[str], url: str) -> str:
    """The model's name: as named, else the only one that the server has.

    Raises:
        SROError: the server has no model, or several.
    """
    if named:
        return named
    if len(listed) != 1:
        have = ", ".join(listed[:8]) or "none"
        raise SROError(f"{url} has {len(listed)} models: {have}\n  fix: --chat_model NAME")
    return listed[0]
