"""Spans around rude words: which there are, what deleting or replacing one leaves, in glued and spaced comments."""

from __future__ import annotations

import pytest

from sro.training.warmup.rude_spans import IDENTITIES, Span, replace_span, spans_around, tidy, without_segments


def span(text: str, written: str, *suspects: str) -> Span:
    """The span of `text` that is written so; the suspects are its rude words."""
    found = {one.written: one for one in spans_around(text, suspects)}
    assert written in found, sorted(found)
    return found[written]


def written(text: str, *suspects: str) -> set[str]:
    return {one.written for one in spans_around(text, suspects)}


# -- which spans there are -------------------------------------------------------------------------


def test_a_span_holds_a_suspect_and_only_words_that_may_go_with_it() -> None:
    assert written("he wrote some really stupid lines", "stupid") == {
        *("stupid", "really stupid", "some really stupid"),
    }


@pytest.mark.parametrize("text", ["you and you and you and idiot", "idiot and you and you and you"])
def test_a_span_has_four_words_at_most(text: str) -> None:
    found = spans_around(text, ["idiot"])
    assert max(one.high - one.low for one in found) == 4


def test_without_a_suspect_there_is_no_span() -> None:
    assert spans_around("you are all so very kind", ["idiot"]) == []
    assert spans_around("", ["idiot"]) == []


def test_two_suspects_may_share_a_span() -> None:
    assert written("that stupid idiot left", "stupid", "idiot") == {
        *("that stupid", "that stupid idiot", "stupid", "stupid idiot", "idiot"),
    }


@pytest.mark.parametrize("text", ["you idiot , you left", "You idiot, you left", "you idiot . you left"])
def test_punctuation_ends_a_span(text: str) -> None:
    assert not any("left" in one or one.count("ou") > 1 for one in written(text, "idiot"))


@pytest.mark.parametrize("identity", sorted(IDENTITIES))
def test_no_span_reaches_over_who_somebody_is(identity: str) -> None:
    assert not any(identity in one.split() for one in written(f"you {identity} idiot", "idiot"))
    assert not any(identity in one.split() for one in written(f"you idiot {identity}", "idiot"))


def test_a_span_knows_its_place_and_its_bare_form() -> None:
    text = "Stop  it,  you idiot!!"
    found = span(text, "you idiot!!", "idiot")
    assert (found.low, found.high, found.bare) == (2, 4, "you idiot")
    assert text[found.start :] == "you idiot!!"


def test_the_same_word_twice_has_two_places() -> None:
    assert [one.start for one in spans_around("damn damn", ["damn"]) if one.written == "damn"] == [0, 5]


def test_what_carries_content_is_not_removable() -> None:
    assert span("it is a damn page", "damn", "damn").removable
    assert span("he did talk shit about me", "shit", "shit").removable
    assert not span("he did talk shit about me", "talk shit", "shit").removable


@pytest.mark.parametrize(
    ("text", "suspect", "spelt", "head"),
    [
        ("that stupid idea", "stupid", "stupid", 1),  # rude words alone: the last of them
        ("he does talk shit here", "shit", "talk shit", 2),  # a light verb in front: the verb
        ("that stupid idea", "stupid", "that stupid", None),  # a pronoun in front: no phrase fits
    ],
)
def test_the_head_is_the_word_whose_class_counts(text: str, suspect: str, spelt: str, head: int | None) -> None:
    assert span(text, spelt, suspect).head == head


@pytest.mark.parametrize(
    ("text", "spelt"),
    [("He is an idiot.", "an idiot."), ("he 's an idiot .", "an idiot"), ("they 're a joke .", "a joke")],
)
def test_behind_to_be_an_adjective_may_stand_for_a_noun(text: str, spelt: str) -> None:
    found = span(text, spelt, "idiot", "joke")
    assert found.as_adjective and not found.removable
    assert found.head == found.high - 1


def test_elsewhere_a_noun_stays_a_noun() -> None:
    assert not span("he met an idiot today", "an idiot", "idiot").as_adjective
    assert not span("he is an idiot today", "idiot", "idiot").as_adjective


@pytest.mark.parametrize(
    ("text", "suspect", "spelt"),
    [
        ("You idiot, stop.", "idiot", "You idiot,"),  # an address at the start
        ("stop it , you idiot .", "idiot", "you idiot"),  # and at the end
        ("i told u moron", "moron", "u moron"),
        ("Well, damn, that hurts.", "damn", "damn,"),  # between commas
        ("it runs like shit .", "shit", "like shit"),  # a comparison
        ("what the hell is this ?", "hell", "the hell"),  # an oath in a question
        ("shut the fuck up", "fuck", "the fuck"),
    ],
)
def test_nothing_hangs_on_a_loose_span(text: str, suspect: str, spelt: str) -> None:
    assert span(text, spelt, suspect).loose


@pytest.mark.parametrize(
    ("text", "suspect", "spelt"),
    [
        ("you idiot people know this", "idiot", "you idiot"),
        ("this is a damn page", "damn", "damn"),
        ("in the hell that was", "hell", "the hell"),
        ("stupid pages all over", "stupid", "stupid"),
        ("these are idiots .", "idiots", "idiots"),
        ("it is as damn as that", "damn", "as damn as"),  # half of a comparison
    ],
)
def test_a_span_that_the_sentence_needs_is_not_loose(text: str, suspect: str, spelt: str) -> None:
    assert not span(text, spelt, suspect).loose


# -- a phrase in the place of a span ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spelt", "phrase", "edited"),
    [
        ("This is a stupid idea.", "stupid", "bad", "This is a bad idea."),
        ("Idiots wrote this.", "Idiots", "people", "People wrote this."),
        ("idiots wrote this .", "idiots", "people", "people wrote this ."),
        ("Stop. Idiots wrote this.", "Idiots", "people", "Stop. People wrote this."),
        ("those Idiots wrote this", "Idiots", "people", "those people wrote this"),
        ("He is so stupid!", "stupid!", "wrong", "He is so wrong!"),
        ("he is so stupid !", "stupid", "wrong", "he is so wrong !"),
        ("Stupid, stupid...", "stupid...", "wrong", "Stupid, wrong..."),
        ("this is a stupid idea", "stupid", "unwise", "this is an unwise idea"),
        ("an idiot said so", "idiot", "person", "a person said so"),
        ("An idiot said so", "idiot", "person", "A person said so"),
        ("he is an idiot .", "an idiot", "unwise", "he is unwise ."),
        ('An "idiot" said so', '"idiot"', "person", 'A "person" said so'),
        ("they (idiots) said so", "(idiots)", "people", "they (people) said so"),
    ],
)
def test_a_phrase_takes_over_capitals_punctuation_and_article(text: str, spelt: str, phrase: str, edited: str) -> None:
    assert replace_span(text, span(text, spelt, "stupid", "idiot", "idiots"), phrase) == edited


# -- nothing in the place of a span -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spelt", "edited"),
    [
        ("this is a damn good page .", "damn", "this is a good page ."),
        ("You idiot, stop.", "You idiot,", "Stop."),
        ("you idiot , stop .", "you idiot", "stop ."),
        ("You idiot , stop .", "You idiot", "Stop ."),
        ("Stop it, you idiot!", "you idiot!", "Stop it!"),
        ("stop it , you idiot !", "you idiot", "stop it !"),
        ("Well, damn, that hurts.", "damn,", "Well, that hurts."),
        ("well , damn , that hurts .", "damn", "well , that hurts ."),
        ("Why, you idiot? Tell me.", "you idiot?", "Why? Tell me."),
        ("this is a damn awful page", "damn", "this is an awful page"),
        ("this is an idiotic page", "idiotic", "this is a page"),
        ("An idiotic page", "idiotic", "A page"),
        ("a damn hour", "damn", "an hour"),
        ("an idiotic user", "idiotic", "a user"),
        ("an idiotic one-sided page", "idiotic", "a one-sided page"),
        ("a damn unusual page", "damn", "an unusual page"),
        ("damn", "damn", ""),
    ],
)
def test_a_deletion_leaves_no_trace(text: str, spelt: str, edited: str) -> None:
    assert replace_span(text, span(text, spelt, "damn", "idiot", "idiotic"), "") == edited


@pytest.mark.parametrize(
    ("text", "spelt", "edited"),
    [
        ("Stop it. You idiot.", "You idiot.", "Stop it."),
        ("stop it . you idiot .", "you idiot", "stop it ."),
        ("stop it ! you idiot , go home .", "you idiot", "stop it ! go home ."),
        ("Stop it. Damn pages everywhere.", "Damn", "Stop it. Pages everywhere."),
        ('He said "no." You idiot!', "You idiot!", 'He said "no."'),
        ('we call that "damn" here', '"damn"', "we call that here"),
        ('Oh no, "you idiot!" again', '"you idiot!"', "Oh no! again"),
    ],
)
def test_a_deletion_at_the_seam_of_two_sentences(text: str, spelt: str, edited: str) -> None:
    assert replace_span(text, span(text, spelt, "damn", "idiot"), "") == edited


# -- whole sentences and clauses --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("I read all of this page. You idiot.", ["I read all of this page."]),
        ("i read all of this page . you idiot .", ["i read all of this page ."]),
        ("You are an idiot to me! I read all of this page twice.", ["I read all of this page twice."]),
        ("You idiot, I read all of this page.", ["I read all of this page."]),
        ("You idiot, this page is not right.", ["This page is not right."]),
        ("you idiot , this page is not right .", ["this page is not right ."]),
        ("This page is not right, you idiot.", ["This page is not right."]),
        ("this page is not right , you idiot .", ["this page is not right ."]),
        ("This page is not right, you idiot! Read it.", ["This page is not right! Read it."]),
        ("Yes, you idiot, I read all of it.", ["Yes, I read all of it."]),
    ],
)
def test_a_sentence_or_short_clause_may_go(text: str, rest: list[str]) -> None:
    assert without_segments(text, ["idiot"]) == rest


@pytest.mark.parametrize(
    "text",
    [
        "you are an idiot .",  # all there is
        "no idiot here , no one",  # four words, but most of the text
        "This idiot wrote it all here, and it is not right at all, I think.",  # a clause of six words
        "nobody is one here , or is there one ?",  # no suspect
    ],
)
def test_most_of_the_comment_stays(text: str) -> None:
    assert without_segments(text, ["idiot"]) == []


def test_each_rude_sentence_may_go_alone() -> None:
    text = "You idiot. I read it all and then I read it again. What an idiot."
    assert without_segments(text, ["idiot"]) == [
        "I read it all and then I read it again. What an idiot.",
        "You idiot. I read it all and then I read it again.",
    ]


# -- mending -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "spaced", "glued"),
    [
        ("yes , , no", "yes , no", "yes, no"),
        ("yes,, no", "yes , no", "yes, no"),
        (", yes", "yes", "yes"),
        (" . ! yes", "yes", "yes"),
        ("yes , .", "yes .", "yes."),
        ("yes ; ?", "yes ?", "yes?"),
        ("yes ,", "yes", "yes"),
        ("yes   no", "yes no", "yes no"),
        ("yes : no", "yes : no", "yes: no"),
        ("yes :) no .", "yes :) no .", "yes :) no."),
        ("", "", ""),
    ],
)
def test_tidy_keeps_the_style(left: str, spaced: str, glued: str) -> None:
    assert tidy(left) == spaced
    assert tidy(left, spaced=False) == glued
