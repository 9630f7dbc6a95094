"""A judge is asked once; another word, order or judge is another question; broken files are scored again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sro.evaluation.judges.cache import CachedJudge, ScoreCache, cache_folder


class Lengths:
    """Scores texts by their length, and counts how often it is asked."""

    def __init__(self, name: str = "lengths 1") -> None:
        self.name, self.asked = name, 0

    def __call__(self, texts: Sequence[str], sources: Sequence[str] | None = None, /) -> np.ndarray:
        self.asked += 1
        return np.array([len(text) / 3 for text in texts])


@pytest.fixture
def cache(tmp_path: Path) -> ScoreCache:
    return ScoreCache(tmp_path / "judges")


def test_a_second_run_asks_no_judge(cache: ScoreCache) -> None:
    first, second = Lengths(), Lengths()
    found = CachedJudge(first, cache)(["a", "bcd"])
    again = CachedJudge(second, ScoreCache(cache.folder))(["a", "bcd"])
    assert found.tolist() == again.tolist() == [1 / 3, 1.0]
    assert (first.asked, second.asked) == (1, 0)
    assert CachedJudge(first, cache).name == "lengths 1"


def test_scores_in_another_number_format_are_computed_anew(cache: ScoreCache, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Lengths()
    for value in ("false", "true", "false"):
        monkeypatch.setenv("SRO_BF16", value)
        CachedJudge(judge, cache)(["a", "bcd"])
    assert judge.asked == 2


def test_another_question_is_asked(cache: ScoreCache) -> None:
    judge = Lengths()
    cached = CachedJudge(judge, cache)
    questions = [(["a", "b"],), (["b", "a"],), (["a"],), (["ab"],), (["a", "b"], ["x", "y"]), (["a", "b"], None)]
    for question in questions:
        cached(*question)
    assert judge.asked == len(questions) == len(list(cache.folder.iterdir()))
    other = Lengths("lengths 2")
    CachedJudge(other, cache)(["a", "b"])
    assert other.asked == 1


def test_texts_that_utf8_cannot_hold_have_a_key(cache: ScoreCache) -> None:
    assert CachedJudge(Lengths(), cache)(["\ud800", "é"]).tolist() == [1 / 3, 1 / 3]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half", b"no archive at all"])
def test_a_damaged_file_is_scored_again(cache: ScoreCache, damage: bytes) -> None:
    judge = Lengths()
    CachedJudge(judge, cache)(["a"])
    (file,) = cache.folder.iterdir()
    file.write_bytes(damage)
    assert CachedJudge(judge, cache)(["a"]).tolist() == [1 / 3]
    assert judge.asked == 2
    CachedJudge(judge, cache)(["a"])
    assert judge.asked == 2  # and mended


def test_a_damaged_byte_anywhere_costs_one_more_scoring(cache: ScoreCache) -> None:
    """Whatever part of numpy, zipfile or a compressor stumbles over it."""
    texts = [str(number) * (number % 7) for number in range(200)]
    wanted = CachedJudge(Lengths(), cache)(texts).tolist()
    (file,) = cache.folder.iterdir()
    whole = file.read_bytes()
    for at in range(0, len(whole), 3):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        assert CachedJudge(Lengths(), cache)(texts).tolist() == wanted
    file.write_bytes(whole[:64] + bytes(64) + whole[128:])
    assert CachedJudge(Lengths(), cache)(texts).tolist() == wanted


def test_pickled_objects_are_not_read(cache: ScoreCache) -> None:
    judge = Lengths()
    CachedJudge(judge, cache)(["a"])
    (file,) = cache.folder.iterdir()
    np.savez(file, scores=np.array([object()], dtype=object))
    assert CachedJudge(judge, cache)(["a"]).tolist() == [1 / 3]
    assert judge.asked == 2


def test_missing_scores_are_not_kept(cache: ScoreCache) -> None:
    found = cache.scores("judge", [["a"]], lambda: np.array([np.nan]))
    assert np.isnan(found).all() and not cache.folder.exists()


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SRO_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine" / "judges" == ScoreCache().folder
    monkeypatch.delenv("SRO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "sro" / "judges"


def test_a_folder_that_cannot_be_written_costs_no_scores(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        found = CachedJudge(Lengths(), ScoreCache(tmp_path / "file" / "judges"))(["abc"])
    assert found.tolist() == [1.0]
    assert "SRO_CACHE" in caplog.text
