"""The fluency judge's training rows: nothing learnt is measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sro.comments.clean import letters_and_digits
from sro.evaluation.judges.training.data import Labelled, calibration, ratings
from sro.evaluation.judges.training.fluency_data import cola, training_rows, tuning_rows

DATA = Path(os.environ.get("SRO_DATA") or Path(__file__).parents[5] / "shared" / "data")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the data sets: set SRO_DATA")


def test_cola_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "cola").mkdir()
    (tmp_path / "cola/in_domain_dev.tsv").write_text('gj04\t1\t\tThe "ship sank.\ngj04\t0\t*\tSank  ship.\n')
    assert list(cola(tmp_path, "in_domain_dev")) == [Labelled('The "ship sank.', False), Labelled("Sank ship.", True)]


@needs_data
def test_nothing_that_measures_the_judge_trains_it() -> None:
    sets = training_rows(DATA)
    assert len(sets["judge_calibration"]) > 1_500 and len(sets["cola"]) > 8_000
    assert 0.8 < len(sets["broken"]) / len(sets["whole"]) <= 1
    trained = {letters_and_digits(row.text) for rows in sets.values() for row in rows}
    parts = calibration(DATA)
    measured = {letters_and_digits(row.text) for part in ("tune", "held_out") for row in parts[part]}
    measured |= {
        letters_and_digits(row.text) for name in ("in_domain_dev", "out_of_domain_dev") for row in cola(DATA, name)
    }
    measured |= {letters_and_digits(row.text) for row in ratings(DATA)} | {
        letters_and_digits(row.source) for row in ratings(DATA)
    }
    assert len(measured) > 4_000
    whole = trained - {letters_and_digits(row.text) for row in sets["broken"]}
    assert not whole & measured
    tuning = tuning_rows(DATA)
    assert {letters_and_digits(row.text) for row in tuning.rewrites} <= measured and not tuning.comments
    assert [row.refused for row in tuning.rewrites] == [1 - row.acceptable for row in parts["tune"]]
