"""Score the arms of an experiment with judges that no arm was trained against.

Two things vary: sentences and seeds. The interval of a difference comes from a paired bootstrap over sentences of the
mean over seeds. The table also shows the spread over seeds, because a few seeds are not enough for an interval. The
start and the baselines of every table (`sro.evaluation.baselines`) are not trained here, so each has one row without
seeds.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sro.core.markdown import write_table
from sro.evaluation.baselines import baselines, refused_words
from sro.evaluation.experiments.arms import Trained
from sro.evaluation.intervals import Bootstrap, Interval, bootstrap
from sro.evaluation.judges.loading import Judges
from sro.evaluation.protocols import Scores
from sro.evaluation.report.sheet import Line
from sro.evaluation.run import score
from sro.rewriting.measures import measure
from sro.screeners.base import Screener

START = "start"


@dataclass(frozen=True, eq=False)
class ArmScores:
    """One arm; means over sentences and seeds, shares in [0, 1]."""

    name: str
    seeds: tuple[Scores, ...]
    """One for each seed, with the scores of each sentence."""
    pass_rate: float
    """By the training screener."""
    copy_rate: float
    repeat_rate: float
    low_similarity: float
    """Share with a cosine below .35: these rewrites say something else."""
    trained: bool
    """Whether it was trained in this experiment and so has seeds; False for the start and the baselines."""

    @property
    def j(self) -> np.ndarray:
        """J of each sentence, mean over seeds, [N]."""
        return np.mean([scores.j for scores in self.seeds], axis=0)

    @property
    def j_of_seeds(self) -> list[float]:
        """J of each seed."""
        return [float(scores.j.mean()) for scores in self.seeds]

    def mean(self, name: str) -> float:
        """Mean over sentences and seeds of `sta`, `sim` or `fl`."""
        return float(np.mean([scores.means()[name] for scores in self.seeds]))


@dataclass(frozen=True, eq=False)
class Comparison:
    """The start, the arms of one experiment and the baselines, on the same sentences."""

    arms: tuple[ArmScores, ...]
    resampled: Bootstrap
    judges: Mapping[str, str]
    screener: str

    def arm(self, name: str) -> ArmScores:
        """The arm of this name."""
        return next(arm for arm in self.arms if arm.name == name)

    def gain(self, name: str) -> Interval:
        """J of an arm minus J of the start."""
        return self.resampled.difference(name, START)

    def against(self, name: str, other: str) -> Interval:
        """J of an arm minus J of another arm."""
        return self.resampled.difference(name, other)


def compare(trained: Trained, judges: Judges, screener: Screener) -> Comparison:
    """Judge every arm and seed, the start and the baselines by the ParaDetox protocol, which needs no references."""
    comments = trained.comments
    own = baselines(comments, None, refused_words(comments, screener))
    found = [
        _score(START, comments, [trained.start], judges, screener, trained=False),
        *(_score(name, comments, texts, judges, screener, trained=True) for name, texts in trained.rewrites.items()),
        *(_score(name, comments, [texts], judges, screener, trained=False) for name, texts in own.items()),
    ]
    resampled = bootstrap({arm.name: arm.j for arm in found})
    return Comparison(tuple(found), resampled, judges.names(), screener.name)


def _score(
    name: str,
    comments: Sequence[str],
    seeds: Sequence[Sequence[str]],
    judges: Judges,
    screener: Screener,
    *,
    trained: bool,
) -> ArmScores:
    scores = tuple(score(texts, comments, None, "paradetox", judges) for texts in seeds)
    rates = []
    for texts, found in zip(seeds, scores):
        passed = [verdict.passed for verdict in screener.screen(texts, sources=comments)]
        measured = measure(comments, texts, passed, found.sim)
        rates.append((measured.pass_rate, measured.copy_rate, measured.repeat_rate, measured.low_similarity))
    passes, copies, repeats, low = np.mean(rates, axis=0).tolist()
    return ArmScores(name, scores, passes, copies, repeats, low, trained)


def markdown(found: Comparison, title: str, caption: str, reference: str) -> str:
    """Title, caption and table.

    Args:
        reference: the arm that `gain kept` and the last column compare with.
    """
    whole = found.gain(reference).value
    head = ["arm", "J", "seeds", "gain over start [95 %]", "of the gain", f"less {reference} [95 %]"]
    head += ["STA", "SIM", "FL", "pass", "copies", "repeats", "below .35"]
    lines = []
    for arm in found.arms:
        gain, less = found.gain(arm.name), found.against(arm.name, reference)
        own = [arm.pass_rate, arm.copy_rate, arm.repeat_rate, arm.low_similarity]
        lines.append(
            [
                arm.name,
                f"{arm.j.mean():.3f}",
                " ".join(f"{value:.3f}" for value in arm.j_of_seeds) if arm.trained else "–",
                "–" if arm.name == START else _signed(gain),
                f"{gain.value / whole:.0%}" if arm.trained and whole else "–",
                "–" if arm.name == reference else _signed(less),
                *(f"{arm.mean(name):.3f}" for name in ("sta", "sim", "fl")),
                *(f"{value:.3f}" for value in own),
            ]
        )
    judged = "; ".join(f"{role} by {name}" for role, name in found.judges.items())
    measured = (
        f"ParaDetox protocol on {len(found.arms[0].j):,} held-out comments. Judges (style and fluency never trained "
        f"against): {judged}. J: mean of STA·SIM·FL over sentences and seeds; intervals: paired bootstrap over "
        f"sentences of the mean over seeds. pass: by the training screener {found.screener}, whose own words `delete` "
        "leaves out."
    )
    return f"# {title}\n\n{caption}\n\n{measured}\n\n{write_table(head, lines)}\n"


def _signed(interval: Interval) -> str:
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def to_csv(found: Comparison) -> str:
    """One line for each arm and seed; one line for the start and for each baseline."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["arm", "seed", "sta", "sim", "fl", "j"])
    for arm in found.arms:
        for number, scores in enumerate(arm.seeds, 1):
            writer.writerow([arm.name, number, *(f"{value:.6f}" for value in scores.means().values())])
    return out.getvalue()


def sheet(trained: Trained, found: Comparison) -> list[Line]:
    """The rewrites of every sentence by the first seed of each arm and by the start, for `sro report`."""
    texts = {START: trained.start, **{name: seeds[0] for name, seeds in trained.rewrites.items()}}
    lines: list[Line] = []
    for arm in (*(arm for arm in found.arms if arm.trained), found.arm(START)):
        first = arm.seeds[0]
        columns = zip(trained.comments, texts[arm.name], first.sta, first.sim, first.fl, first.j)
        for row, (source, text, *values) in enumerate(columns, 1):
            scores = {name: round(float(value), 4) for name, value in zip(("sta", "sim", "fl", "j"), values)}
            lines.append(Line(arm.name, row, source, text, scores=scores))
    return lines
