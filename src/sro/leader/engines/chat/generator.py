"""Generate with a chat model behind the OpenAI protocol: Ollama, llama.cpp, LM Studio, vLLM, or a hosted API.

    rewriter = Rewriter.load(engine=EngineArguments("chat", chat_url="http://localhost:11434/v1"))

The server returns only text. So a chat model can be the leader of a rewriter, and a teacher of one
(`sro warmup --teachers chat:URL`), but not the policy of a game, because the loss needs log-probabilities.
Its answers are cleaned (`answers`), compared with orders in the comment (`obedience`), and judged by the follower
like any leader's rewrites.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from sro.core.errors import SROError
from sro.core.http import check_url, read_key
from sro.leader.engines.chat.answers import read_answer
from sro.leader.engines.chat.client import ChatClient, NoAnswer, Request, the_model
from sro.leader.engines.chat.config import KEY, ChatArguments, gets_the_usual_key
from sro.leader.engines.chat.obedience import obeys
from sro.leader.engines.chat.prompt import ChatPrompt, Message
from sro.leader.engines.chat.replies import Choice
from sro.leader.engines.chat.usage import Usage
from sro.leader.generation import Completion, Objection, Sampling

logger = logging.getLogger(__name__)

CHARACTERS_A_TOKEN = 4
"""A rule of thumb, because the server's tokenizer is not known."""
TELL_EVERY = 60.0
"""Seconds between two log lines about what was spent."""


class ChatGenerator:
    """Generates over HTTP; threads may share one.

    Attributes:
        usage: what was asked and spent so far.
    """

    def __init__(self, arguments: ChatArguments, *, max_prompt_length: int = 256) -> None:
        """Send nothing, unless the server must be asked for the model's name.

        Args:
            arguments: the server, and how it is asked.
            max_prompt_length: longest comment, in tokens of 4 characters.

        Raises:
            SROError: an invalid setting, an unreadable prompt, no `openai`, or a server with several models.
        """
        arguments.check()
        self.url = check_url(
            arguments.chat_url or "",
            "--chat_url http://localhost:11434/v1",
            f"an environment variable, {KEY} or the one of --chat_key_env",
        )
        self.prompt = ChatPrompt.read(arguments.chat_prompt)
        self.max_prompt_length, self.concurrency = max_prompt_length, arguments.chat_concurrency
        self.max_tokens = arguments.chat_max_tokens
        self.usage = Usage(arguments.chat_price_in, arguments.chat_price_out)
        self._client = ChatClient(
            self.url,
            key_for(arguments.chat_key_env, self.url),
            timeout=arguments.chat_timeout,
            retries=arguments.chat_retries,
            usage=self.usage,
            key_env=arguments.chat_key_env or (KEY if gets_the_usual_key(self.url) else ""),
        )
        named = arguments.chat_model
        self.model = the_model(named, [] if named else self._client.models(), self.url)
        self._one_each = False  # whether the server gives one choice a request, whatever `n` is
        self._told = time.monotonic()

    def fits(self, comment: str) -> bool:
        """Whether a comment is short enough to be rewritten."""
        return len(comment) <= CHARACTERS_A_TOKEN * self.max_prompt_length

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `sro.leader.generation.Generator`. Limits of length are `chat_max_tokens`, not those of `sampling`.

        Raises:
            SROError: the server answers no question. A single unanswered question is a completion with a `problem`.
        """
        return self._answers([(text, self.prompt.messages(text)) for text in comments], n, sampling, seed)

    def revise(
        self, objections: Sequence[Objection], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `sro.leader.generation.RevisingGenerator`."""
        return self._answers([(one.comment, self.prompt.messages_again(one)) for one in objections], n, sampling, seed)

    def spent(self) -> str:
        """See `sro.leader.generation.Metered`."""
        return f"chat {self.model}: {self.usage}"

    def _answers(
        self, asked: Sequence[tuple[str, list[Message]]], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """Completions of each conversation; each conversation is about one comment."""
        wanted = n if sampling.temperature > 0 else min(n, 1)  # greedy answers are all the same
        pool = ThreadPoolExecutor(self.concurrency)
        try:
            work = [
                pool.submit(
                    self._asked, comment, messages, wanted, sampling, None if seed is None else seed + 1_009 * i
                )
                for i, (comment, messages) in enumerate(asked)
            ]
            found = [one.result() for one in work]
        finally:
            pool.shutdown(cancel_futures=True)  # after an error no more questions are sent
        if time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            logger.info("%s", self.spent())
        return [some if wanted == n else some * n for some in found]

    def _asked(
        self, comment: str, messages: list[Message], n: int, sampling: Sampling, seed: int | None
    ) -> list[Completion]:
        """`n` completions of one conversation: in one request, or one by one if the server gives one at a time."""
        found: list[Completion] = []
        while len(found) < n:
            some = 1 if self._one_each else n - len(found)
            request = self._request(messages, some, sampling, None if seed is None else seed + len(found))
            try:
                choices = self._client.ask(request)[:some]
            except NoAnswer as error:
                logger.warning("a comment was not answered: %s", error)
                found += [self._completion(Choice("", declined=error.declined), comment) for _ in range(some)]
                continue
            self._one_each = self._one_each or len(choices) < some
            found += [self._completion(choice, comment) for choice in choices]
        return found

    def _request(self, messages: list[Message], n: int, sampling: Sampling, seed: int | None) -> Request:
        request: Request = {
            "model": self.model,
            "messages": messages,
            "temperature": sampling.temperature,
            "max_tokens": self.max_tokens,
        }
        if sampling.temperature > 0 and sampling.top_p < 1:
            request["top_p"] = sampling.top_p
        if seed is not None:
            request["seed"] = seed % 2**31
        if n > 1:
            request["n"] = n
        return {**request, "extra_body": dict(self.prompt.request)} if self.prompt.request else request

    def _completion(self, choice: Choice, comment: str) -> Completion:
        """The rewrite in one choice, cleaned, or why there is none; counted."""
        answer = read_answer(choice.text, comment)
        problem = "declined" if choice.declined else answer.problem
        if problem is None and obeys(answer.text, comment, self.prompt.system):
            problem = "obeyed"
        self.usage.count(problem or "rewrites")
        return Completion("" if problem else answer.text, [], choice.finished, problem)


def key_for(name: str | None, url: str) -> str | None:
    """The server's key, from the environment; None: there is none for it.

    Args:
        name: the variable that the user named. None: `OPENAI_API_KEY`, which is sent only to OpenAI and to this
            machine, because it was hardly set for another server; a warning tells that it was not sent.

    Raises:
        SROError: the variable that was named is not set, or holds no key.
    """
    if name is None:
        if gets_the_usual_key(url):
            return read_key(KEY)
        if os.environ.get(KEY):
            logger.warning("%s is not sent to %s; if its key is meant, add --chat_key_env %s", KEY, url, KEY)
        return None
    key = read_key(name)
    if key is None:
        raise SROError(f"the environment variable {name} is empty, which --chat_key_env names\n  fix: export {name}=…")
    return key
