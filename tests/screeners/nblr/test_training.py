"""`sro screener`: train from named sources, check, screen; held-out sentences never reach the training."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

import pytest

from sro.apps.cli import main
from sro.comments.sources import load_source
from sro.core.errors import SROError
from sro.screeners.nblr.model import NBLR, NBLRSettings
from sro.screeners.nblr.training import Data, load_texts, train

INSULTS = ["idiot", "moron", "fool", "loser", "clown", "liar"]
DATA = Path(os.environ.get("SRO_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    rows = [(f"you are such {word} number {n}", 1) for n, word in enumerate(INSULTS)]
    rows += [(f"thank you for page number {n}", 0) for n in range(6)]
    path = tmp_path / "data" / "labelled.csv"
    path.parent.mkdir()
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows), encoding="utf-8")
    return path


def test_train_notes_each_source_and_counts_a_repeated_one_twice(labelled: Path) -> None:
    clean = f"{labelled}::text::label=0"
    screener, lines = train(Data([f"{labelled}::text::label=1[:-1]"], [clean, clean]), NBLRSettings(min_df=1))
    assert [(entry["side"], entry["source"], entry["rows"]) for entry in screener.trained_on] == [
        ("toxic", "data/labelled.csv::text::label=1[:-1]", 5),
        ("clean", "data/labelled.csv::text::label=0", 6),
        ("clean", "data/labelled.csv::text::label=0", 6),
    ]
    assert (
        screener.trained_on[1]["sha256"]
        == hashlib.sha256("".join(f"thank you for page number {n}\n" for n in range(6)).encode()).hexdigest()
    )
    assert len(lines) == 3
    assert screener.screen(["you moron"])[0].label == "fail"


def test_lengths_are_bounded(labelled: Path) -> None:
    with pytest.raises(SROError, match="too_long"):
        train(Data([f"{labelled}::text::label=1"], [f"{labelled}::text::label=0"], max_words=3), NBLRSettings())


def test_held_out_sentences_are_dropped_in_training_and_kept_in_evaluation(tmp_path: Path) -> None:
    test_set = DATA / "paradetox_test/test671.jsonl"
    if not test_set.is_file():
        pytest.skip("needs the official test set: set SRO_DATA")
    sentence = json.loads(test_set.read_text(encoding="utf-8").splitlines()[0])["toxic"]
    path = tmp_path / "mixed.txt"
    path.write_text(f"an ordinary line\n{sentence}\n", encoding="utf-8")
    assert load_source(str(path), min_words=1, held_out="drop").texts == ["an ordinary line"]
    assert len(load_source(str(path), training=False, min_words=1)) == 2


def test_texts_to_check_a_screener_on_are_those_that_it_screens(tmp_path: Path) -> None:
    texts = ["> you moron\n\nI disagree with that tone.", "  `idiot`\r\nthank you"]
    path = tmp_path / "lines.jsonl"
    path.write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in [*texts, "> you moron I disagree with that tone."])
    )
    assert load_texts([str(path)]) == texts  # the third is the first again, as every corpus knows it


def test_command_line_trains_checks_and_screens(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toxic, clean = f"{labelled}::text::label=1", f"{labelled}::text::label=0"
    folder = str(tmp_path / "mine")
    arguments = ["--toxic", toxic, "starter:toxic", "--clean", clean, "starter:civil", "--min_df", "1", "--C", "1.5"]
    assert main(["screener", "train", *arguments, "--output_dir", folder]) == 0
    assert "6 of 12 rows kept" in capsys.readouterr().out
    trained = NBLR.load(folder)
    assert (trained.settings.min_df, trained.settings.C) == (1, 1.5)

    assert main(["screener", "check", "--screener", folder, "--toxic", toxic, "--clean", clean]) == 0
    shown, logged = capsys.readouterr()
    assert "6 toxic and 6 clean texts" in shown and "at the screener's own" in shown
    assert "1.000" in shown and logged.count("6 of 12 rows kept") == 2
    bar, picture = ["--target_false_alarms", "0.4"], str(tmp_path / "thresholds.png")
    more = ["--toxic", toxic, "--clean", clean, *bar, "--plot", picture]
    assert main(["screener", "check", "--screener", folder, *more]) == 0
    shown = capsys.readouterr().out
    assert "keeps false alarms at" in shown and "of 6)" in shown and f"picture  {picture}" in shown

    assert main(["screener", "screen", "thank you for page 3", "you moron", "--screener", folder]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[2]) for line in lines] == [("pass", "thank you for page 3"), ("fail", "you moron")]
    assert all(0 <= float(line[1]) <= 1 for line in lines)

    assert main(["screener", "screen", "--input", str(labelled), "--column", "text", "--screener", folder]) == 0
    assert capsys.readouterr().out.count("\n") == 12

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"you moron\n")))
    assert main(["screener", "screen", "--screener", folder]) == 0
    assert capsys.readouterr().out.startswith("fail\t")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scren"], "did you mean 'screen'"),
        (["train", "--toxic", "a.txt"], "needs clean"),
        (["check"], "give toxic texts, clean texts or both"),
        (["check", "--toxic", "absent.csv"], "no such file"),
        (["screen", "hello", "--screner", "x"], "did you mean"),
    ],
)
def test_mistakes_are_told_with_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["screener", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_help_lists_the_actions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screener", "--help"]) == 0
    assert "screen,check,check_spans,train" in capsys.readouterr().out
