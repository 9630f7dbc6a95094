"""Spans of a comment around its rude words: find, delete, or replace them by a phrase. Only string operations.

Comments are typed ("You idiot, stop.") or tokenised ("you idiot , stop ."); an edit keeps the comment's style.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile

from sro.comments.words import VOWEL, bare_word, words
from sro.screeners.rules.meaning import GROUPS

LONGEST = 4  # words in a span


def _set(listed: str) -> frozenset[str]:
    return frozenset(bare_word(word) for word in words(listed))  # in the form for look-up: 's is "s"


# Words that may be deleted together with their rude neighbour: they have no content of their own.
FREE = _set("""
    a an the you your u ur my his her their our its this that these those such so of and or as like what who how very
    really just all some any lol lmao ya yo big little oh hey ok god 're 's 'm you're youre is are""")
# Words that a phrase may replace together with the rude word after them: "give a …", "talk …".
LIGHT = _set("""
    give gives gave giving get gets got talk talking go goes take takes piece pieces full bunch ton in on off up out
    with shut be to not no don't dont doesn't doesnt do does""")
# Words for who somebody is are not insults, even if they often occur with insults: they are never deleted.
IDENTITIES = GROUPS | _set("""
    native straight man men girl girls boy boys young blind poor mother father wife husband""")
BE = _set("is are was were am be being 're 's 'm you're he's she's i'm it's that's")
START = re.compile(r"(?<!\S)[\"“(]+")
END = re.compile(r"[,.!?;:…\"”)]+$")
STOP = re.compile(r"[.!?…][\"”)]*$")  # end of a sentence
PUNCTUATION = re.compile(r"[,.!?;:…]+")
SPACED = re.compile(r"\s[,.!?]")


@dataclass(frozen=True)
class Span:
    """Consecutive words of a comment: [low, high) among its white-space tokens, `start` its first character.

    written: the words as they are. bare: the same without trailing punctuation. removable: deleting the span removes
    no content except the rude word. head: a phrase in place of the span must have the grammatical class of this token;
    None if no phrase can replace it. as_adjective: the phrase must be an adjective instead ("is an idiot" → "is
    unwise"). loose: no other word depends on the span (", you idiot .", "like hell", "what the hell is").
    """

    low: int
    high: int
    start: int
    written: str
    bare: str
    removable: bool
    head: int | None
    as_adjective: bool = False
    loose: bool = False


def spans_around(text: str, suspects: Sequence[str]) -> list[Span]:
    """Every span of up to four words with a suspect and, besides it, only words that may be edited with it."""
    tokens, bad = words(text), set(suspects)
    starts = list(_starts(text, tokens))
    cores = [bare_word(token) for token in tokens]
    spans: dict[tuple[int, int], Span] = {}
    for i, word in enumerate(cores):
        if word not in bad:
            continue
        for low in range(max(0, i - LONGEST + 1), i + 1):
            for high in range(i + 1, min(len(tokens), low + LONGEST) + 1):
                inside = cores[low:high]
                if not all(w in bad or w in FREE or w in LIGHT for w in inside):
                    continue  # also ends a span: punctuation has no core
                if any(END.search(token) for token in tokens[low : high - 1]):
                    continue
                written = " ".join(tokens[low:high])
                after_be = low > 0 and cores[low - 1] in BE and inside[0] in {"a", "an"}
                as_adjective = after_be and all(w in bad for w in inside[1:])
                removable = all(w in bad or w in FREE for w in inside) and not as_adjective
                rude_only = all(w in bad for w in inside)
                head = low if inside[0] in LIGHT else high - 1 if as_adjective or rude_only else None
                spans[low, high] = Span(
                    low,
                    high,
                    starts[low],
                    written,
                    END.sub("", written),
                    removable,
                    head,
                    as_adjective,
                    _is_loose(tokens, cores, low, high),
                )
    return list(spans.values())


def _is_loose(tokens: Sequence[str], cores: Sequence[str], low: int, high: int) -> bool:
    """Whether the sentence is complete without the span: an address at its edge, a comparison, a question's oath."""
    first, before = cores[low], cores[low - 1] if low else ""
    opens = low == 0 or bool(END.search(tokens[low - 1]))
    closes = high == len(tokens) or not cores[high] or bool(END.search(tokens[high - 1]))
    address = first in {"you", "u", "ya"} and closes
    comparison = first in {"like", "as"} and cores[high - 1] not in {"like", "as"}
    oath = before in {"what", "who", "why", "how", "where", "when", "shut"} and first == "the"
    return (opens and closes) or address or comparison or oath


def replace_span(text: str, span: Span, phrase: str) -> str:
    """The comment with `phrase` (or nothing) instead of the span; punctuation, capitals and a/an are corrected."""
    tokens = words(text)
    opening = "".join(START.findall(" ".join(tokens[span.low : span.high])))
    tail = END.search(tokens[span.high - 1])
    end = tail.group(0) if tail and bare_word(tokens[span.high - 1]) else ""
    capital = tokens[span.low][:1].isupper() and (span.low == 0 or tokens[span.low - 1][-1:] in ".!?")
    left, right = tokens[: span.low], tokens[span.high :]
    if phrase:
        put = opening + (_capital(phrase) if capital else phrase)
        if left and left[-1].lower() in {"a", "an"}:
            left[-1] = _article(left[-1], phrase)
        return " ".join([*left, put + end, *right])
    if not left or STOP.search(left[-1]):  # avoid double punctuation, and a comma at the start
        right = list(dropwhile(PUNCTUATION.fullmatch, right))
    else:
        left[-1] += re.sub(r"[\"”)]", "", end) if opening else end
    if capital and right:
        right[0] = _capital(right[0])
    if right and left and left[-1].lower() in {"a", "an"}:
        left[-1] = _article(left[-1], bare_word(right[0]))
    return tidy(" ".join([*left, *right]), spaced=bool(SPACED.search(text)))


def without_segments(text: str, suspects: Sequence[str]) -> list[str]:
    """Versions of the comment, each without one sentence or short clause with a suspect, if at least half is left."""
    parts = [part for part in re.split(r"(?<=[.!?])\s+|(?<=,)\s+", text) if part.strip()]
    found = []
    for i, part in enumerate(parts):
        if len(parts) == 1 or not {bare_word(token) for token in words(part)} & set(suspects):
            continue
        opens, closes = i == 0 or parts[i - 1].rstrip()[-1:] in ".!?", part.rstrip()[-1:] in ".!?"
        if (opens and closes) or len(words(part)) <= 5:
            before, after = parts[:i], parts[i + 1 :]
            if opens and not closes and after and part[0].isupper():
                after[0] = _capital(after[0])
            if closes and not opens:
                before.append(part.rstrip()[-1:])
            rest = tidy(" ".join(before + after), spaced=bool(SPACED.search(text)))
            if len(rest) >= 0.5 * len(text):
                found.append(rest)
    return found


def tidy(text: str, spaced: bool = True) -> str:
    """Clean up after a deletion: doubled commas, a comma at the start or before the end, white space."""
    text = re.sub(r"(?:\s*,){2,}", " ,", text)
    text = re.sub(r"^[\s,;:.!?]+", "", text)
    text = re.sub(r"\s*[,;:]\s*(?=[.!?])", " ", text)
    text = re.sub(r"\s*[,;:]\s*$", "", text)
    text = " ".join(text.split())
    return text if spaced else re.sub(r"\s+([,.!?]|[;:](?=\s|$))", r"\1", text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _article(article: str, following: str) -> str:
    fitting = "an" if VOWEL.match(following.lower()) else "a"
    return _capital(fitting) if article[0].isupper() else fitting


def _starts(text: str, tokens: Sequence[str]) -> Iterator[int]:
    at = 0
    for token in tokens:
        at = text.index(token, at)
        yield at
        at += len(token)
