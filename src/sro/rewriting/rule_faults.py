"""Whether a rule's candidate is no sentence any more, or says nothing: the rules see a phrase, not what is around it.

>>> has_fault("Holy, that is steep.", "Holy shit, that is steep.")
True
>>> has_fault("That is steep.", "Holy shit, that is steep.")
False
"""

from __future__ import annotations

import re

from sro.comments.words import word_set
from sro.rewriting.candidate_change import changes
from sro.rewriting.cut_faults import cut_fault
from sro.rewriting.english_tokens import BE, MAX_SENTENCE_CHARACTERS, is_closed, tokenize, word_at
from sro.rewriting.replacement_faults import replacement_fault

_EMPTY_QUOTES = re.compile(r"(?<!\S)(?:\"\"[^\w\"]{0,8}\"\"|\"[^\w\"]{1,8}\")")
"""Quotes, single or doubled as in an exported table, with no word between them."""
_PERSONS = word_set("guy person woman girl man boy")
_LIKENS = BE | word_set("like as you're he's she's i'm")


def has_fault(candidate: str, sentence: str) -> bool:
    """Whether a rule changed a sentence to something that nobody would write; longer texts are not examined."""
    if len(sentence) > MAX_SENTENCE_CHARACTERS:
        return False
    if len(_EMPTY_QUOTES.findall(candidate)) > len(_EMPTY_QUOTES.findall(sentence)):
        return True
    if _empty_statements(candidate) > _empty_statements(sentence):
        return True
    found = [one for one in changes(candidate, sentence) if one.gone or not one.only_deletes]
    return any(cut_fault(one) if one.only_deletes else replacement_fault(one) for one in found)


def _empty_statements(text: str) -> int:
    """How often a text says of somebody that he is a person."""
    tokens = tokenize(text)
    return sum(
        token.word in _PERSONS
        and is_closed(tokens, at + 1)
        and word_at(tokens, at - 1) in ("a", "an")
        and word_at(tokens, at - 2) in _LIKENS
        for at, token in enumerate(tokens)
    )
