"""Where a rule's candidate differs from its sentence: the words that are gone, the new ones, and their neighbours."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from sro.comments.words import word_set
from sro.rewriting.english_tokens import (
    ADVERBS,
    DETERMINERS,
    FUNCTION_WORDS,
    JOINS,
    Token,
    is_closed,
    may_be_verb,
    tokenize,
    word_at,
)

_NO_MODIFIERS = FUNCTION_WORDS | DETERMINERS | ADVERBS | word_set("other many few two three most more all no any same")


@dataclass(frozen=True)
class Change:
    """A stretch of a candidate, from `first` to `last`, in place of words of the sentence."""

    candidate: Sequence[Token]
    gone: Sequence[str]
    """The words and signs of the sentence that it replaces, in lower case."""
    first: int
    last: int

    @property
    def new(self) -> list[str]:
        """Its own words and signs, in lower case; none if words were only deleted."""
        return [token.text.lower() for token in self.candidate[self.first : self.last]]

    @property
    def only_deletes(self) -> bool:
        """Whether no new word stands in place of the old ones."""
        return not any(token.word for token in self.candidate[self.first : self.last])

    def left(self, steps: int = 1) -> str:
        """The word so many steps before it; empty for a sign and beyond the beginning."""
        return word_at(self.candidate, self.first - steps)

    def right(self, steps: int = 1) -> str:
        """The word so many steps after it; empty for a sign and beyond the end."""
        return word_at(self.candidate, self.last + steps - 1)

    @property
    def is_closed(self) -> bool:
        """Whether nothing follows: the end, a sign, or a joining word."""
        return is_closed(self.candidate, self.last)

    @property
    def ends_sentence(self) -> bool:
        """Whether only signs follow."""
        return not any(token.word for token in self.candidate[self.last :])

    def clause_before(self) -> list[str]:
        """The words before it, back to the last sign."""
        place = self.first
        while place > 0 and not self.candidate[place - 1].is_stop:
            place -= 1
        return [token.word for token in self.candidate[place : self.first]]


def changes(candidate: str, sentence: str) -> Iterator[Change]:
    """The stretches of a candidate that differ from its sentence, in order; case does not count."""
    new = tokenize(candidate)
    before, after = ([token.text.lower() for token in tokens] for tokens in (tokenize(sentence), new))
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Change(new, before[i1:i2], j1, j2)


def has_modifier(tokens: Sequence[Token], place: int, openers: Collection[str]) -> bool:
    """Whether the word at a place has an adjective or a noun before it, as in "the dull people": between it and one of
    these openers there are only other words, and at least one."""
    at = place - 1
    while at >= 0 and tokens[at].word and tokens[at].word not in _NO_MODIFIERS:
        at -= 1
    return at < place - 1 and word_at(tokens, at) in openers


def joins_whole_clauses(change: Change) -> bool:
    """Whether the deleted words end with a joining word, so that they were a part of a sentence with "and"."""
    return bool(change.gone) and change.gone[-1] in JOINS


def is_verb_form(word: str) -> bool:
    """Whether a word may be a finite verb, or holds one: "it's"."""
    return may_be_verb(word) or word.endswith(("'s", "'re", "'m", "'ll", "'ve", "'d"))
