"""The authors' procedure as a benchmark, written from its description (arXiv 2410.20298), not from their code.

Each step uses one comment. The leader generates one completion by greedy decoding, without an attention mask, cut at
20 tokens, in train mode. Then leader and reference, two whole models, each read the completion, and also the comment
if the completion passed: one forward pass per text, logits at every position, no shared cache. It runs in float32 in
every mode, without an anchor, with AdamW on all weights and its own learning rate (2e-5). Its faults are kept, because
the benchmark measures the procedure as it is:

- log-probabilities are gathered one position off: the logits at a token are scored against that token, not the next;
- the rejected comment is scored with the prompt's words around it, as in the prompt.

It was written for an encoder–decoder. On a decoder-only leader, the prompt comes before the scored text, and there is
no decoder start token to forget. Their flip of every tenth verdict is left out; it costs no time.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from benchmarks.training.timing import Loop, Task, Turn, now
from sro.leader.model import is_peft
from sro.screeners.base import Screener

LONGEST = 20  # most tokens of a completion


class AuthorsLoop:
    """Stackelberg response optimization as first published, one comment at a time.

    Args:
        model: the leader, decoder-only; all weights that require gradients are trained.
        tokenizer: its tokenizer.
        prompt: template with `{text}`.
        screener: the follower.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        prompt: str,
        screener: Screener,
        beta: float = 0.1,
        label_smoothing: float = 0.1,
        learning_rate: float = 2e-5,
    ) -> None:
        self.model, self.tokenizer, self.prompt, self.screener = model.train(), tokenizer, prompt, screener
        self.reference = deepcopy(model).requires_grad_(False)
        self.beta, self.label_smoothing = beta, label_smoothing
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=learning_rate, weight_decay=0.01)

    def step(self, comment: str) -> tuple[float, list[int]]:
        """Train on one comment. Returns its loss, and the completion as token ids."""
        asked = self.prompt.replace("{text}", comment)
        prompt = self.tokenizer(asked, return_tensors="pt")["input_ids"].to(self.model.device)
        with torch.no_grad():
            row = self.model.generate(
                input_ids=prompt,
                max_new_tokens=LONGEST,
                do_sample=False,
                pad_token_id=self.tokenizer.pad_token_id,
                eos_token_id=self.tokenizer.eos_token_id,
            )
        y = row[:, prompt.shape[1] :]
        [verdict] = self.screener.screen([self.tokenizer.decode(y[0], skip_special_tokens=True)], sources=[comment])
        delta_y = self._delta(prompt, y)
        delta_x = self._delta(prompt, prompt) if verdict.passed else torch.zeros_like(delta_y)
        loss = authors_loss(delta_y, delta_x, verdict.passed, self.beta, self.label_smoothing)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item(), y[0].tolist()

    def _delta(self, prompt: Tensor, completion: Tensor) -> Tensor:
        """Δ(s) from the misplaced log-probabilities that they used."""
        with torch.no_grad():
            frozen = misplaced_log_prob(self.reference, prompt, completion)
        return misplaced_log_prob(self.model, prompt, completion) - frozen


def misplaced_log_prob(model: Any, prompt: Tensor, completion: Tensor) -> Tensor:
    """Sum over the completion of log softmax(logits at a token)[that same token]: one position off.

    prompt: [1, P], completion: [1, S] token ids; returns a scalar.
    """
    logits = model(input_ids=torch.cat([prompt, completion], dim=1)).logits[:, -completion.shape[1] :]
    return logits.log_softmax(-1).gather(-1, completion[..., None]).sum()


def authors_loss(delta_y: Tensor, delta_x: Tensor, passed: bool, beta: float, label_smoothing: float) -> Tensor:
    """pass: h = β·(Δ(y) − Δ(x)); fail: h = −β·Δ(y); loss −(1−ε)·log σ(h) − ε·log σ(−h)."""
    h = beta * (delta_y - delta_x) if passed else -beta * delta_y
    return -(1 - label_smoothing) * logsigmoid(h) - label_smoothing * logsigmoid(-h)


def authors(all_weights: bool) -> Loop:
    """Their loop on our leader: training `all_weights` as they did, or only our adapter."""

    def play(task: Task, comments: Sequence[str]) -> Turn:
        leader = task.start()
        model = leader.model
        if all_weights and is_peft(model):
            model = model.merge_and_unload().requires_grad_(True)
        loop = AuthorsLoop(model, leader.tokenizer, leader.prompt, task.screener, task.beta, task.label_smoothing)
        warm, *counted = comments[: task.authors_comments + 1]
        loop.step(warm)
        begin = now()
        found = [loop.step(comment) for comment in counted]
        return Turn(
            seconds=now() - begin,
            comments=len(counted),
            completions=len(found),
            tokens=sum(len(ids) for _, ids in found),
            steps=len(found),
            losses=[loss for loss, _ in found],
        )

    return play
