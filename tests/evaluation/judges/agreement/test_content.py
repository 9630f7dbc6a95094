"""The content judge's figures by hand, on four rated rewrites."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_judges import tiny_bert

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.evaluation.judges.agreement.content import SharedWords, agreement
from sro.evaluation.judges.training.data import ratings

HEAD = "original\trewritten\tsource\tstyle\tfluency\tmeaning"
RATED = [
    "you rude fool\tYou fool !\tone\t0\t0\t0.75",  # two of three words; the mark counts for none
    "you rude fool\tnice day\tone\t0\t0\t0.25",  # none
    "you rude fool\tyou rude fool\ttwo\t0\t0\t0.5",  # all
    "you rude fool\tyou there\ttwo\t0\t0\t1.0",  # one of four
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "emnlp10k").mkdir()
    (tmp_path / "emnlp10k/human_ratings_mean.tsv").write_text("\n".join([HEAD, *RATED]) + "\n", encoding="utf-8")
    return tmp_path


def test_shared_words_of_all_words() -> None:
    texts, sources = ["You fool !", "nice day", "a", "!"], ["you rude fool", "you rude fool", "a a", "?"]
    assert SharedWords()(texts, sources) == pytest.approx([2 / 3, 0, 1, 1])


def test_agreement_by_hand(data: Path) -> None:
    # 2/3, 0, 1, 1/4 against .75, .25, .5, 1: ranks 3 1 4 2 against 3 1 2 4, so 1 − 6·8/(4·15)
    found = agreement(SharedWords(), ratings(data))
    assert found.spearman == pytest.approx(0.2) and found.rated == 4
    assert found.by_system == pytest.approx({"one": 1.0, "two": -1.0})


def test_the_judge_sees_rewrite_and_comment_in_this_order(data: Path) -> None:
    class Longer:
        name = "longer 1"

        def __call__(self, texts: list[str], sources: list[str], /) -> np.ndarray:
            return np.array([len(text) / len(source) for text, source in zip(texts, sources)])

    assert agreement(Longer(), ratings(data)[:2]).spearman > 0.99  # 10/13 and 8/13 against .75 and .25


def test_the_command_prints_a_line_for_each_judge(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny_bert(data / "mine")
    assert main(["judge", "check", "content", "--judge", str(folder), "--data", str(data)]) == 0
    head, _, mine, words = capsys.readouterr().out.splitlines()
    assert head == "| judge | people, all | people, one | people, two |"
    assert mine.startswith("| mine ") and words == "| shared words | 0.200 | 1.000 | -1.000 |"


def test_mistakes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "train", "content", "--output_dir", str(data / "out")]) == 2
    assert "there is only `sro judge check content`" in capsys.readouterr().err
    assert main(["judge", "check", "content", "--judge", "embedded", "--data", str(data / "nowhere")]) == 2
    assert "human_ratings_mean.tsv: no such file" in capsys.readouterr().err
    with pytest.raises(SROError, match="no such file"):
        ratings(data / "nowhere")
