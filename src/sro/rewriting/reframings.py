"""Candidates that put a plain word for a whole insulting noun phrase, by what stands around it.

    >>> reframings("you are a complete moron who doesn't know the rules .", {"moron"})
    ["you don't know the rules .", "you are someone who doesn't know the rules ."]
    >>> reframings("that smug weasel voted against the clinic .", {"weasel"})
    ['he voted against the clinic .', 'this guy voted against the clinic .']

A word for a word leaves the frame of the insult standing ("a complete person who"); what has to go is the phrase, with
its article and adjectives. As in `sro.rewriting.phrase_cuts` the screener says which words are rude, these rules know
grammar alone, and screener and critic choose among what they propose.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from sro.rewriting.deletions import ADJECTIVES, mend_articles
from sro.rewriting.english_parts import (
    DETERMINERS,
    FUNCTION_WORDS,
    JOINS,
    LONGEST,
    YOU,
    Part,
    holds_any,
    parts_of,
    rude_runs,
    tidied,
    word_at,
)

MOST = 6

_BE = frozenset(["is", "are", "was", "were", "am", "be", "being", "been", "r"])
_QUALIFIES = frozenset(["who", "that", "like", "in", "from", "with", "on", "at", "trying", "running"])
"""Behind these follows who is meant."""
_IN_ONE = {"you're": "you", "he's": "he", "she's": "she", "they're": "they", "i'm": "I", "we're": "we", "it's": "it"}
_IN_ONE |= {"youre": "you", "your": "you", "ur": "you", "hes": "he", "shes": "she", "theyre": "they", "im": "I"}
"""Subject and "are" in one word, also as many write it; "your" counts before "a" alone."""
_ADVERBS = frozenset(
    ["just", "really", "such", "clearly", "obviously", "all", "still", "truly", "simply", "only", "so"]
)
_PLURAL_SUBJECTS = frozenset(["i", "you", "u", "we", "they", "ya", "yall", "people", "these", "those"])
_PRONOUNS = frozenset(["i", "you", "u", "he", "she", "it", "we", "they", "ya", "yall"])
_OBJECTS = {"your": "you", "ur": "u", "his": "him", "her": "her", "their": "them", "my": "me", "our": "us"}
_BACKSIDES = frozenset(["ass", "asses", "arse", "arses", "butt", "butts", "azz", "a**", "a$$", "as$"])
_NO_PERSONS = frozenset(
    [
        *(
            "fuck",
            "fucks",
            "fuk",
            "fck",
            "hell",
            "shit",
            "shite",
            "shits",
            "crap",
            "bullshit",
            "dick",
            "cock",
            "balls",
        ),
        *("tits", "pussy", "cum", "damn", "garbage", "trash", "filth", "nonsense", "hate", "porn", "sex", "stuff"),
    ]
)
"""Rude nouns that name no person."""
_NO_NOUN = re.compile(ADJECTIVES, re.IGNORECASE)
_NO_PERSON_ENDS = ("ity", "ness", "ism", "ing", "in", "ed", "ly", "'s", "able", "est")
_VERBS = frozenset(
    [
        *("think", "want", "keep", "kept", "make", "made", "know", "knew", "get", "got", "go", "went", "take", "took"),
        *(
            "need",
            "say",
            "said",
            "come",
            "came",
            "show",
            "myself",
            "see",
            "saw",
            "wrote",
            "write",
            "put",
            "ran",
            "run",
        ),
        *(
            "believe",
            "won",
            "win",
            "lost",
            "lose",
            "gave",
            "give",
            "thought",
            "told",
            "tell",
            "left",
            "really",
            "just",
        ),
    ]
)
_BEFORE_SUBJECTS = frozenset(
    ["if", "when", "that", "what", "do", "does", "did", "can", "will", "would", "should", "why"]
)
_NO_TRAIT = frozenset(
    [
        *("big", "huge", "little", "complete", "total", "real", "absolute", "old", "fat", "such", "same", "biggest"),
        *(
            "bunch",
            "great",
            "typical",
            "whole",
            "true",
            "another",
            "utter",
            "perfect",
            "proper",
            "right",
            "good",
            "of",
        ),
    ]
)
"""Adjectives that say nothing of a person without their noun."""
_PREPOSITIONS = frozenset(["of", "in", "on", "at", "by", "for", "from", "with", "about", "to", "like", "than", "as"])


def reframings(sentence: str, rude: Collection[str]) -> list[str]:
    """The sentence with a plain word for each insulting noun phrase, or with the phrase's relative clause promoted.

    Args:
        sentence: one sentence.
        rude: its words that are rude by themselves, lower-case (`sro.rewriting.english_parts.words_of`).

    Returns:
        At most `MOST` candidates without any of the rude words.
    """
    if len(sentence) > LONGEST or not rude:
        return []
    texts, found = [sentence], dict[str, None]()
    for _ in range(2):  # two insults
        texts = [text for one in texts for text in _once(one, rude)][:24]
        found |= dict.fromkeys(texts)
    return [text for text in found if text != sentence and not holds_any(text, rude)][:MOST]


def _once(sentence: str, rude: Collection[str]) -> Iterator[str]:
    """The sentence after each single change."""
    parts = parts_of(sentence)
    for start, end in rude_runs(parts, rude):
        for first, last, words in _changes(parts, start, end):
            before, behind = sentence[: parts[first].start], sentence[parts[last - 1].end :]
            yield tidied(mend_articles(f"{before.rstrip()} {words} {behind}"), sentence)


def _changes(parts: Sequence[Part], start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """What may be put for which parts around the rude words: first, last + 1, words."""
    first = _phrase_start(parts, start)
    before, after = word_at(parts, first - 1), word_at(parts, end)
    determiner = parts[first].word if parts[first].word in DETERMINERS | YOU else ""
    plural = parts[end - 1].word.endswith("s") and not parts[end - 1].word.endswith("ss")
    if parts[end - 1].word in _BACKSIDES and determiner in _OBJECTS:
        yield first, end, _OBJECTS[determiner]
        return
    if parts[end - 1].word in _NO_PERSONS | _BACKSIDES or determiner in ("another", "any", "every", "no", "one"):
        return
    found = _predicate(parts, first)
    if found and after in ("who", "that"):
        verb, subject, glued = found
        agreeing = _agreeing(word_at(parts, end + 1), subject.lower())
        yield verb, min(end + 2, len(parts)), f"{subject} {agreeing}" if glued else agreeing
    if found and after in ("if", "for", "to", "when"):
        yield first, end, "wrong"
    if after in _QUALIFIES or (plural and after in ("and", "are", "have", "can", "will", "should")):
        yield first, end, "those of you" if determiner in YOU else "people" if plural else "someone"
    closed = end == len(parts) or parts[end].is_stop or after in JOINS
    if found:
        traits = [part.text for part in parts[first:start] if part.word not in DETERMINERS | _NO_TRAIT]
        if closed and determiner in ("a", "an") and len(traits) == 1:
            yield first, end, traits[0]
    elif _may_be_persons(parts, end, closed, plural) and before not in ("like", "as", "of"):
        opens = first == 0 or parts[first - 1].is_stop or before in JOINS or before in _BEFORE_SUBJECTS
        if determiner in ("this", "that", "the", "these", "those"):
            yield from ((first, end, words) for words in _references(plural, opens))
        elif not determiner and plural and first == start:
            yield first, end, "people"


def _may_be_persons(parts: Sequence[Part], end: int, closed: bool, plural: bool) -> bool:
    """Whether the rude word before `end` may be a noun for somebody, and not an adjective, a quality or a thing."""
    word, after = parts[end - 1].word, word_at(parts, end)
    behind = after in FUNCTION_WORDS | _VERBS or after.endswith("ed") or (after.endswith("s") and not plural)
    noun = not (_NO_NOUN.fullmatch(word) or word.endswith(_NO_PERSON_ENDS) or word in _NO_PERSONS | _BACKSIDES)
    return noun and (closed or behind)


def _references(plural: bool, opens: bool) -> tuple[str, ...]:
    if plural:
        return ("they", "these people") if opens else ("these people",)
    return ("he", "this guy") if opens else ("him", "this guy")


def _phrase_start(parts: Sequence[Part], start: int) -> int:
    """Where the noun phrase of the rude words begins: at its determiner, if there is one within five words."""
    for place in range(start, max(-1, start - 6), -1):
        part = parts[place]
        if part.word in DETERMINERS:
            return place - 1 if part.word in ("a", "an") and word_at(parts, place - 1) == "such" else place
        if part.is_stop or part.word in JOINS | _PREPOSITIONS | _BE | _PRONOUNS:
            break
    return start - 1 if word_at(parts, start - 1) in YOU else start


def _predicate(parts: Sequence[Part], first: int) -> tuple[int, str, bool] | None:
    """Where the "is" before a noun phrase stands, its subject, and whether both are one word; None: there is none."""
    place = first - 1
    while word_at(parts, place) in _ADVERBS:
        place -= 1
    word = word_at(parts, place)
    if word in _BE:
        return place, word_at(parts, place - 1), False
    if word in _IN_ONE and (word not in ("your", "ur") or parts[first].word in ("a", "an")):
        return place, _IN_ONE[word], True
    return None


def _agreeing(verb: str, subject: str) -> str:
    """A verb of a relative clause with this subject: ("doesn't", "you") → "don't"."""
    if subject not in _PLURAL_SUBJECTS:
        return verb
    known = {"is": "are", "isn't": "aren't", "has": "have", "hasn't": "haven't", "does": "do", "doesn't": "don't"}
    known |= {"doesnt": "dont", "was": "were", "wasn't": "weren't", "goes": "go"}
    if verb in known:
        return "am" if (verb, subject) == ("is", "i") else known[verb]
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith(("ss", "us", "is")) else verb
