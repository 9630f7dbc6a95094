"""Phrase tables of languages that the leader does not write."""

from __future__ import annotations

from importlib import resources

import pytest

from sro.core.errors import SROError
from sro.rewriting.foreign_candidates import checked_rule_languages, foreign_candidates, rules_in
from sro.rewriting.foreign_limits import says_more
from sro.rewriting.foreign_phrases import TABLES, foreign_phrases
from sro.rewriting.phrase_rules import read_rules
from sro.rewriting.phrase_table import PhraseTable


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


@pytest.mark.parametrize("sentence", ["Halt die Fresse, du Idiot!", "Halt einfach mal die Klappe, du Vollidiot."])
def test_a_deletion_that_the_table_would_still_change_is_no_candidate(sentence: str) -> None:
    found = foreign_candidates(sentence, "de")
    assert found and not [text for text in found if text.startswith("Halt")]


HARMLESS = {
    "de": """
        Ich hab halt die Schnauze voll von diesem Regen.
        Wir haben halt die Fresse voll von diesem Verein.
        Ich bin total schwul und glücklich.
        Er ist echt schwul.
        Sie nennt das die Lügenpresse.
        Der Stürmer trifft nur die Latte.
        Ich trinke morgens eine Latte.
        Vor deiner Tür ist eine Ratte.
        In der Küche war eine Ratte.
        Auf dem Foto ist ein Clown.
        Im Garten ist ein Schwein.
        Das Tier ist ein Schwein.
        Mein Haustier ist eine Ratte.
        Unter der Brücke ist ein Penner.
        Der Vogel ist eine Schnepfe.
        Sein Bruder ist ein Clown.
        Das Gemüse ist ein Lauch.
        Im Keller ist ein Sack.
        Bist du ein Idiot?
        Ich habe einen Vogel, einen Igel und eine Katze.
        Die Oma hat einen Vogel.
        Der schuft den ganzen Tag.
        Die zicken heute nur rum.
        Der Hund hat eine Sauerei in der Küche gemacht.
        Mohrenkopf sagt man nicht mehr.
        Negerkuss ist kein schönes Wort.
        Ich hau jetzt ab.
        Ich hau ab.
        Das nervt jetzt nicht.
        Das Wetter ist heute schön.
        Der Zug hält in Köln.
        Kannst du mir bitte helfen?
        Die Kuh steht auf der Wiese.
        Der Esel trägt einen Sack Mehl.
        Das Spiel war gestern spannend.
        Er hält den Mund und hört zu.
        Die Katze hat die Maus gefangen.
        Der Müll kommt morgen weg.
        Die Klappe am Ofen ist offen.
        """,
    "zh": """
        这种人网上比比皆是。
        网上BB霜都很便宜。
        这家店卖的杯具都是好的。
        你也配得上她。
        这个叫什么叫法？
        他们占领碉堡了。
        装修公司装什么装置？
        nbsp是什么？
        他就是屎壳郎专家。
        我儿子不是智障。
        今天天气很好。
        我们明天去学校。
        """,
    "fr": """
        Si la fenêtre te gêne, ferme-la.
        La porte est ouverte, fermez-la.
        Le crocodile a une grande gueule.
        Il fait beau aujourd'hui.
        Le chien mange sa soupe.
        """,
    "ru": """
        Стало ещё хуже.
        Он хороший художник.
        Собака лает на кошку.
        Вата лежит в шкафу.
        """,
    "hi": """
        यह किताब बहुत अच्छी है।
        आज मौसम कितना अच्छा है।
        """,
}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(language, line.strip()) for language, lines in HARMLESS.items() for line in lines.strip().splitlines()],
)
def test_everyday_words_are_not_taken_for_abuse(language: str, sentence: str) -> None:
    assert foreign_phrases(sentence, language) == []


@pytest.mark.parametrize(
    ("language", "sentence", "civil"),
    [
        ("de", "Du bist ein Clown.", "Du bist sehr unfair."),
        ("de", "Das ist mir latte.", "Das ist mir egal."),
        ("de", "Du hast einen Vogel!", "Du hast unrecht!"),
        ("de", "Alter halt die Fresse!", "Alter sei bitte still!"),
        ("de", "Das ist total behindert.", "Das ist gar nicht gut."),
        ("hi", "तू कितना बड़ा चूतिया है।", "तू कितना गलत है।"),
        ("zh", "你叫什么叫！", "你别这样说话！"),
        ("fr", "Ferme-la !", "Ça suffit !"),
    ],
)
def test_the_same_words_said_of_a_person_are(language: str, sentence: str, civil: str) -> None:
    assert civil in foreign_phrases(sentence, language)


def test_nothing_dangles_where_a_name_was_called_out() -> None:
    assert foreign_phrases("我儿子不是智障，你个傻逼。", "zh") == ["我儿子不是智障。"]


@pytest.mark.parametrize(
    ("language", "sentence", "left"),
    [
        ("ru", "Стало ещё хуже, дебил.", "Стало ещё хуже."),
        ("ru", "Он очень плохой художник, идиот.", "Он очень плохой художник."),
        ("es", "Putin no dice la verdad, idiota.", "Putin no dice la verdad."),
        ("fr", "La connexion est encore coupée, connard.", "La connexion est encore coupée."),
    ],
)
def test_everyday_words_that_begin_like_rude_ones_may_stay(language: str, sentence: str, left: str) -> None:
    assert left in foreign_candidates(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Keine dumme Frau wird mir sagen, was ich tun soll."),
        ("de", "Alle dummen alten Männer denken genau so wie du."),
        ("de", "Solche dummen Menschen sollten nicht wählen dürfen."),
        ("de", "Sie ist eine saudumme Frau aus Berlin."),
        ("es", "Todos los malditos extranjeros tienen que irse ya."),
        ("es", "Todos los extranjeros de mierda tienen que irse ya."),
        ("fr", "Aucune maudite femme ne me dira quoi faire."),
        ("fr", "Toutes les femmes de merde doivent partir demain."),
        ("ru", "Все вонючие мигранты должны уехать домой."),
        ("ru", "Это ебаный город без дорог и света."),
    ],
)
def test_an_adjective_that_limits_what_is_said_is_not_left_out(language: str, sentence: str) -> None:
    assert foreign_candidates(sentence, language) == []


@pytest.mark.parametrize(
    ("language", "sentence", "left"),
    [
        ("de", "Kein verdammter Mensch glaubt dir das hier.", "Kein Mensch glaubt dir das hier."),
        ("de", "Das ist eine verdammte dumme Frau, du Idiot.", "Das ist eine dumme Frau."),
        ("de", "Lösch endlich deinen blöden Kommentar dort.", "Lösch endlich deinen Kommentar dort."),
        ("es", "Es un puto genio de la música moderna", "Es un genio de la música moderna"),
        ("fr", "C'est un foutu problème pour tout le monde.", "C'est un problème pour tout le monde."),
        ("ru", "Каждый ебаный день одно и то же самое.", "Каждый день одно и то же самое."),
    ],
)
def test_one_that_limits_nothing_is(language: str, sentence: str, left: str) -> None:
    assert left in foreign_candidates(sentence, language)


def test_portuguese_is_checked_too_and_languages_without_a_list_are_not() -> None:
    assert says_more("Todos os malditos turistas vão.", "Todos os turistas vão.", "pt")
    assert not says_more("Todos os malditos turistas vão.", "Os turistas vão.", "pt")
    assert not says_more("Todos os malditos turistas vão.", "Todos os turistas vão.", "hi")


def test_names_of_languages_are_checked() -> None:
    assert checked_rule_languages(["DE", "pt"]) == {"de", "pt"}
    assert checked_rule_languages(["none"]) == checked_rule_languages([]) == frozenset()
    with pytest.raises(SROError, match=r"no rules for 'german'\n  fix: name some of ar de"):
        checked_rule_languages(["German", "es"])


def test_signs_before_a_sentence_and_signs_of_other_scripts_are_tokens() -> None:
    table = PhraseTable.of(read_rules("^ mala => buena\ncosa $ => idea", "x"), "es")
    assert table.variants("¿Mala cosa?") == ["¿Buena idea?"]
    table = PhraseTable.of(read_rules("गंदा $ => बुरा", "x"), "hi")
    assert table.variants("यह गंदा।") == ["यह बुरा।"]


def test_a_text_without_spaces_is_cut_by_the_words_of_the_rules() -> None:
    table = PhraseTable.of(read_rules("他妈 的 => \n真烂 => 真差", "x"), "zh")
    assert table.variants("这他妈的API真烂") == ["这API真差"]


def test_marks_outside_the_phrase_stay_where_the_author_put_them() -> None:
    [first, *_] = foreign_phrases("Halt die Fresse ... lies den Artikel, bitte.", "de")
    assert first.endswith(" ... lies den Artikel, bitte.")
    table = PhraseTable.of(read_rules("mierda => cosa", "x"), "es")
    assert table.variants("¿ Es mierda ? ¿Sí, mierda?") == ["¿ Es cosa ? ¿Sí, cosa?"]


def test_what_follows_a_phrase_that_began_the_sentence_begins_it() -> None:
    table = PhraseTable.of(read_rules("^ verdammt , =>", "x"), "de")
    assert table.variants("Verdammt, ist das schwer! verdammt, ja.") == ["Ist das schwer! ja."]
