"""Speculative decoding with the comment as the draft.

Most tokens of a completion are copied from its comment. So each pass feeds the model the last token and the comment's
next tokens, and draws a token at every position. Drawn tokens are accepted up to and including the first that differs
from its guess; the cache is cropped behind it. Guesses change the speed only: the completion is drawn from the policy,
token by token, exactly as without guesses (speculative sampling, Leviathan et al. 2023, arXiv 2211.17192, with a
deterministic draft; prompt lookup, Saxena 2023). Rows that have ended are dropped, so a long comment does not
slow the others down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from sro.core.errors import SROError
from sro.leader.attention import widest_row
from sro.leader.logprobs import additive, padded

TOKENS = 96
"""Tokens that one pass reads, within the bounds on guesses: few enough that most of the time is reading weights."""
FEWEST, MOST = 2, 10
"""Fewest and most guesses per row in one pass."""
AHEAD, BACK = 8, 8
"""Draft tokens ahead of and behind the guess among which the drawn token is looked for."""

Forbidden = Callable[[int, list[int]], set[int]]
"""(number of the row, its completion so far) → tokens that must not come next."""


@dataclass(frozen=True)
class TokenSampler:
    """How a token is drawn from logits; see `sro.leader.generation.Sampling` for the meaning of the numbers."""

    temperature: float
    top_p: float
    top_k: int

    def draw(self, logits: Tensor) -> Tensor:
        """One token of each row: [N, vocabulary] float32 → [N]. Draws from torch's own random stream."""
        if self.temperature == 0:
            return logits.argmax(-1)
        logits = logits / self.temperature
        if self.top_k:
            least = logits.topk(min(self.top_k, logits.shape[-1])).values[:, -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        weights = logits.softmax(-1)
        if not bool(weights.sum(-1).isfinite().all()):
            raise SROError("the leader's logits are not numbers\n  fix: a lower learning rate, or --bf16 false")
        if self.top_p < 1:
            weights = weights * (weights >= _nucleus(weights, self.top_p))
        # float32 would lose the weights of a large vocabulary's tail
        reached = weights.cumsum(-1, dtype=torch.float64)
        whole = reached[:, -1:]
        # 1 − [0, 1) is above 0 and at most 1, so the first token that reaches this share has a weight above 0.
        drawn = (1 - torch.rand(whole.shape, dtype=whole.dtype, device=whole.device)) * whole
        return torch.searchsorted(reached, drawn).squeeze(-1)


def _nucleus(weights: Tensor, top_p: float) -> Tensor:
    """The least weight among the likeliest tokens that together reach `top_p`, [N, 1]."""
    some = min(256, weights.shape[-1])  # nearly always enough, in a hundredth of the time of sorting all
    best = weights.topk(some).values
    if some < weights.shape[-1] and not bool((best.sum(-1) >= top_p).all()):
        best = weights.sort(descending=True).values
    before = best.cumsum(-1) - best
    inside = (before < top_p).sum(-1, keepdim=True)
    return best.gather(-1, inside - 1)


@dataclass
class _Row:
    number: int
    prompt: Sequence[int]
    draft: Sequence[int]
    bound: int
    said: list[int] = field(default_factory=list)
    at: int = 0  # the token of the draft that is guessed next

    @property
    def last(self) -> int:
        """The last token of the completion, or of the prompt if there is none; the model has not read it yet."""
        return (self.said or self.prompt)[-1]

    @property
    def position(self) -> int:
        """The position of `last`."""
        return len(self.prompt) + len(self.said) - 1

    def guesses(self, most: int) -> list[int]:
        """The next tokens of the draft: at most `most`, and within the bound of the completion."""
        return list(self.draft[self.at : self.at + min(most, self.bound - len(self.said) - 1)])

    def say(self, token: int) -> None:
        """Add a token to the completion; find it in the draft: it was copied, or tokens before it were left out, or
        it comes late because words were inserted. If it is not found, it replaces the guessed token."""
        self.said.append(token)
        ahead = list(self.draft[self.at : self.at + AHEAD])
        back = list(self.draft[max(0, self.at - BACK) : self.at][::-1])
        if token in ahead:
            self.at += ahead.index(token) + 1
        elif token in back:
            self.at -= back.index(token)
        else:
            self.at += 1


def can_speculate(model: Any) -> bool:
    """Whether tokens that a model has read can be dropped again. This needs a decoder in which every layer attends to
    everything and which takes position ids, because dropped tokens leave gaps in the cache."""
    return math.isinf(widest_row(model))


@torch.no_grad()
def speculate(
    model: Any,
    prompts: Sequence[Sequence[int]],
    drafts: Sequence[Sequence[int]],
    n: int,
    bounds: Sequence[int],
    ends: Set[int],
    sampler: TokenSampler,
    forbidden: Forbidden = lambda row, said: set(),
) -> list[list[int]]:
    """`n` completions of each prompt, as token ids, up to and with their first end token if they have one.

    Args:
        model: one for which `can_speculate` is true, in eval mode.
        prompts: B prompts as ids, not empty.
        drafts: for each prompt what its completions probably say, in order, end token included.
        bounds: for each prompt the largest number of tokens of a completion.
        ends: tokens that end a completion.
        forbidden: returns the tokens that must not come next; called for each of the B·n rows, numbered in order.

    Returns:
        B·n lists, the n of a prompt side by side.
    """
    device = model.device
    cache, seen = _prefill(model, [prompt[:-1] for prompt in prompts], n)
    rows = [
        _Row(i * n + copy, prompt, draft, bound)
        for i, (prompt, draft, bound) in enumerate(zip(prompts, drafts, bounds))
        for copy in range(n)
    ]
    done: list[list[int]] = [row.said for row in rows]
    while rows:
        most = min(MOST, max(FEWEST, TOKENS // len(rows) - 1))
        guesses = [row.guesses(most) for row in rows]
        width = 1 + max(map(len, guesses))
        given = [[row.last, *guess] for row, guess in zip(rows, guesses)]
        ids = torch.tensor([some + [some[-1]] * (width - len(some)) for some in given])
        # Padding repeats the position of a row's last token, so it stays within the positions of the model.
        positions = [[row.position + min(j, len(guess)) for j in range(width)] for row, guess in zip(rows, guesses)]
        fresh = torch.ones(width, width, dtype=torch.bool).tril().expand(len(rows), -1, -1)
        sees = torch.cat([seen[:, None].expand(-1, width, -1), fresh], dim=-1)
        logits = model(
            input_ids=ids.to(device),
            attention_mask=additive(sees, model).to(device)[:, None],
            position_ids=torch.tensor(positions, device=device),
            past_key_values=cache,
            use_cache=True,
        ).logits.float()
        logits = _mask_forbidden(
            logits,
            [
                [forbidden(row.number, [*row.said, *guess[:j]]) for j in range(len(guess) + 1)]
                for row, guess in zip(rows, guesses)
            ],
        )
        drawn = sampler.draw(logits.flatten(0, 1)).view(len(rows), width).tolist()
        read = [_accept_guesses(row, guess, tokens, ends) for row, guess, tokens in zip(rows, guesses, drawn)]
        kept = max(read)
        if kept < width:
            cache.crop(kept - width)
        seen = torch.cat([seen, torch.arange(kept) < torch.tensor(read)[:, None]], dim=-1)
        left = [i for i, row in enumerate(rows) if row.last not in ends and len(row.said) < row.bound]
        if len(left) < len(rows):
            rows, seen = [rows[i] for i in left], seen[left]
            if rows:
                cache.batch_select_indices(torch.tensor(left, device=device))
    return done


def _accept_guesses(row: _Row, guess: Sequence[int], drawn: Sequence[int], ends: Set[int]) -> int:
    """Add the drawn tokens to the row as far as they were guessed, and the next one; return how many of the tokens
    that were read stay."""
    stands = 1
    for token, guessed in zip(drawn, [*guess, None]):
        row.say(token)
        if token != guessed or token in ends or len(row.said) == row.bound:
            break
        stands += 1
    return stands


def _prefill(model: Any, prompts: Sequence[Sequence[int]], n: int) -> tuple[DynamicCache, Tensor]:
    """A cache that has read each prompt, `n` times over, and which of its columns hold a token, [B·n, columns]."""
    cache = DynamicCache(config=model.config)
    ids, seen = padded(prompts, left=True)
    if ids.shape[1]:
        sees = (seen[:, None] == seen[:, :, None]) & torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
        model(
            input_ids=ids.to(model.device),
            attention_mask=additive(sees, model).to(model.device)[:, None],
            position_ids=(seen.cumsum(-1) - 1).clamp(min=0).to(model.device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache.batch_repeat_interleave(n)
    return cache, seen.repeat_interleave(n, dim=0)


def _mask_forbidden(logits: Tensor, forbidden: Sequence[Sequence[set[int]]]) -> Tensor:
    """Set the logits of forbidden tokens to −inf, [rows, width, vocabulary]."""
    for row, positions in enumerate(forbidden):
        for j, tokens in enumerate(positions):
            if tokens:
                logits[row, j, list(tokens)] = -torch.inf
    return logits
