"""From texts to a table, with judges whose every score can be foretold."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.intervals import Tally
from sro.evaluation.judges.loading import Judges
from sro.evaluation.run import Evaluation, Scoring, Texts, evaluate, score
from sro.screeners.base import Verdict

pytest.importorskip("sacrebleu", reason="tables with a reference have a column chrF: pip install -e '.[eval]'")

SOURCES = ["you idiot go away", "what a stupid page", "damn good edit"]
REFERENCES = ["you go away", "what a bad page", "very good edit"]
OURS = ["you go away", "what a stupid page", "thanks"]


class Style:
    """P(neutral): .9 without a rude word, else .2."""

    name = "style 1"

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        return np.array([0.2 if {"idiot", "stupid", "damn"} & set(text.split()) else 0.9 for text in texts])


class Content:
    """Share of the source's words that the text has."""

    name = "content 1"

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        pairs = [(set(text.split()), set(source.split())) for text, source in zip(texts, sources)]
        return np.array([len(ours & theirs) / len(theirs) for ours, theirs in pairs])


class Fluency:
    """Acceptable from two words on; no score for an empty text."""

    name = "fluency 1"

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None, /
    ) -> np.ndarray:
        return np.array([float(len(text.split()) > 1) if text else np.nan for text in texts])


class Screener:
    name = "screener 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        rude = [{"idiot", "stupid"} & set(text.split()) for text in texts]
        return [Verdict("fail" if found else "pass", 0.5, self.name) for found in rude]


JUDGES = Judges(Style(), Content(), Fluency())


def run(**changes: object) -> Evaluation:
    texts = {"systems": {"ours": OURS}, "references": REFERENCES}
    scoring = {"protocol": "paradetox", "judges": JUDGES, "resamples": 200}
    for name, value in changes.items():
        (texts if name in texts else scoring)[name] = value
    progress = scoring.pop("progress", lambda line: None)
    return evaluate(Texts(SOURCES, **texts), Scoring(screener=Screener(), **scoring), progress)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"systems": {"ours": [*OURS[:2], "x \ud83d"]}}, r"ours: row 3 holds half a character \('.ud83d'\)\n  fix: "),
        ({"references": ["\ude00"] * 3}, "the reference: row 1 holds half a character"),
    ],
)
def test_half_a_character_is_named_before_anything_is_judged(changes: dict[str, object], message: str) -> None:
    with pytest.raises(SROError, match=message):
        run(**changes, judges=None)


def test_a_refusal_is_counted_and_scored_as_a_copy() -> None:
    found = run(systems={"ours": OURS, "careful": [OURS[0], None, OURS[2]]})
    rows = {row.system: row for row in found.rows}
    assert (rows["careful"].refused, rows["ours"].refused, rows["copy"].refused) == pytest.approx((1 / 3, 0, 0))
    assert found.outputs["careful"] == [OURS[0], SOURCES[1], OURS[2]]
    assert "refused: share that the system refused" in found.markdown()


def test_every_figure_of_a_table_by_hand() -> None:
    rows = {row.system: row for row in run().rows}
    assert list(rows) == ["ours", "copy", "delete", "phrase table", "human reference"]
    ours, copy, delete, _, human = rows.values()
    # ours: 1·3/4·1, 0·1·1, 1·0·0
    assert (ours.sta, ours.sim, ours.fl) == pytest.approx((2 / 3, (3 / 4 + 1 + 0) / 3, 2 / 3))
    assert ours.j.value == pytest.approx(0.75 / 3)
    assert (copy.sta, copy.sim, copy.fl, copy.j.value) == (0, 1, 1, 0)
    # the screener knows idiot and stupid, so `delete` leaves damn: 3/4, 3/4 and 0
    assert delete.j.value == pytest.approx(1.5 / 3)
    # 3/4; what, a, page of four words; good edit of three
    assert human.j.value == pytest.approx((3 / 4 + 3 / 4 + 2 / 3) / 3)
    assert ours.against_reference == Tally(0, 1, 2)
    assert human.against_reference == Tally(0, 3, 0)
    assert (ours.pass_rate, ours.copy_rate) == pytest.approx((2 / 3, 1 / 3))
    assert ours.length_ratio == pytest.approx((3 / 4 + 1 + 1 / 3) / 3)
    assert human.chrf == 100 and copy.chrf is not None and copy.chrf < 100
    assert human.rank == 1 and copy.rank > 1


def test_without_references_there_is_no_human_row() -> None:
    rows = run(references=None).rows
    assert [row.system for row in rows] == ["ours", "copy", "delete", "phrase table"]
    assert all(row.against_reference is None and row.chrf is None for row in rows)


def test_a_lexicon_of_ones_own() -> None:
    found = run(lexicon=["damn", "go away"])
    assert found.outputs["delete"] == ["you idiot", "what a stupid page", "good edit"]


def test_clef24_reads_the_fluency_judge_as_chrf() -> None:
    found = score(["you go away"], SOURCES[:1], REFERENCES[:1], "clef24", JUDGES)
    assert (found.sta[0], found.sim[0], found.fl[0]) == pytest.approx((0.9, 0.75, 0.01))


def test_clef25_asks_about_source_and_reference_too() -> None:
    found = score(["you go", "what a stupid page"], SOURCES[:2], REFERENCES[:2], "clef25", JUDGES)
    assert found.sta == pytest.approx([1, (0.2 + 1) / 2])  # as neutral as the reference; as rude as the source
    assert found.sim == pytest.approx([0.4 * 2 / 4 + 0.6 * 2 / 3, 0.4 * 1 + 0.6 * 3 / 4])
    assert found.fl.tolist() == [1, 1]


@pytest.mark.parametrize("protocol", ["clef24", "clef25"])
def test_protocols_that_need_references(protocol: str) -> None:
    with pytest.raises(SROError, match=f"the protocol {protocol} compares with references"):
        run(references=None, protocol=protocol)


def test_a_row_that_cannot_be_scored_is_named_with_its_system() -> None:
    with pytest.raises(SROError, match=r"^theirs: fluency is missing in row 2 of 3"):
        run(systems={"ours": OURS, "theirs": [OURS[0], "", OURS[2]]})


def test_systems_that_do_not_fit() -> None:
    with pytest.raises(SROError, match=r"ours has 2 texts, the input 3"):
        run(systems={"ours": OURS[:2]})
    with pytest.raises(SROError, match=r"a system is called 'copy', as a baseline is"):
        run(systems={"copy": OURS})


def test_a_judge_that_is_nowhere_shows_before_anything_is_judged() -> None:
    class Nowhere(Fluency):
        @property
        def name(self) -> str:  # type: ignore[override]
            raise SROError("nowhere")

    lines: list[str] = []
    with pytest.raises(SROError, match=r"^nowhere$"):
        run(judges=Judges(Style(), Content(), Nowhere()), progress=lines.append)
    assert not lines


def test_references_without_sacrebleu_are_refused_before_anything_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    lines: list[str] = []
    with pytest.raises(SROError, match=r"sacrebleu, which is not installed\n  fix: pip install"):
        run(progress=lines.append)
    assert not lines
    assert run(references=None).rows


def test_what_is_being_judged_is_told() -> None:
    lines: list[str] = []
    run(progress=lines.append)
    assert lines[0] == "judging ours: 3 sentences" and len(lines) == 5


def test_saved(tmp_path: Path) -> None:
    found = run(seed=3)
    found.save(tmp_path / "out")
    written = (tmp_path / "out" / "table.md").read_text("utf-8")
    assert written == found.markdown() + "\n" and "style by style 1" in written and "seed 3" in written
    with (tmp_path / "out" / "table.csv").open(encoding="utf-8") as file:
        systems = [line["system"] for line in csv.DictReader(file)]
    assert set(systems) == {"ours", "copy", "delete", "phrase table", "human reference"}
    lines = [json.loads(line) for line in (tmp_path / "out" / "sentences.jsonl").read_text("utf-8").splitlines()]
    assert len(lines) == 15
    assert lines[0] == {
        **{"system": "ours", "row": 1, "source": SOURCES[0], "text": OURS[0]},
        **{"sta": 1.0, "sim": 0.75, "fl": 1.0, "j": 0.75},
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["sentences.jsonl", "table.csv", "table.md"]
