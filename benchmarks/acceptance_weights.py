"""Fit the weights of `sro.rewriting.acceptance` on the candidates that readers judged, and measure their benefit.

    python -m benchmarks.acceptance_weights --sentences 5000

The critic, the fluency judge and the screener score candidates for sentences on which the shipped critic was not
trained. A logistic regression finds the weights. The table compares the critic alone with the pool of all scores, by
cross-validation over sentences: how many of the best candidates per sentence are shown, and how many of these a reader
would show.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from sro.core.config import parse
from sro.core.markdown import write_table
from sro.rewriting.acceptance import WORTH_ASKING, answers_in_log_odds
from sro.rewriting.rewriter import CLEARLY_CIVIL, LEADER_TRUST
from sro.rewriting.search import around_the_change
from sro.screeners.base import sigmoid
from sro.screeners.faithfulness.critic import FaithfulnessCritic
from sro.screeners.judged import is_held_out_sentence, judged_candidates
from sro.screeners.loading import load_screener
from sro.screeners.lora.acceptability import Acceptability

LEARNT = 9713
"""The shipped critic was trained on this many candidates, the first ones of the file (its card)."""
KINDS_PROPOSED_BY_REWRITER = frozenset(["greedy", "drawn", "table", "cut", "phrase_cut", "reframing", "refined"])
"""Kinds of candidates that the rewriter proposes."""
WRITERS = {"greedy": LEADER_TRUST[0], "drawn": LEADER_TRUST[1]}
FOLDS = 8


@dataclass
class Arguments:
    """The candidates to use."""

    sentences: int = field(default=1200, metadata={"help": "sentences whose candidates are read, drawn by the seed"})
    seed: int = field(default=1, metadata={"help": "random seed of the draw"})


def main(argv: Sequence[str]) -> None:
    arguments = parse(Arguments, argv, prog="acceptance_weights", description=(__doc__ or "").partition("\n")[0])
    rows = _civil_enough(_drawn(arguments.sentences, arguments.seed))
    fit = np.array([row["kept"] >= 1 and bool(row["natural"]) and bool(row["civil"]) for row in rows])
    groups = np.array(np.unique([row["sentence"] for row in rows], return_inverse=True)[1])
    answers, written = _answers(rows)
    features = np.hstack([answers, written])
    everything = LogisticRegression(C=10, max_iter=3000).fit(features, fit)
    pool = np.zeros(len(rows))
    for learnt, asked in GroupKFold(FOLDS).split(features, fit, groups):
        model = LogisticRegression(C=10, max_iter=3000).fit(features[learnt], fit[learnt])
        pool[asked] = sigmoid(answers[asked] @ model.coef_[0, :4] + model.intercept_[0])
    trust = np.array([WRITERS.get(row["kind"], 1.0) for row in rows])
    critic = np.array([row["critic"] for row in rows])
    pool[critic < WORTH_ASKING] = 0
    names = ["WEIGHT_KEPT", "WEIGHT_FLUENT", "WEIGHT_FLUENT_SOURCE", "WEIGHT_FAILS", *WRITERS]
    print(f"{len(rows):,} candidates of {groups.max() + 1:,} sentences, {fit.mean():.0%} fit to show")
    print("weights:", ", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, everything.coef_[0])))
    print(f"INTERCEPT {everything.intercept_[0]:.2f}\n")
    lines = [_line("critic", critic * trust, bar, fit, groups) for bar in (0.2, 0.3, 0.4)]
    lines += [_line("pool", pool * trust, bar, fit, groups) for bar in (0.4, 0.5, 0.6)]
    print(write_table(["", "AUC", "bar", "sentences answered", "fit of the answers"], lines))


def _drawn(sentences: int, seed: int) -> list[dict[str, Any]]:
    rows = [
        row
        for place, row in enumerate(judged_candidates())
        if row["kind"] in KINDS_PROPOSED_BY_REWRITER and (place >= LEARNT or is_held_out_sentence(row["sentence"]))
    ]
    names = sorted({row["sentence"] for row in rows})
    random.Random(seed).shuffle(names)
    chosen = set(names[:sentences])
    return [row for row in rows if row["sentence"] in chosen]


def _civil_enough(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The candidates with a P(fail) that is low enough for a rewrite."""
    verdicts = load_screener("embedded").screen([row["candidate"] for row in rows])
    return [row | {"fails": one.probability} for row, one in zip(rows, verdicts) if one.probability < CLEARLY_CIVIL]


def _answers(rows: Sequence[dict[str, Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-odds that the pool adds, [rows, 4], and the candidates' writers, [rows, 2]. Sets `critic` of each row."""
    critic = FaithfulnessCritic.load("embedded")
    kept = critic.probabilities([around_the_change(row["sentence"], row["candidate"]) for row in rows])
    for row, probability in zip(rows, kept.tolist()):
        row["critic"] = probability
    fluent: Callable[[Sequence[str]], Any] = Acceptability.load("embedded")
    said = [row["candidate"] for row in rows] + [row["sentence"] for row in rows]
    after, before = np.split(np.asarray(fluent(said), np.float64), 2)
    fails = np.array([row["fails"] for row in rows])
    written = [[row["kind"] == kind for kind in WRITERS] for row in rows]
    return answers_in_log_odds(kept, after, before, fails), np.array(written, dtype=np.float64)


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


if __name__ == "__main__":
    main(sys.argv[1:])
