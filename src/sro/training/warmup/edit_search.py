"""Find, by search, a small edit of a toxic comment that the screener passes.

Around each word that the screener refuses, a span of up to four words is deleted or gives way to a mild phrase that is
near to it in meaning (sentence encoder), of its grammatical class, and could stand there (language model). A beam over
such edits is led by the screener; the survivors are weighed by meaning and by how the whole reads. No rewrite by a
person is read: the follower's answer is the only teacher. What passes the bars becomes a warm-up example; what does
not is thrown away, so the bars decide the quality and not the yield.
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
    """What an edit must reach to be learnt from, and how the survivors are weighed."""

    max_probability: float = 0.35  # P(fail) of the screener: clearly below its threshold
    min_similarity: float = 0.70
    min_gain: float = -1.5  # nats: how much worse than the old words the new ones may fit
    min_worth: float = 0.2  # mean score of the single edits
    gain_weight: float = 0.02  # of a nat, against cosine
    worth_weight: float = 0.3  # of what the single edits promised, against cosine
    fit_weight: float = 0.03  # of a nat of a phrase's fit, against its cosine with the span
    class_weight: float = 0.15  # of a nat of log p(the span has the phrase's class), likewise
    min_class_share: float = 0.1
    worst_deletion: float = 0.0  # the score of deleting a bare noun or verb, against a phrase's
    best_deletion: float = 0.6  # that of deleting an ornament
    suspects: int = 6
    phrases: int = 6  # mild phrases tried in the place of one span
    max_edits: int = 3
    beam: int = 4
    finalists: int = 8


@dataclass(frozen=True)
class Edit:
    """A comment and the rewrite that the search found, with what it reached."""

    comment: str
    rewrite: str
    probability: float
    similarity: float
    gain: float
    worth: float


ORNAMENTS = {"adjective", "adverb", "exclamation"}  # a sentence stands without them
Options = Mapping[str, list[tuple[str, float]]]
"""Span as it is written → what may stand there instead (`""`: nothing), with its score."""


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

    Comments that the screener passes already are left out too: there is nothing to learn from them here.

    Args:
        mild: the phrases that may be put in, the same that `fit` was made with.
        innocent: words that are never edited, whatever the screener says about them alone.
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
    """The words that the screener refuses on their own, those whose deletion lowers P(fail) most first.

    Other words may lower P(fail) too (names, pronouns: they keep company with insults), but an edit that drops them
    fools the screener instead of answering it. So does one that drops who the comment speaks of.
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
    """For each comment, what may stand in the place of each span around a suspect."""
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
            # A noun or verb that goes leaves a hole, unless nothing hangs on it.
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
    """For each comment the passing rewrites that the beam met, most promising first: text, P(fail), worth."""
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
    """All one-step edits of the beam's texts at the two worst suspects that each still holds, with their scores.

    A score is the mean of the edits' own, so that two good edits are as promising as one; `made` is how many the
    beam's texts have seen.
    """
    children: dict[str, float] = {}
    for text, score in beam.items():
        present = [word for word in suspects if word in {bare_word(token) for token in words(text)}]
        for span in spans_around(text, present[:2]):
            for phrase, worth in options.get(span.written, []):
                child = replace_span(text, span, phrase)
                children[child] = max(children.get(child, -9.0), (made * score + worth) / (made + 1))
    return children
