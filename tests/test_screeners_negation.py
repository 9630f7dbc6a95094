"""A rewrite may not turn its comment round by a "not" more or less."""

from __future__ import annotations

import pytest

from sro.errors import SROError
from sro.followers import FollowerArguments, load_follower
from sro.screeners.negation import NegationScreener, negations


@pytest.mark.parametrize(
    ("source", "text", "passed"),
    [
        ("that shit ain 't fun .", "that is fun .", False),
        ("She is a proud gay woman", "She is not a proud woman", False),
        ("i don 't give a shit .", "i do not care .", True),
        ("They can't vote , nothing works", "they cant vote , nothing works", True),
        ("no one gives a damn , i didn’t ask", "no one cares , i didnt ask", True),
        ("give me zero fucks", "care for nothing", True),
    ],
)
def test_only_the_count_matters(source: str, text: str, passed: bool) -> None:
    assert NegationScreener().screen([text], sources=[source])[0].passed is passed


def test_words_that_hold_a_no_are_none() -> None:
    assert negations("another notable knot, cannot? no: 't is nonsense") == 3  # cannot, no, 't


def test_it_needs_a_source_a_text() -> None:
    with pytest.raises(SROError, match="one source a text"):
        NegationScreener().screen(["a"])
    with pytest.raises(SROError, match="one source a text"):
        NegationScreener().screen(["a"], sources=["a", "b"])


def test_it_sits_in_the_panel_only_where_it_is_asked_for() -> None:
    def passes(asked: bool) -> bool:
        follower, *_ = load_follower(FollowerArguments(keep_negation=asked, min_similarity=0.0))
        return follower.screen(["that is fun"], sources=["that shit is not fun"])[0].passed

    assert passes(False) and not passes(True)
