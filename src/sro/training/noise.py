"""Noise-robust SRO: learn from a follower with a known error rate.

Let u be the verdict of a follower without errors and v the verdict that the leader gets. v ≠ u with probability p, for
every completion. For a loss ℓ(·) of a verdict, define

    ℓ̃(v) = ((1 − p)·ℓ(v) − p·ℓ(¬v)) / (1 − 2p)

Then the mean over the flips is

    E[ℓ̃(v)] = (1 − p)·ℓ̃(u) + p·ℓ̃(¬u)
            = ((1−p)²·ℓ(u) − p(1−p)·ℓ(¬u) + p(1−p)·ℓ(¬u) − p²·ℓ(u)) / (1 − 2p)
            = ((1−p)² − p²)·ℓ(u) / (1 − 2p) = ℓ(u):

So the loss and its gradient are *unbiased*: on average the leader learns as if no verdict were wrong. The price is a
variance that grows by about 1/(1 − 2p)². Source: Natarajan et al., "Learning with noisy labels", NeurIPS 2013,
Lemma 1; for preferences, Chowdhury et al., "Provably robust DPO" (rDPO), ICML 2024. Only one point is new here:
ℓ(pass) and ℓ(fail) are not symmetric. ℓ(pass) compares y with x, ℓ(fail) uses only y. So a fail needs Δ(x) too, and
the trainer scores every comment as a completion, not only comments with a completion that passed.

It differs from `label_smoothing` (cDPO): that assumes that the *margin* has the wrong sign and never uses the loss of
the other verdict. It is biased: it shrinks the learnt signal instead of correcting it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from sro.core.errors import SROError
from sro.screeners.answers import ask_with
from sro.screeners.base import Screener
from sro.training.objective import LossOf


def unbiased(loss_of: LossOf, passed: Tensor, flip_rate: float) -> Tensor:
    """ℓ̃ of each completion, [N]; if `flip_rate` is 0, ℓ itself.

    Args:
        loss_of: ℓ as a function of verdicts [N] bool.
        passed: [N] bool, the verdicts that the leader gets.
        flip_rate: p in [0, 0.5).
    """
    if not flip_rate:
        return loss_of(passed)
    return ((1 - flip_rate) * loss_of(passed) - flip_rate * loss_of(~passed)) / (1 - 2 * flip_rate)


def estimate_flip_rate(screener: Screener, texts: Sequence[str], sources: Sequence[str] | None = None) -> float:
    """Estimate p of a follower that makes independent random errors at each call, by screening all texts twice.

    Two verdicts on one text differ with probability d = 2p(1 − p), so p = (1 − √(1 − 2d)) / 2. This cannot find errors
    that a text always causes (a hole in the screener); compare with people's labels to find those.

    Returns:
        p in [0, 0.5]; its standard error is about √(d(1 − d)/N) / (2(1 − 2p)).

    Raises:
        SROError: no texts.
    """
    if not texts:
        raise SROError("no texts to estimate a flip rate from\n  fix: pass some hundred texts of any kind")
    first, second = (ask_with(screener)(texts, sources) for _ in range(2))
    differ = sum(a.passed != b.passed for a, b in zip(first, second)) / len(texts)
    return (1 - math.sqrt(max(0.0, 1 - 2 * differ))) / 2
