"""The benchmark of the policy: completions are generated once and dealt to every setting."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.leader.generation import Completion, Sampling
from sro.rewriting.rewriter import Rewrite, RewriteArguments
from sro.screeners.base import Verdict


@pytest.fixture(scope="module")
def curve() -> Any:
    """`benchmarks/policy_curve.py`, which is no part of the package."""
    path = Path(__file__).parents[2] / "benchmarks" / "policy_curve.py"
    spec = importlib.util.spec_from_file_location("policy_curve", path)
    assert spec and spec.loader
    module = sys.modules["policy_curve"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Counting:
    """Plays numbered completions, and counts them."""

    generated = 0

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        self.generated += n * len(comments)
        return [[Completion(f"{text} {i}", [i], True) for i in range(n)] for text in comments]


GREEDY, DRAWN = Sampling(temperature=0.0), Sampling(temperature=0.8)


def test_moves_are_generated_once_and_dealt_in_order(curve: Any, tmp_path: Path) -> None:
    leader = Counting()
    recorded = curve.Recorded(leader, tmp_path / "moves.jsonl", draws=3)
    assert [m.text for m in recorded.generate(["a", "a"], 1, DRAWN, 0)[1]] == ["a 0"]
    assert [m.text for m in recorded.generate(["a"], 2, DRAWN, 0)[0]] == ["a 0", "a 1"]
    assert leader.generated == 3  # all draws at once, for one `a`
    recorded.generate(["a", "b"], 1, GREEDY, 0)
    assert leader.generated == 5
    again = curve.Recorded(leader, tmp_path / "moves.jsonl", draws=3)
    assert again.generate(["a"], 3, DRAWN, 0) == recorded.generate(["a"], 3, DRAWN, 0) and leader.generated == 5


def test_a_bill_is_for_the_moves_dealt_since_the_last(curve: Any, tmp_path: Path) -> None:
    recorded = curve.Recorded(Counting(), tmp_path / "moves.jsonl", draws=2)
    recorded.generate(["a"], 1, DRAWN, 0)
    recorded.spent = {False: [6.0, 2], True: [1.0, 4]}
    recorded.bill()
    recorded.generate(["a"], 2, DRAWN, 0)
    recorded.generate(["a"], 1, DRAWN, 0)
    assert recorded.bill() == pytest.approx(3 * 0.25)
    assert recorded.bill() == 0


def test_a_row_a_table_and_a_plot(curve: Any, tmp_path: Path) -> None:
    fail, good = Verdict("fail", 0.9, "s"), Verdict("pass", 0.1, "s")
    found = [
        Rewrite("a", "b", "rewritten", fail, good, 0.8, candidates=1),
        Rewrite("c", "rude", "rewritten", fail, good, 0.6, candidates=2),
        Rewrite("d", None, "refused", fail, fail, 0.1, candidates=5, reason="still_fails"),
        Rewrite("e", None, "refused", fail, reason="too_long"),
    ]

    def judge(texts: Sequence[str]) -> np.ndarray:
        return np.array([0.2 if text == "rude" else 0.5 for text in texts])

    row = curve.row(RewriteArguments(), found, judge, seconds=2.0)
    assert (row.rewritten, row.acceptable, row.tries, row.seconds) == (0.5, 0.25, 2.0, 0.5)
    assert row.similarity == pytest.approx(0.7)
    assert "| 4 | 1 | 0.5 | 0.500 | 0.250 | 0.700 | 2.00 | 0.50 |" in curve.table([row])
    assert np.isnan(curve.row(RewriteArguments(), found[3:], judge, 0.0).similarity)
    curve.draw([row], tmp_path / "plot.png", "test")
    assert (tmp_path / "plot.png").stat().st_size > 10_000
