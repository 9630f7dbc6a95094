"""Sentences that a comment can do without, and what is left of it then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sro.rewriting.candidates import Candidate
from sro.rewriting.dispensable import drop_dispensable
from sro.rewriting.rule_candidates import with_pieces, with_placeholders
from sro.rewriting.state import CommentState
from sro.screeners.base import Verdict

FAIL, PASS = Verdict("fail", 0.9, "words 1"), Verdict("pass", 0.1, "words 1")
STUCK, CIVIL = "That idiot took it.", "Please add a source to the table."


class Critic:
    """Lets one sentence go, and several at once only if told so."""

    def __init__(self, together: float) -> None:
        self.together = together
        self.asked: list[list[tuple[str, str]]] = []
        self.threshold = 0.25

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked.append(list(pairs))
        return np.array([self.together if source.count("idiot") > 1 else 0.9 for source, _ in pairs])


def failing(comment: str) -> CommentState:
    """A comment of whose sentences with "idiot" each has one candidate that fails."""
    state = CommentState(comment, FAIL, 0.5)
    for search in state.start_searches([i for i in state.untouched if "idiot" in state.segments[i].text]):
        search.candidates.append(Candidate(search.sentence, FAIL, 1.0, None))
    return state


@pytest.mark.parametrize(("together", "text"), [(0.9, CIVIL), (0.1, f"{STUCK} {CIVIL} He saw no idiot there.")])
def test_several_sentences_go_only_if_they_may_go_together(together: float, text: str) -> None:
    state, critic = failing(f"{STUCK} {CIVIL} He saw no idiot there."), Critic(together)
    drop_dispensable([state], critic)
    assert state.text == text
    assert critic.asked[1:] == [[(f"{STUCK} {CIVIL} He saw no idiot there.", CIVIL)]]


def test_of_a_lone_sentence_the_critic_is_asked_once() -> None:
    states, critic = [failing(f"{STUCK} {CIVIL}"), failing(f"{CIVIL} {STUCK}")], Critic(0.1)
    drop_dispensable(states, critic)
    assert [state.text for state in states] == [CIVIL, CIVIL]
    assert len(critic.asked) == 1


def test_a_sentence_that_names_a_word_stays() -> None:
    named = 'The word "idiot" is rude.'
    state, critic = failing(f"{named} {CIVIL}"), Critic(0.9)
    drop_dispensable([state], critic)
    assert (state.text, critic.asked) == (f"{named} {CIVIL}", [])


@pytest.mark.parametrize(
    ("civil", "goes"),
    [("Add a source.", False), (f"{CIVIL} {CIVIL}", True), (f"That is why I am asking. {CIVIL} {CIVIL}", False)],
)
def test_of_a_small_part_that_nothing_takes_up_the_critic_need_be_less_sure(civil: str, goes: bool) -> None:
    class Doubts(Critic):
        def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
            return np.full(len(pairs), 0.3)

    state = failing(f"{STUCK} {civil}")
    drop_dispensable([state], Doubts(0.2))
    assert state.text == (civil if goes else f"{STUCK} {civil}")


def test_an_item_of_a_numbered_list_stays() -> None:
    comment = f"1) {CIVIL}\n2) {STUCK}\n3) {CIVIL}"
    state = failing(comment)
    drop_dispensable([state], Critic(0.9))
    assert state.text == comment


def test_a_rewritten_sentence_goes_where_it_is_asked_for() -> None:
    state, critic = failing(f"{STUCK} {CIVIL}"), Critic(0.9)
    (search,) = state.searches.values()
    search.candidates[:] = [Candidate("That man took it.", PASS, 0.9, None)]
    drop_dispensable([state], critic)
    assert state.text == f"That man took it. {CIVIL}"
    drop_dispensable([state], critic, rewritten=True)
    assert state.text == CIVIL


def test_nothing_is_asked_without_a_failing_sentence() -> None:
    drop_dispensable([failing(CIVIL)], critic := Critic(0.1))
    assert critic.asked == []


@pytest.mark.parametrize("ending", [f" {STUCK} {STUCK}", f" {STUCK}\n{STUCK}", f" {STUCK} {STUCK} {STUCK}"])
def test_no_blank_is_left_where_the_last_sentences_go_and_their_candidates_count(ending: str) -> None:
    state = failing(CIVIL + ending)
    count = state.candidates
    for place in list(state.searches):
        state.drop(place)
    assert state.text.rstrip("\n") == CIVIL
    assert state.candidates == count == ending.count("idiot")
    state.outcome = "rewritten"
    text, at = "", 0
    for change in state.result().changes:
        text, at = text + state.source[at : change.start] + change.text, change.end
    assert text + state.source[at:] == state.text


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("See https://a.org/idiot and @ann, PIECE1X", ("https://a.org/idiot", "@ann")),
        ("`x  y` and `x  y`", ("`x  y`", "`x  y`")),
        ("nothing of the kind", ()),
    ],
)
def test_protected_pieces_are_words_for_the_rules(sentence: str, kept: tuple[str, ...]) -> None:
    plain, pieces = with_placeholders(sentence, kept)
    assert list(pieces.values()) == list(kept)
    assert not any(piece in plain for piece in kept)
    assert with_pieces(plain, pieces) == sentence
