"""Check that `SROTrainer` computes the right numbers: compare its fast path with a plain one, on the same texts.

Fast: all texts in one padded pass, the prompt read once for a completion and its comment, log-softmax only at scored
positions. Plain: one forward pass per text, without padding or mask, log-softmax at all positions. The checks compare

- log π(s|x) of each text s, by the leader and by the reference, in nats. In float32 this shows that both paths compute
  the same. In bfloat16, a logit above 16 is a multiple of 1/8. If one rounds differently in a product of another
  shape, log π changes by that much. So the bound there is wide, and proves nothing.
- the loss of the completions, in the run's numeric mode, with METHOD's formula written out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from benchmarks.training.timing import Check
from sro.leader.token_ids import completion_ids
from sro.training.game import Game
from sro.training.trainer import SROTrainer

NATS = {"float32": 1e-3, "bfloat16": 0.5}  # largest allowed difference of log π(s|x) for any text
LOSS = 0.02  # largest allowed difference, as a share of the mean loss (or of 1 if the loss is smaller)


def checks(trainer: SROTrainer, comments: Sequence[str]) -> list[Check]:
    """Generate completions for these comments and compare both ways of scoring them.

    Call it last: afterwards the trainer's model is in float32, and no longer under autocast.
    """
    [game] = trainer.generate_and_screen([comments])
    model = trainer.accelerator.unwrap_model(trainer.model)
    template = None if model.config.is_encoder_decoder else trainer.args.prompt
    sources = completion_ids(trainer.processing_class, comments, template)
    completions = [[*played, source] for played, source in zip(game.completions, sources)]
    mode = "bfloat16" if trainer.args.bf16 else "float32"
    with torch.no_grad():
        with trainer.compute_loss_context_manager():
            fast, plain = float(trainer.compute_loss(trainer.model, game)), plain_loss(trainer, game)
            found = [Check(f"mean loss, {mode}", abs(fast - plain), LOSS * max(1.0, abs(plain)))]
            found.append(same_log_probs(trainer, game.prompts, completions, mode))
        if mode != "float32":
            vars(model).pop("forward", None)  # remove Accelerate's, which runs under autocast
            model.float()
            found.append(same_log_probs(trainer, game.prompts, completions, "float32"))
    return found


def same_log_probs(
    trainer: SROTrainer, prompts: list[list[int]], completions: list[list[list[int]]], mode: str
) -> Check:
    """The largest difference of log π(s|x) or log π_ref(s|x) between both ways, over all texts; NaN if any is NaN."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    pairs = [(prompt, text) for prompt, branches in zip(prompts, completions) for text in branches]

    def differences(policy: Any) -> Tensor:
        fast = trainer._log_probs(policy, prompts, completions).total()
        return (fast - torch.stack([plain_log_prob(policy, *pair) for pair in pairs])).abs()

    found = differences(model)
    with trainer.reference.policy(model) as frozen:
        found = torch.cat([found, differences(frozen)])
    return Check(f"log π of {len(pairs)} texts and log π_ref, nats a text, {mode}", float(found.max()), NATS[mode])


def plain_loss(trainer: SROTrainer, game: Game) -> float:
    """The mean loss, written out: one forward pass per text, METHOD's formula, anchor −α·log π(y|x)/|y| on passes."""
    args, model, found = trainer.args, trainer.model, []
    passed = game.passed.view(len(game.prompts), -1).tolist()
    for prompt, played, source, verdicts in zip(game.prompts, game.completions, game.sources, passed):
        for y, ok in zip(played, verdicts):
            logp_y = plain_log_prob(model, prompt, y)
            with trainer.reference.policy(model) as frozen:
                h = args.beta * (logp_y - plain_log_prob(frozen, prompt, y)) * (1 if ok else -1)
                reference_x = plain_log_prob(frozen, prompt, source) if ok and source else None
            if ok and source and reference_x is not None:
                h = h - args.beta * (plain_log_prob(model, prompt, source) - reference_x)
            loss = -(1 - args.label_smoothing) * logsigmoid(h) - args.label_smoothing * logsigmoid(-h)
            found.append(float(loss - ok * args.rpo_alpha * logp_y / len(y)))
    return sum(found) / len(found)


def plain_log_prob(model: Any, prompt: list[int], completion: list[int]) -> Tensor:
    """log π(s|x) by one unpadded forward pass of a decoder-only model."""
    ids = torch.tensor([[*prompt, *completion]], device=next(model.parameters()).device)
    logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1].float()
    return logits.log_softmax(-1).gather(-1, ids[0, len(prompt) :, None]).sum()
