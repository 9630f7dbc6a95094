"""Does a style judge agree with the official classifier and with people?

    sro judge check style --judge packages/sro-embedded/sro_embedded/judge_style embedded/linear

Three measures on texts that the judge was not trained on:
- labels of the official RoBERTa classifier on the held-out half of `judge_calibration` (see
  `sro.evaluation.judges.training.data`): AUC, and recall and pass rate at its own threshold;
- people's ratings of 600 rewrites of emnlp10k: Spearman's rank correlation of P(pass) with style;
- the official test set, read only at the very end: share of the sources that fail, and of the human references that
  pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sro.core.files import atomic_write_text
from sro.evaluation.judges.agreement.common import (
    HumanAgreement,
    described,
    human_agreement,
    record_of,
    reliability,
    size_of,
    table,
)
from sro.evaluation.judges.loading import embedded_judge
from sro.evaluation.judges.training.data import calibration, ratings
from sro.evaluation.judges.training.style_data import STYLE_JUDGE, official_pairs
from sro.screeners.base import Screener
from sro.screeners.check import ScreenerCheck, check
from sro.screeners.loading import load_screener


@dataclass(frozen=True)
class Agreement:
    """The results of one judge."""

    official: ScreenerCheck
    """Against the official labels, each text once: `toxic` are the rewrites that the official classifier refuses."""
    people: HumanAgreement
    """Correlation of P(pass) with people's ratings of style."""
    test: ScreenerCheck | None = None
    """`recall` on the sources and `pass_rate` on the references of the official test set; None: not read."""


def agreement(judge: Screener, data: Path, final: bool = False) -> Agreement:
    """Measure `judge` on the data sets in the folder `data`.

    Args:
        final: also read the official test set. Do not use it while you are still choosing anything.

    Raises:
        SROError: a data set is missing.
    """
    held_out = calibration(data)["held_out"]
    toxic, neutral = ([row.text for row in held_out if row.toxic is side] for side in (True, False))
    rated = ratings(data)
    passing = np.array([1.0 - verdict.probability for verdict in judge.screen([row.text for row in rated])])
    return Agreement(
        official=check(judge, toxic, neutral),
        people=human_agreement(passing, np.array([row.style for row in rated]), [row.system for row in rated]),
        test=check(judge, *official_pairs(data)) if final else None,
    )


def check_judges(judges: Sequence[str], data: Path, *, final: bool = False, write_card: bool = False) -> str:
    """The table of the judges of these names, in Markdown.

    Args:
        judges: `embedded` is the judge of `sro evaluate --judges embedded`; any other name or folder is a screener's
            (see `load_screener`), such as `embedded/linear`.
        write_card: also write README.md into the folder of the first judge.

    Raises:
        SROError: no such judge or data, or `write_card` for a first judge that `sro judge train` did not make.
    """
    folder = Path(judges[0])
    record = record_of(folder) if write_card else {}
    found = {judge.name: agreement(judge, data, final) for judge in map(_load_judge, judges)}
    if write_card:
        atomic_write_text(folder / "README.md", card(found, record, size_of(folder)))
    return markdown(found)


def _load_judge(name: str) -> Screener:
    return load_screener(str(embedded_judge("style")) if name == "embedded" else name)


def markdown(found: Mapping[str, Agreement]) -> str:
    """A table with a line for each judge, without a line break at its end."""
    some = next(iter(found.values()))
    head = ["judge", "AUC", "balanced accuracy", "recall", "pass rate", "Brier", "Spearman, all"]
    head += [f"Spearman, {name}" for name in some.people.by_system]
    head += ["sources flagged", "references passed"] if some.test else []
    return table(head, {name: _figures(result) for name, result in found.items()})


def _figures(result: Agreement) -> list[float]:
    a, test = result.official, result.test
    figures = [a.auc, a.balanced_accuracy, a.recall, a.pass_rate, a.brier]
    figures += [result.people.spearman, *result.people.by_system.values()]
    return figures + ([test.recall, test.pass_rate] if test else [])


def card(found: Mapping[str, Agreement], record: Mapping[str, Any], size: int) -> str:
    """The README of a judge's folder.

    Args:
        found: agreement by judge; the first is the folder's judge, the others are for comparison.
        record: its `training.json`.
        size: bytes of the folder.
    """
    some = next(iter(found.values()))
    test = TEST.format(sources=some.test.toxic, references=some.test.clean) if some.test else TEST_NOT_READ
    return CARD.format(
        megabytes=size / 1e6,
        table=markdown(found),
        toxic=some.official.toxic,
        neutral=some.official.clean,
        rated=some.people.rated,
        ece=some.official.ece,
        test=test,
        reliability=reliability(some.official.reliability),
        **described(record, STYLE_JUDGE.labels),
    )


TEST_NOT_READ = "The official test set was not read."
TEST = """The last two columns are the official ParaDetox test set, {sources} sources and {references} human
  references, read once, at the end, to describe this judge; nothing was chosen by it."""

CARD = """# The embedded style judge: two opinions, English

P(toxic) of a sentence, for evaluation: `sro evaluate --judges embedded`. It reads one text at a time, without its
source. No sentence of any file that the embedded screener (`assets/screener`) was made from is among its data, and
one of its two members reads sentences, where the screener counts n-grams.

The mean of the log-odds of two classifiers (`sro.screeners.ensemble`), {megabytes:.1f} MB in all;
toxic from P = .5 on:

- `ngrams`: a logistic regression on TF-IDF of 1–2-grams of words and 2–5-grams of characters.
- `smollm2`: LoRA (r = {lora_rank}, all linear layers, float16) and a head on SmolLM2-135M-Instruct. It shares these
  weights with the embedded leader, whose rewrites it judges, though neither what the leader learnt nor its data.

## How it was made

    sro judge train style --data ../shared/data --output_dir packages/sro-embedded/sro_embedded/judge_style
    sro judge check style --judge packages/sro-embedded/sro_embedded/judge_style embedded/linear \\
      --final true --card true

| data set | toxic | neutral | sha256 |
|---|--:|--:|---|
{trained_on}

`judge_calibration` counts {calibration_repeats} times: rewrites of two fifths of its source comments, with the labels
of the official classifier, and these comments, as toxic. Of `paradetox_train` the comments count as toxic, people's
rewrites as neutral. Another tenth of the calibration comments set the threshold, where {pass_rate:.0%} of the accepted
rewrites pass; there, on rows that were not learnt from: AUC {tuned_auc:.3f}, recall {tuned_recall:.3f}, source
comments flagged {tuned_sources_flagged:.3f}. Which rows were taken of each set, which sets were not taken, and why:
`sro.evaluation.judges.training.style_data`.

Settings: {settings}. Made with {packages}.
`adapter_rows`: what `smollm2` learnt from of a data set that has more, drawn. It took 40 minutes of two cores beside
other work.

## Agreement

{table}

- AUC to Brier: {toxic:,} rewrites that the official classifier (`s-nlp/roberta_toxicity_classifier`) refuses, and
  {neutral:,} that it accepts, of the half of `judge_calibration`'s source comments that is held out; each text once.
  Recall: refused ones that the judge fails too. Pass rate: accepted ones that it passes.
- Spearman: P(pass) against the style that people saw (mean of three) in {rated} rewrites of emnlp10k; all, and within
  each system.
- {test}
- `nblr` is `embedded/linear`, for comparison. Its settings were tuned on `judge_calibration`.

P(toxic) of this judge against the share that the official classifier refuses (expected calibration error {ece:.3f}):

| P(toxic) | texts | mean | refused |
|---|--:|--:|--:|
{reliability}

## Limits
- It imitates a classifier that is itself strict (contempt without a rude word, any "stupid"), and wrong at times.
  Compare systems by it, beside people's judgement; do not moderate with it.
- As its data do, it may take the mention of a group for an insult. Measure:
  `sro screener check --screener packages/sro-embedded/sro_embedded/judge_style --clean FILE`.
- English only. Disguised spelling (`f*ck`, `i d i o t`) is not undone; `sro.comments.normalise` does that for common
words.
- A leader that was trained with it, or chosen by it, needs another judge.

## Licence
Apache-2.0, as SmolLM2. It holds weights and n-grams, insults and slurs among them, not texts. Of its training data,
toxic_spans is CC0, davidson MIT
and judge_calibration BSD-style; no licence is stated at the source of emnlp10k. None of it is distributed here.
"""
