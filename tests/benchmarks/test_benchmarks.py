"""The benchmarks' heads, tables and figures: fair turns, right ratios, and nothing left out of the JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks import bulk, machine, rewriting, screening
from sro.core.errors import SROError
from sro.evaluation.judges.loading import Judges
from sro.screeners.base import Verdict


def test_the_machine_line_names_processor_threads_and_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    found = machine.this_machine(["numpy", "no-such-package"])
    assert f"3 threads, load {found.load:.1f}" in str(found)
    assert f"numpy {np.__version__}, no-such-package not installed" in str(found)
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU 9000\nprocessor\t: 1\n")
    assert machine.processor(tmp_path / "cpuinfo") == "Some CPU 9000"


def test_one_file_holds_machine_figures_text_and_command(tmp_path: Path) -> None:
    found = machine.this_machine(["numpy"])
    machine.save(
        tmp_path / "new" / "f.json", ["b.py", "--size", "2"], {"size": 2}, found, {"seconds": [1.5]}, "a table"
    )
    saved = json.loads((tmp_path / "new" / "f.json").read_text())
    assert saved["machine"]["packages"] == {"numpy": np.__version__}
    assert (saved["figures"], saved["text"]) == ({"seconds": [1.5]}, "a table")
    assert saved["manifest"]["command"] == ["b.py", "--size", "2"] and saved["manifest"]["config"] == {"size": 2}


def test_data_come_from_the_data_folder_or_the_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRO_DATA", str(tmp_path))
    assert machine.data_file("some.txt[-5:]", "starter:toxic") == "starter:toxic"
    (tmp_path / "some.txt").write_text("a\n")
    assert machine.data_file("some.txt[-5:]", "starter:toxic") == f"{tmp_path / 'some.txt'}[-5:]"


def test_a_ratio_is_within_turns() -> None:
    assert rewriting.ratio({"a": [1.0, 2.0, 4.0], "b": [3.0, 4.0, 4.0]}, "a", "b") == 2.0


def test_percentiles_are_medians_of_turns() -> None:
    assert rewriting.percentile([[1.0, 3.0], [10.0, 10.0], [0.0, 0.0]], 50) == 2.0


def test_speeds_stand_against_both_baselines() -> None:
    seconds = {rewriting.FLOAT32: [4.0, 4.0], "ctranslate2-int8": [1.0, 2.0]}
    latencies = {name: [[0.5], [0.5]] for name in seconds}
    against = [rewriting.FLOAT32, rewriting.BF16]
    shown = rewriting.speed_table(8, seconds, latencies, dict.fromkeys(seconds, 9.0), against)
    assert "| ctranslate2-int8 | 6.0 | 4.0 | 8.0 | 9.0 | 3.00 | – | 0.500 | 0.500 |" in shown


class Refusing:
    """Fails what holds "bad"."""

    name = "refusing"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if "bad" in text else "pass", float("bad" in text), self.name) for text in texts]


class Judge:
    """A judge that is a function."""

    name = "function"

    def __init__(self, function: Callable[..., np.ndarray]) -> None:
        self.function = function

    def __call__(self, *texts: Sequence[str] | None) -> np.ndarray:
        return self.function(*texts)


def test_quality_is_beside_the_first_engines() -> None:
    said = {rewriting.FLOAT32: ["good a", "good b"], "ctranslate2-int8": ["good a", "bad b"]}

    def style(texts: Sequence[str]) -> np.ndarray:
        return np.array([float("bad" not in text) for text in texts])

    judges = Judges(Judge(style), Judge(lambda t, s: np.ones(len(t))), Judge(lambda t, s, r: np.ones(len(t))))
    found = rewriting.quality(["bad a", "bad b"], said, Refusing(), judges)
    ours = found["ctranslate2-int8"]
    assert (ours.identical, ours.passed, ours.j.value, ours.difference.value) == (0.5, 0.5, 0.5, -0.5)
    assert found[rewriting.FLOAT32].difference == (0.0, 0.0, 0.0)
    assert "| ctranslate2-int8 | 0.500 | 0.500 | 0.500 | 1.000 | 1.000 | 0.500 [" in rewriting.quality_table(found)


def test_an_engine_that_rewrites_worse_reaches_no_goal() -> None:
    def judged(high: float) -> rewriting.Quality:
        difference = rewriting.Interval(-0.1, -0.2, high)
        return rewriting.Quality(1.0, 1.0, 1.0, 1.0, 1.0, rewriting.Interval(1.0, 1.0, 1.0), difference)

    seconds = {rewriting.FLOAT32: [4.5], "ctranslate2-int8": [1.0]}
    latencies = {"ctranslate2-int8": [[0.8]]}
    shown = rewriting.goals(seconds, latencies, {"ctranslate2-int8": judged(0.1)})
    assert "found 4.50: met" in shown and "found 0.800: NOT MET" in shown
    assert "none" in rewriting.goals(seconds, latencies, {"ctranslate2-int8": judged(-0.1)})


def test_variants_are_read() -> None:
    assert rewriting.read_variant("2x1:150") == (2, 1, 150)
    for wrong in ("2x1", "0x1:8", "2x1:8s", "2x1:0"):
        with pytest.raises(SROError, match="fix: WORKERS"):
            rewriting.read_variant(wrong)


def test_a_peer_that_is_not_there_has_a_row_with_the_mend() -> None:
    shown = screening.table("some", 12, {"nblr, verdicts": [1.0], "alt-profanity-check, verdicts": [2.0]})
    assert shown.count("not installed: `pip install") == 1
    assert "| alt-profanity-check, probabilities | not installed" in shown


def test_goals_of_screening_are_lines() -> None:
    ours = {"nblr, probabilities": [1.0], "nblr, verdicts": [2.0]}
    shown = screening.goals({"some": ours}, {"some": 90_000}, 0.5).splitlines()
    assert len(shown) == 2 and shown[0].endswith("found 45,000 (some): NOT MET") and shown[1].endswith(": met")
    theirs = {"alt-profanity-check, probabilities": [3.0], "alt-profanity-check, verdicts": [3.0]}
    assert "found 1.50 times (some): met" in screening.goals({"some": ours | theirs}, {"some": 90_000}, 0.5)


def test_short_texts_have_a_collection_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("this is a short one\nthis one is not short at all as it has many words\n")
    found = screening.collections(screening.Work(texts=[str(tmp_path / "c.txt")], short=5))
    assert {name: len(texts) for name, texts in found.items()} == {"c.txt": 2, "c.txt, at most 5 words": 1}


def test_bulk_figures_by_hand() -> None:
    curve = [(float(i), 100.0 if i < 11 else 150.0) for i in range(21)]
    found = bulk.Figures("screen", 100, 20, 1, seconds=25.0, loading=5.0, cpu=10.0, curve=curve)
    assert (found.rate, found.cpu_rate, found.failed_cpu_rate, found.peak) == (5.0, 10.0, 2.0, 150.0)
    assert found.growth == 1.5
    assert bulk.number_in("│ fail │ 1,234 │", "fail") == 1234 and bulk.number_in("│ pass │ 5 │", "fail") == 0
