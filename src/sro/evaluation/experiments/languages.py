"""How well does a screener read each language? `sro experiment languages`

    sro experiment languages --screener embedded/encoder --output_dir runs/languages
    sro experiment languages --screener my_encoder --write_thresholds true

The output is three tables: the test sets (`language_sets`) at the usual threshold, false alarms about groups of
people, and thresholds. For each language, a threshold is fitted on half of the texts and tested on the other half. It
is worth keeping only if the interval of its gain over the usual one lies above 0. `--write_thresholds true` writes
these thresholds, and the languages that the screener reads, into its `encoder.json`, where the screener finds them.

Texts are judged as everywhere else: as a whole or by their worst sentence. The interval of an AUC comes from a
bootstrap, the intervals of shares are Wilson's.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sro.core.data_folder import data_folder_field
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.markdown import write_table
from sro.core.provenance import write_manifest
from sro.evaluation.experiments.language_sets import (
    LANGUAGE_SETS,
    Labelled,
    LanguageSet,
    draw,
    draw_harmless_groups,
    read_set,
)
from sro.evaluation.intervals import Interval
from sro.evaluation.proportions import wilson
from sro.screeners.base import Screener
from sro.screeners.check import auc
from sro.screeners.encoder.calibration import balanced_threshold
from sro.screeners.encoder.contrast import contrast_rows
from sro.screeners.encoder.inference import EncoderScreener
from sro.screeners.encoder.knowledge import COST_OF_FALSE_ALARMS
from sro.screeners.encoder.languages import read_languages
from sro.screeners.encoder.splits import bucket, in_test_template
from sro.screeners.languages import languages_read
from sro.screeners.loading import encoder_card, load_screener
from sro.screeners.sentencewise import judge_comments

READ = 0.75
"""Smallest mean AUC over a language's sets at which a screener may say that it reads the language."""
FEWEST = 30
"""Smallest number of toxic texts, and of clean texts, in each half; with fewer, no threshold is fitted."""
RESAMPLES = 1000


@dataclass
class LanguageArguments:
    """The screener to measure, and the number of texts."""

    screener: str = field(default="embedded/encoder", metadata={"help": "screener that is measured"})
    languages: list[str] = field(
        default_factory=list, metadata={"help": "languages to measure, such as de es (default: all that have labels)"}
    )
    texts: int = field(default=400, metadata={"help": "largest number of texts per language, over all its sets"})
    groups: int = field(default=100, metadata={"help": "largest number of clean texts per language that name a group"})
    seed: int = field(default=0, metadata={"help": "random seed of the draw and of the bootstrap"})
    write_thresholds: bool = field(
        default=False,
        metadata={
            "help": "write languages and thresholds into the screener's encoder.json (your own encoder, or a copy)"
        },
    )
    data: str = data_folder_field()
    output_dir: str = field(default="runs/languages", metadata={"help": "folder for table.md and figures.json"})


@dataclass(frozen=True, eq=False)
class Judged:
    """A screener's scores and verdicts on N labelled texts."""

    scores: np.ndarray
    """P(fail) of the whole text or of its worst sentence, [N]."""
    failed: np.ndarray
    """By the screener's own threshold, [N] of bool."""
    toxic: np.ndarray
    """[N] of bool."""
    development: np.ndarray
    """The half on which a threshold is fitted, [N] of bool."""

    def auc(self, seed: int) -> Interval:
        """Chance that a toxic text has a higher score than a clean one; toxic and clean texts are resampled apart."""
        toxic, clean = self.scores[self.toxic], self.scores[~self.toxic]
        rng = np.random.default_rng(seed)
        found = [auc(rng.choice(toxic, len(toxic)), rng.choice(clean, len(clean))) for _ in range(RESAMPLES)]
        low, high = np.quantile(found, [0.025, 0.975])
        return Interval(auc(toxic, clean), float(low), float(high))


@dataclass(frozen=True)
class Fitted:
    """A language's own threshold, and its results on texts that it was not fitted on."""

    threshold: float
    usual: tuple[float, float]
    """Share of toxic texts that the usual threshold flags, and share of clean texts that it passes."""
    own: tuple[float, float]
    """The same two shares at the language's own threshold."""
    gain: Interval
    """Gain of the own threshold over the usual one in the weighted mean of both shares; the share of clean texts that
    pass counts twice."""

    @property
    def helps(self) -> bool:
        return self.gain.low > 0


def judge(screener: Screener, texts: Sequence[Labelled]) -> Judged:
    """Ask the screener about texts of one language."""
    found = judge_comments(screener, [one.text for one in texts])
    scores = [max([one.verdict.probability, *(part.verdict.probability for part in one.sentences)]) for one in found]
    return Judged(
        np.array(scores),
        np.array([not one.verdict.passed for one in found], dtype=bool),
        np.array([one.toxic for one in texts], dtype=bool),
        np.array([bucket(one.text + "threshold") < 50 for one in texts], dtype=bool),
    )


def joined(parts: Sequence[Judged]) -> Judged:
    """The texts of several sets together."""
    names = ("scores", "failed", "toxic", "development")
    return Judged(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def fit_threshold(judged: Judged, seed: int) -> Fitted | None:
    """A threshold fitted on one half and tested on the other; None if there are too few texts.

    A false alarm costs twice as much as a miss, as in the choice of the usual threshold.
    """
    cost = COST_OF_FALSE_ALARMS["TOXICITY"]
    half, rest = judged.development, ~judged.development
    if min((part & side).sum() for part in (half, rest) for side in (judged.toxic, ~judged.toxic)) < FEWEST:
        return None
    threshold = balanced_threshold(judged.scores[half], judged.toxic[half], cost)
    toxic = judged.toxic[rest]
    own, usual = judged.scores[rest] >= threshold, judged.failed[rest]

    def shares(fails: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        return float(fails[labels].mean()), float((~fails[~labels]).mean())

    def gain(drawn: np.ndarray) -> float:
        (more, passes), (before, passed) = shares(own[drawn], toxic[drawn]), shares(usual[drawn], toxic[drawn])
        return (more - before + cost * (passes - passed)) / (1 + cost)

    rng = np.random.default_rng(seed)
    sides = [np.flatnonzero(side) for side in (toxic, ~toxic)]
    resampled = [gain(np.concatenate([rng.choice(side, len(side)) for side in sides])) for _ in range(RESAMPLES)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Fitted(
        threshold,
        shares(usual, toxic),
        shares(own, toxic),
        Interval(gain(np.arange(len(toxic))), float(low), float(high)),
    )


def languages(
    arguments: LanguageArguments, progress: Callable[[str], None] = lambda line: None, command: Sequence[str] = ()
) -> Path:
    """Measure, and write `table.md` and `figures.json`. Returns their folder.

    Raises:
        SROError: a file of the data is missing, a language has no labels, or a screener has no card to write into.
    """
    wanted = [one for one in LANGUAGE_SETS if not arguments.languages or one.language in arguments.languages]
    known = {one.language for one in LANGUAGE_SETS}
    if unknown := sorted(set(arguments.languages) - known):
        raise SROError(f"no labelled texts of {', '.join(unknown)}\n  fix: one of {' '.join(sorted(known))}")
    card = encoder_card(arguments.screener) if arguments.write_thresholds else None
    about = json.loads(card.read_text(encoding="utf-8")) if card else {}
    before = read_languages(about, card)
    screener, data = load_screener(arguments.screener), Path(arguments.data)
    if isinstance(screener, EncoderScreener):
        screener = screener.at_usual_threshold()
    count = {code: sum(one.language == code for one in wanted) for code in known}
    judged: dict[LanguageSet, Judged] = {}
    groups: dict[str, list[Labelled]] = defaultdict(list)
    for one in wanted:
        progress(f"{one.language}: {one.name}")
        texts = read_set(one, data)
        judged[one] = judge(screener, draw(texts, arguments.texts // count[one.language], arguments.seed))
        groups[one.language] += draw_harmless_groups(texts, one.language, arguments.groups, arguments.seed)
    by_language = {code: [judged[one] for one in wanted if one.language == code] for code in sorted(groups)}
    alarms = false_alarms(screener, {code: groups[code][: arguments.groups] for code in sorted(groups)})
    fitted = {code: fit_threshold(joined(parts), arguments.seed) for code, parts in by_language.items()}
    told = _languages_of_card(by_language, fitted, before)
    folder = Path(arguments.output_dir)
    tables = [_set_table(judged, screener, arguments.seed), _alarm_table(alarms), _threshold_table(fitted)]
    head = f"`{' '.join(command)}`: {screener.name}, {arguments.texts} texts of each language at most."
    atomic_write_text(folder / "table.md", "\n\n".join([head, *tables]) + "\n")
    atomic_write_text(folder / "figures.json", json.dumps({"screener": screener.name, "languages": told}, indent=1))
    write_manifest(folder, list(command), vars(arguments), {}, arguments.seed)
    if card is not None:
        atomic_write_text(card, json.dumps(about | {"languages": told}, indent=1))
        progress(f"languages and thresholds are in {card}")
    return folder


def false_alarms(
    screener: Screener, groups: Mapping[str, Sequence[Labelled]]
) -> dict[str, tuple[tuple[int, int], tuple[int, int]]]:
    """By language, (number that fail, number in all), first for clean texts that name a group, then for our own
    harmless contrast sentences on held-out templates."""
    own: dict[str, list[Labelled]] = defaultdict(list)
    for row in contrast_rows():
        if row["kind"] == "languages" and in_test_template(str(row["template"])) and not row["TOXICITY"]:
            own[str(row["lang"])].append(Labelled(str(row["text"]), False))
    found = {}
    for code, texts in groups.items():
        counts = []
        for some in (texts, own[code]):
            failed = judge(screener, some).failed if some else np.array([], dtype=bool)
            counts.append((int(failed.sum()), len(failed)))
        found[code] = (counts[0], counts[1])
    return found


def _languages_of_card(
    judged: Mapping[str, Sequence[Judged]], fitted: Mapping[str, Fitted | None], known: Mapping[str, float | None]
) -> dict[str, float | None]:
    """The content for `encoder.json`: languages that the screener reads, and thresholds that help.

    Entries for languages that were not measured (`known`) stay. A measured language is entered only if the screener
    reads it.
    """
    told: dict[str, float | None] = {}
    for code in sorted({*known, *judged} - {"en"}):
        parts = judged.get(code)
        if parts is None:
            told[code] = known[code]
        elif np.mean([auc(p.scores[p.toxic], p.scores[~p.toxic]) for p in parts]) >= READ:
            own = fitted.get(code)
            told[code] = round(own.threshold, 4) if own is not None and own.helps else None
    return told


def _set_table(judged: Mapping[LanguageSet, Judged], screener: Screener, seed: int) -> str:
    reads = languages_read(screener)
    lines = []
    for one, its in judged.items():
        flagged, passed = its.failed[its.toxic], ~its.failed[~its.toxic]
        lines.append(
            [
                one.language + ("" if one.language in reads else " (not read)"),
                one.name,
                "yes" if one.learnt else "no",
                f"{len(its.toxic):,} ({its.toxic.sum():,})",
                _interval(its.auc(seed), ".3f"),
                _share(flagged),
                _share(passed),
            ]
        )
    head = ["language", "set", "learnt from its other rows", "texts (toxic)", "AUC", "toxic flagged", "clean passed"]
    return write_table(head, lines, left=(0, 1, 2))


def _alarm_table(alarms: Mapping[str, tuple[tuple[int, int], tuple[int, int]]]) -> str:
    lines = [
        [code, *(f"{failed} of {count}" + (f" ({_wilson(failed, count)})" if count else "") for failed, count in both)]
        for code, both in alarms.items()
    ]
    return write_table(
        ["language", "clean texts that name a group, flagged", "own harmless sentences, flagged"], lines
    )


def _threshold_table(fitted: Mapping[str, Fitted | None]) -> str:
    lines = []
    for code, its in fitted.items():
        if its is None:
            lines.append([code, "too few texts", "", "", "", "no"])
        else:
            before, after = (f"{flagged:.1%}, {passed:.1%}" for flagged, passed in (its.usual, its.own))
            kept = "yes" if its.helps else "no"
            lines.append([code, f"{its.threshold:.3f}", before, after, _interval(its.gain, "+.3f"), kept])
    head = ["language", "own threshold", "flagged, passed at the usual one", "at its own", "gain in balance", "kept"]
    return write_table(head, lines)


def _interval(found: Interval, form: str) -> str:
    return f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"


def _share(values: np.ndarray) -> str:
    return f"{values.mean():.1%} ({_wilson(int(values.sum()), len(values))})"


def _wilson(successes: int, trials: int) -> str:
    found = wilson(successes, trials)
    return f"{found.low:.1%} to {found.high:.1%}"
