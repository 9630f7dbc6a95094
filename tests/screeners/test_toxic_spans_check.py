"""The metric of SemEval-2021 task 5 by hand, and the baselines beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from sro.core.errors import SROError
from sro.screeners.base import Verdict
from sro.screeners.toxic_spans_check import Marked, check_spans, f1, marked_words, read_marked, rendered


class Bad:
    name = "bad 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [
            Verdict("fail", 0.9, self.name) if "bad" in text else Verdict("pass", 0.1, self.name) for text in texts
        ]


def test_f1_of_a_text() -> None:
    assert f1(set(), set()) == 1.0
    assert f1({1}, set()) == f1(set(), {1}) == 0.0
    assert f1({0, 1, 2}, {2, 3, 4}) == pytest.approx(2 / 6)


def test_reading(tmp_path: Path) -> None:
    file = tmp_path / "tsd.csv"
    file.write_text('spans,text\n"[3, 4, 5]","so bad,\nreally"\n[],fine\n', encoding="utf-8")
    assert read_marked(file) == [Marked("so bad,\nreally", frozenset({3, 4, 5})), Marked("fine", frozenset())]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("spans,text\n[1,fine\n", "tsd.csv:2: spans must be a list"),
        ("a,b\n1,2\n", "needs the columns"),
        ("spans,text\n", "holds no text"),
    ],
)
def test_damage_is_told(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "tsd.csv").write_text(content, encoding="utf-8")
    with pytest.raises(SROError, match=message):
        read_marked(tmp_path / "tsd.csv")
    with pytest.raises(SROError, match="cannot be read"):
        read_marked(tmp_path / "absent.csv")


def test_words_that_are_marked_wherever_they_stand() -> None:
    marked = [Marked("bad day", frozenset({0, 1, 2})), Marked("bad bad day", frozenset({0, 1, 2}))]
    assert marked_words(marked) == ["bad"]


def test_rows_by_hand() -> None:
    gold = [Marked("a bad day", frozenset({2, 3, 4})), Marked("fine day", frozenset()), Marked("poor", frozenset({0}))]
    rows = {row.system: row for row in check_spans(Bad(), gold, {"mine": ["day"]})}
    assert rows["bad 1"].f1 == pytest.approx(2 / 3)
    assert (rows["bad 1"].precision, rows["bad 1"].recall) == (1.0, pytest.approx(3 / 4))
    assert rows["word list: mine (1)"].f1 == 0.0
    assert rows["nothing"].f1 == pytest.approx(1 / 3)
    console = Console(record=True, width=100)
    console.print(rendered(list(rows.values()), len(gold)))
    assert "0.667" in console.export_text()
