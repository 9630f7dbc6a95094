"""What each part of SRO contributes: the same rollouts with other losses (see `sro.training.objective.losses`)."""

from __future__ import annotations

from sro.core.errors import SROError
from sro.evaluation.experiments.arms import Arm
from sro.evaluation.experiments.perturbation import BARE, SRO

BEST_OF = 4


def arms(rollouts: int) -> list[Arm]:
    """SRO, its parts, and its relatives, at equal rollouts a step.

    Args:
        rollouts: number of rollouts of one micro-batch under SRO, for all its comments together. Best-of-n plays the
            same number: n for each comment.

    Raises:
        SROError: best-of-n cannot divide this number among its comments.
    """
    if rollouts % BEST_OF:
        raise SROError(
            f"best-of-{BEST_OF} fine-tuning cannot play {rollouts} rollouts a micro-batch, {BEST_OF} a comment\n"
            f"  fix: --per_device_train_batch_size {BEST_OF}, with fewer --gradient_accumulation_steps"
        )
    return [
        Arm(SRO),
        Arm(BARE, {"rpo_alpha": 0.0}),
        Arm("pass branch only", {"objective": "pass_only"}),
        Arm("fail branch only", {"objective": "fail_only", "rpo_alpha": 0.0}),
        Arm("KTO", {"objective": "kto", "rpo_alpha": 0.0}),
        Arm(
            f"best-of-{BEST_OF} fine-tuning",
            {
                "objective": "imitation",
                "only_best": True,
                "num_generations": BEST_OF,
                "per_device_train_batch_size": rollouts // BEST_OF,
            },
        ),
    ]
