"""log π(s|x), token by token, for decoder-only and encoder–decoder leaders: one function each.

Both take *several responses to one prompt* (the K paraphrases, and the comment itself), because that is what the game
needs and because the prompt then has to be read only once: a decoder-only model reads `prompt, s_1, …, s_R` as one row
under a tree mask (each response sees the prompt and itself, never its siblings, and counts its positions from the
prompt's end); an encoder–decoder encodes the prompt once and decodes every response against it.

The logits at one position are scored against the token at the *next*; end-of-sequence is a token like any other and is
in `response` where the leader is to be scored for stopping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

Ids = Sequence[int]


@dataclass(frozen=True)
class TokenLogProbs:
    """Log-probabilities of N responses, N = all responses of all prompts in order.

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
    model: Any, prompts: Sequence[Ids], responses: Sequence[Sequence[Ids]], pad_token_id: int
) -> TokenLogProbs:
    """log π(s|x) of every response to every prompt under `model`, whichever its architecture.

    Args:
        model: a causal LM or an encoder–decoder (PEFT-wrapped or not).
        prompts: B prompts as token ids, unpadded and not empty.
        responses: for each prompt, any number of responses (none is allowed) as token ids, not empty.
        pad_token_id: any valid id; padding is masked, so its choice changes nothing.

    Raises:
        ValueError: an empty prompt or response, or not one list of responses a prompt.
    """
    if len(prompts) != len(responses):
        raise ValueError(f"{len(prompts)} prompts but {len(responses)} lists of responses")
    for row, (prompt, branches) in enumerate(zip(prompts, responses)):
        if not len(prompt) or any(not len(branch) for branch in branches):
            raise ValueError(f"row {row}: empty prompt or response; a response holds at least its end token")
    score = seq2seq_log_probs if model.config.is_encoder_decoder else causal_log_probs
    return score(model, prompts, responses, pad_token_id)


def causal_log_probs(
    model: Any,
    prompts: Sequence[Ids],
    responses: Sequence[Sequence[Ids]],
    pad_token_id: int,
    padding_side: Literal["left", "right"] = "left",
) -> TokenLogProbs:
    """`log_probs` for decoder-only leaders. Left padding lines the responses up, so fewer logits are computed."""
    device = next(model.parameters()).device
    rows = [list(p) + [t for branch in bs for t in branch] for p, bs in zip(prompts, responses)]
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad_token_id)
    positions = torch.zeros((len(rows), width), dtype=torch.long)
    # group: −1 padding, 0 the prompt, r ≥ 1 the r-th response. A token sees what came before it in group 0 or its own.
    group = torch.full((len(rows), width), -1)
    picks: list[tuple[int, list[int]]] = []  # per response: its row, and the positions whose logits predict its tokens
    for row, (prompt, branches) in enumerate(zip(prompts, responses)):
        start = width - len(rows[row]) if padding_side == "left" else 0
        ids[row, start : start + len(rows[row])] = torch.tensor(rows[row])
        end = start + len(prompt)
        positions[row, start:end] = torch.arange(len(prompt))
        group[row, start:end] = 0
        at = end
        for number, branch in enumerate(branches, 1):
            positions[row, at : at + len(branch)] = torch.arange(len(prompt), len(prompt) + len(branch))
            group[row, at : at + len(branch)] = number
            picks.append((row, [end - 1, *range(at, at + len(branch) - 1)]))
            at += len(branch)
    before = torch.ones(width, width, dtype=torch.bool).tril()
    sees = before & ((group[:, None, :] == 0) | (group[:, None, :] == group[:, :, None])) & (group[:, None, :] >= 0)
    sees |= torch.eye(width, dtype=torch.bool)  # padding sees itself: an all-masked row would be NaN
    first = min((where[0] for _, where in picks), default=width - 1)
    logits = model(
        input_ids=ids.to(device),
        attention_mask=_additive(sees, model).to(device)[:, None],
        position_ids=positions.to(device),
        use_cache=False,
        logits_to_keep=width - first,
    ).logits
    targets, mask = _pad([branch for branches in responses for branch in branches])
    index = torch.zeros_like(targets)
    for n, (_, where) in enumerate(picks):
        index[n, : len(where)] = torch.tensor(where) - first
    row_of = torch.tensor([row for row, _ in picks], dtype=torch.long)
    return _gather(logits, row_of.to(device), index.to(device), targets.to(device), mask.to(device))


def seq2seq_log_probs(
    model: Any, prompts: Sequence[Ids], responses: Sequence[Sequence[Ids]], pad_token_id: int
) -> TokenLogProbs:
    """`log_probs` for encoder–decoder leaders: encoder once a prompt, decoder inputs shifted right by one.

    Padding is always on the right: BART-like models count learnt positions from the left edge.
    """
    device = next(model.parameters()).device
    ids, seen = _pad(prompts, pad_token_id)
    targets, mask = _pad([branch for branches in responses for branch in branches], pad_token_id)
    row_of = torch.tensor([row for row, branches in enumerate(responses) for _ in branches], dtype=torch.long)
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    encoded = base.get_encoder()(input_ids=ids.to(device), attention_mask=seen.to(device), return_dict=True)
    encoded.last_hidden_state = encoded.last_hidden_state[row_of.to(device)]
    start = torch.full((len(targets), 1), model.config.decoder_start_token_id)
    logits = model(
        encoder_outputs=encoded,
        attention_mask=seen[row_of].to(device),
        decoder_input_ids=torch.cat([start, targets[:, :-1]], dim=1).to(device),
        use_cache=False,
    ).logits
    each = torch.arange(len(targets))
    index = torch.arange(targets.shape[1]).expand(len(targets), -1)
    return _gather(logits, each.to(device), index.to(device), targets.to(device), mask.to(device))


def _pad(rows: Sequence[Ids], pad_token_id: int = 0) -> tuple[Tensor, Tensor]:
    """Right-padded ids [N, S] and mask [N, S]."""
    width = max(map(len, rows), default=0)
    ids = torch.full((len(rows), width), pad_token_id)
    mask = torch.zeros((len(rows), width), dtype=torch.bool)
    for n, row in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(list(row))
        mask[n, : len(row)] = True
    return ids, mask


def _additive(sees: Tensor, model: nn.Module) -> Tensor:
    """Boolean mask to the additive form that every attention implementation of transformers takes in four
    dimensions."""
    dtype = next(model.parameters()).dtype
    return torch.zeros(sees.shape, dtype=dtype).masked_fill(~sees, torch.finfo(dtype).min)


def _gather(logits: Tensor, row: Tensor, index: Tensor, targets: Tensor, mask: Tensor) -> TokenLogProbs:
    """log softmax(logits[row, index])[target] without the softmax: only scored positions are ever normalised."""
    n, s = mask.nonzero(as_tuple=True)
    scored = logits[row[n], index[n, s]].float()
    chosen = scored.gather(-1, targets[n, s, None]).squeeze(-1)
    values = torch.zeros(mask.shape, device=logits.device).index_put((n, s), chosen - scored.logsumexp(-1))
    return TokenLogProbs(values, mask)
