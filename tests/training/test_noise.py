"""The correction for wrong verdicts: unbiased by arithmetic and by simulation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
import torch

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.noisy import FlippingScreener
from sro.training.noise import estimate_flip_rate, unbiased
from sro.training.objective import Scored, losses

SCORED = Scored(*(torch.tensor(values).double() for values in ([2.0, -0.5], [-1.0, 0.3], [-6.0, -4.0], [3.0, 2.0])))


def sro(passed: torch.Tensor) -> torch.Tensor:
    return losses("sro", SCORED, passed, rpo_alpha=0.7)


class Polite:
    name = "polite 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("pass" if "please" in text else "fail", 0.5, self.name) for text in texts]


def test_a_value_by_hand() -> None:
    # p = 0.1, a pass heard: (0.9 · 0.554355 − 0.1 · 0.798139) / 0.8 = 0.523882
    found = unbiased(lambda passed: losses("sro", SCORED, passed), torch.tensor([True, True]), 0.1)
    assert found[0].item() == pytest.approx(0.523882, abs=1e-6)


def test_without_flips_nothing_changes() -> None:
    passed = torch.tensor([True, False])
    assert torch.equal(unbiased(sro, passed, 0.0), sro(passed))


@pytest.mark.parametrize("p", [0.05, 0.1, 0.3, 0.45])
@pytest.mark.parametrize("truth", list(product([True, False], repeat=2)))
def test_the_mean_over_flips_is_the_loss_without_them(p: float, truth: tuple[bool, bool]) -> None:
    true = torch.tensor(truth)
    mean = (1 - p) * unbiased(sro, true, p) + p * unbiased(sro, ~true, p)
    assert torch.allclose(mean, sro(true))
    heard_alone = (1 - p) * sro(true) + p * sro(~true)
    assert not torch.allclose(heard_alone, sro(true))  # which is why the correction is there


def test_the_rate_is_found_by_asking_twice() -> None:
    texts = [f"{'please' if i % 3 else 'now'} {i}" for i in range(4000)]
    for p in (0.05, 0.2):
        assert estimate_flip_rate(FlippingScreener(Polite(), p, seed=3), texts) == pytest.approx(p, abs=0.02)
    assert estimate_flip_rate(Polite(), texts) == 0.0


def test_a_screener_of_texts_alone_will_do() -> None:
    class Plain:
        name = "plain 1"

        def screen(self, texts: Sequence[str]) -> list[Verdict]:
            return [Verdict("pass", 0.1, self.name) for _ in texts]

    assert estimate_flip_rate(Plain(), ["a", "b"]) == 0.0  # type: ignore[arg-type]


def test_no_texts_to_estimate_from() -> None:
    with pytest.raises(SROError, match="no texts"):
        estimate_flip_rate(Polite(), [])
