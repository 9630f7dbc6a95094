"""Does a fluency judge agree with the official CoLA classifier, with linguists and with people?

    sro judge check fluency --judge packages/sro-embedded/sro_embedded/judge_fluency relative

Three measures on texts that the judge was not trained on:
- the official classifier's verdicts on the held-out half of `judge_calibration` (see
`sro.evaluation.judges.training.data`);
- the linguists' labels of CoLA's development sets: sentences from the books of the training set (in domain) and from
  other books (out of domain);
- people's ratings of 600 rewrites of emnlp10k: Spearman's rank correlation of P(acceptable) with fluency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
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
    spearman,
    table,
)
from sro.evaluation.judges.loading import FluencyJudge, load_judges
from sro.evaluation.judges.training.data import calibration, ratings
from sro.evaluation.judges.training.fluency_data import FLUENCY_JUDGE, cola
from sro.screeners.check import auc
from sro.screeners.reliability import Bin, reliability_table


@dataclass(frozen=True)
class Figures:
    """Agreement with reference verdicts; all NaN for a judge that has no score for such texts."""

    auc: float
    """Chance that an acceptable text has a higher P(acceptable) than an unacceptable one."""
    balanced_accuracy: float
    mcc: float
    """Matthews' correlation of the verdicts at P = .5, the usual figure for CoLA."""
    accepted: float
    """Share of the texts that the judge accepts."""


@dataclass(frozen=True)
class Agreement:
    """The results of one judge."""

    official: Figures
    official_spearman: float
    """Correlation with the official P(acceptable), on the same texts."""
    official_accepted: float
    """Share of these texts that the official classifier accepts."""
    texts: int
    reliability: tuple[Bin, ...]
    """P(unacceptable) against the share that the official classifier refuses."""
    in_domain: Figures
    out_of_domain: Figures
    people: HumanAgreement


def agreement(judge: FluencyJudge, data: Path) -> Agreement:
    """Measure `judge` on the data sets in the folder `data`.

    Raises:
        SROError: a data set is missing.
    """
    held_out, rated = calibration(data)["held_out"], ratings(data)
    official = np.array([row.acceptable for row in held_out])
    found = judge([row.text for row in held_out], [row.source for row in held_out], None)
    of_people = judge([row.text for row in rated], [row.source for row in rated], None)
    return Agreement(
        official=figures(found, official >= 0.5),
        official_spearman=spearman(found, official),
        official_accepted=float((official >= 0.5).mean()),
        texts=len(held_out),
        reliability=tuple(reliability_table(1.0 - found, official < 0.5)),
        in_domain=_on_cola(judge, data, "in_domain_dev"),
        out_of_domain=_on_cola(judge, data, "out_of_domain_dev"),
        people=human_agreement(of_people, np.array([row.fluency for row in rated]), [row.system for row in rated]),
    )


def _on_cola(judge: FluencyJudge, data: Path, name: str) -> Figures:
    rows = list(cola(data, name))
    found = judge([row.text for row in rows], [""] * len(rows), None)  # they rewrite nothing
    return figures(found, np.array([not row.refused for row in rows]))


def figures(found: np.ndarray, acceptable: np.ndarray) -> Figures:
    """Figures of P(acceptable) [N] against verdicts [N]; NaN if a text has no score."""
    if not np.isfinite(found).all():
        return Figures(*[float("nan")] * 4)
    from sklearn.metrics import matthews_corrcoef

    accepted = found >= 0.5
    recall, pass_rate = (~accepted[~acceptable]).mean(), accepted[acceptable].mean()
    return Figures(
        auc=auc(found[acceptable], found[~acceptable]),
        balanced_accuracy=float(recall + pass_rate) / 2,
        mcc=float(matthews_corrcoef(acceptable, accepted)),
        accepted=float(accepted.mean()),
    )


def check_judges(judges: Sequence[str], data: Path, *, write_card: bool = False) -> str:
    """The table of the judges of these names (see `load_judges`), in Markdown.

    Args:
        write_card: also write README.md into the folder of the first judge.

    Raises:
        SROError: no such judge or data, or `write_card` for a first judge that `sro judge train` did not make.
    """
    folder = Path(judges[0])
    record = record_of(folder) if write_card else {}
    chosen = [load_judges([f"fluency={name}"], "paradetox").fluency for name in judges]
    found = {judge.name: agreement(judge, data) for judge in chosen}
    if write_card:
        atomic_write_text(folder / "README.md", card(found, record, size_of(folder)))
    return markdown(found)


def markdown(found: Mapping[str, Agreement]) -> str:
    """A table with a line for each judge, without a line break at its end."""
    some = next(iter(found.values()))
    head = ["judge", "AUC", "balanced", "MCC", "accepted", "Spearman"]
    head += [f"CoLA {where}: {figure}" for where in ("in", "out") for figure in ("AUC", "balanced", "MCC", "accepted")]
    head += ["people, all", *(f"people, {name}" for name in some.people.by_system)]
    return table(head, {name: _row(result) for name, result in found.items()})


def _row(result: Agreement) -> list[float]:
    return [
        *astuple(result.official),
        result.official_spearman,
        *astuple(result.in_domain),
        *astuple(result.out_of_domain),
        result.people.spearman,
        *result.people.by_system.values(),
    ]


def card(found: Mapping[str, Agreement], record: Mapping[str, Any], size: int) -> str:
    """The README of a judge's folder.

    Args:
        found: agreement by judge; the first is the folder's judge, the others are for comparison.
        record: its `training.json`.
        size: bytes of the folder.
    """
    some = next(iter(found.values()))
    return CARD.format(
        megabytes=size / 1e6,
        table=markdown(found),
        texts=some.texts,
        official_accepted=some.official_accepted,
        rated=some.people.rated,
        reliability=reliability(some.reliability),
        **described(record, FLUENCY_JUDGE.labels),
    )


CARD = """# The embedded fluency judge: a small MiniLM, English

P(acceptable) of a sentence, for evaluation: `sro evaluate --judges embedded`. It stands in for the official CoLA
classifier (`cointegrated/roberta-large-cola-krishna2020`) where no hub can be reached. It reads one text at a time,
without its source, and does not see case.

{megabytes:.1f} MB: {layers} layers of all-MiniLM-L6-v2 with a smaller vocabulary, matrices in float8; the reasons are
in `sro.evaluation.judges.training.train`. Loads by `AutoModelForSequenceClassification.from_pretrained`; labels
`acceptable`
(0) and `unacceptable` (1), in the order of the official classifier; acceptable up to P(unacceptable) = .5.

## How it was made

    sro judge train fluency --data ../shared/data --output_dir packages/sro-embedded/sro_embedded/judge_fluency
    sro judge check fluency --judge packages/sro-embedded/sro_embedded/judge_fluency relative --card true

| data set | unacceptable | acceptable | sha256 |
|---|--:|--:|---|
{trained_on}

`judge_calibration` counts {calibration_repeats} times: rewrites of two fifths of its source comments, each with the
official P(acceptable) as its label. `cola` is CoLA's training set. `whole` are sentences of ParaBank 2 and normal ones
of emnlp10k, `broken` the same with words lost, moved, doubled or added; their labels are .1 and .9; both come in a
round of their own, before the rest. Rewrites of another tenth of the source comments set the threshold, where
{pass_rate:.0%} of those that the official classifier accepts pass; there: AUC {tuned_auc:.3f}, recall
{tuned_recall:.3f}. Which rows were taken, and what the broken sentences are worth:
`sro.evaluation.judges.training.fluency_data`.

Settings: {settings}. Made with {packages}.

## Agreement

{table}

- AUC to Spearman: {texts:,} rewrites of the half of `judge_calibration`'s source comments that is held out, each text
  once, against the verdicts of the official classifier, and its P(acceptable). It accepts {official_accepted:.3f} of
  them; linguists accept .69 of CoLA's development sentences in domain and .69 out of it.
- CoLA: the development sets; `in` are sentences from books that it learnt from, `out` from others.
- People: Spearman of P(acceptable) with the fluency that people saw (mean of three) in {rated} rewrites of emnlp10k;
  all, and within each system.
- The judge that compares with the source (`fluency=relative`) says yes or no, so its AUC is its balanced accuracy. It
  has no score for a sentence without a source.

P(unacceptable) of this judge against the share that the official classifier refuses:

| P(unacceptable) | texts | mean | refused |
|---|--:|--:|--:|
{reliability}

## Limits
- An encoder made for meaning, taught some grammar: it finds lost and scattered words better than wrong agreement, and
  knows little of what linguists argue about (see CoLA, where RoBERTa-large reaches an MCC of .68: Liu et al. 2019).
  Averages over hundreds of sentences mean something, a single verdict little.
- It imitates a classifier that takes slang and missing punctuation for errors.
- English only; it does not see case, which the official classifier does.
- A leader that was trained with it, or chosen by it, needs another judge.

## Licence
Apache-2.0, as all-MiniLM-L6-v2. It holds weights, not texts. Of its training data, CoLA is for research use, ParaBank
Apache-2.0 and judge_calibration BSD-style; no licence is stated at the source of emnlp10k. None of it is distributed
here.
"""
