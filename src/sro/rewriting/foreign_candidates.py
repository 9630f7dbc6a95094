"""Candidates in languages that the leader does not write: words are deleted, and rude phrases get a civil form.

    >>> foreign_candidates("Lern erst mal lesen, du Vollidiot!", "de")
    ['Lern erst mal lesen!']

There is no generator for these languages. So a sentence is refused if neither `sro.rewriting.foreign_deletions` nor
the language's phrase table (`sro.rewriting.foreign_phrases`) has a candidate for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import chain

from sro.comments.languages import language_of
from sro.core.errors import SROError
from sro.rewriting.foreign_deletions import foreign_deletions, holds_rude_word
from sro.rewriting.foreign_limits import says_more
from sro.rewriting.foreign_phrases import TABLES, foreign_phrases
from sro.rewriting.foreign_words import LEXICONS
from sro.rewriting.phrase_table import UNSPACED

LANGUAGES_WITH_RULES = tuple(sorted(LEXICONS.keys() | frozenset(TABLES)))
"""Languages other than English with a lexicon (`sro.rewriting.foreign_words`) or a phrase table."""
DEFAULT_RULE_LANGUAGES = ("de",)
"""Languages in which rules rewrite by default: those in which readers found the fewest garbled rewrites
(docs/how-to/languages.md)."""
FEWEST_WORDS = 2
"""Fewest words of a candidate: "Thanks, you idiot" shortened to one word says something else."""

ForeignRules = Callable[[str, str], list[str]]
"""(sentence, its comment) → candidates."""


def foreign_candidates(sentence: str, language: str) -> list[str]:
    """Candidates from the rules of a language, each text once; none for a language without rules.

    Args:
        sentence: one sentence, as written.
        language: its code.
    """
    shorter = foreign_deletions(sentence, language)
    civil_forms = {one: foreign_phrases(one, language) for one in (sentence, *shorter)}
    # A deletion that the table would still change is not used: "Halt die Fresse!" would win as the nearest text.
    texts = [*(one for one in shorter if not civil_forms[one]), *chain.from_iterable(civil_forms.values())]
    fewest = 1 if language in UNSPACED else FEWEST_WORDS
    long_enough = [text for text in dict.fromkeys(texts) if len(text.split()) >= fewest]
    civil = [text for text in long_enough if not holds_rude_word(text, language)]
    return [text for text in civil if not says_more(sentence, text, language)]


def checked_rule_languages(names: Collection[str]) -> frozenset[str]:
    """The languages with these names, in upper or lower case; `none` stands for no language.

    Raises:
        SROError: there are no rules for a name.
    """
    wanted = frozenset(name.lower() for name in names) - {"none"}
    if unknown := sorted(wanted.difference(LANGUAGES_WITH_RULES)):
        raise SROError(
            f"rule_languages: there are no rules for {', '.join(map(repr, unknown))}\n"
            f"  fix: name some of {' '.join(LANGUAGES_WITH_RULES)}, or none"
        )
    return wanted


def rules_in(languages: Collection[str]) -> ForeignRules | None:
    """`foreign_candidates` for sentences in these languages and no others; None if none of them has rules."""
    known = frozenset(languages).intersection(LANGUAGES_WITH_RULES)

    def rules(sentence: str, comment: str) -> list[str]:
        code = language_of(sentence) or language_of(comment)
        return foreign_candidates(sentence, code) if code in known else []

    return rules if known else None
