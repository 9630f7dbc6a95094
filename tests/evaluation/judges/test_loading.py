"""Which judges a word stands for. Nothing is loaded, so no model is needed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.chrf import ChrF
from sro.evaluation.judges import loading as module
from sro.evaluation.judges.cache import ScoreCache
from sro.evaluation.judges.loading import Judges, embedded_judge, load_judges
from sro.evaluation.judges.models import AcceptabilityClassifier, LaBSE, MeanPooled, RelativeFluency, StyleClassifier
from sro.evaluation.judges.xcomet import XCometLite
from sro.screeners.loading import load_screener
from sro.screeners.nblr.fitting import fit
from sro.screeners.nblr.model import NBLRSettings


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for `sro-embedded`, whose judges lie in a folder of the test's own."""
    for role in ("style", "fluency"):
        (tmp_path / f"judge_{role}").mkdir()
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    return tmp_path


def kinds(judges: Judges) -> list[type]:
    return [type(judge) for judge in (judges.style, judges.content, judges.fluency)]


def test_embedded(shipped: Path) -> None:
    judges = load_judges(["embedded"], "paradetox")
    assert kinds(judges) == [StyleClassifier, MeanPooled, AcceptabilityClassifier]
    paths = [judge.path for judge in (judges.style, judges.content, judges.fluency)]  # type: ignore[attr-defined]
    assert paths == [str(shipped / "judge_style"), "embedded", str(shipped / "judge_fluency")]
    assert kinds(load_judges([], "clef25")) == [StyleClassifier, MeanPooled, AcceptabilityClassifier]


def test_the_shipped_fluency_judge_tells_whole_sentences_from_scattered_ones() -> None:
    whole = [
        "You should read this page again.",
        "I do not think that this is a good idea.",
        "What do you want to say?",
    ]
    scattered = [
        "Read you this should again page.",
        "I not do that think a good this idea is.",
        "What want do say you to?",
    ]
    judge = load_judges(["embedded"], "paradetox").fluency
    found = judge([*whole, *scattered], [""] * 6, None)
    assert (found[:3] >= 0.5).all() and (found[3:] < 0.5).all()


@pytest.mark.parametrize(
    ("protocol", "style", "fluency"),
    [
        ("paradetox", "s-nlp/roberta_toxicity_classifier", "cointegrated/roberta-large-cola-krishna2020"),
        ("clef25", "textdetox/xlmr-large-toxicity-classifier-v2", "myyycroft/XCOMET-lite"),
    ],
)
def test_official(protocol: module.ProtocolName, style: str, fluency: str) -> None:
    judges = load_judges(["official"], protocol)
    assert kinds(judges)[:2] == [StyleClassifier, LaBSE]
    paths = [judge.path for judge in (judges.style, judges.content, judges.fluency)]  # type: ignore[attr-defined]
    assert paths == [style, "sentence-transformers/LaBSE", fluency]


def test_clef24_has_chrf_whoever_judges_the_rest(shipped: Path) -> None:
    assert kinds(load_judges(["official"], "clef24")) == [StyleClassifier, LaBSE, ChrF]
    assert kinds(load_judges(["embedded"], "clef24")) == [StyleClassifier, MeanPooled, ChrF]
    with pytest.raises(SROError, match="CLEF 2024 has chrF for fluency"):
        load_judges(["embedded", "fluency=models/cola"], "clef24")


def test_names_override_one_role_each() -> None:
    judges = load_judges(["official", "style=models/tone", "fluency=relative"], "paradetox")
    assert kinds(judges) == [StyleClassifier, LaBSE, RelativeFluency]
    assert judges.style.path == "models/tone"  # type: ignore[attr-defined]
    named = load_judges(["style=a", "content=models/LaBSE-en", "fluency=models/xcomet-lite"], "paradetox")
    assert kinds(named) == [StyleClassifier, LaBSE, XCometLite]
    named = load_judges(["style=a", "content=LaBSE/mpnet", "fluency=models/cola"], "clef25")
    assert kinds(named) == [StyleClassifier, MeanPooled, AcceptabilityClassifier]


def test_a_style_judge_with_a_threshold_of_its_own_is_asked_at_it_where_a_protocol_asks_yes_or_no(
    tmp_path: Path,
) -> None:
    texts = ["you idiot", "thank you", "read the page", "idiot page"]
    fit(["you idiot", "idiot"], ["thank you", "read the page"], NBLRSettings(threshold=0.05)).save(tmp_path / "own")
    screener = load_screener(str(tmp_path / "own"))
    verdicts = screener.screen(texts)
    assert any(not verdict.passed and verdict.probability < 0.5 for verdict in verdicts)  # 1/2 would pass it
    judge, graded = (
        load_judges([f"style={tmp_path / 'own'}"], protocol).style for protocol in ("paradetox", "clef24")
    )
    assert judge(texts).tolist() == [float(verdict.passed) for verdict in verdicts]
    assert graded(texts) == pytest.approx([1 - verdict.probability for verdict in verdicts])
    assert judge.name == f"{graded.name}, own threshold"  # scores are cached by name


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("offical", r"no judge is called 'offical'; did you mean 'official'\?"),
        ("styl=x", r"no judge is called 'styl=x'; did you mean 'style'\?"),
        ("style=", "no judge is called 'style='"),
        ("s-nlp/roberta", r"fix: official, embedded, or style\|content\|fluency=NAME"),
    ],
)
def test_words_that_are_no_judges(word: str, message: str) -> None:
    with pytest.raises(SROError, match=message):
        load_judges([word], "paradetox")


@pytest.mark.parametrize("role", ["style", "fluency"])
def test_a_package_without_an_embedded_judge(shipped: Path, role: Literal["style", "fluency"]) -> None:
    assert embedded_judge(role) == shipped / f"judge_{role}"
    (shipped / f"judge_{role}").rmdir()
    missing = rf"'judge_{role}' of sro-embedded is not installed\n  fix: pip .*, or name a classifier: .* {role}="
    with pytest.raises(SROError, match=missing):
        load_judges(["embedded"], "paradetox")


def test_names_and_the_cache(tmp_path: Path) -> None:
    class Judge:
        asked = 0

        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, *columns: object) -> np.ndarray:
            Judge.asked += 1
            return np.ones(1)

    judges = Judges(Judge("s 1"), Judge("c 1"), Judge("f 1"))  # type: ignore[arg-type]
    assert judges.names() == {"style": "s 1", "content": "c 1", "fluency": "f 1"}
    cached = judges.cached(ScoreCache(tmp_path))
    for _ in range(2):
        cached.style(["a"]), cached.content(["a"], ["b"]), cached.fluency(["a"], ["b"], None)
    assert Judge.asked == 3
    assert cached.names() == judges.names()
