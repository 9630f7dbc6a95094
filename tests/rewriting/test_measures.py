"""Measures by hand: five rewrites whose every figure can be counted."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from sro.evaluation.baselines import copy, delete
from sro.rewriting.measures import Measures, markdown, measure, measure_rewrites, table
from sro.screeners.base import Verdict

#          source, its rewrite, passes?, cosine
ROWS = [
    ("you are an idiot", "you are wrong", True, 0.6),  # good: 3 words for 4
    ("shut up moron", "Shut up, moron!", False, 1.0),  # a copy in letters and digits: 3 for 3
    ("damn trash", "", True, 0.2),  # empty: passes the screener, counts as fail: 0 for 2
    ("what a fool", "no no no sorry sorry", True, 0.1),  # repeats, says something else: 5 for 3
    ("crap page", "bad page", True, 0.8),  # good: 2 for 2
]
SOURCES, REWRITES, PASSED, COSINE = (list(column) for column in zip(*ROWS))


def test_every_figure_by_hand() -> None:
    found = measure(SOURCES, REWRITES, PASSED, np.array(COSINE, np.float32), np.array([0.5, 0.1, -np.inf, -1.0, 0.2]))
    expected = Measures(
        n=5,
        pass_rate=3 / 5,
        similarity=(0.6 + 1.0 + 0.2 + 0.1 + 0.8) / 5,
        joint=(0.6 + 0 + 0 + 0.1 + 0.8) / 5,
        copy_rate=1 / 5,
        empty_rate=1 / 5,
        repeat_rate=1 / 5,
        length_ratio=(3 / 4 + 3 / 3 + 0 / 2 + 5 / 3 + 2 / 2) / 5,
        low_similarity=2 / 5,
        fluency=(0.5 + 0.1 - 1.0 + 0.2) / 4,  # the empty one has none
    )
    assert vars(found) == pytest.approx(vars(expected))


def test_joint_is_a_mean_of_products() -> None:
    found = measure(["a b", "c d"], ["x", "c d"], [True, False], np.array([0.0, 1.0]))
    assert (found.pass_rate, found.similarity, found.joint) == (0.5, 0.5, 0.0)  # not .25


@pytest.mark.parametrize("nothing", ["", "  ", "...", "🙂"])
def test_saying_nothing_never_passes(nothing: str) -> None:
    found = measure(["damn"], [nothing], [True], np.array([0.9]))
    assert (found.pass_rate, found.joint, found.empty_rate) == (0, 0, 1)


def test_a_stutter_that_was_the_sources_own_is_forgiven() -> None:
    found = measure(["no no no idiot", "go away"], ["no no no", "go go go"], [True] * 2, np.array([0.9, 0.9]))
    assert found.repeat_rate == 0.5


def test_the_bound_of_low_similarity_is_exclusive() -> None:
    assert measure(["a", "b"], ["c", "d"], [True] * 2, np.array([0.35, 0.3499])).low_similarity == 0.5


@pytest.mark.parametrize("rows", [([], [], [], []), (["a"], ["b"], [True], [0.5, 0.5]), (["a"], [], [True], [0.5])])
def test_columns_of_other_lengths_or_none_at_all(rows: tuple[list[str], list[str], list[bool], list[float]]) -> None:
    with pytest.raises(ValueError, match="one or more rows"):
        measure(rows[0], rows[1], rows[2], np.array(rows[3]))


class Judge:
    name = "judge 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        assert sources is not None and len(sources) == len(texts)
        return [Verdict("fail" if "idiot" in text else "pass", 0.5, self.name) for text in texts]


class Equal:
    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return np.array([float(text == source) for text, source in zip(texts, sources)])


def length(texts: Sequence[str]) -> np.ndarray:
    return np.array([-float(len(text)) if text else -np.inf for text in texts])


def test_the_inputs_are_computed_from_the_texts() -> None:
    sources, rewrites = ["you idiot", "thanks", "idiot"], ["you", "thanks", ""]
    found = measure_rewrites(sources, rewrites, Judge(), Equal(), length)
    assert (found.pass_rate, found.similarity, found.joint) == pytest.approx((2 / 3, 1 / 3, 1 / 3))
    assert found.fluency == pytest.approx((6 + 0) / 2)  # nine letters to three, six to six
    assert measure_rewrites(sources, rewrites, Judge(), Equal()).fluency is None


def test_fluency_where_there_is_none() -> None:
    assert measure_rewrites([""], [""], Judge(), Equal(), length).fluency is None
    assert math.isinf(length([""])[0])


def test_copying_is_all_meaning_and_no_change() -> None:
    sources = ["you idiot", "thanks a lot"]
    found = measure_rewrites(sources, copy(sources), Judge(), Equal())
    assert (found.pass_rate, found.similarity, found.joint, found.copy_rate) == (0.5, 1, 0.5, 1)


def test_deleting_takes_whole_words_and_phrases_of_any_case() -> None:
    sources = ["You IDIOT , shut  up now", "idiotic shut-up (idiot)", "a.s.s class"]
    assert delete(sources, ["idiot", "shut up", "a.s.s", ""]) == ["You , now", "idiotic shut-up ()", "class"]
    assert delete(["shut up , shut it"], ["shut", "shut up"]) == [", it"]  # the longest goes first
    assert delete(sources, []) == sources


HAND = Measures(1200, 0.5, 0.8123, 0.4, 0.25, 0.0, 0.125, 0.9, 0.05, None)


def test_markdown() -> None:
    assert markdown({"copy": HAND, "a|b": replace(HAND, fluency=-0.5)}).splitlines() == [
        "| system | n | pass ↑ | similarity ↑ | joint ↑ | fluency ↑ "
        "| copies | empty | repeats | length | below 0.35 |",
        "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
        "| copy | 1,200 | 0.500 | 0.812 | 0.400 | – | 0.250 | 0.000 | 0.125 | 0.90 | 0.050 |",
        r"| a\|b | 1,200 | 0.500 | 0.812 | 0.400 | -0.50 | 0.250 | 0.000 | 0.125 | 0.90 | 0.050 |",
    ]


def test_fluency_has_no_column_where_nobody_measured_it() -> None:
    assert "fluency" not in markdown({"copy": HAND})


def test_table_says_the_same_and_takes_names_literally() -> None:
    out = io.StringIO()
    Console(file=out, width=160).print(table({"[bold]copy": HAND}))
    assert "[bold]copy" in out.getvalue() and "0.812" in out.getvalue()
    assert [column.header for column in table({"copy": HAND}).columns][:3] == ["system", "n", "pass ↑"]
