"""Verdicts, the shipped screener, and that loading is lazy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.loading import load_screener


def test_a_verdict_knows_whether_it_passed() -> None:
    assert Verdict("pass", 0.1, "x 1").passed
    assert not Verdict("fail", 0.9, "x 1").passed


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


def test_the_linear_screener_has_a_name_of_its_own() -> None:
    assert load_screener("embedded/linear").name.startswith("nblr ")
