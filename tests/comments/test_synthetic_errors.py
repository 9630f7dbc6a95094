"""Faults that rewriters make: each changes what it says, and nothing else."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest

from sro.comments import synthetic_errors as module
from sro.comments.synthetic_errors import FUNCTION_WORDS, STOPGAPS, broken_sentence, broken_sentences, content_words

SENTENCE = "What a stupid comparison of the two men"
WORDS = SENTENCE.split()


def made_by(fault: module.Fault, times: int = 50) -> list[list[str]]:
    draw = random.Random(0)
    return [fault(WORDS, draw) for _ in range(times)]


FAULTS: tuple[module.Fault, ...] = (
    module.drop_function_word,
    module.swap,
    module.repeat,
    module.add,
    module.drop,
    module.substitute_stopgap,
)


def test_faults_that_lose_words() -> None:
    for found in made_by(module.drop_function_word):
        lost = Counter(map(str.lower, WORDS)) - Counter(map(str.lower, found))
        assert 1 <= lost.total() <= 2 and set(lost) <= {"what", "a", "of", "the"}
    ends = {" ".join(found) for found in made_by(module.break_off)}
    assert ends == {"What a stupid comparison of", "What a stupid comparison of the"}


def test_a_hole_is_all_that_a_function_word_belongs_to() -> None:
    assert (
        module.delete_noun_after_determiner(WORDS, random.Random(0)) == []
    )  # "a comparison" and "two men" are none the worse
    assert module.delete_noun_after_determiner(["what", "a", "comparison"], random.Random(0)) == ["what", "a"]


def test_faults_that_keep_all_words() -> None:
    swapped = {" ".join(found) for found in made_by(module.swap)}
    assert len(swapped) == len(WORDS) - 1 and "a What stupid comparison of the two men" in swapped
    for found in made_by(module.shuffle):
        assert sorted(found) == sorted(WORDS)
        moved = [i for i, (one, other) in enumerate(zip(found, WORDS)) if one != other]
        assert not moved or moved[-1] - moved[0] < 6
    for found in made_by(module.repeat):
        assert len(found) == len(WORDS) + 1 and any(a == b for a, b in pairwise(found))
    for found in made_by(module.add):
        assert (Counter(found) - Counter(WORDS)).total() == 1 and found[0] == "What"


@pytest.mark.parametrize("end", [".", " .", "?", " !", ""])
def test_the_end_stays(end: str) -> None:
    draw = random.Random(0)
    found = [text for _ in range(40) if (text := broken_sentence(SENTENCE + end, draw, FAULTS))]
    assert len(found) > 25 and SENTENCE + end not in found
    assert all(text.endswith(end) for text in found)
    assert not any(mark in text.removesuffix(end) for text in found for mark in ".?!")


def test_where_no_fault_finds_a_place() -> None:
    draw = random.Random(0)
    assert {broken_sentence(".", draw, FAULTS) for _ in range(20)} == {None}
    found = {broken_sentence("fine .", draw, FAULTS) for _ in range(60)}
    assert None in found and "fine fine ." in found and "fine ." not in found


def test_faults_that_rewriters_make() -> None:
    content = {"stupid", "comparison", "two", "men"}
    dropped = {" ".join(found) for found in made_by(module.drop)}
    assert dropped == {" ".join(word for word in WORDS if word != gone) for gone in content}
    for fault, allowed in (
        (module.substitute_stopgap, {*STOPGAPS}),
        (module.substitute_random_word(["trains"]), {"trains"}),
    ):
        for found in made_by(fault):
            place = next(i for i, (one, other) in enumerate(zip(found, WORDS)) if one != other)
            put = found[place : len(found) - (len(WORDS) - place - 1)]
            assert WORDS[place] in content and " ".join(put) in allowed


def test_content_words_come_as_often_as_they_stand() -> None:
    assert content_words(["the cat saw a cat", "so what , 7 times"]) == ["cat", "saw", "cat", "times"]
    assert "the" in FUNCTION_WORDS


def test_every_text_is_broken_or_left_out() -> None:
    found = broken_sentences([SENTENCE, ".", SENTENCE], random.Random(0), FAULTS)
    assert len(found) == 2 and SENTENCE not in found
