"""Verdicts, the shipped screener, and that loading is lazy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.screeners.base import Verdict, at_threshold
from sro.screeners.loading import load_screener


def test_a_verdict_knows_whether_it_passed() -> None:
    assert Verdict("pass", 0.1, "x 1").passed
    assert not Verdict("fail", 0.9, "x 1").passed


def test_one_threshold_is_for_all_attributes_that_decide() -> None:
    # Each attribute has a bar of its own, and the one that is furthest above its bar is told: here not the highest.
    found = {"INSULT": 0.99, "SEVERE_TOXICITY": 0.84, "PROFANITY": 1.0}
    both = Verdict("fail", 0.84, "x 1", found, ("INSULT", "SEVERE_TOXICITY"))
    [told] = at_threshold([both], 0.95)
    assert (told.label, told.probability) == ("fail", 0.99)
    assert at_threshold([both], 0.995)[0].passed and at_threshold([both], None) == [both]
    assert at_threshold([Verdict("pass", 0.3, "x 1", found)], 0.3) == [Verdict("fail", 0.3, "x 1", found)]


def test_importing_and_using_the_shipped_screener_needs_no_heavy_package() -> None:
    code = (
        "import sys; from sro.screeners.loading import load_screener;"
        "load_screener('embedded/linear').screen(['hello']);"
        "print(sorted({'torch', 'transformers', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "text",
    [
        "you idiot",
        "shut up",
        "you are a fucking moron",
        "You're a f*cking 1d1ot!",
        "what a piece of s h i t",
        "go to hell , you stupid loser .",
    ],
)
def test_shipped_screener_refuses(text: str) -> None:
    (verdict,) = load_screener("embedded/linear").screen([text])
    assert not verdict.passed
    assert 0.5 <= verdict.probability <= 1


@pytest.mark.parametrize(
    "text",
    [
        "thank you very much",
        "hello",
        "I disagree, and here is the source.",
        "i am gay",
        "my wife is black and our son is autistic",
        "Our neighbours are Muslims; they invited us to dinner.",
        "Her husband died of cancer in March.",
        "The train to Scunthorpe leaves at nine.",
    ],
)
def test_shipped_screener_passes(text: str) -> None:
    (verdict,) = load_screener("embedded/linear").screen([text])
    assert verdict.passed
    assert 0 <= verdict.probability < 0.5


def test_a_name_that_is_nothing_is_an_error_with_a_mend(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="fix: give `embedded`, `embedded/linear`"):
        load_screener(str(tmp_path / "absent"))


def test_a_screener_without_attributes_refuses_to_fail_on_some() -> None:
    with pytest.raises(SROError, match="no attributes to fail on"):
        load_screener("embedded/linear", fail_on=["threat"])


@pytest.mark.parametrize("name", ["embedded", "embedded/linear", "folder"])
def test_a_screener_without_labels_refuses_to_take_some_for_toxic(name: str, tmp_path: Path) -> None:
    (tmp_path / "ensemble.json").write_text('{"members": ["embedded/linear"]}')
    with pytest.raises(SROError, match="is not a Hugging Face classifier\n  fix: leave out toxic_labels"):
        load_screener(name.replace("folder", str(tmp_path)), toxic_labels=["rude"])


def test_the_linear_screener_has_a_name_of_its_own() -> None:
    assert load_screener("embedded/linear").name.startswith("nblr ")
