"""New words that do not fit their neighbours: a noun without its article, a predicate before the rest of a phrase.

The phrase table and the rules for noun phrases see the phrase that they replace; here its neighbours are asked whether
the new words fit between them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sro.comments.words import word_set
from sro.rewriting.candidate_change import Change, has_modifier
from sro.rewriting.english_tokens import (
    ADVERBS,
    AUXILIARIES,
    BE,
    DETERMINERS,
    FUNCTION_WORDS,
    INFLECTED_VERBS,
    JOINS,
    PREPOSITIONS,
    PRONOUNS,
    YOU,
    Token,
    word_at,
)

_ONE_PERSON = word_set("guy person woman girl man boy")
_PERSONS = _ONE_PERSON | word_set("people guys someone somebody")
_SINGULAR = word_set("a an this that every another each")
_COUNTED = DETERMINERS | word_set("every another each any no one same other next ima imma")
_OPENERS = ((DETERMINERS | BE | ADVERBS | PREPOSITIONS) - {"to", "that", "so"}) | {"more", "most"}
_RESTRICTS = word_set("only all most such")
_NAMED = word_set("him he them they her she someone")
_GENERIC = word_set("nonsense things stuff")
_NOT_ONE = word_set("is gets goes has was makes does") | (INFLECTED_VERBS - word_set("kept made knew"))
_NO_PERSONS = word_set("everything everyting nothing it this that what all")
_NEGATIONS = word_set("aint dont didnt wont cant havent never t")
_QUALIFIES = word_set("of who which named")


def replacement_fault(change: Change) -> bool:
    """Whether new words do not fit their neighbours."""
    tests = (
        _is_bare_person,
        _is_one_of_many,
        _has_adjective_and_clause,
        _is_trivial,
        _breaks_noun_phrase,
        _breaks_clause,
        _disagrees,
        _repeats,
    )
    return any(test(change) for test in tests)


def _is_bare_person(change: Change) -> bool:
    """ "goodbye guy"; "guy blocks everyone"; "the one person" has its article."""
    tokens = change.candidate
    return any(
        tokens[at].word in _ONE_PERSON and not _is_determined(tokens, at) and tokens[at - 1].text not in ("-", "/")
        for at in range(change.first, change.last)
    )


def _is_determined(tokens: Sequence[Token], place: int) -> bool:
    """Whether an article or the like stands before the noun at a place, with at most five words between."""
    for at in range(place - 1, max(-1, place - 7), -1):
        word = word_at(tokens, at)
        if word in _COUNTED or word.endswith("'s") or word[:1].isdigit():
            return True
        if word in FUNCTION_WORDS - {"not"}:
            return False
    return False


def _is_one_of_many(change: Change) -> bool:
    """ "that people who lie"; "what someone"."""
    tokens = change.candidate
    for at in range(change.first, change.last):
        before, word = word_at(tokens, at - 1), tokens[at].word
        if word == "people" and (before in _SINGULAR - {"that"} or (before == "that" and at - 1 >= change.first)):
            return True
        if word in ("someone", "somebody"):
            if before in ("a", "an", "the", "such") or (before == "what" and word_at(tokens, at + 1) == "who"):
                return True
            if has_modifier(tokens, at, DETERMINERS - {"that"}):
                return True
            if before in BE and word_at(tokens, at - 2) == "who" and word_at(tokens, at + 1) in ("who", "that"):
                return True
    return False


def _has_adjective_and_clause(change: Change) -> bool:
    """ "the biggest people who boast"; "sheer false claims"."""
    tokens = change.candidate
    for at in range(change.first, change.last):
        word, then = tokens[at].word, word_at(tokens, at + 1)
        clause = word in ("people", "person") and then == "who" and at + 1 < change.last
        claims = word == "false" and then == "claims"
        if (clause or claims) and has_modifier(tokens, at, _OPENERS):
            return True
    return False


def _is_trivial(change: Change) -> bool:
    """ "only people make excuses"; "I do not like people"."""
    if change.new[-1] != "people" or not DETERMINERS.isdisjoint(change.gone):
        return False
    if change.right() in _QUALIFIES | {"like", "with", "in", "from", "that"}:
        return False
    return change.left() in _RESTRICTS or (change.is_closed and change.new[-2:-1] == ["like"])


def _breaks_noun_phrase(change: Change) -> bool:
    """ "mean of the highest order"; "ignore him named Bob"; "a selfish and money"."""
    new, gone, right = change.new, change.gone, change.right()
    had_article = bool(gone) and gone[0] in ("a", "an") and new[0] not in DETERMINERS
    if had_article and right in _QUALIFIES and new[0] not in _PERSONS:
        return True
    if new[-1] == "idea" and right == "for":
        return True
    if new[-1] in _NAMED - {"someone", "her"} and right in ("named", "called"):
        return True
    if ("who" in new or new[-1] in _NAMED) and _is_name(change):
        return True
    if new[-1] in ("him", "them", "guy") and right == "it":
        return True
    if new == ["behind"] and change.left() not in DETERMINERS:
        return True
    if (
        change.left() in PREPOSITIONS | {"a", "an"}
        and len(new) == 1
        and new[0].endswith(("ish", "ised", "iced", "ased"))
    ):
        return change.is_closed
    if new[0] == "very" and change.left() in ("a", "an") and change.left(2) == "such":
        return True
    if change.left() == "such" and new == ["wrong"]:
        return True
    return new[0] == "not" and not change.is_closed and has_modifier(change.candidate, change.first, DETERMINERS)


def _is_name(change: Change) -> bool:
    """Whether a word with a capital follows that is no small word."""
    token = change.candidate[change.last] if change.last < len(change.candidate) else None
    return token is not None and token.text.istitle() and token.word not in FUNCTION_WORDS


def _breaks_clause(change: Change) -> bool:
    """ "they are big is bad"; "why don't you I am done"; "blaming him has no idea"."""
    new = change.new
    if new[0] in ("is", "are") and change.left(2) in BE:
        return True
    if new[0] == "i" and change.left() in YOU and change.left(2) not in JOINS and len(new) > 2:
        return True
    if "you're" in new and change.left(1) in BE:
        return True
    if new[:2] in (["has", "no"], ["have", "no"]):
        before = change.clause_before()
        return bool(before) and (before[0].endswith("ing") or before[0] in _NO_PERSONS)
    if _opens_list(change):
        return True
    return (
        bool(change.gone)
        and change.gone[0] == "most"
        and change.right() == "and"
        and (new[0] == "least" or new[0].endswith("est"))
    )


def _opens_list(change: Change) -> bool:
    """Whether a verb replaces "is" before the rest of a list: "he makes no sense, lazy, or late"."""
    signs = [token.text for token in change.candidate[change.last : change.last + 3]]
    listed = signs[:1] == [","] and signs[2:] == [","]
    return listed and bool(BE.intersection(change.gone)) and BE.isdisjoint(change.new)


def _disagrees(change: Change) -> bool:
    """ "things gets better"; "the things that goes on"; "you aren't nonsense"."""
    new = change.new
    if new[-1] not in _GENERIC:
        return False
    opens = change.first == 0 and len(new) == 1 and not change.is_closed
    if opens and change.right() not in AUXILIARIES | {"like", "that", "about"}:
        return True
    if _is_negated(change) and change.gone in (["shit"], ["crap"]):
        return True
    verb = change.right(2) if change.right() in ADVERBS | {"that", "instantly"} else change.right()
    if new[-1] == "things" and verb in _NOT_ONE:
        return True
    return change.left().startswith(("are", "ain", "am")) and change.left(2) in PRONOUNS - {"it"}


def _is_negated(change: Change) -> bool:
    """Whether a negated verb stands before a noun without an article; then it means "anything"."""
    for steps in range(1, 6):
        word = change.left(steps)
        if word.endswith("n't") or word in _NEGATIONS:
            return True
        if word in DETERMINERS | JOINS | PRONOUNS | {"there", ""}:
            return False
    return False


def _repeats(change: Change) -> bool:
    """ "someone and someone"."""
    last = change.new[-1]
    return last in _PERSONS and change.right() in ("and", "or") and change.right(2) == last
