"""Candidates that rules must not propose, each beside one that they may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.rewriting.rule_faults import has_fault

CUTS = [
    # One oath is two words.
    ("holy shit, we won", "holy, we won", "we won"),
    ("for fuck sakes read it", "for sakes read it", "read it"),
    ("push the god damn lever", "push the god lever", "push the lever"),
    ("fuck that, we won", "that, we won", "we won"),
    # An adjective that its neighbours need.
    ("one of the most stupid films", "one of the most films", "one of the worst films"),
    ("a really fucking stupid film", "a really film", "a really stupid film"),
    ("nobody's stupid enough to swim", "nobody's enough to swim", "nobody's careless enough to swim"),
    ("i find it pathetic folks do this", "i find it folks do this", "i find it sad folks do this"),
    ("Dumb people buy boats.", "People buy boats.", "Some people buy boats."),
    # A noun or an object.
    ("he is such an annoying twat , even here", "he is such an annoying , even here", "he is annoying , even here"),
    ("no one gives a shit bro", "no one gives a bro", "no one cares bro"),
    ("they came to start shit", "they came to start", "they came"),
    ("we talk about shit so go", "we talk about so go", "we talk so go"),
    # What a verb or a preposition leads to.
    ("He did it just to try and piss me off.", "He did it just to try.", "He did it."),
    ("We let him go and tell you to fuck off.", "We let him go and tell you.", "We let him go."),
    ("She was treated like scum.", "She was treated.", "She was treated badly."),
    # The other half of a comparison.
    ("It is as slow as this damn bus.", "It is as slow.", "It is as slow as this bus."),
    ("He asks whether to go or to beat the moron.", "He asks whether to go.", "He asks to go."),
    # Subject, main clause, question.
    ("they steal shit and then blame others", "blame others", "they blame others"),
    ("He is a pig and should leave.", "Should leave.", "He should leave."),
    ("Bob is a jerk and his dog bites.", "Bob is his dog bites.", "His dog bites."),
    ("When the bus is late, you idiots whine.", "When the bus is late.", "When the bus is late, you whine."),
    ("All the clerks here are fools.", "All the clerks here.", "All the clerks here are wrong."),
    ("This is my desk, who the hell moved it?", "This is my desk?", "This is my desk, who moved it?"),
    # Quotes.
    ('He said ""fucking cow"" twice.', 'He said "" "" twice.', 'He said ""cow"" twice.'),
]
REPLACEMENTS = [
    # Persons need an article, and no second one.
    ("goodbye coward", "goodbye guy", "goodbye"),
    ("ask that coward over there", "ask guy over there", "ask that guy over there"),
    ("every swine at work", "every people at work", "every person at work"),
    ("What a loser who cries!", "What someone who cries!", "What a person who cries!"),
    ("Who was the idiot that called?", "Who was someone that called?", "Who was the person that called?"),
    ("the biggest braggarts here", "the biggest people who boast here", "the people who boast here"),
    ("these fools left", "these dull people who have no idea left", "these people who have no idea left"),
    # A statement that says nothing.
    ("You are a dumb girl.", "You are a girl.", "You are a confused girl."),
    ("Only losers make excuses.", "Only people make excuses.", "Only people who lose make excuses."),
    ("I hate liars.", "I do not like people.", "I do not like people who lie."),
    # The rest of the noun phrase.
    ("He is a twat of the highest order.", "He is mean of the highest order.", "He is very mean."),
    ("You are an idiot for saying so.", "You have no idea for saying so.", "You are wrong for saying so."),
    ("ignore that fool named Bob", "ignore him named Bob", "ignore someone named Bob"),
    ("between a greedy fuck and money", "between a selfish and money", "between a selfish man and money"),
    ("I met that rat Smith.", "I met someone who lies Smith.", "I met Smith."),
    # A verb in place of an adjective or a noun.
    ("they are total sucks", "they are total is bad", "they are bad"),
    ("Blaming Ann is stupid.", "Blaming Ann has no idea.", "Blaming Ann is wrong."),
    ("why do you fuck you", "why do you I am done with you", "I am done with you"),
    ("He is stupid, lazy, or late.", "He makes no sense, lazy, or late.", "He is wrong, lazy, or late."),
    ("the most ludicrous and dull show", "the strangest and dull show", "the most strange and dull show"),
    # Agreement, negation.
    ("the shit that goes on", "the things that goes on", "the stuff that goes on"),
    ("i aint sold shit", "i aint sold nonsense", "i aint sold anything"),
    ("you ain't shit", "you ain't nonsense", "you ain't much"),
    ("shit gets me going", "nonsense gets me going", "this gets me going"),
]


@pytest.mark.parametrize(("sentence", "bad", "good"), CUTS + REPLACEMENTS)
def test_a_candidate_that_breaks_its_sentence_is_told_from_one_that_does_not(sentence, bad, good):
    assert has_fault(bad, sentence)
    assert not has_fault(good, sentence)


@pytest.mark.parametrize(
    ("sentence", "candidate"),
    [
        ("ask whoever the fuck you like", "ask whoever you like"),
        ("this is so fucking late", "this is so late"),
        ("stop that and DON'T FUCKING COME BACK", "DON'T COME BACK"),
        ("his work is good, so piss off", "his work is good"),
    ],
)
def test_oaths_that_no_clause_needs_may_go(sentence, candidate):
    assert not has_fault(candidate, sentence)


def test_long_texts_are_not_examined():
    assert not has_fault("holy, " + "word " * 200, "holy shit, " + "word " * 200)


VOCABULARY = "holy shit , . ? ... the a is when who people or than to as guy not you you're"
WORDS = st.lists(st.sampled_from(VOCABULARY.split()))


@given(WORDS.map(" ".join), WORDS.map(" ".join))
def test_any_two_texts_can_be_compared(sentence, candidate):
    assert has_fault(candidate, sentence) in (True, False)
