"""Plain words for insulting noun phrases."""

from __future__ import annotations

import pytest

from sro.rewriting.reframings import reframings

RUDE = frozenset(
    [
        *("ass", "dumbass", "fool", "fucking", "idiot", "idiots", "jerk", "lapdogs", "loser", "moron", "shit"),
        *("stupid", "weasel"),
    ]
)


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
        ("I hate idiots.", "I hate some people."),
        ("Idiots run this page.", "Some people run this page."),
        ("I hate idiots who lie.", "I hate people who lie."),
        ("I think the moron is wrong.", "I think he is wrong."),
        ("I saw the moron from York.", "I saw someone from York."),
        ("Your ass is going down.", "You are going down."),
        ("Get your ass out of here.", "Get out of here."),
        ("Get his ass banned.", "Get him banned."),
        ("You're an idiot to trust him.", "You're wrong to trust him."),
        ("You're a jerk to my friends.", "You're rude to my friends."),
        ("You're an idiot for blocking me.", "You're wrong for blocking me."),
        ("You are an idiot who HATES me.", "You HATE me."),
        ("YOU'RE A MORON WHO KNOWS NOTHING.", "YOU KNOW NOTHING."),
        ("Some idiot deleted my page.", "Someone deleted my page."),
        ("A moron deleted my page.", "Someone deleted my page."),
        ("Every idiot knows that.", "Everyone knows that."),
        ("Any fool can see it.", "Anyone can see it."),
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


@pytest.mark.parametrize(
    ("sentence", "unwanted"),
    [
        ("They call them idiots.", "people"),
        ("You liars and idiots should go.", "some people"),
        ("Those people idiots should go.", "some people"),
        ("There is a moron who lies.", "There lies"),
        ("You must be a moron who lies.", "You must lie"),
        ("You are so stupid that nobody likes you.", "You nobody"),
        ("You are so stupid that nobody likes you.", "someone"),
        ("You are such an idiot that I left.", "You I left"),
        ("This is so stupid that I left.", "someone"),
        ("He is not the moron here.", "him"),
        ("It isn't the moron.", "him"),
        ("I saw the moron from York.", "him from"),
        ("You're a moron for now.", "wrong"),
        ("You're a jerk to my friends.", "wrong"),
        ("Kiss my ass.", "Kiss me"),
        ("Your ass is going down.", "You is"),
        ("I met every idiot.", "everyone"),
        ("I met a fool.", "someone"),
        ("Everyone who likes this moron is wrong.", "likes he"),
    ],
)
def test_no_plain_word_stands_where_it_does_not_fit(sentence: str, unwanted: str) -> None:
    assert not any(unwanted in text for text in reframings(sentence, RUDE))


def test_what_keeps_one_of_two_rude_phrases_stands_last() -> None:
    found = reframings("Some idiot deleted the page that the weasel wrote.", RUDE)
    assert found[0] == "Someone deleted the page that he wrote."
    assert "Someone deleted the page that the weasel wrote." in found


def test_those_who_are_addressed_need_no_noun() -> None:
    assert reframings("all of you idiots should worship him", RUDE) == []
    assert "Those of you who live here pay" in reframings("You idiots who live here pay", RUDE)


@pytest.mark.parametrize("sentence", ["Sell your cheap ass phone.", "He works his ass off."])
def test_a_backside_that_is_no_person_gives_no_pronoun(sentence: str) -> None:
    assert reframings(sentence, RUDE) == []
