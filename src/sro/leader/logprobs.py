"""log π(s|x), token by token, for decoder-only and encoder–decoder leaders: one function each.

Both take *several completions of one prompt* (K generated, and the comment itself): the game needs them, and the
prompt has to be read only once. A decoder-only model reads `prompt, s_1, …, s_R` as one row under a tree mask: each
completion sees the prompt and itself, never its siblings, and counts its positions from the prompt's end. An
encoder–decoder encodes the prompt once and decodes every completion against it. The same mask lets several such trees
share a row, so that short trees need no padding to the length of a long one.

If some layer does not follow that mask (`sro.leader.attention`), every completion is read after its own copy of the
prompt.

The logits at one position are scored against the token at the *next*. End-of-sequence is a token like any other; it is
in a completion if the leader is to be scored for stopping. The output head reads only the places where a token is
scored, and no softmax over the vocabulary is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from sro.leader.attention import widest_row

Ids = Sequence[int]

ROW = 192
"""Tokens of a row that short trees share. Attention costs the square of this; empty places cost as much as text."""


@dataclass(frozen=True)
class TokenLogProbs:
    """Log-probabilities of N completions, N = all completions of all prompts in order.

    values: [N, S] float32, nats; 0 where mask is False. mask: [N, S] bool, True on real tokens.
    """

    values: Tensor
    mask: Tensor

    def total(self) -> Tensor:
        """log π(s|x) = sum over the tokens of s, [N]."""
        return self.values.sum(-1)

    def lengths(self) -> Tensor:
        """Number of tokens of s, end-of-sequence included, [N]."""
        return self.mask.sum(-1)


def log_probs(
    model: Any, prompts: Sequence[Ids], completions: Sequence[Sequence[Ids]], pad_token_id: int
) -> TokenLogProbs:
    """log π(s|x) of every completion of every prompt under `model`, for both architectures.

    Args:
        model: a causal LM or an encoder–decoder (PEFT-wrapped or not).
        prompts: B prompts as token ids, unpadded and not empty.
        completions: for each prompt, any number of completions (none is allowed) as token ids, not empty.
        pad_token_id: any valid id; padding is masked, so its choice changes nothing.

    Raises:
        ValueError: an empty prompt or completion, or not one list of completions a prompt.
    """
    if len(prompts) != len(completions):
        raise ValueError(f"{len(prompts)} prompts but {len(completions)} lists of completions")
    for row, (prompt, branches) in enumerate(zip(prompts, completions)):
        if not len(prompt) or any(not len(branch) for branch in branches):
            raise ValueError(f"row {row}: empty prompt or completion; a completion holds at least its end token")
    score = seq2seq_log_probs if model.config.is_encoder_decoder else causal_log_probs
    return score(model, prompts, completions, pad_token_id)


def causal_log_probs(
    model: Any,
    prompts: Sequence[Ids],
    completions: Sequence[Sequence[Ids]],
    pad_token_id: int,
    row_tokens: int | None = ROW,
) -> TokenLogProbs:
    """`log_probs` for decoder-only leaders, in one pass.

    Args:
        row_tokens: about so many tokens share a row, prompts with their completions side by side; None: one row per
            prompt. The results are the same. A model that cannot read texts side by side gets one row per completion.
    """
    device = next(model.parameters()).device
    rows = _side_by_side(prompts, completions, row_tokens, pad_token_id)
    if rows.ids.shape[1] <= widest_row(model):
        sees = additive(rows.sees, model)[:, None]
        inputs = {"input_ids": rows.ids, "attention_mask": sees, "position_ids": rows.positions}
        where = rows.places
    else:
        inputs, where = _one_a_row(prompts, completions, pad_token_id)
    read = sorted({place for places in where for place in places}) or [0]
    with _head_reads(model, torch.tensor(read, device=device)):
        logits = model(**{name: given.to(device) for name, given in inputs.items()}, use_cache=False).logits
    targets, mask = padded([branch for branches in completions for branch in branches])
    row_of = {place: n for n, place in enumerate(read)}
    index = torch.tensor([row_of[place] for places in where for place in places], dtype=torch.long)
    return _gather(logits, index.to(device), targets.to(device), mask.to(device))


@dataclass(frozen=True)
class _Rows:
    """Trees in rows. ids, positions: [R, W]. sees: [R, W, W] bool, which token sees which. places: for each completion
    in order, the places with the logits that predict its tokens, counted row by row."""

    ids: Tensor
    positions: Tensor
    sees: Tensor
    places: list[list[int]]


def _side_by_side(
    prompts: Sequence[Ids], completions: Sequence[Sequence[Ids]], row_tokens: int | None, pad_token_id: int
) -> _Rows:
    sizes = [len(prompt) + sum(map(len, branches)) for prompt, branches in zip(prompts, completions)]
    rows = packed(sizes, row_tokens)
    width = max(sum(sizes[tree] for tree in row) for row in rows)
    ids = torch.full((len(rows), width), pad_token_id)
    positions = torch.zeros((len(rows), width), dtype=torch.long)
    owner = torch.full((len(rows), width), -1)  # the tree that a token belongs to, −1 padding
    group = torch.full((len(rows), width), -1)  # and its part in it: 0 the prompt, r ≥ 1 the r-th completion
    places: dict[int, list[list[int]]] = {}
    for row, trees in enumerate(rows):
        at = 0
        for tree in trees:
            behind = len(prompts[tree])
            end, places[tree] = row * width + at + behind, []
            owner[row, at : at + sizes[tree]] = tree
            for number, part in enumerate([prompts[tree], *completions[tree]]):
                here = slice(at, at + len(part))
                ids[row, here] = torch.tensor(list(part))
                group[row, here] = number
                positions[row, here] = torch.arange(len(part)) + (behind if number else 0)
                if number:
                    places[tree].append([end - 1, *range(row * width + at, row * width + at + len(part) - 1)])
                at += len(part)
    # A token sees what came before it in its tree's prompt or in its own completion.
    sees = (group[:, None, :] == 0) | (group[:, None, :] == group[:, :, None])
    sees &= (owner[:, None, :] == owner[:, :, None]) & torch.ones(width, width, dtype=torch.bool).tril()
    return _Rows(ids, positions, sees, [some for tree in range(len(prompts)) for some in places[tree]])


def _one_a_row(
    prompts: Sequence[Ids], completions: Sequence[Sequence[Ids]], pad_token_id: int
) -> tuple[dict[str, Tensor], list[list[int]]]:
    """Each completion after its prompt in a row of its own, and its places as in `_Rows`. A prompt without completions
    gets a row too, so that the model's input is never empty."""
    pairs = [(prompt, branch) for prompt, branches in zip(prompts, completions) for branch in branches or [()]]
    ids, mask = padded([[*prompt, *branch] for prompt, branch in pairs], pad_token_id)
    first = [row * ids.shape[1] + len(prompt) - 1 for row, (prompt, _) in enumerate(pairs)]
    places = [list(range(at, at + len(branch))) for at, (_, branch) in zip(first, pairs) if branch]
    return {"input_ids": ids, "attention_mask": mask.long()}, places


def packed(sizes: Sequence[int], row_tokens: int | None) -> list[list[int]]:
    """Distribute trees, given by their numbers, over rows with about the same number of tokens. There are as many rows
    as rows of `row_tokens` (or of the largest tree's tokens, if those are more) would need; None: one row per tree."""
    count = len(sizes) if row_tokens is None else -(-sum(sizes) // max(row_tokens, *sizes))
    rows: list[list[int]] = [[] for _ in range(count)]
    filled = [0] * len(rows)
    for tree in sorted(range(len(sizes)), key=lambda tree: -sizes[tree]):
        emptiest = filled.index(min(filled))
        rows[emptiest].append(tree)
        filled[emptiest] += sizes[tree]
    return rows


@contextmanager
def _head_reads(model: Any, places: Tensor) -> Iterator[None]:
    """Give the output head only these places of [rows, width, hidden], counted row by row; logits are [1, n, V]."""

    def chosen(_: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return (given[0].flatten(0, 1)[places][None], *given[1:])

    hook = model.get_output_embeddings().register_forward_pre_hook(chosen)
    try:
        yield
    finally:
        hook.remove()


def seq2seq_log_probs(
    model: Any, prompts: Sequence[Ids], completions: Sequence[Sequence[Ids]], pad_token_id: int
) -> TokenLogProbs:
    """`log_probs` for encoder–decoder leaders: encoder once a prompt, decoder inputs shifted right by one.

    Padding is always on the right: BART-like models count learnt positions from the left edge.
    """
    device = next(model.parameters()).device
    ids, seen = padded(prompts, pad_token_id)
    targets, mask = padded([branch for branches in completions for branch in branches], pad_token_id)
    row_of = torch.tensor([row for row, branches in enumerate(completions) for _ in branches], dtype=torch.long)
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    encoded = base.get_encoder()(input_ids=ids.to(device), attention_mask=seen.to(device), return_dict=True)
    encoded.last_hidden_state = encoded.last_hidden_state[row_of.to(device)]
    start = torch.full((len(targets), 1), model.config.decoder_start_token_id)
    read = mask.flatten().nonzero().squeeze(-1).to(device)
    with _head_reads(model, read):
        logits = model(
            encoder_outputs=encoded,
            attention_mask=seen[row_of].to(device),
            decoder_input_ids=torch.cat([start, targets[:, :-1]], dim=1).to(device),
            use_cache=False,
        ).logits
    return _gather(logits, torch.arange(len(read), device=device), targets.to(device), mask.to(device))


def padded(rows: Sequence[Ids], pad_token_id: int = 0, left: bool = False) -> tuple[Tensor, Tensor]:
    """Ids padded on the right or the left, and a mask of those that are not padding, [N, S] each."""
    width = max(map(len, rows), default=0)
    ids = torch.full((len(rows), width), pad_token_id)
    mask = torch.zeros((len(rows), width), dtype=torch.bool)
    for n, row in enumerate(rows):
        here = slice(width - len(row), width) if left else slice(0, len(row))
        ids[n, here] = torch.tensor(list(row), dtype=torch.long)
        mask[n, here] = True
    return ids, mask


def additive(sees: Tensor, model: nn.Module) -> Tensor:
    """Turn a boolean mask into the additive form, which every attention implementation of transformers takes in four
    dimensions."""
    dtype = next(model.parameters()).dtype
    return torch.zeros(sees.shape, dtype=dtype).masked_fill(~sees, torch.finfo(dtype).min)


def _gather(logits: Tensor, index: Tensor, targets: Tensor, mask: Tensor) -> TokenLogProbs:
    """Log-probabilities of `targets` where `mask` is True; `index` gives the row of the logits for each of them."""
    values = _Scored.apply(logits.flatten(0, 1), index, targets[mask])
    return TokenLogProbs(torch.zeros(mask.shape, device=logits.device).masked_scatter(mask, values), mask)


class _Scored(torch.autograd.Function):
    """log softmax(logits[index])[target] in float32, [n], a few rows at a time, so that memory never holds the whole
    softmax or a whole float32 copy of the logits. Backward computes the softmax again: (1[target] − softmax)."""

    ROWS = 32

    @staticmethod
    def forward(ctx: Any, logits: Tensor, index: Tensor, targets: Tensor) -> Tensor:
        norms, chosen = [], []
        for at, target in zip(index.split(_Scored.ROWS), targets.split(_Scored.ROWS)):
            part = logits[at].float()
            norms.append(part.logsumexp(-1))
            chosen.append(part.gather(-1, target[:, None]).squeeze(-1))
        norm = torch.cat(norms)
        ctx.save_for_backward(logits, index, targets, norm)
        return torch.cat(chosen) - norm

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        logits, index, targets, norm = ctx.saved_tensors
        found = torch.zeros_like(logits)
        for at, target, lse, up in zip(*(t.split(_Scored.ROWS) for t in (index, targets, norm, upstream))):
            part = logits[at].float().sub_(lse[:, None]).exp_().mul_(-up[:, None])
            part.scatter_add_(-1, target[:, None], up[:, None])
            found.index_add_(0, at, part.to(found.dtype))
        return found, None, None
