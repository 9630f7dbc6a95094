"""Search for a small edit of a toxic comment that the screener passes.

Around each word that the screener refuses, a span of up to four words is deleted or replaced by a mild phrase. The
phrase must be near the span in meaning (sentence encoder), have its grammatical class, and fit into the sentence
(language model). The screener guides a beam search over such edits. The edits that pass are ranked by meaning and by
fluency. No human rewrite is used: the follower's verdict is the only training signal. An edit that reaches the bars
becomes a warm-up example; all others are dropped. So the bars decide the quality, not the number of edits found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sro.comments.words import bare_word, words
from sro.screeners.base import Screener
from sro.screeners.rules.form import defects
from sro.training.warmup.lm_fit import Fit
from sro.training.warmup.rude_spans import IDENTITIES, Span, replace_span, spans_around, without_segments
from sro.training.warmup.word_classes import WordClasses


@dataclass(frozen=True)
class SearchBars:
    """The minimum scores of an edit that becomes an example, and the weights for ranking edits."""

    max_probability: float = 0.35  # P(fail) of the screener: clearly below its threshold
    min_similarity: float = 0.70
    min_gain: float = -1.5  # nats: how much worse than the old words the new ones may fit
    min_worth: float = 0.2  # mean score of the single edits
    gain_weight: float = 0.02  # weight of one nat of gain, relative to cosine
    worth_weight: float = 0.3  # weight of the mean score of the single edits, relative to cosine
    fit_weight: float = 0.03  # weight of one nat of a phrase's fit, relative to its cosine with the span
    class_weight: float = 0.15  # weight of one nat of log p(the span has the phrase's class), likewise
    min_class_share: float = 0.1
    worst_deletion: float = 0.0  # score of deleting a bare noun or verb, on the scale of a phrase's score
    best_deletion: float = 0.6  # score of deleting an ornament
    suspects: int = 6
    phrases: int = 6  # mild phrases tried in place of one span
    max_edits: int = 3
    beam: int = 4
    finalists: int = 8


@dataclass(frozen=True)
class Edit:
    """A comment and the rewrite that the search found, with its scores."""

    comment: str
    rewrite: str
    probability: float
    similarity: float
    gain: float
    worth: float


ORNAMENTS = {"adjective", "adverb", "exclamation"}  # a sentence is complete without them
Options = Mapping[str, list[tuple[str, float]]]
"""Span as it is written → possible replacements (`""`: deletion) with their scores."""


def search_edits(
    comments: Sequence[str],
    mild: Sequence[str],
    innocent: Collection[str],
    screener: Screener,
    classes: WordClasses,
    fit: Fit,
    bars: SearchBars | None = None,
) -> list[Edit]:
    """The best edit of each comment that reaches the bars; comments without one are left out.

    Comments that the screener already passes are left out too: there is nothing to learn from them here.

    Args:
        mild: the phrases that may be put in; `fit` must have been made with the same phrases.
        innocent: words that are never edited, even if the screener refuses them on their own.
    """
    bars = bars or SearchBars()
    comments = [text for text, verdict in zip(comments, screener.screen(comments)) if not verdict.passed]
    suspects = [find_suspects(comment, innocent, screener, bars.suspects) for comment in comments]
    options = _options(comments, suspects, mild, classes, fit, bars)
    finalists = _beams(comments, suspects, options, screener, bars)
    gains = fit.gains(comments, [[text for text, _, _ in found] for found in finalists])
    edits = []
    for comment, found, gain in zip(comments, finalists, gains):
        cosine = classes.encoder.similarity([text for text, _, _ in found], [comment] * len(found))
        candidates = [Edit(comment, y, p, float(cos), float(g), w) for (y, p, w), cos, g in zip(found, cosine, gain)]
        good = [edit for edit in candidates if _reaches(edit, bars)]
        if good:
            edits.append(max(good, key=lambda edit: _score(edit, bars)))
    return edits


def _reaches(edit: Edit, bars: SearchBars) -> bool:
    reads = edit.gain >= bars.min_gain and edit.worth >= bars.min_worth
    return edit.similarity >= bars.min_similarity and reads and not defects(edit.rewrite, edit.comment)


def _score(edit: Edit, bars: SearchBars) -> float:
    promise = bars.gain_weight * min(edit.gain, 5.0) + bars.worth_weight * edit.worth
    return edit.similarity + promise - 0.2 * edit.probability


def find_suspects(comment: str, innocent: Collection[str], screener: Screener, n: int) -> list[str]:
    """The words that the screener refuses on their own. Words that lower P(fail) most when deleted come first.

    Deleting other words may lower P(fail) too (names and pronouns often occur with insults), but such an edit only
    fools the screener. The same holds for deleting the people that the comment speaks about.
    """
    tokens = words(comment)
    left_alone = IDENTITIES.union(innocent)
    spots = [i for i, token in enumerate(tokens) if bare_word(token) and bare_word(token) not in left_alone]
    alone = screener.screen([bare_word(tokens[i]) for i in spots])
    spots = [i for i, verdict in zip(spots, alone) if not verdict.passed]
    left = screener.screen([" ".join(tokens[:i] + tokens[i + 1 :]) for i in spots])
    order = sorted(range(len(spots)), key=lambda j: left[j].probability)
    return list(dict.fromkeys(bare_word(tokens[spots[j]]) for j in order))[:n]


def _options(
    comments: Sequence[str],
    suspects: Sequence[Sequence[str]],
    mild: Sequence[str],
    classes: WordClasses,
    fit: Fit,
    bars: SearchBars,
) -> list[Options]:
    """For each comment, the possible replacements of each span around a suspect."""
    encoder = classes.encoder
    spans: list[list[Span]] = [spans_around(comment, words) for comment, words in zip(comments, suspects)]
    fits = fit.proposals(comments, [[span.start for span in found] for found in spans])
    vocabulary = encoder.embed(mild)
    adjective = np.array([name == "adjective" for name in classes.names], dtype=float)
    ornament = np.array([name in ORNAMENTS for name in classes.names], dtype=float)
    options: list[Options] = []
    for comment, found, rates in zip(comments, spans, fits):
        there: dict[str, list[tuple[str, float]]] = {}
        shares = classes.shares([comment] * len(found), [span.head or 0 for span in found])
        wanted = [adjective if span.as_adjective else share for span, share in zip(found, shares)]
        fittings: Sequence[np.ndarray] = list(classes.fits(np.array(wanted), mild)) if found else []
        cosines = encoder.embed([span.bare for span in found]) @ vocabulary.T if found else []
        for span, share, fitting, cosine, rate in zip(found, shares, fittings, cosines, rates):
            # Deleting a noun or verb leaves a hole, unless the span is loose.
            dispensable = float(share @ ornament) if span.head is not None and not span.loose else float(span.loose)
            worth = bars.worst_deletion + (bars.best_deletion - bars.worst_deletion) * dispensable
            there[span.written] = [("", worth)] if span.removable else []
            if span.head is None:
                continue
            scores = cosine + bars.fit_weight * np.clip(rate, -6, 4) + bars.class_weight * np.log(fitting + 1e-3)
            best = np.argsort(-scores)[: bars.phrases]
            there[span.written] += [(mild[j], float(scores[j])) for j in best if fitting[j] >= bars.min_class_share]
        options.append(there)
    return options


def _beams(
    comments: Sequence[str],
    suspects: Sequence[Sequence[str]],
    options: Sequence[Options],
    screener: Screener,
    bars: SearchBars,
) -> list[list[tuple[str, float, float]]]:
    """For each comment the passing rewrites that the beam search found, most promising first: text, P(fail), worth."""
    beams: list[dict[str, float]] = [{comment: 0.0} for comment in comments]
    found: list[dict[str, tuple[float, float]]] = [{} for _ in comments]
    for step in range(bars.max_edits):
        children = [
            _expand(beam, step, words, there) | ({} if step else dict.fromkeys(without_segments(comment, words), 0.3))
            for comment, beam, words, there in zip(comments, beams, suspects, options)
        ]
        verdicts = iter(screener.screen([text for texts in children for text in texts]))
        for i, texts in enumerate(children):
            scored = [(text, score, next(verdicts).probability) for text, score in texts.items()]
            found[i].update({text: (score, p) for text, score, p in scored if p <= bars.max_probability})
            open_ones = sorted((one for one in scored if one[2] > bars.max_probability), key=lambda x: x[2] - x[1])
            beams[i] = {text: score for text, score, _ in open_ones[: bars.beam]}
            if len(found[i]) >= bars.finalists:
                beams[i] = {}
    ranked = [sorted(passing.items(), key=lambda item: -item[1][0])[: bars.finalists] for passing in found]
    return [[(text, p, worth) for text, (worth, p) in best] for best in ranked]


def _expand(beam: Mapping[str, float], made: int, suspects: Sequence[str], options: Options) -> dict[str, float]:
    """All one-step edits of the beam's texts, with scores. Only the two worst suspects left in each text are edited.

    A score is the mean over the single edits, so that two good edits are as promising as one. `made` is the number of
    edits that the beam's texts already have.
    """
    children: dict[str, float] = {}
    for text, score in beam.items():
        present = [word for word in suspects if word in {bare_word(token) for token in words(text)}]
        for span in spans_around(text, present[:2]):
            for phrase, worth in options.get(span.written, []):
                child = replace_span(text, span, phrase)
                children[child] = max(children.get(child, -9.0), (made * score + worth) / (made + 1))
    return children
