"""Cuts and reframings around words that are rude by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sro.rewriting.english_tokens import MAX_SENTENCE_CHARACTERS, count_of
from sro.rewriting.phrase_cuts import MOST, phrase_cuts
from sro.rewriting.reframings import reframings

RUDE = frozenset(
    [
        *("dweeb", "dork", "smug", "fuck", "fucking", "hell", "dipshit", "idiot", "idiots", "moron", "morons"),
        *("weasel", "scumbag", "loser", "losers", "ass", "dumbass", "shit", "ignorant", "fool", "lapdogs", "stupid"),
        *("virgin", "dorky", "rats", "freaking", "jerk"),
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
        ("You can be a jerk and still be right.", "You can still be right."),
        ("You are a moron and deleted my page.", "You deleted my page."),
        ("Bob, who is a moron, left the room.", "Bob left the room."),
        ("Bob, the moron, left the room.", "Bob left the room."),
        ("Look, you idiot, stop it now.", "Look, stop it now."),
        ("Plan A fucking works well.", "Plan A works well."),
        ("I met a fucking US user today.", "I met a US user today."),
        ("A FUCKING OLD FRIEND CAME", "AN OLD FRIEND CAME"),
        ("You idiot, and I told you so before.", "I told you so before."),
        ("Leave my page you idiot before I report you.", "Leave my page before I report you."),
        ("Leave me alone you moron if you can.", "Leave me alone if you can."),
        ("I hate stupid people here.", "I hate people here."),
        ("Read this stupid page again.", "Read this page again."),
        ("He is a man who was an idiot, I think.", "He is a man, I think."),
        ("I see a moron in Rome and shit in York.", "I see a moron in Rome."),  # one of the two may be harmless
    ],
)
def test_the_phrase_around_a_rude_word_is_left_out(sentence: str, wanted: str) -> None:
    assert wanted in phrase_cuts(sentence, RUDE)


@pytest.mark.parametrize(
    ("sentence", "unwanted"),
    [
        ("You hate idiots like him.", "You like him."),
        ("You are stupid and tired of this.", "You tired of this."),
        ("You think he is a jerk and should leave.", "You should leave."),
        ("I will be a jerk and would hurt you.", "I would hurt you."),
        ("I will be a jerk and would hurt you.", "Would hurt you."),
        ("If you are an idiot, I will report you.", "I will report you."),
        ("I will report you unless the idiot leaves.", "I will report you."),
        ('He said "you idiot" to me and left.', 'He said "" to me and left.'),
        ("I read it (you moron) and left.", "I read it () and left."),
        ("He called it **stupid** and then left.", "He called it ** ** and then left."),
        ("Are you stupid or just lazy?", "Just lazy?"),
        ("Are you stupid or just very lazy today?", "Just very lazy today?"),
        ("The moron doesn't know the rules.", "The doesn't know the rules."),
        ("A moron deleted my page.", "A deleted my page."),
        ("He should get his ass back to school.", "He should get his back to school."),
        ("Go fuck yourself and leave me alone.", "Go yourself and leave me alone."),
        ("He has fuck enough of this page.", "He has enough of this page."),
        ("I know that he is by morons elected.", "I know that he is elected."),
        ("Stop being an idiot and read the page.", "Stop and read the page."),
        ("The page with news is stupid, I think.", "The page, I think."),
    ],
)
def test_what_a_cut_would_say_falsely_or_break_is_not_proposed(sentence: str, unwanted: str) -> None:
    assert unwanted not in phrase_cuts(sentence, RUDE)


def test_a_question_about_the_reader_has_no_phrase_to_spare() -> None:
    assert phrase_cuts("Are you stupid or just lazy?", RUDE) == []


def test_what_keeps_some_of_the_rude_words_stands_last() -> None:
    found = phrase_cuts("I see a moron in Rome and shit in York.", RUDE)
    counts = [count_of(text, RUDE) for text in found]
    assert counts == sorted(counts)
    assert set(counts) <= {0, 1}


def test_nothing_is_proposed_without_a_rude_word() -> None:
    assert phrase_cuts("The killer was sentenced to life.", RUDE) == []
    assert reframings("You are wrong, and you know it.", RUDE) == []


def test_a_dangling_word_is_no_end() -> None:
    for text in phrase_cuts("It was made by a fool.", RUDE):
        assert not text.rstrip(".").endswith((" by", " a"))


texts = st.lists(
    st.sampled_from(
        [
            *sorted(RUDE),
            "you",
            "the",
            "a",
            "is",
            "and",
            "who",
            ",",
            ".",
            "like",
            "page",
            "’",
            "“",
            "é",
            "\u202e",
            "if",
            "(",
            ")",
            "**",
            '"',
            "your",
        ]
    ),
    max_size=40,
).map(" ".join)


@given(st.one_of(st.text(max_size=120), texts))
def test_any_text_gives_a_few_texts_with_fewer_rude_words(text: str) -> None:
    for rule in (phrase_cuts, reframings):
        found = rule(text, RUDE)
        assert len(found) <= MOST
        assert all(count_of(one, RUDE) < count_of(text, RUDE) for one in found)


def test_long_and_thoroughly_rude_texts_are_left_alone() -> None:
    """Pairs of cuts of a text with many rude words would be many thousands of texts."""
    for text in ("you moron, " * 50, "idiot and " * 58, "a fool is " * 5, "x" * MAX_SENTENCE_CHARACTERS + " moron"):
        assert phrase_cuts(text, RUDE) == reframings(text, RUDE) == []


@pytest.mark.parametrize(
    ("sentence", "wanted", "unwanted"),
    [
        (
            "In fact, that moron Smith has lied again.",
            "In fact, Smith has lied again.",
            "In fact, that Smith has lied again.",
        ),
        (
            "We asked the idiot Briton that wrote it.",
            "We asked the Briton that wrote it.",
            "We asked Briton that wrote it.",
        ),
        (
            "She left this idiot Dane country for good.",
            "She left this Dane country for good.",
            "She left Dane country for good.",
        ),
        ("WHO READS THIS MORON PAGE ANYWAY?", "WHO READS THIS PAGE ANYWAY?", "WHO READS PAGE ANYWAY?"),
    ],
)
def test_the_article_goes_before_the_name_of_a_person_and_stays_before_another_noun(
    sentence: str, wanted: str, unwanted: str
) -> None:
    found = phrase_cuts(sentence, RUDE)
    assert wanted in found
    assert unwanted not in found
