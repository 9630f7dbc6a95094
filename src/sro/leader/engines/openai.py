"""Generate with a server that speaks the OpenAI completions protocol: vLLM, SGLang and the like, on the user's GPU.

    sro export --to safetensors --output_dir merged
    vllm serve merged --served-model-name merged          # in an environment of its own: it pins another torch
    sro rewrite "you are an idiot" --engine openai --engine_url http://localhost:8000/v1 --leader merged

The server gets prompts as token ids, one request for each completion with its own length limit and seed, so nothing
depends on how it tokenises text or on what else it serves; it batches by itself. It must give token ids back
(`return_token_ids`: vLLM from 0.10.2, SGLang), because text alone may be tokenised differently when it is read again.
Samples are as reproducible as the server is under a given seed.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sro.core.errors import SROError
from sro.core.http import NoRedirects, check_url, read_key
from sro.leader.engines.chat.replies import asked_to_wait, shortened_json
from sro.leader.engines.stepwise import Row, generate_stepwise
from sro.leader.generation import Completion, Sampling
from sro.leader.prompted import Prompted

KEY = "SRO_ENGINE_KEY"  # environment variable with the server's key; no other key is ever sent to it
RETRYABLE_STATUSES = (408, 429, 500, 502, 503, 504)  # HTTP statuses that a retry may resolve
LONGEST_WAIT = 120.0  # longest wait in seconds that a server may ask for; above it, an error tells the user


class OpenAIGenerator(Prompted):
    """Generates over HTTP, for decoder-only leaders; threads may share one."""

    def __init__(
        self,
        url: str,
        tokenizer: Any,
        prompt: str,
        *,
        model: str | None = None,
        max_prompt_length: int = 512,
        batch_size: int = 64,
        timeout: float = 60.0,
        retries: int = 4,
    ) -> None:
        """Send nothing before the first generation, unless the server must be asked for the model's name.

        Args:
            url: up to and including the version, e.g. http://localhost:8000/v1.
            tokenizer: of the leader that is served; prompts and replies go through it here.
            prompt: template with `{text}`.
            model: the name it is served under; None: the first one that the server lists.
            max_prompt_length: longer prompts are an error.
            batch_size: requests under way at once.
            timeout: seconds for one request.
            retries: further tries after time-outs, lost connections and statuses 408, 429, 500, 502–504; with pauses
                of 0.5, 1, 2, … seconds, or as long as the server asks for, up to two minutes.

        Raises:
            SROError: the address or the key cannot be one, or the server does not say its model.
        """
        self.url = check_url(url, "--engine_url http://localhost:8000/v1", f"the environment variable {KEY}")
        self.tokenizer, self.prompt = tokenizer, prompt
        self.max_prompt_length, self.batch_size = max_prompt_length, batch_size
        self.timeout, self.retries = timeout, retries
        self._headers = {"Content-Type": "application/json"}
        if key := read_key(KEY):
            self._headers["Authorization"] = f"Bearer {key}"
        self._opener = urllib.request.build_opener(NoRedirects)
        self.model = model or self._first_model()

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """See `sro.leader.generation.Generator`.

        Raises:
            SROError: the server cannot be reached, refuses a request or answers something else; with that answer.
        """
        its_seed = secrets.randbelow(2**31) if seed is None else seed
        with ThreadPoolExecutor(self.batch_size) as pool:

            def extend(rows: Sequence[Row], forbidden: Sequence[int] = ()) -> list[list[int]]:
                return list(pool.map(lambda row: self._continued(row, forbidden, sampling, its_seed), rows))

            return generate_stepwise(
                self.tokenizer,
                self.prompt,
                comments,
                n,
                sampling,
                [extend],
                max_prompt_length=self.max_prompt_length,
                batch_size=max(1, len(comments)) * n,  # all at once: the pool sets the limit, and the server batches
            )

    def _continued(self, row: Row, forbidden: Sequence[int], sampling: Sampling, seed: int) -> list[int]:
        """More token ids of one row, with the end token if the server stopped there."""
        request = {
            "model": self.model,
            "prompt": row.prompt + row.ids,
            "max_tokens": 1 if forbidden else row.left,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p if sampling.temperature > 0 else 1.0,
            # Each row has its own seed, and a new one when it continues after a loop.
            "seed": (seed * 1_000_003 + row.number * 1_009 + len(row.ids)) % 2**31,
            "logit_bias": {str(token): -100 for token in forbidden} or None,
            "stop_token_ids": [row.end],
            "return_token_ids": True,
        }
        if sampling.temperature > 0 and sampling.top_k:
            request["top_k"] = sampling.top_k
        answer = self._ask("/completions", {name: value for name, value in request.items() if value is not None})
        try:
            [choice] = answer["choices"]
            ids, reason = [int(token) for token in choice["token_ids"]], choice["finish_reason"]
        except (KeyError, TypeError, ValueError) as error:
            raise SROError(
                f"{self.url} answered something else than one completion with token_ids: {shortened_json(answer)}\n"
                "  fix: vLLM from 0.10.2 or SGLang, which know return_token_ids"
            ) from error
        if reason == "stop" and ids[-1:] != [row.end]:
            ids.append(row.end)
        return ids

    def _first_model(self) -> str:
        answer = self._ask("/models")
        try:
            return str(answer["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise SROError(
                f"{self.url} does not say which model it serves: {shortened_json(answer)}\n  fix: --engine_model NAME"
            ) from error

    def _ask(self, path: str, content: dict[str, Any] | None = None) -> Any:
        """The JSON of the server's answer, with retries if needed."""
        body = None if content is None else json.dumps(content).encode()
        answer = self._tried(path, body)
        try:
            return json.loads(answer)
        except (ValueError, RecursionError) as error:
            raise SROError(f"{self.url}{path} did not answer in JSON: {error}") from error

    def _tried(self, path: str, body: bytes | None) -> bytes:
        """The first answer that the server gives."""
        request = urllib.request.Request(self.url + path, body, self._headers)  # noqa: S310 - the scheme was looked at
        for attempt in range(self.retries + 1):
            pause = 0.5 * 2**attempt
            try:
                with self._opener.open(request, timeout=self.timeout) as reply:
                    answer: bytes = reply.read()
                    return answer
            except urllib.error.HTTPError as error:
                trouble = f"status {error.code}: {shortened_json(_body(error))}"
                if error.code not in RETRYABLE_STATUSES:
                    raise SROError(f"{self.url}{path} refused the request, {trouble}{_hint(error.code)}") from error
                asked = asked_to_wait(error.headers.get("Retry-After", ""))
                if asked is not None and asked > LONGEST_WAIT:
                    raise SROError(
                        f"{self.url} asks to wait {asked:.0f} s (status {error.code})\n  fix: run it again later"
                    ) from error
                pause = pause if asked is None else asked
            except (ValueError, http.client.InvalidURL) as error:  # a host or path that no request can have
                raise SROError(
                    f"{self.url}{path} cannot be asked: {error}\n  fix: --engine_url http://localhost:8000/v1"
                ) from error
            except (OSError, http.client.HTTPException) as error:
                trouble = str(getattr(error, "reason", "") or error or type(error).__name__)
            if attempt < self.retries:
                time.sleep(pause)
        raise SROError(
            f"{self.url}{path} gave no answer in {self.retries + 1} tries of {self.timeout:g} s; last: {trouble}\n"
            "  fix: start the server, or name its address by --engine_url"
        )


def _body(error: urllib.error.HTTPError) -> str:
    """What an error reply says. It may break off, which changes nothing: the status alone decides what follows."""
    try:
        return error.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "(the message broke off)"


def _hint(status: int) -> str:
    if 300 <= status < 400:
        return "\n  fix: --engine_url with the address that this one leads to, if it is to have comments and key"
    if status in (401, 403):
        return f"\n  fix: put the server's key into the environment variable {KEY}"
    if status == 404:
        return "\n  fix: --engine_url up to and with the version (…/v1), --engine_model as the server lists it"
    return ""
