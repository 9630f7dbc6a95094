"""What the unpaired corpus says about words: which are toxic, where they stand, and which mild ones come near them.

A word is toxic where it is far more frequent in toxic than in clean comments and the screener, asked about the word
alone, agrees: nobody lists it. Its mild neighbours are the entries of a small vocabulary of mild words and phrases
that
are nearest in meaning (sentence encoder). Free neighbours from the clean corpus were tried and dropped: an embedding
puts "clever" next to "stupid", and a rewrite that turns blame into praise passes every screener.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from sro.screeners import Screener
from sro.similarity import SentenceEncoder

EDGE = "¶"  # stands for the sentence's edge in a context
_WORD = re.compile(r"[a-z][a-z'’*@$-]*[a-z*]|[a-z]")


def words(sentence: str) -> list[str]:
    """Tokens of a sentence, split at white space; punctuation stays glued, as in the comments."""
    return sentence.split()


def core(token: str) -> str:
    """The lower-cased word inside a token, without the punctuation around it; empty for pure punctuation."""
    found = _WORD.search(token.lower())
    return found.group(0) if found else ""


@cache
def mild_words() -> tuple[str, ...]:
    """The mild vocabulary that ships with the package."""
    text = (resources.files("sro") / "assets/starter/mild_words.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(dict.fromkeys(phrase.strip() for line in lines for phrase in line.split(";") if phrase.strip()))


@dataclass(frozen=True)
class Lexis:
    """Toxic words with their mild neighbours and their contexts.

    toxic: log-odds of each toxic word. neighbours: for each toxic word, mild words and phrases, nearest first.
    before, after: for each toxic word, how often each word precedes or follows it in toxic comments.
    """

    toxic: dict[str, float]
    neighbours: dict[str, list[str]]
    before: dict[str, Counter[str]]
    after: dict[str, Counter[str]]

    def toxic_positions(self, tokens: Sequence[str]) -> list[int]:
        """Where the toxic words of a tokenised sentence stand."""
        return [i for i, token in enumerate(tokens) if core(token) in self.toxic]


def learn_lexis(
    toxic: Sequence[str],
    clean: Sequence[str],
    screener: Screener,
    encoder: SentenceEncoder,
    min_count: int = 4,
    min_log_odds: float = 1.2,
    neighbours: int = 16,
) -> Lexis:
    """Learn the toxic vocabulary and its mild neighbours from unpaired comments.

    Args:
        toxic, clean: comments, not paired.
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
    suspects = [word for word, value in odds.items() if value >= min_log_odds]
    refused = {word for word, verdict in zip(suspects, screener.screen(suspects)) if not verdict.passed}
    lexicon = {word: odds[word] for word in suspects if word in refused}

    before, after = _contexts(toxic, set(lexicon))
    mild = [phrase for phrase, verdict in zip(mild_words(), screener.screen(mild_words())) if verdict.passed]
    return Lexis(
        toxic=lexicon,
        neighbours=_nearest(list(lexicon), mild, encoder, neighbours),
        before=before,
        after=after,
    )


def _document_counts(sentences: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for sentence in sentences:
        counts.update({core(token) for token in words(sentence)} - {""})
    return counts


def _neighbourhood(tokens: list[str], i: int) -> tuple[str, str]:
    left = core(tokens[i - 1]) or EDGE if i else EDGE
    right = core(tokens[i + 1]) or EDGE if i + 1 < len(tokens) else EDGE
    return left, right


def _contexts(sentences: Iterable[str], wanted: set[str]) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    before: dict[str, Counter[str]] = defaultdict(Counter)
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for sentence in sentences:
        tokens = words(sentence)
        for i, token in enumerate(tokens):
            if (word := core(token)) in wanted:
                left, right = _neighbourhood(tokens, i)
                before[word][left] += 1
                after[word][right] += 1
    return dict(before), dict(after)


def _nearest(queries: list[str], candidates: list[str], encoder: SentenceEncoder, n: int) -> dict[str, list[str]]:
    """The n candidates nearest in embedding to each query."""
    if not queries or not candidates:
        return {query: [] for query in queries}
    cosine = encoder.embed(queries) @ encoder.embed(candidates).T
    best = np.argsort(-cosine, axis=1)[:, :n]
    return {query: [candidates[j] for j in row] for query, row in zip(queries, best)}
