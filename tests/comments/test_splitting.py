"""Parts of a corpus: of the asked sizes, and the same everywhere."""

import random

import pytest

from sro.comments.corpus import Comment
from sro.comments.splitting import hold_out_last, split
from sro.core.errors import SROError

COMMENTS = [Comment(f"comment number {n}", "f.txt", n) for n in range(2_000)]
NINE_TO_ONE = {"train": 0.9, "heldout": 0.1}


def test_split_has_about_the_asked_sizes_and_loses_nothing() -> None:
    parts = split(COMMENTS, NINE_TO_ONE)
    assert list(parts) == ["train", "heldout"]
    assert 150 < len(parts["heldout"]) < 250  # 200 expected, standard deviation 13
    assert sorted(parts["train"] + parts["heldout"], key=lambda comment: comment.line) == COMMENTS
    assert parts["heldout"] == sorted(parts["heldout"], key=lambda comment: comment.line)


def test_split_is_the_same_everywhere_and_for_ever() -> None:
    # those n whose sha256("0:commentnumber{n}") lies in the last tenth of all
    assert [comment.line for comment in split(COMMENTS[:40], NINE_TO_ONE)["heldout"]] == [5, 11, 24, 34]


def test_new_rows_order_and_spelling_move_nothing() -> None:
    small = split(COMMENTS[:500], NINE_TO_ONE)
    shuffled = random.Random(0).sample(COMMENTS, len(COMMENTS))
    large = split(shuffled, NINE_TO_ONE)
    assert set(small["heldout"]) == {comment for comment in large["heldout"] if comment.line < 500}
    shouted = split([Comment(c.text.upper() + "!", c.file, c.line) for c in COMMENTS[:500]], NINE_TO_ONE)
    assert [c.line for c in shouted["heldout"]] == [c.line for c in small["heldout"]]


def test_another_seed_is_another_split() -> None:
    assert split(COMMENTS, NINE_TO_ONE, seed=1)["heldout"] != split(COMMENTS, NINE_TO_ONE, seed=0)["heldout"]


def test_split_with_empty_parts_and_many_parts() -> None:
    assert split(COMMENTS, {"none": 0, "all": 1.0, "rest": 0})["all"] == COMMENTS
    tenths = split(COMMENTS, {str(n): 0.1 for n in range(10)})
    assert all(140 < len(part) < 260 for part in tenths.values())


@pytest.mark.parametrize("fractions", [{}, {"a": 0.5}, {"a": 1.5, "b": -0.5}, {"a": 90, "b": 10}])
def test_split_wants_fractions_of_one(fractions: dict[str, float]) -> None:
    with pytest.raises(SROError, match="add up to 1"):
        split(COMMENTS, fractions)


def test_hold_out_last() -> None:
    train, last = hold_out_last(COMMENTS, 500)
    assert (train, last) == (COMMENTS[:1500], COMMENTS[1500:])
    assert hold_out_last(COMMENTS, 0) == (COMMENTS, [])
    for n in (-1, len(COMMENTS)):
        with pytest.raises(SROError, match=f"last {n} of 2000"):
            hold_out_last(COMMENTS, n)
