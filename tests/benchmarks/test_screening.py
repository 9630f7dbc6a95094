"""The benchmark of the screener's speed: fair turns, right figures, and no torch before the first verdict."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from itertools import count

import numpy as np
import pytest

from benchmarks import screening


def test_every_turn_begins_with_another_system_and_the_first_is_not_counted() -> None:
    called: list[str] = []
    entrants = {name: (lambda texts, name=name: called.append(name)) for name in "abc"}
    ticks = count()
    seconds = screening.timed(entrants, ["x"], 3, clock=lambda: next(ticks))
    assert called == [*"cab", *"abc", *"bca", *"cab"]
    assert seconds == {name: [1, 1, 1] for name in "abc"}


def test_a_ratio_is_within_turns_and_of_the_same_kind() -> None:
    seconds = {"nblr, verdicts": [1.0, 2.0, 4.0], "alt-profanity-check, verdicts": [3.0, 4.0, 4.0]}
    shown = screening.table("some", 12, seconds)
    assert "| nblr, verdicts | 6 | 3 | 12 | 2.00 |" in shown
    assert "| – |" in screening.table("some", 12, {"nblr, verdicts": [1.0]})


def test_quality_by_hand() -> None:
    def length(texts: Sequence[str]) -> np.ndarray:
        return np.array([len(text) / 10 for text in texts])

    assert screening.quality(length, ["a" * 9, "a" * 4], ["a" * 6, "a"]) == (0.75, 0.5)


def test_the_first_verdict_needs_no_torch() -> None:
    program = (
        "import sys; from sro.apps.cli import main; main(['screener', 'screen', 'you idiot']); "
        "print(sorted({'torch', 'transformers', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    verdict, heavy = shown.splitlines()
    assert verdict.startswith("fail\t0.") and verdict.endswith("\tyou idiot") and heavy == "[]"


@pytest.mark.parametrize("kind", ["probabilities", "verdicts"])
def test_both_kinds_answer_every_text(kind: str) -> None:
    from sro.screeners.loading import load_screener

    entrants = screening.systems(load_screener("embedded/linear"))  # type: ignore[arg-type]
    answers = [len(entrant(["a", "b", ""])) for name, entrant in entrants.items() if name.endswith(kind)]
    assert answers and set(answers) == {3}
