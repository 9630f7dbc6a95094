"""Words that a sentence names, and those that it uses."""

from __future__ import annotations

import pytest

from sro.comments.sentences import segments
from sro.rewriting.candidates import find_fault
from sro.rewriting.quoted_words import loses_named_word, named_pieces
from sro.rewriting.state import Search

MARKS = "\"“”„‘’'«»., "


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ('It is spelled "fuck", not "fvck".', ["fuck", "fvck"]),
        ('The article should explain how to pronounce it as "fuck".', ["fuck"]),
        ('The word "bitch" means a female dog.', ["bitch"]),
        ('"Bitch" means a female dog.', ["Bitch"]),
        ("The phrase ‘kiss my ass’ is an idiom.", ["kiss my ass"]),
        ("He asked what the word 'cunt' means.", ["cunt"]),
        ("In slang, “arse” is the British spelling of “ass.”", ["arse", "ass"]),
        ('Words such as "fuck", "shit" and "crap" were cut.', ["fuck", "shit", "crap"]),
        ('"Fuck" and "shit" are swear words.', ["Fuck", "shit"]),
        ('I think "idiot" is an insult.', ["idiot"]),
        ('Is "bastard" a slur?', ["bastard"]),
        ('The title of the song is "Fuck You", you moron.', ["Fuck You"]),
        ("Look up the definition of «moron», please.", ["moron"]),
        ('"Schlampe" translates to "slut" in English.', ["Schlampe", "slut"]),
        ("Das Wort „Fotze“ ist vulgär.", ["Fotze"]),
        ("Le mot « connard » est une insulte.", ["connard"]),
    ],
)
def test_words_that_are_named_may_not_be_changed(sentence: str, named: list[str]) -> None:
    assert [piece.strip(MARKS) for piece in named_pieces(sentence)] == named
    for word in named:
        assert loses_named_word(sentence.replace(word, "hell"), sentence)
    assert loses_named_word("It is about language.", sentence)
    assert not loses_named_word(sentence, sentence)
    assert not loses_named_word(" or ".join(f"“{word}”" for word in named), sentence)  # in whatever marks


@pytest.mark.parametrize(
    "sentence",
    [
        'He said "you are an idiot".',
        'He said: "Idiot!"',
        'He called me "stupid".',
        'Your "stupid" edits are a joke.',
        'You call this crap "art".',
        'Calling this crap "art" is an insult to artists.',
        'Your "apology" is an insult.',
        'The "experts" are a bunch of word twisters.',
        'You lie in the name of "free speech".',
        'The word is that you call this "art", you idiot.',
        'The words "you are a fucking idiot and a moron" are yours.',
        "It's the dogs' word and your 'art'.",
        "The word bitch means a female dog.",
        "You don't mean that, it's bullshit.",
        'You use the "power" that you have, you entitled, "progressive" moron.',
    ],
)
def test_speech_and_scare_quotes_are_rewritten_as_before(sentence: str) -> None:
    assert named_pieces(sentence) == []
    assert not loses_named_word("You are wrong.", sentence)


def test_a_rewrite_that_changes_or_drops_a_named_word_has_lost_the_meaning() -> None:
    sentence = 'You moron, it is spelled "fuck", not "f*ck".'
    search = Search.of(segments(sentence)[0], 0.5)
    assert (search.sentence, search.disguised) == (sentence, False)
    assert find_fault("It is spelled “fuck,” not “f*ck.”", sentence) is None
    for text in ('It is spelled "fuck", not "hell".', "It is spelled otherwise.", 'It is spelled "fuck", not "fuck".'):
        assert find_fault(text, sentence) == "meaning_lost"
    assert Search.of(segments('You m0ron, it is "f*ck".')[0], 0.5).sentence == 'You moron, it is "fuck".'


def test_a_named_word_stays_disguised_and_another_disguise_does_not() -> None:
    search = Search.of(segments('The word "sh1t" is rude, you 1d1ot.')[0], 0.5)
    assert (search.sentence, search.disguised) == ('The word "sh1t" is rude, you idiot.', True)
    assert find_fault('The word "sh1t" is rude.', search.sentence, disguised=True) is None
    assert find_fault('The word "sh1t" is rude, you 1d1ot.', search.sentence, disguised=True) == "disguised"
    assert find_fault('The word "shit" is rude.', search.sentence, disguised=True) == "meaning_lost"


def test_a_link_that_stands_twice_protects_the_one_between() -> None:
    search = Search.of(segments("I read http://a.de/x and http://b.de/ar3 and http://a.de/x you 1d1ot")[0], 0.5)
    assert search.sentence == "I read http://a.de/x and http://b.de/ar3 and http://a.de/x you idiot"
    text = "I read http://a.de/x and http://b.de/ar3 and http://a.de/x"
    assert find_fault(text, search.sentence, kept=search.kept, disguised=True) is None
