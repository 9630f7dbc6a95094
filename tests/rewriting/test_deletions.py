"""Candidates that only leave out."""

from __future__ import annotations

import pytest

from sro.rewriting.deletions import deletions, without_address, without_adjectives


@pytest.mark.parametrize(
    ("sentence", "first"),
    [
        ("Learn to spell, you stupid moron.", "Learn to spell."),
        ("You fucking idiots should read the manual", "You should read the manual"),
        ("Hey moron, stop reverting my edits", "Stop reverting my edits"),
        ("Hey moron...stop reverting my edits", "Stop reverting my edits"),
        ("Fuck off!!!! I will edit what I want.", "I will edit what I want."),
        ("Fuck you, I will edit what I want.", "I will edit what I want."),
        ("no one cares , you loser", "no one cares"),
        ("This is, you absolute clown, not what I said.", "This is, not what I said."),
        ("Moron! You broke the build.", "You broke the build."),
        ("What is wrong with you stupid morons?", "What is wrong with you?"),
        ("I hate you idiots.", "I hate you."),
        ("I hate you, idiot.", "I hate you."),
        ("Quit your snivelling, you twit.", "Quit your snivelling."),
        ("Leave my articles alone, you spiteful little tool!", "Leave my articles alone!"),
        ("go away asshole", "go away"),
        ("I know dumbass, that was me.", "I know, that was me."),
        ("Try the official website then - shit head!", "Try the official website then!"),
        ("Fuck you then, I'm done with this website.", "I'm done with this website."),
        ("You lost your power, so fuck off.", "You lost your power."),
        ("Get a life and stop reverting me.", "Stop reverting me."),
    ],
)
def test_insults_of_the_reader_are_cut(sentence: str, first: str) -> None:
    assert deletions(sentence)[0] == first


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [
        ("answer my stupid ass question", "answer my question"),
        ("It is a dumb idea to fucking delete it", "It is a dumb idea to delete it"),
        ("What a fucking idea.", "What an idea."),
        ("Delete the stupid shitty thing", "Delete the thing"),
        ("IT'S A FUCKING EDITING TEST", "IT'S AN EDITING TEST"),
        ("someone's stupid bot reverted it", "someone's bot reverted it"),
        ("stop with your pathetic lousy excuses", "stop with your excuses"),
    ],
)
def test_swear_words_and_contemptuous_adjectives_are_cut_and_articles_agree(sentence: str, plain: str) -> None:
    assert without_adjectives(sentence) == plain


@pytest.mark.parametrize(
    "sentence",
    [
        "He is a total asshole",  # the clause needs its noun
        "He met morons, fools and liars.",
        "You are an idiot, and you know it.",
        "That was a useful edit.",
        "The killer was sentenced to life.",
        "You are a fool",
        "You moron!",  # nothing would be left
        "She called me an idiot.",
        "The idea is stupid.",
        "Politicians are thieves, liars.",
        "They keep cows, pigs, sheep.",
        "It is late, you know.",
        "Well done, you lovely people.",
        "He behaved like an asshole.",
        "She told me to shut up.",
        "I wanted to get a life.",
    ],
)
def test_what_a_clause_needs_stays(sentence: str) -> None:
    assert without_address(sentence) == sentence
    assert deletions(sentence) == []


def test_every_candidate_is_part_of_the_sentence() -> None:
    sentence = "Get out of my inbox with your shitty spam, you worthless piece of shit!"
    found = deletions(sentence)
    assert len(found) == 3
    for text in found:
        rest = iter(sentence.split())
        assert all(any(word.strip("!,") == other.strip("!,") for other in rest) for word in text.split())


def test_what_is_no_sentence_is_left_to_others() -> None:
    assert deletions("you stupid " * 10_000) == []


def test_initials_keep_their_article() -> None:
    assert without_adjectives("He is a US judge with a fucking FBI badge.") == "He is a US judge with a FBI badge."
    assert without_adjectives("An FBI man saw the damn car.") == "An FBI man saw the car."
    assert without_adjectives("IT IS A FUCKING OLD CAR") == "IT IS AN OLD CAR"
