"""The log of the edit search: what a killed run found is found again, what was cut short is searched again."""

import pytest

from sro.core.errors import SROError
from sro.training.warmup.search_log import SearchLog


def test_a_second_log_knows_what_the_first_was_told(tmp_path):
    log = SearchLog(tmp_path / "edits.jsonl")
    log.add(["a \u2028 b", "nothing found"], {"a \u2028 b": "c"})
    log.add(["d"], {"d": "e"})
    assert SearchLog(tmp_path / "edits.jsonl").known == {"a \u2028 b": "c", "nothing found": None, "d": "e"}


def test_a_line_cut_short_by_a_kill_is_forgotten_and_the_file_stays_whole(tmp_path):
    path = tmp_path / "edits.jsonl"
    SearchLog(path).add(["a"], {"a": "b"})
    with path.open("a", encoding="utf-8") as file:
        file.write('{"comment": "half a li')
    log = SearchLog(path)
    assert log.known == {"a": "b"}
    log.add(["c"], {})
    assert SearchLog(path).known == {"a": "b", "c": None}


def test_a_foreign_line_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "edits.jsonl"
    path.write_text('{"comment": "a", "rewrite": null}\n{"text": "b"}\n', "utf-8")
    with pytest.raises(SROError, match="line 2"):
        SearchLog(path)


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = SearchLog()
    log.add(["a"], {"a": "b"})
    assert log.known == {"a": "b"} and not list(tmp_path.iterdir())
