"""The noun phrase around rude words: where it begins, and what the words beside it tell about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sro.comments.words import word_set
from sro.rewriting.english_tokens import (
    ADVERBS,
    BASE_VERBS,
    BE,
    DETERMINERS,
    FUNCTION_WORDS,
    JOINS,
    PREPOSITIONS,
    PRONOUNS,
    YOU,
    Token,
    is_closed,
    is_inflected,
    is_plural,
    may_be_verb,
    names_quality,
    word_at,
)

_NO_PERSON_ENDS = ("ity", "ness", "ism", "ing", "in", "ed", "ly", "'s", "able", "est")
_BEFORE_SUBJECTS = word_set("if when that what do does did can will would should why")


@dataclass(frozen=True)
class NounPhrase:
    """The noun phrase of the rude words from `start` to `end`, and its neighbours."""

    tokens: Sequence[Token]
    start: int
    end: int

    @cached_property
    def first(self) -> int:
        """Its beginning: the determiner, if there is one within five words."""
        for place in range(self.start, max(-1, self.start - 6), -1):
            token = self.tokens[place]
            if token.word in DETERMINERS:
                such = token.word in ("a", "an") and word_at(self.tokens, place - 1) == "such"
                return place - 1 if such else place
            if token.is_stop or token.word in JOINS | PREPOSITIONS | BE | PRONOUNS:
                break
        return self.start - 1 if word_at(self.tokens, self.start - 1) in YOU else self.start

    @property
    def noun(self) -> str:
        return self.tokens[self.end - 1].word

    @property
    def determiner(self) -> str:
        """The determiner or "you" that it begins with; empty if there is none."""
        word = self.tokens[self.first].word
        return word if word in DETERMINERS | YOU else ""

    @property
    def before(self) -> str:
        return word_at(self.tokens, self.first - 1)

    @property
    def after(self) -> str:
        return word_at(self.tokens, self.end)

    @property
    def then(self) -> str:
        """The second word after the phrase."""
        return word_at(self.tokens, self.end + 1)

    @property
    def is_plural(self) -> bool:
        return is_plural(self.noun)

    @property
    def is_noun(self) -> bool:
        """Whether it is recognisable as a noun, and not an adjective by itself ("so stupid that")."""
        return bool(self.determiner) or self.is_plural

    @property
    def is_closed(self) -> bool:
        return is_closed(self.tokens, self.end)

    @property
    def opens_clause(self) -> bool:
        return opens_clause(self.tokens, self.first)

    @property
    def has_verb(self) -> bool:
        """Whether a verb follows, so that the phrase is its subject."""
        return is_inflected(self.after) or (self.is_plural and self.after in BASE_VERBS)

    @property
    def may_be_persons(self) -> bool:
        """Whether the last rude word may be a noun for a person, and not an adjective, a quality or a thing."""
        if names_quality(self.noun) or self.noun.endswith(_NO_PERSON_ENDS):
            return False
        after = self.after
        singular_verb = after.endswith("s") and not self.is_plural
        return self.is_closed or after in FUNCTION_WORDS | ADVERBS or may_be_verb(after) or singular_verb


def opens_clause(tokens: Sequence[Token], place: int) -> bool:
    """Whether a clause begins at a place, as far as the word before shows."""
    return place == 0 or tokens[place - 1].is_stop or tokens[place - 1].word in JOINS | _BEFORE_SUBJECTS


def is_persons_name(tokens: Sequence[Token], place: int) -> bool:
    """Whether the name of an insulted person begins at a place, and needs no article: "that weasel Smith", but not
    "the dumb Irish joke", "the dumb Irish who" or "the damn Church"."""
    after = place
    while after < len(tokens) and tokens[after].text[0].isupper() and not tokens[after].text.isupper():
        after += 1
    if after == place or is_plural(tokens[after - 1].word) or names_quality(word_at(tokens, place - 1)):
        return False
    then = word_at(tokens, after)
    return is_closed(tokens, after) or is_inflected(then) or then in (FUNCTION_WORDS - {"that", "who"}) | ADVERBS
