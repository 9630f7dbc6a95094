"""The phrase table: how its rules read, and what it makes of comments."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sro.core.errors import SROError
from sro.rewriting import phrase_table
from sro.rewriting.phrase_table import load_idioms, parsed


def table(tmp_path: Path, *lines: str) -> list[str]:
    path = tmp_path / "table.txt"
    path.write_text("\n".join(lines), "utf-8")
    return load_idioms(path).variants("Well , they talk rot about us . Rot !", 3)


def test_a_list_on_the_mild_side_follows_the_first_of_its_length(tmp_path: Path) -> None:
    rule = parsed("go/goes to hell/heck/blazes => leave/walks~away now")
    assert rule.rude == (("go", "goes"), ("to",), ("hell", "heck", "blazes"))
    assert [rule.civil(0, choice) for choice in ((0, 0, 2), (1, 0, 0))] == [["leave", "now"], ["walks", "away", "now"]]
    assert parsed("a/b a/b => c/d e/f").civil(0, (0, 1)) == ["c", "f"]
    assert parsed("damn =>").civil(0, (0,)) == []
    assert parsed("a => b ; c").civil(5, (0,)) == ["c"]
    with pytest.raises(ValueError, match="x/y/z answers no list of 3 words"):
        parsed("a/b => x/y/z")


def test_an_edge_may_be_one_of_several_words(tmp_path: Path) -> None:
    assert table(tmp_path, "rot about/$ => dust about/$") == ["Well , they talk dust about us . Dust !"]
    assert table(tmp_path, "^/talk rot => ~/say things") == ["Well , they say things about us . Things !"]
    assert list(parsed("^/talk rot/gas => a").openings()) == [
        *(("talk", "rot"), ("talk", "gas"), ("rot", None), ("gas", None)),
    ]


def test_longer_rules_come_first_and_edges_hold(tmp_path: Path) -> None:
    assert table(tmp_path, "rot => dust", "talk/talks rot => say/says things") == [
        "Well , they say things about us . Dust !"
    ]
    assert table(tmp_path, "^ rot => dust") == ["Well , they talk rot about us . Dust !"]
    assert table(tmp_path, "rot $ => dust $") == ["Well , they talk rot about us . Dust !"]
    assert table(tmp_path, "_ rot about => _ badly about") == ["Well , they talk badly about us . Rot !"]
    assert table(tmp_path, "foul => fair") == []


def test_the_kth_variant_takes_the_kth_civil_form_or_the_last(tmp_path: Path) -> None:
    found = table(tmp_path, "talk rot => joke ; speak badly", "^ rot => dust")
    assert found == ["Well , they joke about us . Dust !", "Well , they speak badly about us . Dust !"]


def test_a_line_that_is_no_rule_is_named(tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"table.txt, line 2: no rule"):
        table(tmp_path, "# a comment", "rot dust")
    with pytest.raises(SROError, match="line 1: no rude word"):
        table(tmp_path, "^ => dust")


@pytest.mark.parametrize(
    ("rude", "mild"),
    [
        ("i don 't give a shit about that .", "i don 't care about that ."),
        ("He gives a fuck about you!", "He cares about you!"),
        ("Get the fuck out of here.", "Get out of here."),
        ("You don 't know shit about it", "You don 't know anything about it"),
        ("he is full of shit .", "he is wrong ."),
        ("What the fuck is going on?", "What is going on?"),
        ("she is an idiot .", "she is unwise ."),
        ("that was a fucking apple .", "that was an apple ."),
        ("damn , that is good", "oh , that is good"),
        ("sit down , you idiot .", "sit down ."),
        ("they are too stupid to vote", "they are unable to vote"),
        ("do not shit your pants .", "do not panic ."),
        ("it is just as shit as mine", "it is just as bad as mine"),
        ("that asshole cop drove off", "that rude cop drove off"),
        ("you ignorant fucks !", "you uninformed people !"),
        ("a racist who votes for a racist party .", "a prejudiced person who votes for a prejudiced party ."),
        ("Fuck you , he said", "I am angry with you , he said"),
        ("do not make an ass of yourself", "do not embarrass yourself"),
        ("what a bunch of clowns .", "they are hard to take seriously ."),
        ("that clown senator showed extreme stupidity", "that unserious senator showed very poor judgment"),
        ("the lesser of two evils", "the better of two bad choices"),
    ],
)
def test_idioms_that_word_by_word_edits_break(rude: str, mild: str) -> None:
    assert load_idioms().variants(rude)[0] == mild


def test_clean_comments_have_no_variant() -> None:
    clean = ["thank you for the edit .", "She is a proud gay woman.", "dick cheney bought garbage bags", ""]
    assert not any(map(load_idioms().variants, clean))


def test_a_phrase_that_only_looks_rude_keeps_its_capitals() -> None:
    assert load_idioms().variants("Dick Cheney is an idiot .", 1) == ["Dick Cheney is unwise ."]


def test_few_rules_are_tried_at_each_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """`are` begins 160 rules; those are tried whose second word stands there."""
    tried = Counter[str]()
    fit = phrase_table._fit
    monkeypatch.setattr(phrase_table, "_fit", lambda rude, *rest: tried.update(["rules"]) or fit(rude, *rest))
    load_idioms().variants("fucking hell , are is are is " * 100)
    assert 0 < tried["rules"] < 10 * 700


def test_a_comment_without_a_phrase_has_no_variants() -> None:
    assert load_idioms().variants("the son of a us senator") == []
