"""What each part of SRO contributes: the same rollouts with other losses (see `sro.training.objective.losses`)."""

from __future__ import annotations

from sro.evaluation.experiments.arms import Arm
from sro.evaluation.experiments.perturbation import BARE, SRO

BEST_OF = 4


def arms(comments_a_step: int) -> list[Arm]:
    """SRO, its parts, and its relatives, at equal rollouts a step.

    Args:
        comments_a_step: of one micro-batch under SRO; best-of-n plays n moves for an n-th of them.
    """
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
                "per_device_train_batch_size": max(1, comments_a_step // BEST_OF),
            },
        ),
    ]
