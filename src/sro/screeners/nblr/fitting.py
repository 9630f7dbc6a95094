"""Fit a NB-LR screener (`sro.screeners.nblr.model`) on unpaired texts; needs scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sro.core.errors import SROError
from sro.screeners.nblr.model import NBLR, NBLRSettings, tokens
from sro.screeners.nblr.ngram_index import CHARACTERS, WORDS, character_ngrams, word_ngrams


def fit(
    toxic: Sequence[str],
    clean: Sequence[str],
    settings: NBLRSettings | None = None,
    trained_on: Sequence[dict[str, Any]] = (),
) -> NBLR:
    """Fit a NB-LR screener on unpaired toxic and clean texts; 10,000 sentences take about five seconds.

    `trained_on` describes the data and is stored with the screener. Take both sides from the same genre; otherwise the
    screener learns the genre. Raises SROError if a side is empty or no n-gram is frequent enough.
    """
    if not toxic or not clean:
        raise SROError(f"a screener needs both sides: got {len(toxic)} toxic and {len(clean)} clean texts")
    settings = settings or NBLRSettings()
    documents = [tokens(text) for text in (*toxic, *clean)]
    failing = np.arange(len(documents)) < len(toxic)
    first = _fit(documents, failing, settings, keep=None)
    grams = list(first.vocabulary)
    kept = np.sort(np.argsort(-np.abs(first.weight * first.idf), kind="stable")[: settings.max_features])
    return replace(_fit(documents, failing, settings, [grams[row] for row in kept]), trained_on=tuple(trained_on))


def _fit(documents: list[list[str]], failing: np.ndarray, settings: NBLRSettings, keep: list[str] | None) -> NBLR:
    """One fit, on the n-grams of `keep`, or on all n-grams that are frequent enough if `keep` is None."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    def word_grams_of(document: list[str]) -> list[str]:
        return word_ngrams(document, settings.word_ngrams)

    def characters_of(document: list[str]) -> list[str]:
        return [gram for word in document for gram in character_ngrams(word, settings.character_ngrams)]

    analyzers = (
        {WORDS: word_grams_of, CHARACTERS: characters_of} if settings.character_ngrams else {WORDS: word_grams_of}
    )
    blocks, grams, idf = [], [], []
    for block, analyzer in analyzers.items():
        known = None if keep is None else [gram for gram in keep if gram[0] == block]
        if known == []:
            continue
        bounds = {"min_df": settings.min_df, "max_df": settings.max_df} if known is None else {}
        vectorizer = TfidfVectorizer(
            analyzer=analyzer, vocabulary=known, sublinear_tf=True, dtype=np.float32, **bounds
        )
        try:
            blocks.append(vectorizer.fit_transform(documents))
        except ValueError as error:
            raise SROError(f"too little text to fit a screener: {error}; give more texts or a lower min_df") from error
        grams += vectorizer.get_feature_names_out().tolist()
        idf.append(vectorizer.idf_)
    x = hstack(blocks, format="csr")
    ratio = log_count_ratio(x[failing], x[~failing], settings.alpha) if settings.bayes else np.ones(x.shape[1])
    cost = {True: 1.0, False: settings.clean_weight}
    regression = LogisticRegression(C=settings.C, class_weight=cost, solver="liblinear", max_iter=1000, random_state=0)
    regression.fit(x.multiply(ratio).tocsr(), failing)
    return NBLR(
        vocabulary={gram: row for row, gram in enumerate(grams)},
        idf=np.concatenate(idf).astype(np.float32),
        weight=(regression.coef_[0] * ratio).astype(np.float32),
        bias=float(regression.intercept_[0]),
        settings=settings,
    )


def log_count_ratio(toxic: Any, clean: Any, alpha: float) -> np.ndarray:
    """r of `sro.screeners.nblr.model`, from two sparse matrices [texts, n-grams]; float64 of shape [n-grams]."""
    p, q = (alpha + np.asarray(side.sum(axis=0), dtype=np.float64).ravel() for side in (toxic, clean))
    return np.log(p / p.sum()) - np.log(q / q.sum())
