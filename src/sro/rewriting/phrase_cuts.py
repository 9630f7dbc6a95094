"""Candidates that delete the phrase around a rude word: the address, the clause, half of an "and", or the tail.

    >>> phrase_cuts("Stop reverting my edits, you smug little dweeb.", {"dweeb"})
    ['Stop reverting my edits.']
    >>> phrase_cuts("He plays all day and is a huge dork.", {"dork"})
    ['He plays all day.']

`sro.rewriting.deletions` has a list of the words that it deletes, and so knows the grammar around them. These rules
know only grammar. The screener is asked about each word by itself and decides which are rude, so misspelt and rare
words count too. Many of the candidates are bad; screener and critic choose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sro.comments.words import word_set
from sro.rewriting.deletions import GOVERNING
from sro.rewriting.english_tokens import (
    ADVERBS,
    AUXILIARIES,
    BASE_VERBS,
    CONDITIONS,
    DETERMINERS,
    FUNCTION_WORDS,
    JOINS,
    MAX_SENTENCE_CHARACTERS,
    MODALS,
    OBJECTS,
    PARTICLES,
    PRONOUNS,
    QUESTIONS,
    SUBJECTS,
    YOU,
    Token,
    is_closed,
    is_inflected,
    is_plural,
    least_rude,
    may_be_verb,
    rude_runs,
    tokenize,
    word_at,
)
from sro.rewriting.noun_phrase import is_persons_name
from sro.rewriting.repair import is_letter, keeps_pairs, without_tokens

MOST = 10
"""Most candidates for a sentence."""
FEWEST_WORDS = 3
LEAST_LEFT = 0.34
"""Smallest share of the words that must be left."""

_TAILS = word_set("like as with by from in for than at about to despite between who which proving being given")
_REACH_BACK = word_set("who which as like than")
"""Tails with an "is" of their own."""
_IS = word_set("is are was were am")
_WANTS_BEING = word_set("stop stops stopped quit keep keeps kept avoid without")
_NEEDS_MORE = DETERMINERS | word_set("""
    is are was were be been being am i'm you're he's she's it's they're we're that's of like as with by from for to
    than at on in about and or but because if when who which not no any very so too call called calling you u both
    either every another has have had having into how why don't can't i he she they huge just only simply""")
"""Words that need a noun after them."""
_ENDS_NOTHING = _NEEDS_MORE - YOU - word_set("this that these those her his some so too no not just only simply")
"""Words that end neither a sentence nor a clause before its comma."""
_ASKS = word_set("are were do did can could will would should have if when why how")
"""Words after which "you" is the subject of the next words."""
_GOVERNS_YOU = _ASKS | GOVERNING | word_set("hope think wish what")
"""Words after which "you" is a part of the clause and stays."""
_BEHIND_ADDRESS = word_set("before after until if when")
_DEGREES = word_set("so very too really beyond pretty quite such as how")
_OF_ONE = word_set("a an that this every some any")
"""After one of these and a noun, a word in -s is the noun's verb."""
_HALF_A_THREAT = word_set("will would gonna shall")


def phrase_cuts(sentence: str, rude: Collection[str]) -> list[str]:
    """The sentence without phrases that hold a rude word; the candidate that loses the fewest words comes first.

    Args:
        sentence: one sentence.
        rude: its words that are rude by themselves, lower-case (`sro.rewriting.english_tokens.words_of`).

    Returns:
        At most `MOST` candidates; those that keep some of several rude words come last.
    """
    if len(sentence) > MAX_SENTENCE_CHARACTERS or not rude:
        return []
    first = list(_once(sentence, rude))
    found = dict.fromkeys(first)
    for text in first:  # two cuts, for two insults
        found |= dict.fromkeys(_once(text, rude))
    fewest = max(FEWEST_WORDS, LEAST_LEFT * _count(sentence))
    dangling = _dangling(sentence)
    fit = [text for text in found if _count(text) >= fewest and _dangling(text) <= dangling]
    whole = [text for text in fit if keeps_pairs(text, sentence)]
    return least_rude(sorted(whole, key=lambda text: -len(text)), sentence, rude, MOST)


def _once(sentence: str, rude: Collection[str]) -> Iterator[str]:
    """The sentence after each single cut."""
    tokens = tokenize(sentence)
    for start, end in rude_runs(tokens, rude):
        for first, last in _spans(tokens, start, end):
            if any(token.word in CONDITIONS for token in tokens[first:last]):
                continue  # without its condition, the statement would change
            text = without_tokens(sentence, tokens, first, last)
            if text != sentence:
                yield text


def _count(text: str) -> int:
    return sum(bool(token.word) for token in tokenize(text))


def _dangling(text: str) -> int:
    """Number of words that need a word after them and have none."""
    tokens = tokenize(text)
    ends = [at for at, token in enumerate(tokens) if token.word in _ENDS_NOTHING and is_closed(tokens, at + 1)]
    return sum(not _asks_who(tokens, at) for at in ends)


def _asks_who(tokens: Sequence[Token], place: int) -> bool:
    """Whether the word at a place ends a clause such as "who you think you are"."""
    asked = any(token.word in QUESTIONS for token in tokens[:place])
    return asked and tokens[place].word in _IS and word_at(tokens, place - 1) in SUBJECTS


def _spans(tokens: Sequence[Token], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Spans that may be deleted with the run of rude words from `start` to `end`, as first token and last + 1."""
    if word_at(tokens, start - 1) in _DEGREES:
        start -= 1
    before, after = word_at(tokens, start - 1), word_at(tokens, end)
    closed = is_closed(tokens, end)
    addressed = list(_address(tokens, start, end))
    yield from addressed
    if _is_adjective(tokens, start, end):
        named = before in ("the", "that", "this") and is_persons_name(tokens, end)
        yield (start - 1 if named else start), end  # "that idiot Smith"; "the dumb clerk"
    if closed and before and not addressed and not _has_determiner(tokens, start):  # called out after a clause
        yield start, end
    yield from _swear_word(tokens, start, end)
    if closed and before in ("and", "or"):
        yield start - 1, end
    if after in ("and", "or") and before in ("a", "an") and word_at(tokens, end + 1) in DETERMINERS:
        yield start - 1, end + 1  # "is an idiot and a bad admin"
    yield from _clauses(tokens, start, end)
    yield from _tails(tokens, start, end)


def _is_adjective(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether the rude words stand before a noun, or before another phrase that is complete without them."""
    before, after, rude = word_at(tokens, start - 1), word_at(tokens, end), tokens[end - 1].word
    if not after or is_closed(tokens, end) or is_plural(rude):
        return False
    initials = tokens[end].text.isupper() and len(after) > 1 and not tokens[end - 1].text.isupper()  # "the US"
    if after in FUNCTION_WORDS | DETERMINERS | PARTICLES and not initials:
        return False
    if before in QUESTIONS or (before == "the" and word_at(tokens, start - 2) in QUESTIONS):
        return False  # "why the hell"
    if after.endswith("n't"):
        return False
    noun_with_verb = is_inflected(after) or (before in _OF_ONE and is_plural(after) and before != "some")
    determined = before in DETERMINERS | {"every", "any", "no"} and not is_letter(tokens[start - 1])
    return not (determined and noun_with_verb)


def _swear_word(tokens: Sequence[Token], start: int, end: int) -> Iterator[tuple[int, int]]:
    """ "the hell" after a question word or before "off" and the like; includes "out of", except after "get"."""
    before, after, asked = word_at(tokens, start - 1), word_at(tokens, end), word_at(tokens, start - 2)
    if before != "the" or not asked or not (asked in QUESTIONS or after in PARTICLES):
        return
    out_of = after == "out" and word_at(tokens, end + 1) == "of" and asked not in ("get", "got")
    yield start - 1, end + 2 if out_of else end


def _has_determiner(tokens: Sequence[Token], start: int) -> bool:
    """Whether the rude words are the noun of an article or the like, or of a word that needs a noun."""
    if tokens[start - 1].word in _NEEDS_MORE:
        return True
    for place in range(start - 1, max(-1, start - 5), -1):
        if is_closed(tokens, place):
            return False
        if tokens[place].word in DETERMINERS:
            return True
    return False


def _address(tokens: Sequence[Token], start: int, end: int) -> Iterator[tuple[int, int]]:
    """ "you" with up to four words and the rude ones, and with a noun that they stand before."""
    for place in range(start - 1, max(-1, start - 6), -1):
        word = tokens[place].word
        if word in YOU:
            break
        if tokens[place].is_stop or word in DETERMINERS | FUNCTION_WORDS or may_be_verb(word):
            return
    else:
        return
    if _is_last_noun(tokens, end):  # "you turd bag"
        yield from _around_you(tokens, place, end + 1)
    yield from _around_you(tokens, place, end)


def _is_last_noun(tokens: Sequence[Token], place: int) -> bool:
    """Whether the word at this place may be a noun, and the clause ends after it."""
    word = word_at(tokens, place)
    return bool(word) and is_closed(tokens, place + 1) and not (word in FUNCTION_WORDS or may_be_verb(word))


def _around_you(tokens: Sequence[Token], place: int, end: int) -> Iterator[tuple[int, int]]:
    """An address from the "you" at `place` to `end`; without "you" if the clause needs it."""
    before, after = word_at(tokens, place - 1), word_at(tokens, end)
    continues = after in _BEHIND_ADDRESS or (after in JOINS and word_at(tokens, end + 1) in SUBJECTS)
    asks = before in _ASKS and word_at(tokens, place - 2) not in SUBJECTS
    if not (is_closed(tokens, end) or (before and continues)):
        yield place + 1, end  # "you morons are wrong"
    elif before not in _GOVERNS_YOU or (before in _ASKS and not asks):  # "who you are you moron"
        yield place, end
    elif not asks:
        yield place + 1, end  # "what is wrong with you morons"


def _clauses(tokens: Sequence[Token], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The clause around the rude words, to the next stop or joining word on either side, and to the next stop."""
    for joins in (JOINS, frozenset[str]()):
        first = start
        while first > 0 and not tokens[first - 1].is_stop and tokens[first - 1].word not in joins:
            first -= 1
        last = end
        while last < len(tokens) and not tokens[last].is_stop and tokens[last].word not in joins:
            last += 1
        joined = word_at(tokens, last) if word_at(tokens, last) in joins else ""
        if first > 0 and tokens[first - 1].word in joins:
            yield first - 1, last  # with its "and"
        elif joined and first == 0 and _is_whole_behind(tokens, last):
            yield first, last + 1
        if joined:
            yield from _shared_subject(tokens, first, start, last)
        if not (joined and first == 0):
            yield first, last


def _is_whole_behind(tokens: Sequence[Token], join: int) -> bool:
    """Whether the words after a joining word may stand alone: not "would regret it", nor "lazy" after an "or"."""
    word, then = word_at(tokens, join + 1), word_at(tokens, join + 2)
    if word in AUXILIARIES:
        return word in ("do", "don't", "dont") or then in SUBJECTS | DETERMINERS
    return tokens[join].word != "or" or word in SUBJECTS or may_be_verb(word)


def _shared_subject(tokens: Sequence[Token], first: int, start: int, join: int) -> Iterator[tuple[int, int]]:
    """The words between the subject at `first`, or its modal, and a verb after the joining word."""
    subject = tokens[first].word
    clause = [token.word for token in tokens[first + 1 : start]]
    if subject not in SUBJECTS or PRONOUNS.intersection(clause):
        return
    verb = join + 1
    while word_at(tokens, verb) in ADVERBS | {"never", "always"}:
        verb += 1
    if subject in ("i", "we") and _HALF_A_THREAT.intersection([*clause, word_at(tokens, verb)]):
        return
    if word_at(tokens, first + 1) in MODALS and word_at(tokens, verb) in BASE_VERBS | {"have"}:
        yield first + 2, join + 1  # "you can be rude and still be right" → "you can still be right"
    elif _is_finite(tokens, verb):
        yield first + 1, join + 1  # "you are rude and should stop" → "you should stop"


def _is_finite(tokens: Sequence[Token], place: int) -> bool:
    """Whether the word at a place is a verb that may have a subject; one in -ed only before an object: "tired"."""
    word = word_at(tokens, place)
    if word.endswith("ed") and word not in BASE_VERBS:
        return is_inflected(word) and word_at(tokens, place + 1) in DETERMINERS | OBJECTS
    return word != "be" and may_be_verb(word)


def _tails(tokens: Sequence[Token], start: int, end: int) -> Iterator[tuple[int, int]]:
    """From a preposition or relative pronoun before the rude words to their end, or to the end of the clause."""
    last = end
    while last < len(tokens) and not tokens[last].is_stop:
        last += 1
    crossed = False
    for place in range(start - 1, max(0, start - 8), -1):
        word = tokens[place].word
        if tokens[place].is_stop:
            return
        crossed = crossed or word in ("is", "are", "was", "were")
        if word not in (_REACH_BACK if crossed else _TAILS):
            continue
        if word == "being" and tokens[place - 1].word in _WANTS_BEING:
            continue
        if is_closed(tokens, end):
            yield place, end
        if last > end:
            yield place, last
