"""The perturbation experiment: how much wrong verdicts harm SRO, and how much a correction helps.

Every verdict of the follower is flipped with probability p while the leader learns. The judges of the held-out
rewrites are not flipped. The robust arms get the same flipped verdicts and know the rate (`sro.training.noise`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sro.evaluation.experiments.arms import Arm
from sro.evaluation.experiments.scoring import START, Comparison
from sro.screeners.base import Screener
from sro.screeners.noisy import FlippingScreener
from sro.training.noise import estimate_flip_rate

SRO, BARE = "SRO", "SRO without anchor"


def arms(flips: Sequence[float], robust: Sequence[float], bare: Sequence[float] = ()) -> list[Arm]:
    """SRO without flips, SRO with each rate of `flips`, and SRO with the correction for each rate of `robust`. If
    `bare` is given: also SRO without the anchor (the paper's own loss), without flips and with each rate of `bare`.
    A rate that is given twice makes one arm."""
    plain = [Arm(SRO)] + [Arm(flip_arm(p), {"flip_verdicts": p}) for p in dict.fromkeys(flips) if p]
    learnt = plain + [Arm(corrected_arm(p), {"flip_verdicts": p, "flip_rate": p}) for p in dict.fromkeys(robust)]
    papers = [Arm(flip_arm(p, BARE), {"rpo_alpha": 0.0, "flip_verdicts": p}) for p in dict.fromkeys((0.0, *bare))]
    return learnt + (papers if bare else [])


def flip_arm(p: float, loss: str = SRO) -> str:
    """The arm's name."""
    return f"{loss} p={p:g}" if p else loss


def corrected_arm(p: float) -> str:
    """The arm's name."""
    return f"robust p={p:g}"


def estimates(screener: Screener, texts: Sequence[str], rates: Sequence[float]) -> dict[float, float]:
    """The estimates of `estimate_flip_rate` for followers that flip at these rates, which it is not told."""
    return {p: estimate_flip_rate(FlippingScreener(screener, p, seed=1), texts, texts) for p in rates}


def picture(found: Comparison, flips: Sequence[float], robust: Sequence[float], path: str) -> None:
    """J and its factors over p: a dot for each seed, a line through the means, a dashed line for the start."""
    from sro.evaluation.experiments.figures import Line, lines_over

    def arm_lines(name: str) -> list[Line]:
        def values(arm: str) -> list[float]:
            scores = found.arm(arm).seeds
            return [seed.means()[name] for seed in scores]

        lines = [Line("SRO", [(p, values(flip_arm(p))) for p in sorted({0.0, *flips})])]
        lines += [Line("SRO, corrected", [(p, values(corrected_arm(p))) for p in sorted({*robust})])] if robust else []
        return lines

    panels = {title: arm_lines(name) for name, title in (("j", "J"), ("sta", "STA"), ("sim", "SIM"), ("fl", "FL"))}
    start = found.arm(START).seeds[0].means()
    levels = {"J": start["j"], "STA": start["sta"], "SIM": start["sim"], "FL": start["fl"]}
    lines_over("share p of verdicts that are flipped", panels, levels, path)
