"""The fluency judge's figures by hand, on data sets of a few rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_judges import tiny_roberta

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.evaluation.judges.agreement.fluency import agreement, card, check_judges, figures, markdown
from sro.evaluation.judges.training.data import calibration


class Counts:
    """P(acceptable) is the share of words that are not `bad`."""

    name = "counts 1"

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        return np.array([1 - text.split().count("bad") / len(text.split()) for text in texts])


class Compares(Counts):
    """Has no score without a source."""

    name = "compares 1"

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        return np.where([bool(source) for source in sources], super().__call__(texts, sources), np.nan)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Forty comments with a refused and an accepted rewrite each; four rated rewrites; CoLA of three sentences."""
    rows = [
        {"source": f"comment {i}", "text": f"{text} {i}", "sta": 1.0, "fluency": fluency}
        for i in range(40)
        for text, fluency in (("bad bad", 0.2), ("good bad not" if i % 2 else "good", 0.8))
    ]
    cola = ["a\t1\t\tyou thank", "a\t1\t\tbad bad you", "a\t0\t*\tbad what"]
    rated = ["original\trewritten\tsource\tstyle\tfluency\tmeaning", *(f"o\t{line}\t0" for line in RATED)]
    for name, lines in (
        ("judge_calibration/official_labels.jsonl", map(json.dumps, rows)),
        ("emnlp10k/human_ratings_mean.tsv", rated),
        ("cola/in_domain_dev.tsv", cola),
        ("cola/out_of_domain_dev.tsv", cola[:1] + cola[2:]),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


RATED = ["bad\tone\t0\t0.0", "bad one two\tone\t0\t0.5", "fine\ttwo\t0\t0.25", "fine bad\ttwo\t0\t1.0"]


def test_figures_of_four_texts() -> None:
    found = figures(np.array([0.9, 0.5, 0.4, 0.1]), np.array([True, False, True, False]))
    assert (found.auc, found.balanced_accuracy, found.mcc, found.accepted) == (0.75, 0.5, 0.0, 0.5)
    assert np.isnan(figures(np.array([0.5, np.nan]), np.array([True, False])).accepted)


def test_agreement_by_hand(data: Path) -> None:
    found = agreement(Counts(), data)
    assert found.texts == len(calibration(data)["held_out"])
    assert (found.official.auc, found.official.mcc, found.official_accepted) == (1.0, 1.0, 0.5)
    assert found.official_spearman > 0.8
    # acceptable 1 and 1/3, not acceptable 1/2: which "a" is told from "b" in one pair of two
    assert (found.in_domain.auc, found.in_domain.balanced_accuracy) == (0.5, 0.25)
    assert (found.out_of_domain.auc, found.out_of_domain.accepted) == (1.0, 1.0)
    # P 0, 2/3, 1, 1/2 against 0, .5, .25, 1: ranks 1 3 4 2 against 1 3 2 4, so 1 − 6·8/(4·15)
    assert found.people.spearman == pytest.approx(0.2)
    assert found.people.by_system == pytest.approx({"one": 1.0, "two": -1.0})


def test_a_judge_that_compares_has_no_score_on_cola(data: Path) -> None:
    table = markdown({judge.name: agreement(judge, data) for judge in (Counts(), Compares())})
    head, _, counts, compares = table.splitlines()
    assert head.count("|") == counts.count("|") == compares.count("|")
    assert counts.startswith("| counts 1 | 1.000 | 1.000 | 1.000 | 0.500 |") and counts.endswith("| 1.000 | -1.000 |")
    assert compares.count("| – ") == 8 and compares.endswith("| 0.200 | 1.000 | -1.000 |")


def test_the_card_tells_figures_data_and_settings(data: Path) -> None:
    found = {judge.name: agreement(judge, data) for judge in (Counts(), Compares())}
    settings = {"layers": 6, "calibration_repeats": 3, "num_train_epochs": 2.0, "bf16": True, "pass_rate": 0.87}
    record = {
        "trained_on": [{"source": "cola", "unacceptable": 2507, "acceptable": 5984, "sha256": "ab" * 32}],
        "settings": settings,
        "tuned": {"auc": 0.81, "recall": 0.6, "pass_rate": 0.87},
        "packages": {"torch": "2.13.0"},
    }
    text = card(found, record, 14_900_000)
    assert "| cola | 2,507 | 5,984 | abababababab |" in text and "num_train_epochs 2" in text
    assert markdown(found) in text and "14.9 MB" in text and "0.810" in text and "torch 2.13.0" in text


def test_no_card_for_a_judge_that_was_not_trained_here(data: Path) -> None:
    with pytest.raises(SROError, match="a card is for a"):
        check_judges(["relative"], data, write_card=True)


def test_the_command_prints_a_line_for_each_judge(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny_roberta(data / "mine", ["acceptable", "unacceptable"])
    assert main(["judge", "check", "fluency", "--judge", str(folder), "--data", str(data)]) == 0
    head, _, line = capsys.readouterr().out.splitlines()
    assert head.startswith("| judge | AUC |") and line.startswith("| mine ")
    assert main(["judge", "check", "fluenc", "--judge", str(folder)]) == 2
    assert "no judge of 'fluenc'; did you mean 'fluency'?" in capsys.readouterr().err
