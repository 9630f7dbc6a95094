"""Flips: their rate, their independence of batches and texts, and exact resumption."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.noisy import FlippingScreener, is_flipped


class PassesAll:
    name = "passes-all 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("pass", 0.2, self.name) for _ in texts]


def labels(screener: FlippingScreener, number: int) -> list[str]:
    return [verdict.label for verdict in screener.screen(["same text"] * number)]


def test_a_flip_turns_label_and_probability_and_keeps_the_name() -> None:
    (verdict,) = FlippingScreener(PassesAll(), 1.0).screen(["x"])
    assert verdict == Verdict("fail", pytest.approx(0.8), "passes-all 1")
    assert FlippingScreener(PassesAll(), 0.0).screen(["x"]) == [Verdict("pass", 0.2, "passes-all 1")]


def test_the_share_of_flips_is_the_probability() -> None:
    share = sum(is_flipped(3, number, 0.1) for number in range(20_000)) / 20_000
    assert abs(share - 0.1) < 0.006  # three standard errors


def test_equal_texts_are_flipped_independently() -> None:
    assert set(labels(FlippingScreener(PassesAll(), 0.5), 50)) == {"pass", "fail"}


def test_batches_do_not_matter() -> None:
    whole = labels(FlippingScreener(PassesAll(), 0.3, seed=1), 60)
    parts = FlippingScreener(PassesAll(), 0.3, seed=1)
    assert labels(parts, 7) + labels(parts, 0) + labels(parts, 53) == whole


def test_seeds_differ() -> None:
    assert labels(FlippingScreener(PassesAll(), 0.3, seed=1), 60) != labels(
        FlippingScreener(PassesAll(), 0.3, seed=2), 60
    )


def test_a_resumed_run_sees_the_same_flips() -> None:
    unbroken = FlippingScreener(PassesAll(), 0.3)
    labels(unbroken, 31)
    state = json.loads(json.dumps(unbroken.state_dict()))
    resumed = FlippingScreener(PassesAll(), 0.3)
    resumed.load_state_dict(state)
    assert labels(resumed, 40) == labels(unbroken, 40)


def test_resuming_with_other_settings_is_refused() -> None:
    state = FlippingScreener(PassesAll(), 0.3).state_dict()
    with pytest.raises(SROError, match="same flip settings"):
        FlippingScreener(PassesAll(), 0.3, seed=5).load_state_dict(state)


def test_a_probability_is_between_0_and_1() -> None:
    with pytest.raises(SROError, match=r"not 1\.5"):
        FlippingScreener(PassesAll(), 1.5)


def test_sources_reach_the_screener_within() -> None:
    seen: list[Sequence[str] | None] = []

    class Notes(PassesAll):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            seen.append(sources)
            return super().screen(texts)

    FlippingScreener(Notes(), 0.5).screen(["a"], sources=["b"])
    assert seen == [["b"]]
