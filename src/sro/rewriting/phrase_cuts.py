"""Candidates that leave out the phrase around a rude word: the address, the clause, the half of an "and", the tail.

    >>> phrase_cuts("Stop reverting my edits, you smug little dweeb.", {"dweeb"})
    ['Stop reverting my edits.']
    >>> phrase_cuts("He plays all day and is a huge dork.", {"dork"})
    ['He plays all day.']

`sro.rewriting.deletions` knows the words that it cuts, and so the grammar around them. These rules know the grammar
alone: which words are rude the screener says, asked about each word by itself, so that misspelt and rare ones count
too. They propose much that is no good; screener and critic choose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sro.rewriting.deletions import mend_articles
from sro.rewriting.english_parts import (
    DETERMINERS,
    FUNCTION_WORDS,
    JOINS,
    LONGEST,
    SUBJECTS,
    YOU,
    Part,
    holds_any,
    parts_of,
    rude_runs,
    tidied,
    word_at,
)

MOST = 10
"""Candidates for a sentence."""
FEWEST_WORDS = 3
LEAST_LEFT = 0.34
"""Share of the words that has to be left."""

_TAILS = frozenset(
    [
        *("like", "as", "with", "by", "from", "in", "for", "than", "at", "about", "to", "despite", "between"),
        *("who", "which", "proving", "being", "given"),
    ]
)
_NEEDS_MORE = DETERMINERS | frozenset(
    [
        *("is", "are", "was", "were", "be", "been", "being", "am", "i'm", "you're", "he's", "she's", "it's"),
        *("they're", "we're", "that's", "of", "like", "as", "with", "by", "from", "for", "to", "than", "at", "on"),
        *("in", "about", "and", "or", "but", "because", "if", "when", "who", "which", "not", "no", "any", "very"),
        *("so", "too", "call", "called", "calling", "you", "u", "your", "ur", "both", "either", "every", "another"),
        *("has", "have", "had", "having", "into", "how", "why", "don't", "can't", "i", "he", "she", "they", "huge"),
    ]
)
"""A noun is wanted behind these."""
_ENDS_NOTHING = _NEEDS_MORE - YOU - {"this", "that", "these", "those", "her", "his", "some", "so", "too", "no", "not"}
"""A sentence does not end with these, nor does a clause before its comma."""
_GOVERNS_YOU = frozenset(
    [
        *("about", "are", "at", "by", "for", "from", "hate", "help", "is", "like", "love", "of", "on"),
        *("tell", "than", "thank", "to", "told", "trust", "were", "with", "believe", "hope", "think"),
        *("wish", "what", "if", "when", "do", "did", "can", "could", "will", "would", "should", "have"),
        *("why", "how"),
    ]
)
"""Behind these "you" is a part of the clause and stays."""
_QUESTIONS = frozenset(["why", "what", "who", "how", "where", "when"])
_DEGREES = frozenset(["so", "very", "too", "really", "beyond", "pretty", "quite", "such", "as", "how"])
_PARTICLES = frozenset(["out", "off", "up", "down", "away", "back", "over", "on", "of", "along", "around"])


def phrase_cuts(sentence: str, rude: Collection[str]) -> list[str]:
    """The sentence without phrases that hold a rude word, the one that loses the fewest words first.

    Args:
        sentence: one sentence.
        rude: its words that are rude by themselves, lower-case (`sro.rewriting.english_parts.words_of`).

    Returns:
        At most `MOST` candidates, without any of the rude words.
    """
    if len(sentence) > LONGEST or not rude:
        return []
    first = list(_once(sentence, rude))
    found = dict.fromkeys(first)
    for text in first:  # two cuts, for two insults
        if holds_any(text, rude):
            found |= dict.fromkeys(_once(text, rude))
    fewest = max(FEWEST_WORDS, LEAST_LEFT * _count(sentence))
    dangling = _dangling(sentence)
    fit = [text for text in found if not holds_any(text, rude) and _count(text) >= fewest]
    fit = [text for text in fit if _dangling(text) <= dangling]
    return sorted(fit, key=lambda text: -len(text))[:MOST]


def _once(sentence: str, rude: Collection[str]) -> Iterator[str]:
    """The sentence after each single cut."""
    parts = parts_of(sentence)
    for start, end in rude_runs(parts, rude):
        for first, last in _spans(parts, start, end):
            text = _without(sentence, parts, first, last)
            if text != sentence:
                yield text


def _count(text: str) -> int:
    return sum(bool(part.word) for part in parts_of(text))


def _dangling(text: str) -> int:
    """How many words that need another behind them have none."""
    parts = parts_of(text)
    ends = [at + 1 == len(parts) or parts[at + 1].is_stop or parts[at + 1].word in JOINS for at in range(len(parts))]
    return sum(end and part.word in _ENDS_NOTHING for part, end in zip(parts, ends))


def _spans(parts: Sequence[Part], start: int, end: int) -> Iterator[tuple[int, int]]:
    """What may go with the run of rude words from `start` to `end`, as first and last + 1 of the parts."""
    if word_at(parts, start - 1) in _DEGREES:
        start -= 1
    before, after = word_at(parts, start - 1), word_at(parts, end)
    closed = end == len(parts) or parts[end].is_stop or after in JOINS
    called = list(_address(parts, start, end, closed))
    yield from called
    if after and not closed and after not in FUNCTION_WORDS and before not in _QUESTIONS:  # an adjective
        if not (before == "the" and start > 1 and parts[start - 2].word in _QUESTIONS):
            yield start, end
        if before in ("the", "that", "this") and parts[end].text[:1].isupper():
            yield start - 1, end
    if closed and before and not called and not _has_determiner(parts, start):  # called out behind a clause
        yield start, end
    if before == "the" and start > 1 and (parts[start - 2].word in _QUESTIONS or after in _PARTICLES):
        out_of = [part.word for part in parts[end : end + 2]] == ["out", "of"]
        yield start - 1, end + 2 if out_of and parts[start - 2].word not in ("get", "got") else end
    if before in ("and", "or", "&") and closed:
        yield start - 1, end
    if after in ("and", "or") and before in ("a", "an") and word_at(parts, end + 1) in DETERMINERS:
        yield start - 1, end + 1  # "is an idiot and a bad admin"
    yield from _clauses(parts, start, end)
    yield from _tails(parts, start, end)


def _has_determiner(parts: Sequence[Part], start: int) -> bool:
    """Whether the rude words are the noun of an article or the like, or of a word that wants a noun."""
    if parts[start - 1].word in _NEEDS_MORE:
        return True
    for place in range(start - 1, max(-1, start - 5), -1):
        if parts[place].is_stop or parts[place].word in JOINS:
            return False
        if parts[place].word in DETERMINERS:
            return True
    return False


def _address(parts: Sequence[Part], start: int, end: int, closed: bool) -> Iterator[tuple[int, int]]:
    """ "you" with up to four words and the rude ones; without "you" where the clause needs it."""
    for place in range(start - 1, max(-1, start - 6), -1):
        if parts[place].is_stop or parts[place].word in (DETERMINERS | FUNCTION_WORDS) - YOU:
            return
        if parts[place].word in YOU:
            governed = place > 0 and parts[place - 1].word in _GOVERNS_YOU
            if closed and not governed:
                yield place, end
            if governed or not closed:
                yield place + 1, end
            return


def _clauses(parts: Sequence[Part], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The clause around the rude words, to the next stop or joining word on either side, and to the next stop."""
    for joins in (JOINS, frozenset[str]()):
        first = start
        while first > 0 and not parts[first - 1].is_stop and parts[first - 1].word not in joins:
            first -= 1
        last = end
        while last < len(parts) and not parts[last].is_stop and parts[last].word not in joins:
            last += 1
        joined = last < len(parts) and parts[last].word in joins
        if first > 0 and parts[first - 1].word in joins:
            yield first - 1, last  # with its "and"
        elif joined and first == 0:
            yield first, last + 1
        behind = word_at(parts, last + 1) if joined else ""
        if behind and parts[first].word in SUBJECTS and behind not in SUBJECTS | DETERMINERS:
            yield first + 1, last + 1  # "you are rude and should stop" → "you should stop"
        if not (joined and first == 0):
            yield first, last


def _tails(parts: Sequence[Part], start: int, end: int) -> Iterator[tuple[int, int]]:
    """From a preposition or relative pronoun before the rude words to their end, or to the end of the clause."""
    last = end
    while last < len(parts) and not parts[last].is_stop:
        last += 1
    for place in range(start - 1, max(0, start - 8), -1):
        if parts[place].is_stop:
            return
        if parts[place].word in _TAILS:
            if end == len(parts) or parts[end].is_stop or parts[end].word in JOINS:
                yield place, end
            if last > end:
                yield place, last


def _without(sentence: str, parts: Sequence[Part], first: int, last: int) -> str:
    """The sentence without these parts, its commas, spaces, articles and capital in order."""
    opens = first == 0
    ends = last == len(parts) or parts[last].text[0] in ".!?…"
    if (
        not opens
        and parts[first - 1].is_stop
        and (ends or parts[last].is_stop)
        and parts[first - 1].text[0] in ",;:–—-"
    ):
        first -= 1  # the comma that set it off
    elif opens:
        while last < len(parts) and parts[last].is_stop and parts[last].text[0] not in '("“':
            last += 1
    before = sentence[: parts[first].start]
    behind = sentence[parts[last - 1].end :]
    text = mend_articles(f"{before.rstrip()} {behind.lstrip()}")
    return tidied(text.strip(" ,;:") if opens else text, sentence)
