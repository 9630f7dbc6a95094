"""Find, by search, a small edit of a toxic comment that the screener passes.

A beam over word edits (delete a toxic word, a word and its neighbour, or put a mild neighbour in its place), led by
the screener; then the survivors are weighed by meaning (sentence embeddings) and fluency (the frozen leader's own
log-probability per token). No rewrite by a person is read: the screener's answer is the only teacher. What passes the
bars becomes a warm-up example; what does not is thrown away, so the bars decide the quality and not the yield.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sro.screeners import Screener
from sro.screeners.panel import defects
from sro.similarity import Similarity
from sro.warmup.lexis import Lexis, core, words

Fluency = Callable[[Sequence[str]], np.ndarray]
"""Mean log-probability per token of each text, nats."""


@dataclass(frozen=True)
class SearchBars:
    """What an edit must reach to be learnt from, and how the survivors are weighed."""

    max_probability: float = 0.35  # P(fail) of the screener: clearly below its threshold
    min_similarity: float = 0.70
    min_fluency_gain: float = -1.5  # nats for the whole text, against the comment's own rate per token
    fluency_weight: float = 0.03  # of a nat, against cosine
    suspects: int = 6
    max_edits: int = 4
    beam: int = 3
    finalists: int = 10


@dataclass(frozen=True)
class Edit:
    """A comment and the rewrite that the search found, with what it reached."""

    comment: str
    rewrite: str
    probability: float
    similarity: float
    fluency_gain: float


def search_edits(
    comments: Sequence[str],
    lexis: Lexis,
    screener: Screener,
    similarity: Similarity,
    fluency: Fluency,
    bars: SearchBars | None = None,
) -> list[Edit]:
    """The best edit of each comment that reaches the bars; comments without one are left out.

    Comments that the screener passes already are left out too: there is nothing to learn from them here.
    """
    bars = bars or SearchBars()
    finalists = [
        (comment, found) for comment, found in zip(comments, _beams(comments, lexis, screener, bars)) if found
    ]
    pairs = [(comment, rewrite, p) for comment, found in finalists for rewrite, p in found]
    if not pairs:
        return []
    sources = [comment for comment, _, _ in pairs]
    rewrites = [rewrite for _, rewrite, _ in pairs]
    cosine = similarity.similarity(rewrites, sources)
    unique = list(dict.fromkeys(sources))
    base = dict(zip(unique, fluency(unique)))
    # Per token the harm of one odd word is diluted by a long comment; for the whole text it is not.
    rate = fluency(rewrites) - np.array([base[source] for source in sources])
    gain = rate * [len(words(rewrite)) for rewrite in rewrites]
    best: dict[str, tuple[float, Edit]] = {}
    for (comment, rewrite, p), cos, more in zip(pairs, cosine, gain):
        good = cos >= bars.min_similarity and more >= bars.min_fluency_gain and not defects(rewrite, comment)
        score = float(cos + bars.fluency_weight * min(more, 4.0) - 0.2 * p)
        if good and (comment not in best or score > best[comment][0]):
            best[comment] = (score, Edit(comment, rewrite, p, float(cos), float(more)))
    return [edit for _, edit in best.values()]


def _beams(
    comments: Sequence[str], lexis: Lexis, screener: Screener, bars: SearchBars
) -> list[list[tuple[str, float]]]:
    """For each comment the passing rewrites that the beam met, least edited first, with their P(fail)."""
    start = [v.probability for v in screener.screen(comments)]
    suspects = [_suspects(comment, screener, bars.suspects) if p >= 0.5 else [] for comment, p in zip(comments, start)]
    beams = [[comment] for comment in comments]
    found: list[dict[str, float]] = [{} for _ in comments]
    for _ in range(bars.max_edits):
        options = [_expand(beam, words, lexis) for beam, words in zip(beams, suspects)]
        verdicts = iter(screener.screen([text for texts in options for text in texts]))
        for i, texts in enumerate(options):
            scored = sorted(((text, next(verdicts).probability) for text in texts), key=lambda pair: pair[1])
            found[i].update({text: p for text, p in scored if p <= bars.max_probability and len(text) > 3})
            done = len(found[i]) >= bars.finalists
            beams[i] = [] if done else [text for text, p in scored if p > bars.max_probability][: bars.beam]
    return [_diverse(list(passing.items()), bars.finalists) for passing in found]


def _diverse(passing: list[tuple[str, float]], n: int) -> list[tuple[str, float]]:
    """Up to n candidates: a third for deletions (short), the rest for substitutions (long), in the order found."""
    longest = max((len(words(text)) for text, _ in passing), default=0)
    substitutions = [pair for pair in passing if len(words(pair[0])) >= longest]
    deletions = [pair for pair in passing if len(words(pair[0])) < longest]
    kept = deletions[: max(n // 3, n - len(substitutions))]
    return kept + substitutions[: n - len(kept)]


def _suspects(comment: str, screener: Screener, n: int) -> list[str]:
    """The words that the screener refuses on their own, those whose deletion lowers P(fail) most first.

    Other words may lower P(fail) too (names, pronouns: they keep company with insults), but an edit that drops them
    fools the screener instead of answering it.
    """
    tokens = words(comment)
    spots = [i for i, token in enumerate(tokens) if core(token)]
    alone = screener.screen([core(tokens[i]) for i in spots])
    spots = [i for i, verdict in zip(spots, alone) if not verdict.passed]
    left = screener.screen([" ".join(tokens[:i] + tokens[i + 1 :]) for i in spots])
    order = sorted(range(len(spots)), key=lambda j: left[j].probability)
    return list(dict.fromkeys(core(tokens[spots[j]]) for j in order))[:n]


def _expand(beam: list[str], suspects: list[str], lexis: Lexis) -> list[str]:
    """All one-step edits of the beam's texts at the two worst words that each still holds."""
    children: dict[str, None] = {}
    for text in beam:
        tokens = words(text)
        cores = [core(token) for token in tokens]
        for word in [suspect for suspect in suspects if suspect in cores][:2]:
            i = cores.index(word)
            for low, high in ((i, i + 1), (i - 1, i + 1), (i, i + 2)):
                if 0 <= low < high <= len(tokens) and all(cores[low:high]):  # punctuation stays where it is
                    children[tidy(" ".join(tokens[:low] + tokens[high:]))] = None
            for mild in lexis.neighbours.get(word, []):
                swapped = [*tokens[:i], _swap(tokens[i], mild), *tokens[i + 1 :]]
                children[tidy(" ".join(_agree(swapped, i)))] = None
    return list(children)


def _swap(token: str, word: str) -> str:
    """Put `word` in the place of the token's word, keeping its punctuation and capital."""
    old = core(token)
    start = token.lower().find(old)
    new = word.capitalize() if token[start : start + 1].isupper() else word
    return token[:start] + new + token[start + len(old) :]


def _agree(tokens: list[str], i: int) -> list[str]:
    """Make the article before position i agree with the word there."""
    if i and tokens[i - 1].lower() in {"a", "an"}:
        tokens[i - 1] = "an" if core(tokens[i])[:1] in "aeiou" else "a"
    return tokens


def tidy(text: str) -> str:
    """Mend what a deletion leaves behind: doubled commas, a comma at the start, white space, `a` before a vowel."""
    text = re.sub(r"(?:\s*,){2,}", " ,", text)
    text = re.sub(r"^[\s,;:]+", "", text)
    text = re.sub(r"\s*,\s*([.!?])", r" \1", text)
    return " ".join(text.split())
