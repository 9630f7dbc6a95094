"""How well a screener reads each language: sets, intervals, thresholds and what is written."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.experiments import languages as module
from sro.evaluation.experiments.language_sets import (
    LANGUAGE_SETS,
    Labelled,
    draw,
    draw_harmless_groups,
    names_a_group,
    read_set,
)
from sro.evaluation.experiments.languages import Judged, LanguageArguments, fit_threshold, languages
from sro.screeners.base import Verdict
from sro.screeners.encoder.splits import in_development


class Length:
    """P(fail) grows with the number of letters; fails from .9 on."""

    name = "length 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        scores = [min(len(text) / 100, 1.0) for text in texts]
        return [Verdict("fail" if score >= 0.9 else "pass", score, self.name) for score in scores]


def write(data: Path, name: str, rows: Sequence[dict[str, Any]]) -> None:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def one(name: str) -> Any:
    return next(found for found in LANGUAGE_SETS if f"{found.language} {found.name}" == name)


def test_a_set_that_was_learnt_gives_what_training_kept_out(tmp_path: Path) -> None:
    texts = [f"phrase numéro {number}" for number in range(300)]
    write(tmp_path, "multilingual/mlma_fr.jsonl.gz", [{"text": text, "toxic": 1} for text in texts])
    found = read_set(one("fr MLMA, kept out"), tmp_path)
    assert 0 < len(found) < 30 and all(in_development(labelled.text) for labelled in found)
    rows = [{"text": f"Satz {n}", "coarse": "OFFENSE", "split": split} for n, split in enumerate(["train", "test"])]
    write(tmp_path, "multilingual/multilingual_toxicity/germeval2018_de.jsonl.gz", rows)
    assert read_set(one("de GermEval 2018 test"), tmp_path) == [Labelled("Satz 1", True)]


def test_pairs_are_a_toxic_text_and_a_clean_one_of_that_language(tmp_path: Path) -> None:
    rows = [{"lang": lang, "toxic": f"toxic {lang}", "reference": f"mild {lang}"} for lang in ("de", "es")]
    write(tmp_path, "multilingual/clef24_tune.jsonl.gz", rows)
    assert read_set(one("es CLEF 2024 pairs"), tmp_path) == [Labelled("toxic es", True), Labelled("mild es", False)]


def test_both_sides_are_drawn_alike_and_the_same_every_time() -> None:
    texts = [Labelled(f"text {n}", n % 4 == 0) for n in range(100)]
    found = draw(texts, 20, 1)
    assert len(found) == 20 and sum(labelled.toxic for labelled in found) == 10 and found == draw(texts, 20, 1)
    assert len(draw(texts, 1000, 1)) == 100


def test_clean_texts_about_groups_are_told_by_stems() -> None:
    assert names_a_group("Die Muslime feiern", "de") and not names_a_group("Die Nachbarn feiern", "de")
    assert not names_a_group("Die Muslime feiern", "am")
    texts = [Labelled("Die Juden feiern", True), Labelled("Jüdische Feste", False), Labelled("Feste", False)]
    assert draw_harmless_groups(texts, "de", 9, 0) == [Labelled("Jüdische Feste", False)]


def judged(scores: Sequence[float], toxic: Sequence[bool], usual: float) -> Judged:
    values = np.array(scores)
    return Judged(values, values >= usual, np.array(toxic), np.arange(len(values)) % 2 == 0)


def test_a_threshold_helps_only_where_the_other_half_says_so() -> None:
    toxic = [n % 4 < 2 for n in range(400)]
    scores = [0.4 + n / 4000 if is_toxic else 0.1 + n / 4000 for n, is_toxic in enumerate(toxic)]
    far = fit_threshold(judged(scores, toxic, 0.9), 0)  # flags nothing
    assert far is not None and far.helps and 0.2 < far.threshold < 0.41
    assert far.usual == (0.0, 1.0) and far.own == (1.0, 1.0) and far.gain.value == pytest.approx(1 / 3)
    good = fit_threshold(judged(scores, toxic, 0.3), 0)
    assert good is not None and not good.helps
    assert fit_threshold(judged(scores[:100], toxic[:100], 0.3), 0) is None  # 25 of either side in a half


def test_auc_and_its_interval() -> None:
    its = judged([0.1, 0.2, 0.3, 0.4], [False, False, True, True], 0.3).auc(0)
    assert its == (1.0, 1.0, 1.0)
    mixed = judged([0.1, 0.3, 0.2, 0.4], [False, False, True, True], 0.3).auc(0)
    assert mixed.value == 0.75 and mixed.low < 0.75 < mixed.high


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {"lang": lang, "toxic": "x" * (40 + n % 40) + f" {n}", "reference": "y" * (10 + n % 20) + f" {n}"}
        for n in range(150)
        for lang in ("uk", "am")
    ]
    write(tmp_path, "multilingual/clef24_tune.jsonl.gz", rows)
    return tmp_path


def arguments(data: Path, **more: Any) -> LanguageArguments:
    return LanguageArguments(
        screener="mine", languages=["uk", "am"], data=str(data), output_dir=str(data / "out"), **more
    )


def test_the_table_has_every_set_and_the_card_what_helps(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = data / "encoder.json"
    card.write_text(json.dumps({"format": 1, "thresholds": {"TOXICITY": 0.9}}))
    monkeypatch.setattr(module, "load_screener", lambda name: Length())
    monkeypatch.setattr(module, "encoder_card", lambda name: card)
    folder = languages(arguments(data, write_thresholds=True), command=["sro", "experiment", "languages"])
    table = (folder / "table.md").read_text("utf-8")
    assert "| uk (not read) | CLEF 2024 pairs | no | 300 (150) | 1.000" in table and "| 0.0% (" in table
    told = json.loads(card.read_text())
    assert told["thresholds"] == {"TOXICITY": 0.9}  # all else stays
    assert 0.25 < told["languages"]["uk"] < 0.5 and told["languages"]["de"] is None and "en" not in told["languages"]


def test_what_the_card_says_of_languages_that_are_not_measured_stays(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = data / "encoder.json"
    card.write_text(json.dumps({"format": 1, "languages": {"am": 0.2, "de": 0.31, "es": None}}))
    monkeypatch.setattr(module, "load_screener", lambda name: Length())
    monkeypatch.setattr(module, "encoder_card", lambda name: card)
    asked = arguments(data, write_thresholds=True)
    asked.languages = ["uk"]
    languages(asked)
    told = json.loads(card.read_text())["languages"]
    assert 0.25 < told.pop("uk") < 0.5
    assert told == {"am": 0.2, "de": 0.31, "es": None}  # no language that was found unreadable comes back


def test_a_language_that_is_not_read_is_not_in_the_card(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Guessing(Length):
        def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
            return [Verdict("pass", 0.5, self.name) for _ in texts]

    monkeypatch.setattr(module, "load_screener", lambda name: Guessing())
    folder = languages(arguments(data))
    assert "uk" not in json.loads((folder / "figures.json").read_text())["languages"]


def test_mistakes_are_told_before_anything_is_measured(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SROError, match="no labelled texts of xx"):
        languages(LanguageArguments(languages=["xx"], data=str(data)))
    with pytest.raises(SROError, match=r"is no encoder screener"):
        languages(LanguageArguments(screener="embedded/linear", data=str(data), write_thresholds=True))
