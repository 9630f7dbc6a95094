"""Completions from an engine that only continues texts; the rules of `TransformersGenerator` are applied from outside.

The loop rule holds exactly, even for an engine without logits processors. The engine continues a row. If a token that
it drew would close a loop, that token is dropped and drawn again without the forbidden tokens, and the row goes on
from there. So a greedy row gets the most likely allowed token, as with `sro.leader.no_repeat.NoLoops`. A sampled row
has the same distribution as long as top_p and top_k are off. (With them, a token is first drawn from what remains with
the forbidden tokens in it, and only the second time from what remains without them.)
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from sro.core.errors import SROError
from sro.leader.generation import Completion, Sampling
from sro.leader.no_repeat import NoLoops
from sro.leader.token_ids import decode, prompt_ids
from sro.leader.transformers_generator import length_bounds

ROWS_PER_WORKER = 4
"""Most of a step goes into reading the weights, which costs the same for one row as for a few."""


class ForbiddenTokens(Protocol):
    """Returns the tokens that must not follow `ids`, the tokens generated so far."""

    def __call__(self, ids: list[int], /) -> set[int]: ...


@dataclass
class Row:
    """One completion in the making.

    Attributes:
        number: index of the row in this call, from 0; for engines that seed each row by itself.
        prompt: token ids.
        bound: how many tokens it may have.
        end: the end token.
        forbidden_tokens: the rule against loops.
        ids: the tokens so far.
        done: whether it has reached its end token or its bound, or the engine generates nothing more.
    """

    number: int
    prompt: list[int]
    bound: int
    end: int
    forbidden_tokens: ForbiddenTokens
    ids: list[int] = field(default_factory=list)
    done: bool = False

    @property
    def left(self) -> int:
        """How many tokens may still come."""
        return self.bound - len(self.ids)

    def take(self, drawn: Sequence[int]) -> set[int]:
        """Add the drawn tokens, up to the end token, the bound or the first forbidden token.

        Returns:
            the forbidden tokens if it stopped before one of them, else an empty set.
        """
        for token in drawn:
            forbidden = self.forbidden_tokens(self.ids)
            if token in forbidden:
                return forbidden
            self.ids.append(token)
            self.done = token == self.end or not self.left
            if self.done:
                break
        self.done = self.done or not drawn
        return set()


class Extend(Protocol):
    """Asks an engine to continue rows."""

    def __call__(self, rows: Sequence[Row], forbidden: Sequence[int] = (), /) -> list[list[int]]:
        """More token ids for each row, after `prompt` and `ids`.

        The engine may go beyond the end token, the bound or a loop, and may stop before; `Row.take` handles this. With
        `forbidden` there is one row, and the engine must return one token that is not forbidden.
        """


def complete(rows: Sequence[Row], extend: Extend) -> None:
    """Continue rows until all are done.

    Raises:
        SROError: the engine draws a token that it was told to leave out.
    """
    waiting = list(rows)
    while waiting:
        for row, drawn in zip(waiting, extend(waiting)):
            while forbidden := row.take(drawn):
                [drawn] = extend([row], sorted(forbidden))
                if forbidden.intersection(drawn[:1]):
                    raise SROError("the engine says what it was told not to: a server must know `logit_bias`")
        waiting = [row for row in waiting if not row.done]


def generate_stepwise(
    tokenizer: Any,
    prompt: str,
    comments: Sequence[str],
    n: int,
    sampling: Sampling,
    workers: Sequence[Extend],
    *,
    max_prompt_length: int,
    batch_size: int,
) -> list[list[Completion]]:
    """`sro.leader.generation.Generator.generate` on an engine.

    Args:
        tokenizer, prompt, max_prompt_length: as `TransformersGenerator` takes them.
        workers: continue rows side by side, if there are `ROWS_PER_WORKER` rows for each. Which worker gets a row
            depends only on the rows, so a worker with its own random generator draws the same every time.
        batch_size: rows that all workers together are given at once; comments of similar length share a batch.

    Raises:
        SROError: a prompt of more than `max_prompt_length` tokens.
    """
    prompts = prompt_ids(tokenizer, prompt, comments, max_prompt_length) if comments else []
    bounds = length_bounds(tokenizer, prompt, prompts, sampling)
    rule = NoLoops(tokenizer, prompts, start=0) if sampling.avoid_loops else None
    rows = [
        Row(i * n + j, ids, bound, tokenizer.eos_token_id, partial(rule.forbidden_tokens, i) if rule else _nothing)
        for i, (ids, bound) in enumerate(zip(prompts, bounds))
        for j in range(n)
    ]
    order = sorted(rows, key=lambda row: len(row.prompt))
    workers = workers[: workers_needed(len(order), len(workers))]
    most = max(1, batch_size // max(1, len(workers)))

    def work(extend: Extend, share: Sequence[Row]) -> None:
        for start in range(0, len(share), most):
            complete(share[start : start + most], extend)

    shares = [order[k :: len(workers)] for k in range(len(workers))]
    with ThreadPoolExecutor(max(1, len(workers))) as pool:  # engines release the GIL while they compute or wait
        list(pool.map(work, workers, shares))
    texts = decode(tokenizer, [row.ids for row in rows])
    completions = [Completion(text, row.ids, row.ids[-1:] == [row.end]) for text, row in zip(texts, rows)]
    return [completions[i * n : (i + 1) * n] for i in range(len(comments))]


def workers_needed(rows: int, workers: int) -> int:
    """How many workers to use for this many rows."""
    return min(workers, -(-rows // ROWS_PER_WORKER))


def _nothing(_: list[int], /) -> set[int]:
    return set()
