"""What other languages can do without, and what they cannot."""

from collections.abc import Sequence

import pytest
from rewriting_stand_ins import Half, Milder

from sro.comments.languages import speaks
from sro.rewriting.english_tokens import words_of
from sro.rewriting.foreign_candidates import rules_in
from sro.rewriting.foreign_deletions import foreign_deletions
from sro.rewriting.foreign_words import LEXICONS
from sro.rewriting.rewriter import RewriteArguments, Rewriter
from sro.screeners.base import Verdict


@pytest.mark.parametrize(
    ("language", "sentence", "left"),
    [
        ("de", "Lern erst mal lesen, du Vollidiot!", "Lern erst mal lesen!"),
        ("de", "Du Idiot, das stimmt doch gar nicht.", "Das stimmt doch gar nicht."),
        ("de", "Ich trete aus diesem Scheiss Verein aus.", "Ich trete aus diesem Verein aus."),
        ("de", "Wer kauft denn dieses verdammte alte Auto?", None),  # "alte" is no noun: nobody knows what it is
        ("es", "En mi puta vida he visto algo así", "En mi vida he visto algo así"),
        ("es", "Por qué coño ponen solo vídeos?", "Por qué ponen solo vídeos?"),
        ("fr", "Il faut virer cette page de merde ou je pars.", "Il faut virer cette page ou je pars."),
        ("fr", "Fais attention la prochaine fois, connard !", "Fais attention la prochaine fois !"),
        ("fr", "Où est passée cette putain de clé ?", "Où est passée cette clé ?"),
        ("ru", "Разве ты не понимаешь этого, придурок?", "Разве ты не понимаешь этого?"),
        ("ru", "Не хочу идти в эту ебаную школу", "Не хочу идти в эту школу"),
        ("ru", "бензин, блядь, скоро подорожает опять", "бензин скоро подорожает опять"),
    ],
)
def test_what_a_sentence_can_do_without(language: str, sentence: str, left: str | None) -> None:
    found = foreign_deletions(sentence, language)
    assert (found[0] if found else None) == left


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Du bist ein Idiot"),
        ("de", "Einerseits: einen Scheiß MÜSSEN wir."),
        ("de", "Was für ein beschissenes Jahr das war."),  # without it nothing is said
        ("es", "Ella es una puta barata siempre"),
        ("es", "No entiendo cuando una mujer es “puta” o “trola”"),
        ("fr", "Lens est vraiment une ville de merde."),
        ("fr", "Vous devez avoir une belle vie de merde !"),
        ("fr", "Je cherche ce putain d'hôtel depuis une heure."),  # "ce hôtel"
        ("fr", "J'étais poli, la putain d'ta mère arrive"),
        ("ru", "ты долбоеб"),
        ("ru", "Я начальник тут, ты дурак, вот и всё."),
        ("ru", "там просто все задом ходят, ебанутые наверно"),
        ("ru", "любого из нас если достать то ебанем похлеще"),
        ("it", "Impara a leggere, idiota!"),  # no list
        ("de", "Halt die Fresse, du Idiot, du Arschloch von einem Arschgesicht"),  # something rude would be left
    ],
)
def test_what_would_be_garbled_or_stay_rude_has_no_candidate(language: str, sentence: str) -> None:
    assert foreign_deletions(sentence, language) == []


def test_too_little_that_is_left_is_no_rewrite() -> None:
    assert foreign_deletions("Hör zu, du Idiot!", "de") == []
    assert foreign_deletions("x" * 3000 + ", du Idiot", "de") == []


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_lists_are_in_lower_case(language: str) -> None:
    lexicon = LEXICONS[language]
    for listed in vars(lexicon).values():
        text = " ".join(listed) if isinstance(listed, tuple) else listed
        assert text == text.lower()


class Strict:
    """Reads German too; fails `Idiot` and `idiot`."""

    name = "strict 1"
    languages = ("en", "de")

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", 0.9, self.name) if "idiot" in text.lower() else Verdict("pass", 0.1, self.name)
            for text in texts
        ]


GERMAN = "Bitte lern endlich lesen und schreiben, du Vollidiot!"


def rewriter(languages: Sequence[str]) -> Rewriter:
    return Rewriter(Milder(), Strict(), Half(), leader_knows_language=speaks, foreign_rules=rules_in(languages))


def test_a_rewriter_leaves_out_where_its_leader_cannot_write() -> None:
    [found] = rewriter(["de"]).rewrite([GERMAN])
    assert (found.status, found.text) == ("rewritten", "Bitte lern endlich lesen und schreiben!")
    assert rewriter(["ru"]).rewrite([GERMAN])[0].reason == "language"
    [both] = rewriter(["de"]).rewrite([f"{GERMAN} And you are an idiot as well, my friend."])
    assert both.text == "Bitte lern endlich lesen und schreiben! And you are an person as well, my friend."


def test_what_cannot_be_left_out_is_refused_for_its_language() -> None:
    sentences = ["Du bist und bleibst ein ausgemachter Vollidiot.", "Bitte lern lesen, du Vollidiot, du Superidiot!"]
    assert [found.reason for found in rewriter(["de"]).rewrite(sentences)] == ["language", "language"]
    [found] = rewriter(["de"]).rewrite([GERMAN], RewriteArguments(min_similarity=0.6))
    assert found.reason == "language"  # too far from what was said


def test_nobody_cuts_without_a_language() -> None:
    assert rules_in([]) is None and rules_in(["it"]) is None
    rules = rules_in(["de"])
    assert rules is not None and rules(GERMAN, GERMAN) == ["Bitte lern endlich lesen und schreiben!"]
    assert rules("Danke, du Idiot!", GERMAN) == []  # one word says nothing of it


def test_the_screener_is_asked_about_whole_words_of_hindi() -> None:
    assert words_of("तू चूतिया है, तू!") == ["तू", "चूतिया", "है"]
