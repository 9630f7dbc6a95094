"""Learn a lexicon from the unpaired corpus: toxic words, their contexts, and mild words with a similar meaning.

A word is toxic if it is far more frequent in toxic than in clean comments and the screener refuses the word alone. No
list of toxic words is used. The mild neighbours of a word come from a small vocabulary of mild words and phrases: they
are nearest in meaning (sentence encoder) and have the same grammatical class. Free neighbours from the clean corpus
were tried and dropped: an embedding puts "clever" next to "stupid", and a rewrite that turns blame into praise passes
every screener.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from sro.comments.words import bare_word, words
from sro.screeners.base import Screener
from sro.screeners.similarity import SentenceEncoder
from sro.training.warmup.rude_spans import IDENTITIES
from sro.training.warmup.word_classes import WordClasses

INNOCENT = 0.7  # below this log-odds (nats), a word says nothing about toxicity
EDGE = "¶"  # marks the edge of the sentence in a context


@cache
def mild_words() -> dict[str, frozenset[str]]:
    """The mild vocabulary that ships with the package: phrase → its grammatical classes (the file's sections)."""
    text = (resources.files("sro") / "assets/starter/mild_words.txt").read_text("utf-8")
    found: dict[str, set[str]] = defaultdict(set)
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif not line.startswith("#"):
            for phrase in filter(None, map(str.strip, line.split(";"))):
                found[phrase].add(section)
    return {phrase: frozenset(sections) for phrase, sections in found.items()}


def mild_and_passing(screener: Screener) -> list[str]:
    """The part of the vocabulary that this screener passes; the leader could not learn from an edit with the rest."""
    phrases = list(mild_words())
    return [phrase for phrase, verdict in zip(phrases, screener.screen(phrases)) if verdict.passed]


@dataclass(frozen=True)
class ToxicLexicon:
    """Toxic words with their mild neighbours and their contexts.

    toxic: log-odds of each toxic word. innocent: words that are about as frequent in clean comments as in toxic ones.
    neighbours: for each toxic word, mild words and phrases, nearest first.
    before, after: for each toxic word, how often each word precedes or follows it in toxic comments.
    """

    toxic: dict[str, float]
    innocent: frozenset[str]
    neighbours: dict[str, list[str]]
    before: dict[str, Counter[str]]
    after: dict[str, Counter[str]]


def learn_toxic_lexicon(
    toxic: Sequence[str],
    clean: Sequence[str],
    screener: Screener,
    encoder: SentenceEncoder,
    classes: WordClasses,
    mild: Sequence[str],
    min_count: int = 4,
    min_log_odds: float = 1.2,
    neighbours: int = 16,
) -> ToxicLexicon:
    """Learn the toxic vocabulary and its mild neighbours from unpaired comments.

    Args:
        toxic, clean: comments, not paired.
        mild: mild words and phrases that the screener passes, see `mild_and_passing`.
        min_count: how often a toxic word must occur in `toxic`.
        min_log_odds: least log of (smoothed rate among toxic / rate among clean), in nats.
        neighbours: mild words kept per toxic word.
    """
    in_toxic, in_clean = _document_counts(toxic), _document_counts(clean)
    odds = {
        word: float(np.log((count + 0.5) / len(toxic)) - np.log((in_clean[word] + 0.5) / len(clean)))
        for word, count in in_toxic.items()
        if count >= min_count
    }
    suspects = [word for word, value in odds.items() if value >= min_log_odds and word not in IDENTITIES]
    refused = {word for word, verdict in zip(suspects, screener.screen(suspects)) if not verdict.passed}
    lexicon = {word: odds[word] for word in suspects if word in refused}

    before, after = _contexts(toxic, set(lexicon))
    return ToxicLexicon(
        toxic=lexicon,
        innocent=frozenset(word for word, value in odds.items() if value < INNOCENT),
        neighbours=_neighbours(toxic, list(lexicon), mild, encoder, classes, neighbours),
        before=before,
        after=after,
    )


def _document_counts(sentences: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update({bare_word(token) for token in words(sentence)} - {""})
    return counts


def _neighbourhood(tokens: list[str], i: int) -> tuple[str, str]:
    left = bare_word(tokens[i - 1]) or EDGE if i else EDGE
    right = bare_word(tokens[i + 1]) or EDGE if i + 1 < len(tokens) else EDGE
    return left, right


def _contexts(sentences: Iterable[str], wanted: set[str]) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        tokens = words(sentence)
        for i, token in enumerate(tokens):
            if (word := bare_word(token)) in wanted:
                left, right = _neighbourhood(tokens, i)
                before[word][left] += 1
                after[word][right] += 1
    return dict(before), dict(after)


def _neighbours(
    sentences: Sequence[str],
    queries: list[str],
    mild: Sequence[str],
    encoder: SentenceEncoder,
    classes: WordClasses,
    n: int,
    occurrences: int = 12,
) -> dict[str, list[str]]:
    """The n mild phrases nearest in embedding to each word, with a class that the word often has in its sentences."""
    if not queries or not mild:
        return {query: [] for query in queries}
    wanted: dict[str, list[tuple[str, int]]] = {query: [] for query in queries}
    for sentence in sentences:
        for i, token in enumerate(words(sentence)):
            places = wanted.get(bare_word(token))
            if places is not None and len(places) < occurrences:
                places.append((sentence, i))
    cosine = encoder.embed(queries) @ encoder.embed(mild).T
    best = {}
    for query, row in zip(queries, cosine):
        shares = classes.shares(*map(list, zip(*wanted[query]))).mean(0)
        fitting = classes.fits(shares, mild) >= 0.2
        order = [j for j in np.argsort(-row) if fitting[j]]
        best[query] = [mild[j] for j in order[:n]]
    return best
