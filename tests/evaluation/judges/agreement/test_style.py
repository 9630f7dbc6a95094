"""The judge's figures by hand, on data sets of a few rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.evaluation.judges.agreement import style
from sro.evaluation.judges.agreement.common import spearman
from sro.evaluation.judges.agreement.style import agreement, card, check_judges, markdown
from sro.evaluation.judges.training.data import calibration
from sro.screeners.base import Verdict


class Counts:
    """P(fail) is the share of words that are `bad`."""

    name = "counts 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        shares = [text.split().count("bad") / len(text.split()) for text in texts]
        return [Verdict("fail" if share >= 0.5 else "pass", share, self.name) for share in shares]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Forty comments with a refused and an accepted rewrite each; three rated rewrites; two test pairs."""
    rows = [
        {"source": f"comment {i}", "text": f"{text} {i}", "sta": sta, "fluency": 0.5}
        for i in range(40)
        for text, sta in (("bad bad", 0.0), ("good bad" if i % 2 else "good", 1.0))
    ]
    rated = ["original\trewritten\tsource\tstyle\tfluency\tmeaning", *(f"o\t{t}\t{s}\t0.0\t0" for t, s in RATED)]
    test = [{"toxic": "bad", "reference": "fine"}, {"toxic": "quite bad it was", "reference": "bad"}]
    for name, lines in (
        ("judge_calibration/official_labels.jsonl", map(json.dumps, rows)),
        ("emnlp10k/human_ratings_mean.tsv", rated),
        ("paradetox_test/test671.jsonl", map(json.dumps, test)),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


RATED = [("bad", "one\t0.0"), ("bad one two", "one\t0.5"), ("fine", "two\t0.25"), ("fine bad", "two\t1.0")]


def test_figures_by_hand(data: Path) -> None:
    found = agreement(Counts(), data)
    held_out = calibration(data)["held_out"]
    assert (found.official.toxic, found.official.clean) == (len(held_out) / 2, len(held_out) / 2)
    assert (found.official.recall, found.official.pass_rate, found.official.auc) == (1.0, 1.0, 1.0)
    # P(pass) 0, 2/3, 1, 1/2 against 0, .5, .25, 1: ranks 1 3 4 2 against 1 3 2 4, so 1 − 6·8/(4·15)
    assert found.people.spearman == pytest.approx(0.2)
    assert found.people.by_system == pytest.approx({"one": 1.0, "two": -1.0})
    assert (found.people.rated, found.test) == (4, None)


def test_the_test_set_is_read_only_when_asked(data: Path) -> None:
    final = agreement(Counts(), data, final=True).test
    assert final is not None
    assert (final.recall, final.pass_rate) == (0.5, 0.5)
    (data / "paradetox_test/test671.jsonl").unlink()
    assert agreement(Counts(), data).test is None


def test_spearman_shares_ranks_among_ties() -> None:
    # ranks 1.5 1.5 3 against 1 2 3: covariance 1.5/3, variances 1.5/3 and 2/3
    assert spearman(np.array([5, 5, 9]), np.array([0.1, 0.2, 0.3])) == pytest.approx(1.5 / np.sqrt(1.5 * 2))
    assert np.isnan(spearman(np.ones(3), np.arange(3)))


def test_the_card_tells_figures_data_and_settings(data: Path) -> None:
    found = {name: agreement(Counts(), data, final=True) for name in ("mine", "nblr")}
    names = ("lora_rank", "calibration_repeats")
    record = {
        "trained_on": [{"source": "emnlp10k", "toxic": 9618, "neutral": 9966, "sha256": "ab" * 32}],
        "settings": {**dict.fromkeys(names, 6), "pass_rate": 0.96},
        "tuned": {"auc": 0.93, "recall": 0.6, "pass_rate": 0.96, "sources_flagged": 0.981},
        "packages": {"torch": "2.13.0"},
    }
    text = card(found, record, 14_900_000)
    assert "| emnlp10k | 9,618 | 9,966 | abababababab |" in text
    assert markdown(found) in text and "14.9 MB" in text and "0.981" in text and "torch 2.13.0" in text
    head, _, mine, other = markdown(found).splitlines()
    assert head.count("|") == mine.count("|") and mine.startswith("| mine | 1.000 |") and other.startswith("| nblr |")
    assert mine.endswith("| 0.200 | 1.000 | -1.000 | 0.500 | 0.500 |")


def test_no_card_for_a_judge_that_was_not_trained_here(data: Path) -> None:
    with pytest.raises(SROError, match="a card is for a"):
        check_judges(["embedded"], data, write_card=True)


def test_embedded_is_the_judge_and_not_the_screener_of_that_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(name: str) -> Counts:
        loaded.append(name)
        return Counts()

    monkeypatch.setattr(style, "load_screener", load)
    monkeypatch.setattr(style, "embedded_judge", lambda role: Path(f"judge_{role}"))
    check_judges(["embedded", "embedded/linear"], data)
    assert loaded == ["judge_style", "embedded/linear"]


def test_the_command_prints_a_line_for_each_judge(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "check", "--judge", "embedded/linear", "--data", str(data)]) == 0
    head, _, line = capsys.readouterr().out.splitlines()
    assert head.startswith("| judge | AUC |") and line.startswith("| nblr ") and "references" not in head
