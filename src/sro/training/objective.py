"""The SRO objective: a loss on the follower's *verdict*, not on an artificial preference.

    Δ(s) = log π_θ(s|x) − log π_ref(s|x)
    pass:  h =  β · (Δ(y) − Δ(x))      DPO with the completion y chosen and the comment x itself rejected
    fail:  h = −β · Δ(y)               nothing is preferred; only make the failed completion less likely
    ℓ = −(1−ε) · log σ(h) − ε · log σ(−h)

Source: Xie, Li, Zhu, "Learning from Response not Preference", arXiv 2410.20298; ε as in conservative DPO
(Mitchell, "A note on DPO with noisy preferences", 2023). Everything here is a pure function of log-probabilities.

This module also has related objectives for ablations (`Objective`): only the pass branch, only the fail branch, KTO,
and imitation of completions that passed. `sro_contrast` is SRO for several completions of one comment
(`contrast_logits`). `sro.training.noise` explains the effect of wrong verdicts, and a correction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def sro_logits(delta_y: Tensor, delta_x: Tensor, passed: Tensor, beta: float = 0.1) -> Tensor:
    """The margin h of each completion (docs/concepts/game.md).

    Args:
        delta_y: [N] log-ratio Δ(y) of each completion, in nats.
        delta_x: [N] log-ratio Δ(x) of each comment under the same prompt; if the verdict is fail, it is ignored and
            gets no gradient.
        passed: [N] bool, the screener's verdicts.
        beta: strength of the pull towards the reference, > 0.

    Returns:
        [N] margins h.
    """
    preference = delta_y - torch.where(passed, delta_x, torch.zeros_like(delta_x))
    return beta * torch.where(passed, preference, -delta_y)


def sro_loss(
    delta_y: Tensor, delta_x: Tensor, passed: Tensor, beta: float = 0.1, label_smoothing: float = 0.0
) -> Tensor:
    """SRO loss of each completion, [N]. If θ = ref, it is ln 2 for both verdicts.

    Args:
        delta_y, delta_x, passed, beta: see `sro_logits`.
        label_smoothing: ε in [0, 0.5), the probability that a verdict is wrong.

    Example (values computed by hand):
        >>> y, x = torch.tensor([2.0, 2.0]), torch.tensor([-1.0, -1.0])
        >>> sro_loss(y, x, torch.tensor([True, False])).tolist()
        [0.5543552..., 0.7981388...]
    """
    return smoothed_loss(sro_logits(delta_y, delta_x, passed, beta), label_smoothing)


def contrast_logits(delta_y: Tensor, delta_x: Tensor, passed: Tensor, beta: float = 0.1, group: int = 1) -> Tensor:
    """The margins of `sro_logits`, but a fail is compared with the passes of the same comment, if there are any:

        fail:  h = β · (mean of Δ(y') over the passes y' − Δ(y))

    A fail without a pass makes the whole completion less likely, including its good words. If there is a pass, the
    common beginning of both cancels, so only the tokens from the first difference on become less likely. The loss of
    such a fail also makes the passes more likely.

    Args:
        delta_y, delta_x, passed, beta: see `sro_logits`.
        group: number of completions of each comment; they are consecutive, and N is a multiple of it.

    Returns:
        [N] margins h; with `group` 1, those of `sro_logits`.

    Example:
        >>> y, x = torch.tensor([2.0, -1.0]), torch.tensor([-1.0, -1.0])
        >>> contrast_logits(y, x, torch.tensor([True, False]), group=2).tolist()  # .1 · (2 + 1) twice
        [0.3..., 0.3...]
    """
    some = passed.view(-1, group)
    count = some.sum(1, keepdim=True)
    of_passes = torch.where(some, delta_y.view(-1, group), 0.0).sum(1, keepdim=True) / count.clamp(min=1)
    contrasted = beta * (of_passes.expand_as(some).reshape(-1) - delta_y)
    has_pass = (count > 0).expand_as(some).reshape(-1)
    return torch.where(~passed & has_pass, contrasted, sro_logits(delta_y, delta_x, passed, beta))


def smoothed_loss(h: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """−(1−ε)·log σ(h) − ε·log σ(−h) of the margins h."""
    return -(1 - label_smoothing) * F.logsigmoid(h) - label_smoothing * F.logsigmoid(-h)


Objective = Literal["sro", "sro_contrast", "pass_only", "fail_only", "kto", "imitation"]
"""The name of the leader's loss; see `losses`."""


@dataclass(frozen=True)
class Scored:
    """The scores of leader and reference for N completions and their comments.

    delta_y, delta_x: [N] log-ratios, in nats. logp_y: [N] log π_θ(y|x). length_y: [N] tokens of y, end token included.
    """

    delta_y: Tensor
    delta_x: Tensor
    logp_y: Tensor
    length_y: Tensor


def losses(
    objective: Objective,
    scored: Scored,
    passed: Tensor,
    beta: float = 0.1,
    label_smoothing: float = 0.0,
    rpo_alpha: float = 0.0,
    group: int = 1,
) -> Tensor:
    """The loss of each completion, [N], under the verdicts `passed`, [N] bool.

        sro           `sro_loss`, the method
        sro_contrast  the same, but a fail is compared with the passes of the same comment (`contrast_logits`)
        pass_only     sro on passes, nothing on fails: DPO that throws the fails away
        fail_only     sro on fails, nothing on passes
        kto           pass: 1 − σ(β·Δ(y)) + σ(β·Δ(x)); fail: σ(β·Δ(y))
        imitation     pass: −log π(y|x)/|y|; fail: nothing. Rejection-sampling fine-tuning; best-of-n fine-tuning where
                      the follower passes only the best completion of each comment (`sro.screeners.best_of_n`)

    For KTO (Ethayarajh et al. 2024), completions that passed are desirable; completions that failed and the comments
    are undesirable. KTO's reference point, a KL estimate over a batch, is 0 here, as in TRL's `apo_zero_unpaired`: a
    batch of few completions gives no useful estimate, and a step's loss would depend on its split into micro-batches.

    Args:
        rpo_alpha: weight of −log π(y|x)/|y| on passes. It is added to every objective except imitation, which is
            already this term.
        group: number of completions of each comment; they are consecutive. Only sro_contrast uses it.
    """
    nothing = torch.zeros_like(scored.delta_y)
    imitation = -scored.logp_y / scored.length_y
    if objective == "imitation":
        return torch.where(passed, imitation, nothing)
    if objective == "kto":
        desirable = 1 - torch.sigmoid(beta * scored.delta_y) + torch.sigmoid(beta * scored.delta_x)
        found = torch.where(passed, desirable, torch.sigmoid(beta * scored.delta_y))
    elif objective == "sro_contrast":
        h = contrast_logits(scored.delta_y, scored.delta_x, passed, beta, group)
        found = smoothed_loss(h, label_smoothing)
    else:
        found = sro_loss(scored.delta_y, scored.delta_x, passed, beta, label_smoothing)
        counted = {"sro": torch.ones_like(passed), "pass_only": passed, "fail_only": ~passed}[objective]
        found = torch.where(counted, found, nothing)
    return found + rpo_alpha * torch.where(passed, imitation, nothing)


def compares_with_comment(objective: Objective) -> bool:
    """Whether the objective needs log π(x|x)."""
    return objective in ("sro", "sro_contrast", "pass_only", "kto")


LossOf = Callable[[Tensor], Tensor]
"""Verdicts [N] bool → losses [N]."""


def kl_estimate(delta_y: Tensor, length: Tensor) -> Tensor:
    """Per-token estimate of KL(π_θ ‖ π_ref) from on-policy completions, [N]: mean of Δ(y)/|y|.

    The plain (k1) estimator: it is unbiased under on-policy sampling, and may be negative on a small batch.
    """
    return delta_y / length.clamp(min=1)
