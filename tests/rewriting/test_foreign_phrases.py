"""Phrase tables of languages that the leader does not write."""

from __future__ import annotations

from importlib import resources

import pytest

from sro.rewriting.foreign_candidates import foreign_candidates, rules_in
from sro.rewriting.foreign_phrases import TABLES, foreign_phrases
from sro.rewriting.phrase_rules import read_rules
from sro.rewriting.phrase_table import Idioms


@pytest.mark.parametrize("language", TABLES)
def test_a_table_has_rules_in_lower_case_and_finds_its_own_phrases(language: str) -> None:
    text = (resources.files("sro") / "assets/starter/phrases" / f"{language}.txt").read_text("utf-8")
    rules = read_rules(text, language)
    assert len(rules) > 100
    words = [word for rule in rules for place in rule.rude for word in place]
    assert [word for word in words if word != word.lower()] == []
    first = [([place[0] for place in rule.rude], rule.civil(0, [0] * len(rule.rude))) for rule in rules]
    # A rule that answers a phrase by itself shields it from shorter rules.
    spoken = [
        rude for rude, civil in first if all(map(str.isalpha, rude)) and rude != [word.lower() for word in civil]
    ]
    found = [foreign_phrases(("" if language == "zh" else " ").join(rude), language) for rude in spoken]
    assert sum(map(bool, found)) > 0.9 * len(spoken)


@pytest.mark.parametrize(
    ("language", "rude", "civil"),
    [
        ("de", "Halt die Fresse, das ist scheiße.", "Sei bitte still, das ist schlecht."),
        ("es", "¡Esto es una mierda!", "¡Esto está muy mal!"),
        ("fr", "Je m'en fous de ton avis.", "Peu m'importe ton avis."),
        ("ru", "Он врёт, сука, и не краснеет.", "Он врёт и не краснеет."),
    ],
)
def test_phrases_are_put_civilly(language: str, rude: str, civil: str) -> None:
    assert civil in foreign_phrases(rude, language)


def test_what_no_table_knows_has_no_candidate() -> None:
    assert foreign_phrases("Das Wetter ist heute schön.", "de") == []
    assert foreign_phrases("halt die fresse", "xx") == []
    assert foreign_phrases("halt die fresse " * 500, "de") == []
    assert rules_in(["xx"]) is None


def test_a_deletion_and_a_phrase_meet_in_one_candidate() -> None:
    found = foreign_candidates("Halt die Fresse und lies den Artikel, du Idiot!", "de")
    assert "Sei bitte still und lies den Artikel!" in found


def test_signs_before_a_sentence_and_signs_of_other_scripts_are_tokens() -> None:
    table = Idioms.of(read_rules("^ mala => buena\ncosa $ => idea", "x"), "es")
    assert table.variants("¿Mala cosa?") == ["¿Buena idea?"]
    table = Idioms.of(read_rules("गंदा $ => बुरा", "x"), "hi")
    assert table.variants("यह गंदा।") == ["यह बुरा।"]


def test_a_text_without_spaces_is_cut_by_the_words_of_the_rules() -> None:
    table = Idioms.of(read_rules("他妈 的 => \n真烂 => 真差", "x"), "zh")
    assert table.variants("这他妈的API真烂") == ["这API真差"]


def test_what_follows_a_phrase_that_began_the_sentence_begins_it() -> None:
    table = Idioms.of(read_rules("^ verdammt , =>", "x"), "de")
    assert table.variants("Verdammt, ist das schwer! verdammt, ja.") == ["Ist das schwer! ja."]
