"""Corruptions of clean comments: many draws of one comment show what can and what cannot come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from sro.comments.words import bare_word, words
from sro.screeners.base import Verdict
from sro.training.warmup.corruption import Corruption, corrupt
from sro.training.warmup.lexicon import EDGE, ToxicLexicon

NOTHING = ToxicLexicon(toxic={}, innocent=frozenset(), neighbours={}, before={}, after={})
SWAPS = ToxicLexicon(
    toxic={"idiot": 3.0, "moron": 2.0, "stupid": 2.5},
    innocent=frozenset(),
    neighbours={"idiot": ["foolish person", "person"], "moron": ["person"], "stupid": ["bad", "a", "b", "far"]},
    before={},
    after={},
)
GAPS = ToxicLexicon(
    toxic={"damn": 2.0, "hell": 2.0},
    innocent=frozenset(),
    neighbours={},
    before={"damn": Counter({"a": 9, "idea": 1, EDGE: 9}), "hell": Counter({"is": 4, "idea": 4})},
    after={"damn": Counter({"good": 4, "that": 9, EDGE: 9}), "hell": Counter({"here": 4, EDGE: 4})},
)


class Rude:
    """Refuses what holds a rude word."""

    name = "rude 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        rude = {"idiot", "moron", "stupid", "damn", "hell"}
        bad = [bool(rude & set(map(bare_word, words(text)))) for text in texts]
        return [Verdict("fail" if one else "pass", 0.9 if one else 0.1, self.name) for one in bad]


def drawn(text: str, lexicon: ToxicLexicon, insults: Sequence[str] = (), n: int = 300) -> set[str]:
    """All that n draws make of a comment."""
    return {one.corrupted for one in corrupt([text] * n, insults, lexicon, Rude())}


def test_a_mild_phrase_gives_way_to_toxic_words_that_it_is_near_to() -> None:
    assert drawn("that person knows it", SWAPS) == {"that idiot knows it", "that moron knows it"}
    assert drawn("that foolish person knows it", SWAPS) == {
        *("that idiot knows it", "that foolish idiot knows it", "that foolish moron knows it"),
    }


def test_a_phrase_is_found_as_a_whole_word_in_any_case() -> None:
    assert drawn("Bad page.", SWAPS) == {"stupid page."}
    assert drawn("the badger sat there", SWAPS) == set()
    assert drawn("bad is bad", SWAPS) == {"stupid is bad"}


def test_only_the_nearest_phrases_of_a_toxic_word_count() -> None:
    """`far` is the fourth of `stupid`."""
    assert drawn("it is far from here", SWAPS) == set()


def test_a_toxic_word_is_inserted_between_words_it_was_seen_between() -> None:
    assert drawn("that is a good idea", GAPS) == {
        *("that is a damn good idea", "that is a good idea damn", "that is a good idea hell"),
        *("that is a damn good idea damn", "that is a damn good idea hell"),
    }


@pytest.mark.parametrize("text", ["that is a good idea .", "that is a good idea.", "That is a good idea!"])
def test_nothing_is_inserted_in_front_or_behind_the_final_punctuation(text: str) -> None:
    found = drawn(text, GAPS)
    assert found
    for corrupted in found:
        assert corrupted.endswith(text.split()[-1]), corrupted
        assert corrupted.startswith(text.split()[0]), corrupted


def test_no_gap_no_insertion() -> None:
    assert drawn("we went home", GAPS) == drawn("", GAPS) == drawn(".", GAPS) == set()


@pytest.mark.parametrize(
    ("text", "attached"),
    [
        (
            "we went home .",
            {
                *("you idiot , we went home .", "you idiot . we went home ."),
                *("we went home , you idiot .", "we went home . you idiot ."),
            },
        ),
        (
            "we went home",
            {
                *("you idiot , we went home", "you idiot . we went home"),
                *("we went home , you idiot", "we went home you idiot ."),
            },
        ),
    ],
)
def test_an_insult_is_attached_in_four_ways_without_its_own_end(text: str, attached: set[str]) -> None:
    found = drawn(text, NOTHING, ["you idiot !"], 1000)
    assert {one for one in found if one.count("idiot") == 1} == attached


def test_what_the_screener_passes_is_no_corruption() -> None:
    made = corrupt(["that person knows it", "we went home", "a bad day"], [], SWAPS, Rude())
    assert [one.clean for one in made] == ["that person knows it", "a bad day"]
    assert all(not Rude().screen([one.corrupted])[0].passed for one in made)
    assert corrupt([], [], SWAPS, Rude()) == []


def test_one_corruption_a_comment_in_order() -> None:
    clean = [f"that person knows it {n}" for n in range(20)]
    assert [one.clean for one in corrupt(clean, ["you idiot"], SWAPS, Rude())] == clean


def test_the_seed_decides() -> None:
    clean, insults = [f"that bad person {n} is a good friend" for n in range(20)], ["you idiot", "damn you"]

    def made(seed: int) -> list[Corruption]:
        return corrupt(clean, insults, SWAPS, Rude(), seed)

    assert made(3) == made(3) != made(4)
