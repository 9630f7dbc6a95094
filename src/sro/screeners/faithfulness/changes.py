"""Changes of a sentence that lose its meaning, and changes that keep it.

Every function takes a sentence and a random generator, and returns the changed sentence, or None if the change does
not fit the sentence. No parallel data is needed. Faithful pairs are made by adding rudeness to clean text. Unfaithful
pairs are made by adding a typical fault of leaders to a faithful rewrite (a missing word, a stopgap, a changed
meaning).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence

from sro.comments.words import with_capital_of
from sro.screeners.faithfulness import words as w
from sro.screeners.faithfulness.common_words import FUNCTION, OPPOSITE

Change = Callable[[str, random.Random], str | None]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NUMBER = re.compile(r"\b\d+\b")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_SENTENCE = re.compile(r"(?<=[.!?]) +")
_DETERMINED = re.compile(r"\b(?:the|a|this|that|my|your|these|those|his|her|their|our) (?=[a-z]{3})", re.IGNORECASE)
_QUESTION = re.compile(r"^(?:what|who|where|how|why)\b(?! the)", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|will|would|should|must|have|has|had|am|don't|doesn't|didn't|can't"
    r"|won't|isn't|aren't|wasn't|never|not)\b",
    re.IGNORECASE,
)
_NEGATED = {"don't": "do", "doesn't": "does", "didn't": "did", "can't": "can", "won't": "will", "isn't": "is"}
_NEGATED |= {"aren't": "are", "wasn't": "was", "never": "always", "not": ""}


def content_words(text: str) -> list[re.Match[str]]:
    """Words that carry meaning: all but function words, of three letters or more."""
    return [m for m in _WORD.finditer(text) if len(m[0]) > 2 and m[0].lower() not in FUNCTION]


def without(text: str, start: int, end: int) -> str:
    """The text without the part from `start` to `end`, with tidy spaces."""
    return re.sub(r" +([.,!?])", r"\1", f"{text[:start].rstrip()} {text[end:].lstrip()}").strip()


# Rudeness: these functions make a clean sentence rude. The clean sentence is then a faithful rewrite.


def address(text: str, rng: random.Random) -> str | None:
    """Add an insult of the reader after or before the sentence."""
    name = rng.choice(w.NAMES)
    if rng.random() < 0.5:
        name = f"{rng.choice(w.ADJECTIVES)} {name}"
    name = f"you {name}" if rng.random() < 0.7 else name
    end = re.search(r"[ .!?]*$", text)
    assert end is not None
    place = rng.random()
    if place < 0.6:
        return f"{text[: end.start()]}, {name}{end[0] or rng.choice(['', '.', '!'])}"
    opener = (
        with_capital_of(name, "X") if place < 0.8 else f"{rng.choice(['Listen', 'Hey', 'Look', 'Dear', 'Oi'])} {name}"
    )
    return f"{opener}, {text}"


def intensify(text: str, rng: random.Random) -> str | None:
    """Add `fucking` or a similar word before one or two nouns, or `the fuck` in a question."""
    asked = _QUESTION.search(text)
    if asked and rng.random() < 0.7:
        return f"{asked[0]} the {rng.choice(['fuck', 'hell'])}{text[asked.end() :]}"
    places = [m.end() for m in _DETERMINED.finditer(text)]
    if not places:
        return None
    for at in sorted(rng.sample(places, min(len(places), rng.randint(1, 2))), reverse=True):
        text = f"{text[:at]}{rng.choice(w.INTENSIFIERS)} {text[at:]}"
    return text


def coarsen(text: str, rng: random.Random) -> str | None:
    """Replace civil words by rude words with the same meaning."""
    hits = [m for m in _WORD.finditer(text) if m[0].lower() in w.RUDE_FOR]
    if not hits:
        return None
    chosen = rng.sample(hits, min(len(hits), 2))
    for m in sorted(chosen, key=lambda m: m.start(), reverse=True):  # from the end, so that the other places stay
        rude = rng.choice(w.RUDE_FOR[m[0].lower()].split("|"))
        text = text[: m.start()] + with_capital_of(rude, m[0]) + text[m.end() :]
    return text


def burst_out(text: str, rng: random.Random) -> str | None:
    """Add a sentence that only expresses anger, before or after."""
    outburst = rng.choice(w.OUTBURSTS)
    whole = text if text[-1:] in ".!?" else f"{text}."
    return f"{whole} {outburst}" if rng.random() < 0.6 else f"{outburst} {whole}"


RUDENESS: tuple[Change, ...] = (address, intensify, coarsen, burst_out)


# Faithful edits of a rude comment.


def drop_address(text: str, rng: random.Random) -> str | None:
    """Remove the insult that addresses the reader."""
    m = w.VOCATIVE.search(text)
    rest = without(text, m.start(), m.end()) if m else ""
    return rest if len(_WORD.findall(rest)) >= 3 else None


def drop_intensifiers(text: str, rng: random.Random) -> str | None:
    """Remove `fucking` and similar words before another word."""
    rest = w.INTENSIFIER.sub("", text)
    return rest if rest != text and len(_WORD.findall(rest)) >= 3 else None


FAITHFUL: tuple[Change, ...] = (drop_address, drop_intensifiers)


# Unfaithful edits: typical faults of a leader's bad rewrites.


def hole(text: str, rng: random.Random) -> str | None:
    """Delete a content word without repair; first choice is a rude noun that the clause needs."""
    found = [m for m in content_words(text) if not w.INTENSIFIER.fullmatch(f"{m[0]} ")]
    heads = [
        m for m in found if w.RUDE_NOUN.fullmatch(m[0]) and re.search(r"\b(?:a|an|the|of|is|are) $", text[: m.start()])
    ]
    some = heads or found
    if len(found) < 2:
        return None
    m = rng.choice(some)
    return without(text, m.start(), m.end())


def stopgap(text: str, rng: random.Random) -> str | None:
    """Replace a content word, preferably a rude one, by a word that fits badly."""
    found = content_words(text)
    if len(found) < 2:
        return None
    rude = [m for m in found if w.RUDE_NOUN.fullmatch(m[0]) or w.RUDE_ADJECTIVE.fullmatch(m[0])]
    kept = [m for m in found if m not in rude]
    m = rng.choice(rude if rude and (rng.random() < 0.5 or not kept) else kept or found)
    new = rng.choice(w.STOPGAPS)
    return None if new == m[0].lower() else text[: m.start()] + with_capital_of(new, m[0]) + text[m.end() :]


def praise(text: str, rng: random.Random) -> str | None:
    """Replace blame by praise."""
    found = [m for m in content_words(text) if w.RUDE_ADJECTIVE.fullmatch(m[0]) or m[0].lower() in w.BLAME]
    if not found:
        return None
    m = rng.choice(found)
    return text[: m.start()] + with_capital_of(rng.choice(w.PRAISE), m[0]) + text[m.end() :]


def negate(text: str, rng: random.Random) -> str | None:
    """Add or remove a negation."""
    found = list(_VERB.finditer(text))
    if not found:
        return None
    m = rng.choice(found)
    low = m[0].lower()
    if low in _NEGATED:
        return re.sub("  +", " ", text[: m.start()] + with_capital_of(_NEGATED[low], m[0]) + text[m.end() :]).strip()
    return f"{text[: m.end()]} not{text[m.end() :]}"


def turn(text: str, rng: random.Random) -> str | None:
    """Replace a word by its opposite, or a person by another."""
    found = [m for m in _WORD.finditer(text) if m[0].lower() in OPPOSITE]
    if not found:
        return None
    m = rng.choice(found)
    return text[: m.start()] + with_capital_of(OPPOSITE[m[0].lower()], m[0]) + text[m.end() :]


def other_fact(text: str, rng: random.Random) -> str | None:
    """Change a number or a name."""
    found = list(_NUMBER.finditer(text)) + list(_NAME.finditer(text))
    if not found:
        return None
    m = rng.choice(found)
    new = str(rng.randint(2, 99)) if m[0].isdigit() else rng.choice(("Peter", "London", "Google", "Trump", "Maria"))
    return None if new == m[0] else text[: m.start()] + new + text[m.end() :]


def drop_part(text: str, rng: random.Random) -> str | None:
    """Leave out one of several sentences or clauses."""
    parts = _SENTENCE.split(text)
    if len(parts) < 2:
        parts = re.split(r"(?<=,) | (?=because |but |and |so |when |if )", text)
    parts = [part for part in parts if part]
    if len(parts) < 2:
        return None
    del parts[rng.randrange(len(parts))]
    rest = " ".join(parts).strip(" ,")
    return rest or None


def cut_off(text: str, rng: random.Random) -> str | None:
    """Cut off the sentence in the middle."""
    tokens = text.split()
    return " ".join(tokens[: rng.randint(len(tokens) // 3, 2 * len(tokens) // 3)]) if len(tokens) > 5 else None


def stammer(text: str, rng: random.Random) -> str | None:
    """Repeat a word, or swap two neighbouring words."""
    tokens = text.split()
    if len(tokens) < 4:
        return None
    at = rng.randrange(len(tokens) - 1)
    if rng.random() < 0.5:
        tokens[at : at + 2] = [tokens[at + 1], tokens[at]]
    else:
        tokens.insert(at + rng.randint(1, 2), tokens[at])
    changed = " ".join(tokens)
    return changed if changed != text else None


UNFAITHFUL: tuple[Change, ...] = (
    hole,
    hole,
    stopgap,
    stopgap,
    praise,
    negate,
    turn,
    other_fact,
    drop_part,
    cut_off,
    stammer,
)
"""All unfaithful edits; the leaders' most frequent faults are listed twice."""


class WrongWord:
    """Replaces a content word by another with the same ending, drawn in proportion to its frequency in the texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.pool: dict[str, list[str]] = {}
        for text in texts:
            for m in content_words(text):
                self.pool.setdefault(ending(m[0]), []).append(m[0].lower())

    def __call__(self, text: str, rng: random.Random) -> str | None:
        found = content_words(text)
        if len(found) < 2:
            return None
        rude = [m for m in found if w.RUDE_NOUN.fullmatch(m[0]) or w.RUDE_ADJECTIVE.fullmatch(m[0])]
        m = rng.choice(rude) if rude and rng.random() < 0.4 else rng.choice(found)
        some = self.pool.get(ending(m[0]), [])
        new = rng.choice(some) if some else m[0].lower()
        return None if new == m[0].lower() else text[: m.start()] + with_capital_of(new, m[0]) + text[m.end() :]


def ending(word: str) -> str:
    """The ending of a word, as a rough guess of its word class."""
    for end in ("ing", "ed", "ly", "es", "s"):
        if word.lower().endswith(end):
            return end
    return ""


class Antonym:
    """Replaces a word by an antonym from a table of single words."""

    def __init__(self, antonyms: Mapping[str, Sequence[str]]) -> None:
        self.antonyms = antonyms

    def __call__(self, text: str, rng: random.Random) -> str | None:
        found = [m for m in content_words(text) if m[0].lower() in self.antonyms]
        if not found:
            return None
        m = rng.choice(found)
        return text[: m.start()] + with_capital_of(rng.choice(self.antonyms[m[0].lower()]), m[0]) + text[m.end() :]
