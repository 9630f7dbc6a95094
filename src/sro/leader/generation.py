"""How completions are generated, whatever the engine: sampling settings and the protocol. Needs no torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from sro.core.errors import SROError


@dataclass(frozen=True)
class Sampling:
    """How completions are sampled.

    Attributes:
        temperature: softmax temperature; 0 is greedy decoding, 1 the policy's own distribution.
        top_p: nucleus sampling: the smallest set of tokens whose probabilities reach this sum, in (0, 1]; 1 keeps all.
        top_k: sample among this many likeliest tokens; 0 keeps all.
        max_new_tokens: longest completion, in tokens, the end token included.
        max_length_ratio: longest completion relative to its comment's own number of tokens, plus 8 tokens. The smaller
            of the two limits holds.
        avoid_loops: forbid tokens that would repeat a phrase over and over. For rewriting only: in training the
            completions must come from the policy that is scored.

    Example:
        >>> Sampling(temperature=0.0).max_new_tokens
        96
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    max_new_tokens: int = 96
    max_length_ratio: float = 1.5
    avoid_loops: bool = False


NoRewrite = Literal["declined", "no_answer", "obeyed"]
"""Why a chat model gave no rewrite: it declined, did not answer, or obeyed an order in the comment."""


@dataclass(frozen=True)
class Completion:
    """What the leader generated for a comment.

    Attributes:
        text: the decoded text without special tokens, runs of white space folded to one space.
        ids: its token ids, [length]; the last one is the end token if and only if `finished`. Empty if the leader is
            a chat server, which returns only text.
        finished: whether the leader ended it; False if it was cut off at its length limit.
        problem: why there is no rewrite (then `text` is empty); None: there is one.

    Example:
        >>> Completion("you are wrong", [319, 389, 2642, 0], finished=True).text
        'you are wrong'
    """

    text: str
    ids: list[int]
    finished: bool
    problem: NoRewrite | None = None


class Generator(Protocol):
    """Anything that generates completions for comments: transformers, CTranslate2, a server, or an object of your own.

    Example:
        >>> class Polite:
        ...     def generate(self, comments, n, sampling, seed):
        ...         return [[Completion("please explain", [1, 2, 0], True)] * n for _ in comments]
        >>> generator: Generator = Polite()
        >>> [len(completions) for completions in generator.generate(["you idiot", "shut up"], 3, Sampling(), seed=0)]
        [3, 3]
    """

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """Generate completions.

        Args:
            comments: the texts to rewrite, without the prompt around them.
            n: how many completions to generate for each comment.
            sampling: how they are sampled, and how long they may be.
            seed: random seed for sampling; None: unseeded, different samples on every call.

        Returns:
            for each comment, in order, a list of `n` completions.

        Raises:
            SROError: a comment whose prompt is longer than the generator takes.
        """
        ...


@runtime_checkable
class AsyncGenerator(Generator, Protocol):
    """A generator that can also generate in the background, beside another call.

    Attributes:
        workers: how many calls can run side by side without slowing each other down.
    """

    workers: int

    def generate_async(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> PendingGeneration:
        """As `generate`, but return at once; the result is taken or cancelled later."""
        ...


@dataclass(frozen=True)
class Objection:
    """Why a rewrite was rejected, for a leader that can use this information.

    Attributes:
        comment, rewrite: the comment, and its rewrite.
        reason: one of `sro.rewriting.result.Reason`.
        words: pieces of the rewrite that the screener blames, the worst first.
        attributes: what the screener blames them for, in lower case ("insult", "identity attack"), the worst first.
    """

    comment: str
    rewrite: str
    reason: str
    words: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


@runtime_checkable
class RevisingGenerator(Generator, Protocol):
    """A generator that reads objections; other generators only rewrite their own best one again."""

    def revise(
        self, objections: Sequence[Objection], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        """As `generate`, for comments with a rejected rewrite: `n` new completions for each."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A generator that counts its work, because it costs money or time."""

    def spent(self) -> str:
        """One line for people: requests, tokens, cost and faults so far."""
        ...


def generate_exactly(
    generator: Generator, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
) -> list[list[Completion]]:
    """What the generator gives, for training: `n` completions of each comment, each with its ids.

    Raises:
        SROError: the generator gave fewer or more, or a completion without ids.
    """
    found = generator.generate(comments, n, sampling, seed)
    name = type(generator).__name__
    if len(found) != len(comments):
        raise SROError(
            f"the generator {name} answered {len(found)} of {len(comments)} comments\n"
            "  fix: generate(comments, n, ...) returns one list of n completions for each comment, in the same order"
        )
    for comment, some in zip(comments, found):
        if len(some) != n or not all(len(one.ids) for one in some):
            raise SROError(
                f"the generator {name} gave {len(some)} completions, want {n} with token ids, of {comment[:60]!r}\n"
                "  fix: generate(comments, n, ...) returns n completions of each comment, never with empty ids"
            )
    return found


def async_generator(generator: Generator) -> AsyncGenerator | None:
    """The generator itself if it can generate in the background and has more than one worker, else None."""
    return generator if isinstance(generator, AsyncGenerator) and generator.workers > 1 else None


class Cancelled(Exception):
    """This generation was cancelled before it was done."""


class PendingGeneration:
    """A generation that goes on in a thread of its own until its caller takes the result or cancels it."""

    def __init__(self, generate: Callable[[Callable[[], bool]], list[list[Completion]]]) -> None:
        """generate: does the work; it is given a function that says whether the work is cancelled, and raises
        `Cancelled` soon after that becomes true."""
        self._cancelled = threading.Event()
        pool = ThreadPoolExecutor(1)
        self._future = pool.submit(generate, self._cancelled.is_set)
        pool.shutdown(wait=False)

    def result(self) -> list[list[Completion]]:
        """Wait for the completions; raises the errors of the generation, including `Cancelled`."""
        return self._future.result()

    def cancel(self) -> None:
        """Make the generation end soon; nothing happens if it has ended."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()
