"""Deletions after which a sentence lacks a word that it needs: half of an oath, an adjective, an object, a subject.

The rules that delete words see the phrase that they delete; here the words that stay are asked whether they are a
sentence without it. The tests know grammar, and hardly any rude words.
"""

from __future__ import annotations

import re
from itertools import pairwise

from sro.comments.words import word_set
from sro.rewriting.candidate_change import Change, is_verb_form, joins_whole_clauses
from sro.rewriting.english_tokens import (
    ADVERBS,
    AUXILIARIES,
    BE,
    DETERMINERS,
    FUNCTION_WORDS,
    JOINS,
    OBJECTS,
    PRONOUNS,
    QUESTIONS,
    SUBJECTS,
    YOU,
    is_inflected,
    may_be_verb,
)

_OATHS = re.compile(
    r"holy (?:shit|fuck|hell|crap|cow|moly|mother\w*)|god damn\w*|(?:bull|chicken|horse|bat|dip) (?:shit|crap)"
    r"|damn (?:straight|right|well|sure)|(?:fuck|christ|god|hell|shit)s? sakes?|fuck\w* hell"
    r"|(?:fuck|screw|damn) (?:that+|this|it|you|u|off|him|her|them)"
)
"""Two words that are one oath: both go, or neither."""
_INTENSIFIER = re.compile(r"(?:mother)?f+u*c*k+\w*|(?:god)?dam\w*|bloody|fr\w+g(?:ing?|in)|hella|ass")
"""Words that say nothing by themselves: "so fucking late" is "so late"."""
_DEGREES = word_set("most more very too how less")
_SPLITS = word_set("of with for at by from about bout to than into")
_WANTS_VERB = word_set("""
    try tries trying tried want wants wanted wanting going gonna wanna have has had need needs needed used able allowed
    supposed ought hope hopes hoping""")
"""Words that lead to "to" and a verb."""
_MAKES_DO = word_set("""
    allow allows allowed cause causes caused tell tells told want wants wanted ask asks asked force forces forced
    expect expects get gets got lead leads led""")
"""Verbs after which "you" or "him" is to do something."""
_BELONGS = re.compile(
    r"(?:according|belongs?|belonged|thanks|compared|due|listen\w*) to|(?:depend\w*|rely|relies|based) on"
    r"|(?:consist\w*|full|tired|worthy|capable) of"
    r"|(?:treat\w*|looks?|looked|looking|sounds?|sounded|seems?|seemed|acts?|acted|acting|behav\w+) like"
)
"""A word and the preposition that it is never without in this sense."""
_TREATS = word_set("treat treats treated treating")
_COMPARES = word_set("rather more less other else better worse")
_NEEDS_OBJECT = word_set("start starts spread spreads doing doin do does did give gives gave make makes made")
_BEFORE_VERB = word_set("to gonna ain't aint don't dont")
_GIVES = word_set("give gives gave given giving")
_SUBORDINATORS = word_set("when if because before after although though since unless until while as whenever")
_PLURAL_OPENERS = word_set("all both these those many most several")
_PERSONAL = PRONOUNS - {"it"}
_POSSESSIVES = word_set("my your his her their our")
_IMPERATIVES = word_set("do don't dont have be let")
_ADJECTIVE_ENDS = ("ing", "ous", "ful", "ive", "able", "less")


def cut_fault(cut: Change) -> bool:
    """Whether the words beside deleted ones need them."""
    tests = (
        _splits_oath,
        _splits_phrase,
        _lacks_adjective,
        _lacks_noun,
        _lacks_object,
        _lacks_complement,
        _lacks_comparison,
        _lacks_subject,
        _lacks_main_clause,
        _lacks_question,
    )
    return any(test(cut) for test in tests)


def _splits_oath(cut: Change) -> bool:
    before, after = f"{cut.left()} {cut.gone[0]}", f"{cut.gone[-1]} {cut.right()}"
    whole = "the" in cut.gone  # "whoever the fuck you are"
    return not whole and any(_OATHS.fullmatch(pair) for pair in (before, after))


def _splits_phrase(cut: Change) -> bool:
    """ "and , I promise"; "talking about so why"."""
    if cut.left() in ("and", "or", "but") and cut.is_closed and not cut.ends_sentence:
        return True
    object_gone = cut.gone[0] not in YOU | JOINS and cut.gone[0][0].isalnum()
    return object_gone and cut.left() in _SPLITS and (cut.is_closed or cut.right() in QUESTIONS | PRONOUNS)


def _lacks_adjective(cut: Change) -> bool:
    """ "one of the most things"; "nobody is enough"; "they find it people"; "pretty but gets old"."""
    if len(cut.gone) > 2 or _INTENSIFIER.fullmatch(cut.gone[-1]):
        return False
    left, right = cut.left(), cut.right()
    if right and not cut.is_closed and (left in _DEGREES or (left == "so" and right == "that")):
        return True
    if left.endswith("ly") and cut.left(2) in DETERMINERS and right:
        return True
    if right == "enough" and (left in BE or left.endswith("'s")):
        return True
    if left == "it" and right and len(cut.gone) == 1 and not cut.is_closed and right not in FUNCTION_WORDS:
        return not may_be_verb(right)
    return left in ("but", "and") and len(cut.gone) == 1 and right in AUXILIARIES | {"gets", "goes", "makes"}


def _lacks_noun(cut: Change) -> bool:
    """ "he is such an annoying , even for a clerk"; "people vote" for "dumb people vote"."""
    if cut.right() == "people" and not cut.left() and len(cut.gone) == 1 and cut.gone[0].isalnum():
        return True
    named = cut.gone[0].isalnum() and cut.gone[0] not in YOU | JOINS
    return named and cut.left().endswith(_ADJECTIVE_ENDS) and cut.left(2) in ("a", "an") and cut.is_closed


def _lacks_object(cut: Change) -> bool:
    """ "no one gives a brah"; "it was spread to start"."""
    if cut.left() in ("a", "an", "two") and cut.left(2) in _GIVES:
        return True
    asked = cut.left() in _NEEDS_OBJECT and cut.left(2) in _BEFORE_VERB and len(cut.gone) == 1
    return asked and (cut.is_closed or cut.right() in ADVERBS | {"anyway"})


def _lacks_complement(cut: Change) -> bool:
    """ "just to try"; "it made them allow you"; "I have been treated"."""
    words = [token.word for token in cut.candidate if token.word]
    if not cut.first and words[-1:] and words[-1] in BE:
        return QUESTIONS.isdisjoint(words)
    if not cut.is_closed:
        return _BELONGS.fullmatch(f"{cut.left()} {cut.gone[0]}") is not None and cut.right() not in SUBJECTS
    if cut.left() in BE and joins_whole_clauses(cut):
        return True
    if cut.gone[0] == "and" and cut.left() == "try":
        return True
    if cut.gone[0] == "to":
        told = cut.left() in OBJECTS | YOU and cut.left(2) in _MAKES_DO
        return told or cut.left() in _WANTS_VERB
    if cut.gone[0] in OBJECTS | YOU and "to" in cut.gone and cut.left() in _MAKES_DO:
        return True
    if cut.gone[0] == "like" and cut.left() in OBJECTS | YOU and cut.left(2) in _TREATS:
        return True
    return _BELONGS.fullmatch(f"{cut.left()} {cut.gone[0]}") is not None


def _lacks_comparison(cut: Change) -> bool:
    """ "it is almost as slow"; "I would rather walk"; "whether to laugh"."""
    before = cut.clause_before()
    if cut.gone[0] == "as":
        return "as" in before[-4:-1]
    if cut.gone[0] == "than":
        return not _COMPARES.isdisjoint(before)
    if "than" in cut.gone and "rather" in before:
        return True
    return cut.gone[0] == "or" and not {"whether", "either"}.isdisjoint(before) and cut.is_closed


def _lacks_subject(cut: Change) -> bool:
    """ "blame others" for "they lie and then blame others"; "he is his name is Bob"."""
    if cut.left() in BE and joins_whole_clauses(cut) and cut.right() in _PERSONAL | _POSSESSIVES:
        return True
    ends = [word for word in cut.gone if word[0].isalnum()][-2:]
    if not cut.first and cut.right() in ("especially", "including", "particularly", "except"):
        return True
    if cut.first or JOINS.isdisjoint(ends) or cut.right(2) in PRONOUNS:
        return False
    verb = cut.right()
    if verb not in _IMPERATIVES and (verb in AUXILIARIES or verb.endswith("n't")):
        return cut.right(2) not in DETERMINERS
    return cut.gone[0] in _PERSONAL and (ends[-1] == "then" or may_be_verb(verb)) and verb not in SUBJECTS


def _lacks_main_clause(cut: Change) -> bool:
    """ "When the bus is late" without what happens then; "all of the clerks here" without a verb."""
    words = [token.word for token in cut.candidate if token.word]
    if not words or not cut.ends_sentence or not cut.first:
        return False
    signs = any(token.is_comma or token.text[:2] == ".." for token in cut.candidate[:-1])
    if words[0] in _SUBORDINATORS and AUXILIARIES.isdisjoint(words[1:2]):
        return not signs
    if cut.clause_before()[:2] == ["even", "if"]:
        return any(is_verb_form(word) for word in cut.gone)
    verbless = not any(is_verb_form(word) or word in PRONOUNS for word in words)
    return words[0] in _PLURAL_OPENERS and verbless and any(is_inflected(word) for word in cut.gone)


def _lacks_question(cut: Change) -> bool:
    """ "This is my page?" for "This is my page, who reverts it?" """
    if not cut.ends_sentence or not any("?" in token.text for token in cut.candidate[cut.last :]):
        return False
    asked = next((word for word in cut.gone if word[0].isalnum()), "")
    before = [token.word for token in cut.candidate[: cut.first]]
    inverted = any(one in AUXILIARIES and two in SUBJECTS for one, two in pairwise(before))
    return asked in QUESTIONS and not inverted and QUESTIONS.isdisjoint(before)
