"""The SRO objective: a loss on the follower's *response*, not on a made-up preference.

    Δ(s) = log π_θ(s|x) − log π_ref(s|x)
    pass:  h =  β · (Δ(y) − Δ(x))      DPO with the paraphrase y chosen and the comment x itself rejected
    fail:  h = −β · Δ(y)               nothing is preferred; only make the failed paraphrase less likely
    ℓ = −(1−ε) · log σ(h) − ε · log σ(−h)

Source: Xie, Li, Zhu, "Learning from Response not Preference", arXiv 2410.20298; ε as in conservative DPO
(Mitchell, "A note on DPO with noisy preferences", 2023). Everything here is a pure function of log-ratios.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def sro_logits(delta_y: Tensor, delta_x: Tensor, passed: Tensor, beta: float = 0.1) -> Tensor:
    """The margin h of each paraphrase (METHOD: the game).

    Args:
        delta_y: [N] log-ratio Δ(y) of each paraphrase, in nats.
        delta_x: [N] log-ratio Δ(x) of each comment under the same prompt; ignored, and cut off from the gradient,
            where the verdict is fail.
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
    """SRO loss of each paraphrase, [N]; ln 2 wherever θ = ref, whatever the verdict.

    Args:
        delta_y, delta_x, passed, beta: see `sro_logits`.
        label_smoothing: ε in [0, 0.5), the probability that a verdict is wrong.

    Example (METHOD's hand-computed values):
        >>> y, x = torch.tensor([2.0, 2.0]), torch.tensor([-1.0, -1.0])
        >>> sro_loss(y, x, torch.tensor([True, False])).tolist()
        [0.5543552..., 0.7981388...]
    """
    h = sro_logits(delta_y, delta_x, passed, beta)
    return -(1 - label_smoothing) * F.logsigmoid(h) - label_smoothing * F.logsigmoid(-h)


def kl_estimate(delta_y: Tensor, length: Tensor) -> Tensor:
    """Per-token estimate of KL(π_θ ‖ π_ref) from on-policy paraphrases, [N]: mean of Δ(y)/|y|.

    The plain (k1) estimator: unbiased under on-policy sampling, and it may be negative on a small batch.
    """
    return delta_y / length.clamp(min=1)
