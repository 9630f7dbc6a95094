"""Fit the weights of `sro.rewriting.acceptance` on the candidates that readers judged, and measure their benefit.

    python -m benchmarks.acceptance_weights

The critic, the fluency judge and the screener score candidates for the sentences that are held out of the critic's
training. A logistic regression finds the weights. The table compares the critic alone with the pool of all scores, by
cross-validation over sentences: how many of the best candidates per sentence are shown, and how many of these a reader
would show. The last lines say whether the pool is too kind to some writers: for each writer, what share of the
candidates in each range of its probability a reader would show.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from sro.core.config import parse
from sro.core.markdown import write_table
from sro.rewriting.acceptance import WORTH_ASKING, answers_in_log_odds
from sro.rewriting.candidates import find_fault
from sro.rewriting.rewriter import CLEARLY_CIVIL
from sro.rewriting.search import around_the_change
from sro.screeners.faithfulness.critic import FaithfulnessCritic
from sro.screeners.judged import is_held_out_sentence, judged_candidates
from sro.screeners.loading import load_screener
from sro.screeners.lora.acceptability import Acceptability

WRITERS = ("rule", "greedy", "drawn")
"""Who writes candidates: rules, and the leader, greedily and by sampling."""
NOT_PROPOSED = ("span", "sentence_cut")
"""Kinds of judged candidates that the rewriter does not put among the others."""
FOLDS = 8
EDGES = (0, 0.3, 0.5, 0.6, 0.7, 0.8, 1)


@dataclass
class Arguments:
    """The candidates to use."""

    sentences: int = field(default=5000, metadata={"help": "sentences whose candidates are read, drawn by the seed"})
    seed: int = field(default=1, metadata={"help": "random seed of the draw"})


def main(argv: Sequence[str]) -> None:
    arguments = parse(Arguments, argv, prog="acceptance_weights", description=(__doc__ or "").partition("\n")[0])
    rows = _sound(_drawn(arguments.sentences, arguments.seed))
    fit = np.array([row["kept"] >= 1 and bool(row["natural"]) and bool(row["civil"]) for row in rows])
    groups = np.array(np.unique([row["sentence"] for row in rows], return_inverse=True)[1])
    answers = _answers(rows)
    everything = LogisticRegression(C=10, max_iter=3000).fit(answers, fit)
    pool = np.zeros(len(rows))
    for learnt, asked in GroupKFold(FOLDS).split(answers, fit, groups):
        model = LogisticRegression(C=10, max_iter=3000).fit(answers[learnt], fit[learnt])
        pool[asked] = model.predict_proba(answers[asked])[:, 1]
    critic = np.array([row["critic"] for row in rows])
    pool[critic < WORTH_ASKING] = 0
    names = ["WEIGHT_KEPT", "WEIGHT_FLUENT", "WEIGHT_FLUENT_SOURCE", "WEIGHT_FAILS"]
    print(f"{len(rows):,} candidates of {groups.max() + 1:,} sentences, {fit.mean():.0%} fit to show")
    print("weights:", ", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, everything.coef_[0])))
    print(f"INTERCEPT {everything.intercept_[0]:.2f}\n")
    lines = [_line("critic", critic, bar, fit, groups) for bar in (0.2, 0.3, 0.4)]
    lines += [_line("pool", pool, bar, fit, groups) for bar in (0.4, 0.5, 0.6)]
    print(write_table(["", "AUC", "bar", "sentences answered", "fit of the answers"], lines))
    wrote = np.array([row["writer"] for row in rows])
    ranges = [f"{low:g} to {high:g}" for low, high in pairwise(EDGES)]
    print()
    print(write_table(["fit, of", *ranges], [_shares(writer, pool, fit, wrote) for writer in WRITERS]))


def _drawn(sentences: int, seed: int) -> list[dict[str, Any]]:
    rows = [
        row | {"writer": row["kind"] if row["kind"] in WRITERS else "rule"}
        for row in judged_candidates()
        if is_held_out_sentence(row["sentence"]) and row["kind"] not in NOT_PROPOSED
    ]
    names = sorted({row["sentence"] for row in rows})
    random.Random(seed).shuffle(names)
    chosen = set(names[:sentences])
    return [row for row in rows if row["sentence"] in chosen]


def _sound(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The candidates with a P(fail) that is low enough for a rewrite, and without a fault that rules find."""
    verdicts = load_screener("embedded").screen([row["candidate"] for row in rows])
    return [
        row | {"fails": one.probability}
        for row, one in zip(rows, verdicts)
        if one.probability < CLEARLY_CIVIL and find_fault(row["candidate"], row["sentence"]) is None
    ]


def _answers(rows: Sequence[dict[str, Any]]) -> NDArray[np.float64]:
    """Log-odds that the pool adds, [rows, 4]. Sets `critic` of each row."""
    critic = FaithfulnessCritic.load("embedded")
    kept = critic.probabilities([around_the_change(row["sentence"], row["candidate"]) for row in rows])
    for row, probability in zip(rows, kept.tolist()):
        row["critic"] = probability
    fluent: Callable[[Sequence[str]], Any] = Acceptability.load("embedded")
    said = [row["candidate"] for row in rows] + [row["sentence"] for row in rows]
    after, before = np.split(np.asarray(fluent(said), np.float64), 2)
    return answers_in_log_odds(kept, after, before, np.array([row["fails"] for row in rows]))


def _line(
    name: str, worth: NDArray[np.float64], bar: float, fit: NDArray[np.bool_], groups: NDArray[np.int_]
) -> list[str]:
    best: dict[int, int] = defaultdict(lambda: -1)
    for place, group in enumerate(groups.tolist()):
        if best[group] < 0 or worth[place] > worth[best[group]]:
            best[group] = place
    shown = [place for place in best.values() if worth[place] >= bar]
    return [
        name,
        f"{roc_auc_score(fit, worth):.3f}",
        f"{bar:g}",
        f"{len(shown) / len(best):.1%}",
        f"{fit[shown].mean():.1%}",
    ]


def _shares(writer: str, pool: NDArray[np.float64], fit: NDArray[np.bool_], wrote: NDArray[np.str_]) -> list[str]:
    cells = [writer]
    for low, high in pairwise(EDGES):
        inside = (wrote == writer) & (pool >= low) & (pool < high)
        cells.append(f"{fit[inside].mean():.2f} of {inside.sum()}" if inside.any() else "")
    return cells


if __name__ == "__main__":
    main(sys.argv[1:])
