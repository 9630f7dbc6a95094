"""Of a comment's rewrites only the best one passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.best_of_n import BestOnly


class Known:
    """P(fail) is the number that the text is."""

    name = "known 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if float(text) >= 0.5 else "pass", float(text), self.name) for text in texts]


def labels(texts: list[str], sources: list[str]) -> list[str]:
    return [verdict.label for verdict in BestOnly(Known()).screen(texts, sources=sources)]


def test_the_lowest_p_fail_of_each_comment_passes() -> None:
    found = labels(["0.3", "0.1", "0.7", "0.4", "0.2"], ["a", "a", "a", "b", "b"])
    assert found == ["fail", "pass", "fail", "fail", "pass"]


def test_none_passes_where_none_passed() -> None:
    assert labels(["0.9", "0.8", "0.2"], ["a", "a", "b"]) == ["fail", "fail", "pass"]


def test_the_first_of_equals() -> None:
    assert labels(["0.2", "0.2"], ["a", "a"]) == ["pass", "fail"]


def test_probabilities_stay_as_they_were() -> None:
    found = BestOnly(Known()).screen(["0.3", "0.1"], sources=["a", "a"])
    assert [verdict.probability for verdict in found] == [0.3, 0.1]


def test_it_needs_to_know_the_comments() -> None:
    with pytest.raises(SROError, match="sources=comments"):
        BestOnly(Known()).screen(["0.1"])
