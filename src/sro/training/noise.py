"""Noise-robust SRO: learn from a follower that is known to err.

Let u be the verdict that a faultless follower gives, v the one that the leader hears, and v ≠ u with probability p,
whatever the paraphrase. For a loss ℓ(·) of a verdict, put

    ℓ̃(v) = ((1 − p)·ℓ(v) − p·ℓ(¬v)) / (1 − 2p)

Then, over the flips,

    E[ℓ̃(v)] = (1 − p)·ℓ̃(u) + p·ℓ̃(¬u)
            = ((1−p)²·ℓ(u) − p(1−p)·ℓ(¬u) + p(1−p)·ℓ(¬u) − p²·ℓ(u)) / (1 − 2p)
            = ((1−p)² − p²)·ℓ(u) / (1 − 2p) = ℓ(u):

the loss, and with it its gradient, is *unbiased*: on average the leader learns as if nobody erred, and pays in
variance, which grows by about 1/(1 − 2p)². Source: Natarajan et al., "Learning with noisy labels", NeurIPS 2013,
Lemma 1; for preferences, Chowdhury et al., "Provably robust DPO" (rDPO), ICML 2024. New here is only that ℓ(pass) and
ℓ(fail) are no mirror images: the one compares y with x, the other looks at y alone. So a fail too has to know Δ(x),
and the trainer scores every comment as a response, not only those with a paraphrase that passed.

It differs from `label_smoothing` (cDPO), which assumes that the *margin* has the wrong sign, never takes the other
branch, and is biased: it shrinks what is learnt rather than correcting it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from sro.core.errors import SROError
from sro.screeners.base import Screener
from sro.training.objective import LossOf


def unbiased(loss_of: LossOf, passed: Tensor, flip_rate: float) -> Tensor:
    """ℓ̃ of each paraphrase, [N]; ℓ itself where `flip_rate` is 0.

    Args:
        loss_of: ℓ, of verdicts [N] bool.
        passed: [N] bool, the verdicts heard.
        flip_rate: p in [0, 0.5).
    """
    if not flip_rate:
        return loss_of(passed)
    return ((1 - flip_rate) * loss_of(passed) - flip_rate * loss_of(~passed)) / (1 - 2 * flip_rate)


def estimate_flip_rate(screener: Screener, texts: Sequence[str], sources: Sequence[str] | None = None) -> float:
    """p of a follower whose errors are drawn anew at each call, from asking it everything twice.

    Two answers about one text differ with probability d = 2p(1 − p), so p = (1 − √(1 − 2d)) / 2. Errors that recur
    with the text (a hole in the screener) are not seen by this: for those compare with people's labels.

    Returns:
        p in [0, 0.5]; its standard error is about √(d(1 − d)/N) / (2(1 − 2p)).

    Raises:
        SROError: no texts.
    """
    if not texts:
        raise SROError("no texts to estimate a flip rate from\n  fix: some hundred of any kind")
    first, second = (screener.screen(texts, sources=sources) for _ in range(2))
    differ = sum(a.passed != b.passed for a, b in zip(first, second)) / len(texts)
    return (1 - math.sqrt(max(0.0, 1 - 2 * differ))) / 2
