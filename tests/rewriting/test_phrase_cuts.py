"""Cuts and reframings around words that are rude by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.rewriting.english_parts import LONGEST, holds_any
from sro.rewriting.phrase_cuts import MOST, phrase_cuts
from sro.rewriting.reframings import reframings

RUDE = frozenset(
    [
        *(
            "dweeb",
            "dork",
            "smug",
            "fuck",
            "fucking",
            "hell",
            "dipshit",
            "idiot",
            "idiots",
            "moron",
            "morons",
            "weasel",
        ),
        *("scumbag", "loser", "losers", "ass", "dumbass", "shit", "ignorant", "fool", "lapdogs", "stupid", "virgin"),
        *("dorky", "rats", "freaking"),
    ]
)


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("Stop reverting my edits, you little dweeb.", "Stop reverting my edits."),
        ("Quit pretending to be me you dorky virgin loser!", "Quit pretending to be me!"),
        ("what is wrong with you idiots?", "what is wrong with you?"),
        ("You morons are wrong about the rules.", "You are wrong about the rules."),
        ("He plays all day and is a huge dork.", "He plays all day."),
        ("You are a freaking pain and should mind your own business.", "You should mind your own business."),
        ("no , he is not an expert but an ignorant fool", "no , he is not an expert"),
        ("Growing out of control like a bunch of rats.", "Growing out of control."),
        ("Why the hell would I do that, dipshit?", "Why would I do that?"),
        ("Get the fuck off my page.", "Get off my page."),
        ("It annoys the shit out of me", "It annoys me"),
        ("I read that idiot Smith and left", "I read Smith and left"),
        ("I met a fucking old friend", "I met an old friend"),
    ],
)
def test_the_phrase_around_a_rude_word_is_left_out(sentence: str, wanted: str) -> None:
    assert wanted in phrase_cuts(sentence, RUDE)


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("you are a complete moron who doesn't know the rules .", "you don't know the rules ."),
        ("she's a dumbass who reverts everyone", "she reverts everyone"),
        ("I'm an idiot who watches this", "I watch this"),
        ("your a moron who has no life", "you have no life"),
        ("You're an idiot if you think that works.", "You're wrong if you think that works."),
        ("Why listen to a bunch of idiots like CNN", "Why listen to people like CNN"),
        ("You stupid lapdogs who live here should pay", "Those of you who live here should pay"),
        ("she is a pompous loser.", "she is pompous."),
        ("I don't care about your fucking ass", "I don't care about you"),
        ("is it run by some moron from York", "is it run by someone from York"),
        ("These idiots show up late", "They show up late"),
        ("that weasel voted against the clinic", "he voted against the clinic"),
        ("I will report this weasel myself", "I will report him myself"),
    ],
)
def test_a_plain_word_stands_for_the_whole_phrase(sentence: str, wanted: str) -> None:
    assert wanted in reframings(sentence, RUDE)


@pytest.mark.parametrize(
    "sentence",
    [
        "He is a total loser",  # nothing is left of it
        "You are such an idiot.",
        "this stupid game is over",  # an adjective stands for nobody: `phrase_cuts` has it
        "the shit they say about us",
    ],
)
def test_nobody_is_named_where_no_person_was(sentence: str) -> None:
    assert not any("this guy" in text or text.startswith("he ") for text in reframings(sentence, RUDE))


def test_nothing_is_proposed_without_a_rude_word() -> None:
    assert phrase_cuts("The killer was sentenced to life.", RUDE) == []
    assert reframings("You are wrong, and you know it.", RUDE) == []


def test_a_dangling_word_is_no_end() -> None:
    for text in phrase_cuts("It was made by a fool.", RUDE):
        assert not text.rstrip(".").endswith((" by", " a"))


texts = st.lists(
    st.sampled_from(
        [*sorted(RUDE), "you", "the", "a", "is", "and", "who", ",", ".", "like", "page", "’", "“", "é", "\u202e"]
    ),
    max_size=40,
).map(" ".join)


@given(st.one_of(st.text(max_size=120), texts))
def test_any_text_gives_a_few_texts_without_rude_words(text: str) -> None:
    for rule in (phrase_cuts, reframings):
        found = rule(text, RUDE)
        assert len(found) <= MOST
        assert not any(holds_any(one, RUDE) or one == text for one in found)


def test_long_and_thoroughly_rude_texts_are_left_alone() -> None:
    """Pairs of cuts of a text with many rude words would be many thousands of texts."""
    for text in ("you moron, " * 50, "idiot and " * 58, "a fool is " * 5, "x" * LONGEST + " moron"):
        assert phrase_cuts(text, RUDE) == reframings(text, RUDE) == []
