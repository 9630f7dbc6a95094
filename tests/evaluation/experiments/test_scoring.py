"""Arms before judges that can be checked by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sro.evaluation.experiments.arms import Trained
from sro.evaluation.experiments.perturbation import SRO, corrected_arm, flip_arm, picture
from sro.evaluation.experiments.scoring import START, compare, markdown, sheet, to_csv
from sro.evaluation.judges.loading import Judges
from sro.screeners.base import Verdict


class ByWord:
    """Any of the judges: 1 where a text has none of its words, else 0."""

    def __init__(self, *words: str) -> None:
        self.words = set(words)
        self.name = f"no {'/'.join(words)}"

    def __call__(self, texts: Sequence[str], *_: object) -> np.ndarray:
        return np.array([0.0 if self.words & set(text.split()) else 1.0 for text in texts])


class Rude:
    name = "rude 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if "rude" in text.split() else "pass", 0.5, self.name) for text in texts]


COMMENTS = ["rude one", "rude two", "rude three", "rude four"]
TRAINED = Trained(
    COMMENTS,
    start=["rude one", "rude two", "rude three", "kind four"],
    rewrites={
        SRO: [
            ["kind one", "kind two", "kind three", "kind four"],
            ["kind one", "kind two", "rude three", "kind four"],
        ],
        flip_arm(0.1): [["kind one", "lost two", "rude three", "kind four"]] * 2,
        corrected_arm(0.1): [["kind one", "kind two", "broken three", "kind four"]] * 2,
    },
)
JUDGES = Judges(ByWord("rude"), ByWord("lost"), ByWord("broken"))


def test_means_over_sentences_and_seeds() -> None:
    found = compare(TRAINED, JUDGES, Rude())
    arms = {arm.name: float(arm.j.mean()) for arm in found.arms if arm.trained}
    assert arms == pytest.approx({SRO: 0.875, "SRO p=0.1": 0.5, "robust p=0.1": 0.75})
    assert float(found.arm(START).j.mean()) == 0.25
    sro = found.arm(SRO)
    assert sro.j_of_seeds == [1.0, 0.75] and sro.j.tolist() == [1, 1, 0.5, 1]
    assert (sro.pass_rate, sro.copy_rate) == pytest.approx((0.875, 0.125))
    assert found.arm("SRO p=0.1").mean("sim") == 0.75 and found.arm("robust p=0.1").mean("fl") == 0.75


def test_the_baselines_of_every_table_are_there() -> None:
    found = compare(TRAINED, JUDGES, Rude())
    assert [arm.name for arm in found.arms if not arm.trained] == [START, "copy", "delete", "phrase table"]
    copied, deleted = found.arm("copy"), found.arm("delete")
    assert (copied.mean("sta"), copied.copy_rate, copied.pass_rate) == (0, 1, 0)
    assert (deleted.mean("sta"), deleted.copy_rate, deleted.pass_rate) == (1, 0, 1)  # `rude` is what Rude refuses
    assert found.gain("delete").value == pytest.approx(0.75)


def test_gains_are_paired_over_sentences() -> None:
    found = compare(TRAINED, JUDGES, Rude())
    gain = found.gain(SRO)
    assert gain.value == pytest.approx(0.625) and 0 <= gain.low < 0.625 < gain.high <= 1
    assert found.against("robust p=0.1", SRO).value == pytest.approx(-0.125)


def test_the_table_says_what_was_measured() -> None:
    text = markdown(compare(TRAINED, JUDGES, Rude()), "Flips", "Two seeds.", SRO)
    assert text.startswith("# Flips\n\nTwo seeds.\n\nParaDetox protocol on 4 held-out comments.")
    assert "style by no rude; content by no lost; fluency by no broken" in text and "rude 1" in text
    lines = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in text.splitlines() if line.startswith("|")}
    assert lines[SRO][1:3] == ["0.875", "1.000 0.750"] and lines[SRO][4:6] == ["100%", "–"]
    assert lines["SRO p=0.1"][4] == "40%" and lines["robust p=0.1"][4] == "80%"
    assert lines[START][2:5] == ["–", "–", "–"]
    assert lines["copy"][1:5] == ["0.000", "–", lines["copy"][3], "–"] and lines["copy"][3].startswith("-0.250 [")
    assert list(lines)[2:] == [START, SRO, "SRO p=0.1", "robust p=0.1", "copy", "delete", "phrase table"]


def test_csv_has_a_line_a_seed() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(compare(TRAINED, JUDGES, Rude())))))
    assert [(row["arm"], row["seed"]) for row in rows][:3] == [(START, "1"), (SRO, "1"), (SRO, "2")]
    assert [float(row["j"]) for row in rows[:3]] == [0.25, 1.0, 0.75]
    assert [(row["arm"], row["j"]) for row in rows[-3:-1]] == [("copy", "0.000000"), ("delete", "1.000000")]


def test_the_sheet_has_the_first_seed_of_each_arm_and_the_start_last() -> None:
    lines = sheet(TRAINED, compare(TRAINED, JUDGES, Rude()))
    assert len(lines) == 16 and lines[0].system == SRO and lines[-1].system == START
    assert (lines[2].row, lines[2].source, lines[2].rewrite) == (3, "rude three", "kind three")
    assert lines[2].scores == {"sta": 1.0, "sim": 1.0, "fl": 1.0, "j": 1.0}


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    picture(compare(TRAINED, JUDGES, Rude()), [0.1], [0.1], str(tmp_path / "flips.png"))
    assert (tmp_path / "flips.png").read_bytes().startswith(b"\x89PNG")
