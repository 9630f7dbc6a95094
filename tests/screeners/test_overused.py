"""Words that a leader overuses: counting them, the list as a file, and as a member of the panel."""

from __future__ import annotations

from pathlib import Path

import pytest

from sro.apps.cli import main
from sro.core.errors import SROError
from sro.screeners.overused import FEWEST, OverusedWords, learn_overused, put_in

PEOPLE = ["you are a good person today", "that was rude of him", "the idea is wrong", "nobody said that"] * 100
REWRITES = [("you are an idiot", "you are an unkind person")] * 20 + [("that is shit", "that is wrong")] * 20


def test_what_is_put_in_are_new_words_and_pairs_with_one_of_them() -> None:
    assert put_in("You are wrong.", "You are an idiot.") == ["wrong", "are wrong"]
    assert put_in("you are an idiot", "you are an idiot") == []
    assert put_in("", "anything") == []


def test_a_word_that_people_write_too_is_not_overused_and_one_they_never_write_is() -> None:
    found = learn_overused(REWRITES, PEOPLE)
    assert "unkind" in found and "unkind person" in found
    assert "wrong" not in found and "person" not in found
    assert list(found.values()) == sorted(found.values(), reverse=True)
    # (20/40) / ((0 + 3)/400)
    assert found["unkind"] == pytest.approx(66.7)


def test_what_few_rewrites_put_in_and_unchanged_comments_tell_nothing() -> None:
    few = [("you are an idiot", "you are an unkind person")] * (FEWEST - 1)
    same = [("an unkind person", "an unkind person")] * 50
    assert "unkind" not in learn_overused(few + same, PEOPLE)
    with pytest.raises(SROError, match="nothing to compare"):
        learn_overused(same, PEOPLE)
    with pytest.raises(SROError, match="nothing to compare"):
        learn_overused(REWRITES, [])


def test_a_list_that_is_saved_is_read_again_and_a_damaged_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    OverusedWords({"unkind": 66.7, "unkind person": 21.0}, "any").save(file)
    found = OverusedWords.load(file)
    assert found.ratios == {"unkind": 66.7, "unkind person": 21.0}
    assert found.name.startswith("overused ") and len(found.name) == 17
    file.write_text("# a remark\nunkind\t3\nunwise 4\n", encoding="utf-8")
    with pytest.raises(SROError, match=r"list\.txt, line 3: want a word, a tab and a number, found 'unwise 4'"):
        OverusedWords.load(file)
    with pytest.raises(SROError, match="cannot be read"):
        OverusedWords.load(tmp_path / "nowhere")


def test_the_screener_fails_a_stopgap_that_the_comment_does_not_have() -> None:
    screener = OverusedWords({"unkind": 66.7}, "overused 1").screener()
    texts, sources = ["an unkind man", "an unkind man", "a rude man"], ["an ass", "what an unkind man", "an ass"]
    assert [verdict.label for verdict in screener.screen(texts, sources=sources)] == ["fail", "pass", "pass"]


def test_the_shipped_list_names_the_stopgaps_that_readers_complained_of() -> None:
    shipped = OverusedWords.load("embedded")
    assert shipped.faults("He is an unkind person.", "He is an asshole.")
    assert not shipped.faults("He is wrong.", "He is an asshole.")


def test_the_command_counts_rewrites_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rewrites, clean = tmp_path / "rewrites.jsonl", tmp_path / "clean.txt"
    rewrites.write_text(
        "".join(f'{{"source": "{source}", "text": "{text}"}}\n' for source, text in REWRITES)
        + '{"source": "a b c"}\n',
        encoding="utf-8",
    )
    clean.write_text("".join(f"{text} number {i}\n" for i, text in enumerate(PEOPLE)), encoding="utf-8")
    output = tmp_path / "overused.txt"
    command = ["screener", "train", "--kind", "overused", "--rewrites", str(rewrites), "--clean", str(clean)]
    assert main([*command, "--output", str(output)]) == 0
    assert "unkind" in OverusedWords.load(output).ratios
    assert "overused words and pairs of 40 rewrites" in capsys.readouterr().out
