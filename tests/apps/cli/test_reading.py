"""`sro experiment read` from two files of rewrites to the result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from simulated_readers import fill_in, prefers

from sro.apps.cli import main


@pytest.fixture
def rewrites(tmp_path: Path) -> tuple[str, str]:
    """What `sro rewrite` made of 150 comments, and another table; ten rewrites are the same."""
    ours = [
        {"row": i, "source": f"you fool {i}", "text": f"you {i}" if i < 10 else f"good {i}", "status": "rewritten"}
        for i in range(150)
    ]
    (tmp_path / "ours.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ours))
    theirs = [f"you fool {i}\t{f'you {i}' if i < 10 else f'bad {i}'}\n" for i in range(150)]
    (tmp_path / "theirs.tsv").write_text("toxic\treference\n" + "".join(theirs))
    return str(tmp_path / "ours.jsonl"), f"people={tmp_path}/theirs.tsv::toxic::reference"


def make(rewrites: tuple[str, str], folder: Path, *flags: str) -> int:
    a, b = rewrites
    return main(["experiment", "read", "sheet", "--a", a, "--b", b, "--output", str(folder), *flags])


def test_a_known_preference_is_found(
    rewrites: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sheet"
    assert make(rewrites, folder, "--n", "120") == 0
    said = capsys.readouterr().out
    assert "120 pairs of ours and people, from 150 comments" in said and "never key.json" in said
    answer = prefers(lambda text: text.startswith("good"), 0.75, same=0.1)
    files = [fill_in(folder, name, answer, seed=seed) for seed, name in enumerate(("anna", "ben"))]
    assert main(["experiment", "read", "score", "--sheet", str(folder), *files]) == 0
    said = capsys.readouterr().out
    assert (
        "| anna | " in said
        and "| ben | " in said
        and "| together | " in said
        and "| anna and ben | fit | 240 |" in said
    )
    stored = json.loads((folder / "result.json").read_text("utf-8"))
    assert stored["together"]["preference"]["share"]["low"] > 0.5 and stored["together"]["difference"]["low"] > 0
    assert stored["agreement"][0]["kappa"]["value"] < 0.6  # both like ours, each with mistakes of their own


def test_fewer_than_asked_for_is_said(
    rewrites: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(rewrites, tmp_path / "sheet", "--n", "500", "--seed", "3") == 0
    said = capsys.readouterr().out
    assert "140 pairs" in said and "500 were asked for" in said and "10 more with identical rewrites" in said


@pytest.mark.parametrize(
    "words, message",
    [
        (["score", "--sheet", "nowhere"], "no reader's file\n  fix: "),
        (["score", "--sheet", "nowhere", "anna.csv"], "no such file\n  fix: --sheet FOLDER"),
        (["sheet", "--a", "x", "--b", "y", "--output", "z", "--n", "0"], "n=0 must be at least 1"),
        (["sheet", "--a", "x.jsonl"], "needs b and output"),
        (["shet"], "no action 'shet'; did you mean 'sheet'?"),
    ],
)
def test_mistakes_are_told(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "read", *words]) == 2
    assert message in capsys.readouterr().err
