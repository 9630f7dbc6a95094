"""A leader's own best moves as warm-up examples: what a follower's panel makes of many tries, learnt by likelihood.

Best-of-n sampling (RAFT, Dong et al. 2023, arXiv 2304.06767; ReST, Gulcehre et al. 2023, arXiv 2308.08998) with the
panel as reward: a move has to pass the screener, keep the meaning, have a shape and be acceptable, and of those that
do the one with the largest P(pass) · cosine · P(acceptable) is learnt. No person wrote or chose any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sro.rollout import Rollout, Sampling
from sro.screeners import Screener
from sro.screeners.panel import Acceptability, Similarity, defects
from sro.warmup.edit_log import EditLog

BATCH = 240


@dataclass(frozen=True)
class Bars:
    """What a move must reach to be learnt from."""

    similarity: float = 0.6
    acceptability: float = 0.6
    slack: float = 0.05
    """Where the comment itself is below that bar, its move may be so much less acceptable than it is."""


@dataclass(frozen=True)
class Reward:
    """What the panel says of a move: P(pass) · cosine · P(acceptable), and 0 where one of them falls short."""

    screener: Screener
    similarity: Similarity
    acceptability: Acceptability
    bars: Bars = Bars()

    def __call__(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        """[N] in [0, 1]."""
        if not texts:
            return np.zeros(0)
        verdicts = self.screener.screen(texts, sources=sources)
        cosine = np.asarray(self.similarity(texts, sources), dtype=float)
        both = np.asarray(self.acceptability([*texts, *sources]), dtype=float)
        acceptable, bar = both[: len(texts)], np.minimum(self.bars.acceptability, both[len(texts) :] - self.bars.slack)
        shaped = np.array([not defects(text, source) for text, source in zip(texts, sources)])
        passed = np.array([verdict.passed for verdict in verdicts])
        will_do = passed & shaped & (cosine >= self.bars.similarity) & (acceptable >= bar)
        return np.where(will_do, (1 - np.array([v.probability for v in verdicts])) * cosine * acceptable, 0.0)


def best_moves(
    comments: Sequence[str],
    teachers: Sequence[Rollout],
    reward: Reward,
    n: int,
    temperature: float,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    log: EditLog | None = None,
) -> list[tuple[str, str]]:
    """(comment, best move) of those comments for which some move will do.

    Args:
        comments: toxic ones, none twice.
        teachers: leaders; each plays its greedy move and `n` drawn ones.
        progress: told (done, total) comments.
        log: what an interrupted run found already.
    """
    log = log or EditLog()
    for start in range(0, len(comments), BATCH):
        batch = [comment for comment in comments[start : start + BATCH] if comment not in log.known]
        if batch:
            tries = _tries(batch, teachers, n, temperature, seed + start)
            rewards = reward([text for _, text in tries], [comment for comment, _ in tries])
            best: dict[str, tuple[float, str]] = {}
            for (comment, text), value in zip(tries, rewards.tolist()):
                if value > best.get(comment, (0.0, ""))[0]:
                    best[comment] = (value, text)
            log.add(batch, {comment: text for comment, (_, text) in best.items()})
        progress(min(start + BATCH, len(comments)), len(comments))
    return [(comment, rewrite) for comment in comments if (rewrite := log.known[comment]) is not None]


def _tries(
    batch: Sequence[str], teachers: Sequence[Rollout], n: int, temperature: float, seed: int
) -> list[tuple[str, str]]:
    """(comment, move) of all teachers, none twice."""
    found: dict[tuple[str, str], None] = {}
    for teacher in teachers:
        greedy = teacher.play(batch, 1, Sampling(temperature=0.0, avoid_loops=True), seed)
        drawn = teacher.play(batch, n, Sampling(temperature=temperature, avoid_loops=True), seed)
        for comment, moves in zip(batch, (one + more for one, more in zip(greedy, drawn))):
            found |= dict.fromkeys((comment, move.text) for move in moves if move.finished)
    return list(found)
