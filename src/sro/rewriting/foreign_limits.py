"""Whether a candidate in another language lost a limiting adjective, so that it says more than its sentence.

    >>> says_more("Keine dumme Frau sagt mir das.", "Keine Frau sagt mir das.", "de")
    True
    >>> says_more("Kein verdammter Mensch glaubt dir.", "Kein Mensch glaubt dir.", "de")
    False

After "all", "no" or "a", an adjective limits of whom the sentence speaks, or is its whole statement. Without it,
"Keine dumme Frau" would become no woman at all, in the author's own words, and no reader of the language checks it.
Oaths ("verdammt") limit nothing. Deletions and phrase tables can both give such candidates, so both are checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sro.comments.words import word_set

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Limits:
    """Word lists of one language; adjectives by their beginnings, all in lower case."""

    determiners: str
    """Determiners after which an adjective limits."""
    adjectives: tuple[str, ...]
    """Limiting adjectives: they say something about the noun."""
    swear_words: tuple[str, ...] = ()
    """Adjectives that say nothing about the noun."""
    predicates: str = ""
    """Determiners after which even a swear word is the whole statement: "это" is "this is" more often than "this"."""
    articles: str = ""
    """Words that may stand between determiner and noun: "todos los"."""
    behind: str = ""
    """A phrase that limits after the noun: "de mierda". If this is not empty, adjectives after the noun limit too."""


_LIMITS = {
    "de": _Limits(
        determiners=(
            "ein eine einen einem einer eines kein keine keinen keinem keiner keines jeder jede jeden jedem jedes "
            "alle allen aller solche solchen solcher manche manchen mancher viele vielen vieler einige einigen "
            "einiger sämtliche sämtlichen"
        ),
        adjectives=(
            *("dumme", "saudumme", "strohdumme", "dämliche", "blöde", "bescheuerte", "hirnlose", "dreckige"),
            *("beschissene", "verkackte", "abgefuckte", "versiffte"),
        ),
        swear_words=("verdammte", "verfluchte", "verfickte", "gottverdammte", "scheiß", "scheiss", "fucking"),
    ),
    "es": _Limits(
        determiners=(
            "un una unos unas todo toda todos todas ningún ninguna cada cualquier algún alguna algunos algunas muchos "
            "muchas"
        ),
        adjectives=(
            *("maldit", "estúpid", "estupid", "imbécil", "imbecil", "idiota", "tonto", "tonta", "asqueros", "apestos"),
            *("inútil", "sucio", "sucia"),
        ),
        swear_words=("puto", "puta", "jodid", "pinche", "puñeter"),
        articles="el la los las esos esas estos estas",
        behind="de mierda",
    ),
    "fr": _Limits(
        determiners=(
            "un une des tout toute tous toutes aucun aucune chaque certains certaines quelques plusieurs nul nulle"
        ),
        adjectives=(
            *("maudit", "stupide", "idiot", "imbécile", "débile", "abruti", "crétin", "sale", "pourri", "dégueulasse"),
        ),
        swear_words=("foutu", "putain"),
        articles="le la les ces de d",
        behind="de merde",
    ),
    "pt": _Limits(
        determiners=(
            "um uma uns umas todo toda todos todas nenhum nenhuma cada qualquer algum alguma alguns algumas muitos "
            "muitas"
        ),
        adjectives=(
            *("maldit", "estúpid", "estupid", "imbecil", "imbecis", "idiota", "burro", "burra", "nojent", "fedorent"),
            *("inútil", "inúteis", "sujo", "suja"),
        ),
        swear_words=("puto", "puta", "porra"),
        articles="o a os as esses essas estes estas",
        behind="de merda",
    ),
    "ru": _Limits(
        determiners=(
            "это все всех всем всеми каждый каждая каждое каждого каждой каждую любой любая любое любого любую "
            "никакой никакая никакие ни один одна одно одни такой такая такое такие"
        ),
        adjectives=("вонюч", "поган", "сран", "ебанут", "ёбнут", "тупой", "тупая", "тупые", "тупых", "глуп", "мерзк"),
        predicates="это",
        swear_words=("ебан", "ёбан", "ебуч", "блядск", "хуев", "гребан", "грёбан", "долбан", "чертовск"),
    ),
}


def says_more(sentence: str, text: str, language: str) -> bool:
    """Whether a noun that had a limiting adjective in the sentence has none in the text.

    Args:
        sentence: the author's sentence.
        text: a candidate for it.
        language: its code; for a language without a list the answer is False, because it cannot be checked.
    """
    limits = _LIMITS.get(language)
    if limits is None:
        return False
    said = {phrase for phrase, limited in _noun_phrases(sentence, limits) if limited}
    return any(phrase in said for phrase, limited in _noun_phrases(text, limits) if not limited)


def _noun_phrases(text: str, limits: _Limits) -> Iterator[tuple[tuple[str, str], bool]]:
    """Each determiner with its noun, and whether a limiting adjective stands with them."""
    words = _WORD.findall(text.lower())
    determiners, articles, behind = word_set(limits.determiners), word_set(limits.articles), limits.behind.split()
    for place, determiner in enumerate(words):
        if determiner not in determiners:
            continue
        limiting = (*limits.adjectives, *(limits.swear_words if determiner in limits.predicates.split() else ()))
        limited, noun = False, place + 1
        while noun < len(words) and (
            words[noun] in articles or words[noun].startswith((*limits.adjectives, *limits.swear_words))
        ):
            limited |= words[noun].startswith(limiting)
            noun += 1
        after = words[noun + 1 : noun + 3]
        if behind:
            limited |= after == behind or (bool(after) and after[0].startswith(limits.adjectives))
        if noun < len(words):
            yield (determiner, words[noun]), limited
