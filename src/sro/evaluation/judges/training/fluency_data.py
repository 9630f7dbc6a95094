"""Training data of the embedded fluency judge: linguists' labels, the official classifier's, and broken sentences.

CoLA's sentences come from textbooks of syntax. The comments that the judge will read have other faults: slang, lost
words and missing punctuation. So the judge also learns the official P(acceptable) of the rewrites in the training part
of `judge_calibration` (1,738 texts, three times each), as a soft label. The encoder was made for meaning and knows
little about word order. So the judge also learns to distinguish sentences that people wrote from the same sentences
with a fault.

The table shows the value of each part: AUC against the official verdicts on the tuning part (485 texts, ±.02) and on
CoLA's development sets, and Spearman with people's fluency ratings of rewrites of emnlp10k. The last column is the AUC
on the held-out half (2,081 texts, ±.01), which was printed beside them:

| learnt, in trials | tuning | CoLA in | CoLA out | people | held out |
|---|---:|---:|---:|---:|---:|
| CoLA and the official P, three epochs | .747 | .743 | .676 | .348 | .788 |
| broken sentences alone, one epoch | .753 | .565 | .621 | .359 | .726 |
| all together, two epochs | .807 | .742 | .684 | .388 | .792 |
| broken sentences first, then CoLA and the official P | **.820** | **.762** | **.691** | **.406** | **.809** |

The shipped judge is trained as in the last row: one epoch on broken sentences, then three on CoLA and the official P
(`FLUENCY_JUDGE.rounds`, `second_round_epochs`). With the pass rate of .82, the judge accepts as many of the tuning
texts as the official classifier does.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from sro.comments.clean import clean, letters_and_digits
from sro.comments.synthetic_errors import (
    LENGTHS,
    Fault,
    add,
    break_off,
    broken_sentence,
    delete_noun_after_determiner,
    drop_function_word,
    repeat,
    shuffle,
    swap,
)
from sro.evaluation.judges.training.data import (
    JudgeSpec,
    Labelled,
    Rewrite,
    Tuning,
    calibration,
    existing,
    open_data,
    ratings,
    unseen,
)

SURE = 0.9
"""P(unacceptable) of a broken sentence, and P(acceptable) of a whole one. It is not 1, because some sentences are
still fine without the lost word."""
SENTENCES = 20_000
"""Largest number of sentences to break."""


def training_rows(data: Path) -> dict[str, list[Labelled]]:
    """Rows by data set, `judge_calibration` first. Except for broken sentences, no two rows have the same letters and
    digits.

    The rows contain no text that is used to measure the judge, neither whole nor broken.

    Raises:
        SROError: a file is missing.
    """
    parts = calibration(data)
    kept_apart = chain(
        (row.text for part in ("tune", "held_out") for row in parts[part]),
        (row.text for name in ("in_domain_dev", "out_of_domain_dev") for row in cola(data, name)),
        (text for row in ratings(data) for text in (row.text, row.source)),
    )
    taken = {"", *map(letters_and_digits, kept_apart)}

    whole = [Labelled(text, 1.0 - SURE) for text in whole_sentences(data)]
    sets = {"judge_calibration": _official(parts["train"]), "cola": cola(data, "in_domain_train"), "whole": whole}
    found = {name: list(unseen(rows, taken)) for name, rows in sets.items()}
    draw = random.Random(0)
    whole = draw.sample(found["whole"], min(SENTENCES, len(found["whole"])))
    broken = (Labelled(text, SURE) for row in whole if (text := broken_sentence(row.text, draw, FAULTS)))
    return {**found, "whole": whole, "broken": list(broken)}


def tuning_rows(data: Path) -> Tuning:
    """The tuning part of `judge_calibration`, without source comments: they have no official P(acceptable)."""
    return Tuning(list(_official(calibration(data)["tune"])), [])


def _official(rewrites: Iterable[Rewrite]) -> Iterator[Labelled]:
    for rewrite in rewrites:
        yield Labelled(rewrite.text, 1.0 - rewrite.acceptable)


def cola(data: Path, name: str) -> Iterator[Labelled]:
    """A file of CoLA (Warstadt et al. 2018): in_domain_train, in_domain_dev or out_of_domain_dev."""
    for row in csv.reader(open_data(data / f"cola/{name}.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE):
        yield Labelled(clean(row[3]), row[1] == "0")


# --- sentences to break ----------------------------------------------------------------------------------------------


def whole_sentences(data: Path) -> Iterator[str]:
    """Sentences of suitable length that people wrote: both sides of ParaBank's paraphrases, and the normal sentences
    of emnlp10k."""
    texts: list[str] = []
    for name in ("parabk2_test", "parabk2_validation"):
        with gzip.open(existing(data / f"paraphrase/{name}.csv.gz"), "rt", encoding="utf-8", newline="") as file:
            texts += (text for row in csv.DictReader(file) for text in (row["source"], row["target"]))
    texts += open_data(data / "emnlp10k/normal.txt")
    yield from (clean(text) for text in texts if len(text.split()) in LENGTHS)


FAULTS: tuple[Fault, ...] = (
    drop_function_word,
    drop_function_word,
    drop_function_word,
    swap,
    swap,
    repeat,
    shuffle,
    add,
    delete_noun_after_determiner,
    break_off,
)

FLUENCY_JUDGE = JudgeSpec(
    ("acceptable", "unacceptable"),
    training_rows,
    tuning_rows,
    (("whole", "broken"), ("cola", "judge_calibration")),
    {"output_dir": "runs/judge_fluency", "pass_rate": 0.82, "num_train_epochs": 1, "second_round_epochs": 3},
)
"""The first round teaches broken sentences, which MiniLM does not recognise without training. The second round teaches
what linguists and the official judge accept."""
