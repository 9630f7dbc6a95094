"""The loss against METHOD.md's arithmetic, and the direction in which it pushes."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from sro.training.objective import (
    Objective,
    Scored,
    compares_with_comment,
    contrast_logits,
    kl_estimate,
    losses,
    sro_logits,
    sro_loss,
)

PASS, FAIL = torch.tensor([True]), torch.tensor([False])


def one(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64, requires_grad=True)


def gradients(passed: Tensor, y: float, x: float, smoothing: float = 0.0) -> tuple[float, float]:
    """dℓ/dΔ(y), dℓ/dΔ(x)."""
    delta_y, delta_x = one(y), one(x)
    sro_loss(delta_y, delta_x, passed, beta=0.1, label_smoothing=smoothing).sum().backward()
    assert delta_y.grad is not None and delta_x.grad is not None
    return delta_y.grad.item(), delta_x.grad.item()


def test_values_of_the_method_note() -> None:
    y, x = torch.tensor([2.0, 2.0]).double(), torch.tensor([-1.0, -1.0]).double()
    passed = torch.tensor([True, False])
    assert sro_logits(y, x, passed).tolist() == pytest.approx([0.3, -0.2])
    loss = sro_loss(y, x, passed).tolist()
    assert loss == pytest.approx([math.log(1 + math.exp(-0.3)), math.log(1 + math.exp(0.2))], abs=1e-12)
    assert loss == pytest.approx([0.554355, 0.798139], abs=1e-6)


def test_values_with_label_smoothing() -> None:
    # −log σ(h) = ln(1+e^−h) and −log σ(−h) = −log σ(h) + h:
    #   pass  h =  0.3   0.9 · 0.554355 + 0.1 · 0.854355 = 0.584355
    #   fail  h = −0.2   0.9 · 0.798139 + 0.1 · 0.598139 = 0.778139
    y, x = torch.tensor([2.0, 2.0]).double(), torch.tensor([-1.0, -1.0]).double()
    loss = sro_loss(y, x, torch.tensor([True, False]), label_smoothing=0.1)
    assert loss.tolist() == pytest.approx([0.584355, 0.778139], abs=1e-6)


@pytest.mark.parametrize("beta", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_ln_2_at_the_reference_whatever_the_verdict(beta: float, smoothing: float) -> None:
    loss = sro_loss(torch.zeros(2), torch.zeros(2), torch.tensor([True, False]), beta, smoothing)
    assert loss.tolist() == pytest.approx([math.log(2)] * 2, abs=1e-7)


@pytest.mark.parametrize("y, x", [(0.0, 0.0), (2.0, -1.0), (-3.0, 4.0), (50.0, -20.0)])
def test_a_pass_raises_the_completion_and_lowers_the_comment_equally(y: float, x: float) -> None:
    by_y, by_x = gradients(PASS, y, x)
    assert by_y < 0 < by_x
    assert by_y == pytest.approx(-by_x)
    # dℓ/dh = −σ(−h), and h grows by β per nat of Δ(y)
    assert by_y == pytest.approx(-0.1 / (1 + math.exp(0.1 * (y - x))))


@pytest.mark.parametrize("y", [0.0, 2.0, -3.0, 50.0])
def test_a_fail_lowers_the_completion_and_leaves_the_comment_alone(y: float) -> None:
    by_y, by_x = gradients(FAIL, y, 7.0)
    assert by_y == pytest.approx(0.1 / (1 + math.exp(-0.1 * y)))
    assert by_x == 0.0


@pytest.mark.parametrize("x", [math.nan, math.inf, -math.inf])
def test_a_fail_never_looks_at_the_comment(x: float) -> None:
    assert sro_loss(one(2.0), one(x), FAIL).item() == pytest.approx(0.798139, abs=1e-6)
    by_y, by_x = gradients(FAIL, 2.0, x)
    assert math.isfinite(by_y) and by_y > 0
    assert by_x == 0.0


def test_label_smoothing_turns_the_gradient_where_the_margin_is_surer_than_the_screener() -> None:
    # With ε = 0.1 the loss is least at σ(h) = 0.9, h = ln 9 ≈ 2.197: β·Δ(y) beyond it is pulled back.
    assert gradients(PASS, 21.0, 0.0, smoothing=0.1)[0] < 0 < gradients(PASS, 23.0, 0.0, smoothing=0.1)[0]
    assert gradients(PASS, 23.0, 0.0)[0] < 0


def test_huge_margins_stay_finite() -> None:
    y = torch.tensor([1e5, -1e5, 1e5, -1e5], requires_grad=True)
    loss = sro_loss(y, torch.zeros(4), torch.tensor([True, True, False, False]), beta=1.0)
    assert loss.tolist() == [0.0, 1e5, 1e5, 0.0]
    loss.sum().backward()
    assert y.grad is not None and torch.equal(y.grad, torch.tensor([0.0, -1.0, 1.0, 0.0]))


def test_kl_estimate_is_the_mean_log_ratio_of_a_token() -> None:
    estimate = kl_estimate(torch.tensor([3.0, -1.0, 0.0]), torch.tensor([6, 4, 0]))
    assert estimate.tolist() == [0.5, -0.25, 0.0]


# -- the relatives ---------------------------------------------------------------------------------

VERDICTS = torch.tensor([True, False])


def scored(y: float = 2.0, x: float = -1.0, logp: float = -6.0, length: float = 3.0) -> Scored:
    """The same completion twice, once passed, once failed."""
    return Scored(*(torch.tensor([value, value], dtype=torch.float64) for value in (y, x, logp, length)))


@pytest.mark.parametrize(
    "objective, on_pass, on_fail",
    [
        ("sro", 0.554355, 0.798139),
        ("pass_only", 0.554355, 0.0),
        ("fail_only", 0.0, 0.798139),
        # 1 − σ(0.2) + σ(−0.1) = 0.450166 + 0.475021, and σ(0.2)
        ("kto", 0.925187, 0.549834),
        ("sro_contrast", 0.554355, 0.798139),
        ("imitation", 2.0, 0.0),
    ],
)
def test_values_of_the_relatives(objective: Objective, on_pass: float, on_fail: float) -> None:
    assert losses(objective, scored(), VERDICTS).tolist() == pytest.approx([on_pass, on_fail], abs=1e-6)


@pytest.mark.parametrize("objective", ["sro", "sro_contrast", "pass_only", "fail_only", "kto"])
def test_the_anchor_is_on_passes_under_every_objective(objective: Objective) -> None:
    without, with_anchor = (losses(objective, scored(), VERDICTS, rpo_alpha=alpha) for alpha in (0.0, 0.5))
    assert (with_anchor - without).tolist() == pytest.approx([0.5 * 6 / 3, 0.0])


def test_imitation_is_its_own_anchor() -> None:
    assert losses("imitation", scored(), VERDICTS, rpo_alpha=0.5).tolist() == pytest.approx([2.0, 0.0])


@pytest.mark.parametrize("objective", ["sro", "sro_contrast", "pass_only", "fail_only", "kto", "imitation"])
def test_the_comment_matters_exactly_where_it_is_said_to(objective: Objective) -> None:
    near, far = (losses(objective, scored(x=x), VERDICTS) for x in (-1.0, 5.0))
    assert (near[0] != far[0]).item() is compares_with_comment(objective)
    assert near[1] == far[1]  # a fail is no preference under any of them


# -- several completions of one comment ------------------------------------------------------------


def test_a_fail_is_compared_with_the_mean_pass_of_its_own_comment() -> None:
    y = torch.tensor([2.0, 4.0, -1.0, 5.0, 6.0, 7.0])  # three of each of two comments
    x = torch.tensor([-1.0, -1.0, -1.0, 9.0, 9.0, 9.0])
    passed = torch.tensor([True, True, False, False, False, False])
    # passes: y − x. The fail: (2 + 4) / 2 + 1. The second comment has no pass, so its fails stand alone.
    expected = [0.3, 0.5, 0.4, -0.5, -0.6, -0.7]
    assert contrast_logits(y, x, passed, beta=0.1, group=3).tolist() == pytest.approx(expected)


def test_completions_that_all_passed_or_all_failed_are_as_in_sro() -> None:
    y, x = torch.randn(6), torch.randn(6)
    for passed in (torch.ones(6, dtype=torch.bool), torch.zeros(6, dtype=torch.bool)):
        assert torch.equal(contrast_logits(y, x, passed, group=2), sro_logits(y, x, passed))


def test_what_a_pass_and_a_fail_share_is_neither_raised_nor_lowered() -> None:
    shared, right, wrong = (torch.zeros(1, requires_grad=True) for _ in range(3))
    y = torch.cat([shared + right, shared + wrong])
    h = contrast_logits(y, torch.zeros(2), torch.tensor([True, False]), group=2)
    h[1].backward()
    assert shared.grad is not None and right.grad is not None and wrong.grad is not None
    assert (shared.grad.item(), right.grad.item(), wrong.grad.item()) == pytest.approx((0.0, 0.1, -0.1))
