"""Best-of-n warm-up examples: a panel of judges chooses the best of many rewrites, and the leader learns it.

This is best-of-n sampling (RAFT, Dong et al. 2023, arXiv 2304.06767; ReST, Gulcehre et al. 2023, arXiv 2308.08998)
with the panel as reward. A rewrite has to pass the screener, be similar to its comment, be well formed, change no
meaning (`sro.screeners.rules.meaning`), add no overused word (`sro.screeners.overused`), be acceptable, and, if a
critic is given, be faithful. Among the rewrites that fulfil this, the leader learns the one with the largest
P(pass) · cosine · P(acceptable) · P(faithful). No person wrote or chose any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sro.leader.generation import Generator, Sampling
from sro.screeners.base import Faithfulness, Fluency, Screener, Similarity
from sro.screeners.overused import OverusedWords
from sro.screeners.rules.form import defects
from sro.screeners.rules.meaning import changes_but_negation, meaning_changes
from sro.training.warmup.search_log import SearchLog

BATCH = 240
READ = 4
"""Number of candidates of a comment that the most expensive judge reads: those with the largest P(pass) · cosine. All
others get reward 0."""

FindCandidates = Callable[[Sequence[str], int], list[tuple[str, str]]]
"""(comments, seed) → (comment, rewrite) pairs, any number for each comment."""


@dataclass(frozen=True)
class Bars:
    """The minimum scores of a candidate that the leader may learn."""

    similarity: float = 0.6
    acceptability: float = 0.6
    slack: float = 0.05
    """The acceptability bar is at most the comment's own P(acceptable) minus this slack."""
    reward: float = 0.0
    """Smallest product of all scores; if the best rewrite of a comment is below it, the comment gives no example."""


WITH_CRITIC = Bars(similarity=0.4, acceptability=0.5, slack=0.12, reward=0.25)
"""The bars with a critic. The critic judges the meaning, so the bar for the cosine, which falls with every removed
insult, is lower. The bar for fluency is lower too, because the best rewrites are fluent anyway."""


@dataclass(frozen=True)
class Reward:
    """The panel's reward for a candidate: P(pass) · cosine · P(acceptable) · P(faithful).

    It is 0 if one of them is too low, or if `READ` others of the comment have a larger P(pass) · cosine.
    """

    screener: Screener
    similarity: Similarity
    acceptability: Fluency
    bars: Bars = Bars()
    faithfulness: Faithfulness | None = None
    overused: OverusedWords | None = None

    def __call__(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        """[N] in [0, 1]."""
        if not texts:
            return np.zeros(0)
        rewards = np.zeros(len(texts))
        verdicts = self.screener.screen(texts, sources=sources)
        cosine = np.asarray(self.similarity.similarity(texts, sources), dtype=float)
        changes = changes_but_negation if self.faithfulness else meaning_changes
        left = [
            i
            for i, (text, source) in enumerate(zip(texts, sources))
            if verdicts[i].passed
            and cosine[i] >= self.bars.similarity
            and not defects(text, source)
            and not changes(text, source)
            and not (self.overused and self.overused.faults(text, source))
        ]
        worth = {i: (1 - verdicts[i].probability) * cosine[i] for i in left}
        # The most expensive judge comes last and reads only the best candidates; it reads each comment once.
        rank: Counter[str] = Counter()
        asked = []
        for i in sorted(left, key=lambda i: -worth[i]):
            rank[sources[i]] += 1
            if rank[sources[i]] <= READ:
                asked.append(i)
        read = list(dict.fromkeys(text for i in asked for text in (texts[i], sources[i])))
        acceptable = dict(zip(read, np.asarray(self.acceptability(read, read), dtype=float))) if read else {}
        for i in asked:
            bar = min(self.bars.acceptability, acceptable[sources[i]] - self.bars.slack)
            if acceptable[texts[i]] >= bar:
                rewards[i] = worth[i] * acceptable[texts[i]]
        if self.faithfulness and (read := np.flatnonzero(rewards).tolist()):
            kept = np.asarray(self.faithfulness.probabilities([(sources[i], texts[i]) for i in read]), dtype=float)
            rewards[read] *= np.where(kept >= self.faithfulness.threshold, kept, 0.0)
        return np.where(rewards >= self.bars.reward, rewards, 0.0)


def best_of_batch(candidates: Sequence[tuple[str, str]], reward: Reward) -> dict[str, str]:
    """For each comment, the rewrite with the largest reward; comments with only zero rewards are left out.

    Args:
        candidates: (comment, rewrite) pairs.
    """
    rewards = reward([text for _, text in candidates], [comment for comment, _ in candidates])
    best: dict[str, tuple[float, str]] = {}
    for (comment, text), value in zip(candidates, rewards.tolist()):
        if value > best.get(comment, (0.0, ""))[0]:
            best[comment] = (value, text)
    return {comment: text for comment, (_, text) in best.items()}


def best_candidates(
    comments: Sequence[str],
    find_candidates: FindCandidates,
    reward: Reward,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    log: SearchLog | None = None,
) -> dict[str, str]:
    """The best candidate of each comment; comments without an acceptable one are left out.

    Args:
        comments: toxic comments without duplicates.
        find_candidates: see `generate_candidates`.
        progress: is called with (done, total) comments.
        log: the results of an interrupted run.
    """
    log = log or SearchLog()
    for start in range(0, len(comments), BATCH):
        batch = [comment for comment in comments[start : start + BATCH] if comment not in log.known]
        if batch:
            log.add(batch, best_of_batch(find_candidates(batch, seed + start), reward))
        progress(min(start + BATCH, len(comments)), len(comments))
    return {comment: rewrite for comment in comments if (rewrite := log.known[comment]) is not None}


def generate_candidates(teachers: Sequence[Generator], n: int, temperature: float) -> FindCandidates:
    """Candidates of all teachers without duplicates: from each teacher one greedy and `n` sampled ones."""

    def find_candidates(batch: Sequence[str], seed: int) -> list[tuple[str, str]]:
        found: dict[tuple[str, str], None] = {}
        for teacher in teachers:
            greedy = teacher.generate(batch, 1, Sampling(temperature=0.0, avoid_loops=True), seed)
            sampling = Sampling(temperature=temperature, avoid_loops=True)
            drawn = teacher.generate(batch, n, sampling, seed) if n else [[] for _ in batch]
            for comment, completions in zip(batch, (one + more for one, more in zip(greedy, drawn))):
                good = [one.text for one in completions if one.finished and not one.problem]
                found |= dict.fromkeys((comment, text) for text in good)
        return list(found)

    return find_candidates
