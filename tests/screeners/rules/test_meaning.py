"""A rewrite may not turn its comment round: by a "not", by praise, or by leaving out whom it is about."""

from __future__ import annotations

import pytest

from sro.core.errors import SROError
from sro.screeners.follower import FollowerArguments, load_follower
from sro.screeners.rules.meaning import (
    SUBJECTS,
    MeaningRuleScreener,
    changes_but_negation,
    lost_subjects,
    meaning_changes,
    negations,
)


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        ("that shit ain 't fun .", "that is fun .", ["negation"]),
        ("She is a proud gay woman", "She is not a proud woman", ["negation", "subject"]),
        ("i don 't give a shit .", "i do not care .", []),
        ("They can't vote , nothing works", "they cant vote , nothing works", []),
        ("no one gives a damn , i didn’t ask", "no one cares , i didnt ask", []),
        ("give me zero fucks", "care for nothing", []),
    ],
)
def test_a_not_more_or_less(source: str, text: str, found: list[str]) -> None:
    assert meaning_changes(text, source) == found
    assert MeaningRuleScreener().screen([text], sources=[source])[0].passed is (not found)


def test_words_that_hold_a_no_are_none() -> None:
    assert negations("another notable knot, cannot? no: 't is nonsense") == 3  # cannot, no, 't


@pytest.mark.parametrize(
    ("source", "text", "praises"),
    [
        ("because trudeau is a traitor himself !", "because trudeau is a friend himself !", True),
        ("they would lose their shit over that", "They would lose their FRIENDS over that", True),
        ("trump is the lyingest liar", "trump is the least honest person", False),
        ("you have no fucking idea", "you have no very good idea", False),
        (
            "you don 't know shit , so leave now and go , dimwit",
            "you don 't know , so leave now , wise man",
            True,
        ),
        ("this is fucking great", "this is great", False),
        ("captain fuckin crunch is the shit !", "captain crunch is great !", False),
        ("you stupid fool", "you unwise person", False),
    ],
)
def test_praise_where_the_comment_has_none(source: str, text: str, praises: bool) -> None:
    assert ("praise" in meaning_changes(text, source)) is praises


@pytest.mark.parametrize(
    ("source", "text", "lost"),
    [
        ("the clergy are gay", "the clergy are in the wrong faith", ["gay"]),
        ("Muslims are going to rape your women .", "people are going to hurt your women .", ["muslims", "rape"]),
        ("Blacks and the damn jews", "black people and the jewish", []),
        ("that rapist killed two women", "that man was accused of rape , a woman was killed", []),
        ("white women , white men", "white women and men", []),
        ("the terrorist is an idiot", "the terrible man is wrong", ["terrorist"]),
        ("it is a gay parade", "it is a game", ["gay"]),
        ("an asshole of a man", "an unkind person", []),
    ],
)
def test_whom_it_is_about(source: str, text: str, lost: list[str]) -> None:
    assert lost_subjects(text, source) == lost
    assert ("subject" in meaning_changes(text, source)) is bool(lost)


@pytest.mark.parametrize("word", sorted(SUBJECTS))
def test_every_subject_is_its_own_form(word: str) -> None:
    source = f"this {word.upper()} thing"
    assert lost_subjects(source, source) == []
    assert lost_subjects("this thing", source) == [word]


def test_it_needs_a_source_a_text() -> None:
    with pytest.raises(SROError, match="one source a text"):
        MeaningRuleScreener().screen(["a"])
    with pytest.raises(SROError, match="one source a text"):
        MeaningRuleScreener().screen(["a"], sources=["a", "b"])


def test_it_sits_in_the_panel_only_where_it_is_asked_for() -> None:
    def passes(asked: bool) -> bool:
        follower, *_ = load_follower(FollowerArguments(keep_meaning=asked, min_similarity=0.0))
        return follower.screen(["that is fun"], sources=["that shit is not fun"])[0].passed

    assert passes(False) and not passes(True)


def test_a_critic_reads_what_a_not_does() -> None:
    assert meaning_changes("he does not tell the truth", "he is a liar") == ["negation"]
    assert changes_but_negation("he does not tell the truth", "he is a liar") == []
    assert changes_but_negation("he is a friend", "he is a liar") == ["praise"]
