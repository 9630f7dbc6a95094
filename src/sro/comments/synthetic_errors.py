"""Make faulty sentences from sentences that people wrote; fluency models learn to tell the two apart.

Rewriters make all these faults: a word is lost, moved, doubled or added; the rude word is missing; or a mild word is
in a place where it means nothing ("you ve got to be bad person me").
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

FUNCTION_WORD_LIST = """
a an the this that these those my your his her its our their some any no every each
of in on at to for from with by about into over after before under between through during without
is are was were be been being am has have had do does did will would can could should may might must shall
not and or but if because than as so there here who what which when where why how
i you he she it we they them us him me
"""
FUNCTION_WORDS = frozenset(FUNCTION_WORD_LIST.split())
STOPGAPS = (
    *("bad", "bad person", "people", "person", "wrong", "bad stuff", "stuff", "thing", "bad thing", "not good"),
    *("not smart", "unwise", "not nice", "poor", "bad people", "man", "guy", "harm", "hurt", "mess", "very", "silly"),
    *("terrible", "quit", "end", "take", "get", "go"),
)
"""Words that a leader puts anywhere if mildness is rewarded (read in its rewrites: see docs/research/lab-notes.md)."""
LENGTHS = range(4, 26)
"""Number of words of a sentence that is worth breaking."""
TRIES = 4
END = (".", "!", "?")

Fault = Callable[[list[str], random.Random], list[str]]


def broken_sentence(text: str, draw: random.Random, faults: Sequence[Fault]) -> str | None:
    """`text` with one of `faults`; None if the drawn fault does not fit anywhere in it."""
    words, end = _without_end(text.split())
    broken = draw.choice(faults)(words, draw) if words else []
    return " ".join(broken) + end if broken and broken != words else None


def broken_sentences(texts: Iterable[str], draw: random.Random, faults: Sequence[Fault]) -> list[str]:
    """Each text with one fault; a text is left out if none of a few drawn faults fits."""
    tries = (next(filter(None, (broken_sentence(text, draw, faults) for _ in range(TRIES))), None) for text in texts)
    return [text for text in tries if text is not None]


def drop_function_word(words: list[str], draw: random.Random) -> list[str]:
    """Remove one or two function words."""
    places = [i for i, word in enumerate(words) if word.lower() in FUNCTION_WORDS]
    lost = draw.sample(places, min(len(places), draw.choice((1, 1, 2))))
    return [word for i, word in enumerate(words) if i not in lost]


def swap(words: list[str], draw: random.Random) -> list[str]:
    """Swap two neighbouring words."""
    i = draw.randrange(max(1, len(words) - 1))
    return [*words[:i], *words[i : i + 2][::-1], *words[i + 2 :]]


def repeat(words: list[str], draw: random.Random) -> list[str]:
    """Repeat a word."""
    i = draw.randrange(len(words))
    return [*words[:i], words[i], *words[i:]]


def shuffle(words: list[str], draw: random.Random) -> list[str]:
    """Put three to six neighbouring words in any order."""
    size = min(len(words), draw.randint(3, 6))
    i = draw.randrange(len(words) - size + 1)
    return [*words[:i], *draw.sample(words[i : i + size], size), *words[i + size :]]


def add(words: list[str], draw: random.Random) -> list[str]:
    """Insert a function word."""
    i = draw.randint(1, len(words))
    return [*words[:i], draw.choice(sorted(FUNCTION_WORDS)), *words[i:]]


def delete_noun_after_determiner(words: list[str], draw: random.Random) -> list[str]:
    """Remove the only word that a function word belongs to: "what a ." """
    function = [word.lower() in FUNCTION_WORDS for word in words] + [True]
    places = [i for i in range(1, len(words)) if function[i - 1] and not function[i] and function[i + 1]]
    return _with(words, draw.choice(places)) if places else []


def break_off(words: list[str], draw: random.Random) -> list[str]:
    """End the sentence after a function word: "he went to the ." """
    places = [i for i in range(2, len(words) - 1) if words[i].lower() in FUNCTION_WORDS]
    return words[: draw.choice(places) + 1] if places else []


def drop(words: list[str], draw: random.Random) -> list[str]:
    """Remove a content word, as a rewriter does that deletes the rude word."""
    places = _content(words)
    return _with(words, draw.choice(places)) if places else []


def substitute_stopgap(words: list[str], draw: random.Random) -> list[str]:
    """Replace a content word by one or two mild words."""
    places = _content(words)
    return _with(words, draw.choice(places), *draw.choice(STOPGAPS).split()) if places else []


def substitute_random_word(vocabulary: Sequence[str]) -> Fault:
    """A fault that replaces a content word by one drawn from `vocabulary`, each as often as it occurs there."""

    def fault(words: list[str], draw: random.Random) -> list[str]:
        places = _content(words)
        return _with(words, draw.choice(places), draw.choice(vocabulary)) if places else []

    return fault


def content_words(texts: Iterable[str]) -> list[str]:
    """All content words of the texts, with repeats."""
    return [words[i] for text in texts for words in [text.split()] for i in _content(words)]


def _content(words: Sequence[str]) -> list[int]:
    return [i for i, word in enumerate(words) if word.isalpha() and word.lower() not in FUNCTION_WORDS]


def _with(words: list[str], place: int, *instead: str) -> list[str]:
    return [*words[:place], *instead, *words[place + 1 :]]


def _without_end(words: list[str]) -> tuple[list[str], str]:
    """The words, and the mark that ends the sentence, with a space before it if it is a word of its own."""
    if words and words[-1] in END:
        return words[:-1], f" {words[-1]}"
    last, mark = (words[-1][:-1], words[-1][-1]) if words else ("", "")
    return ([*words[:-1], last], mark) if mark in END else (words, "")
