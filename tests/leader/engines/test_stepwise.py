"""Rows are continued until they are done, whatever an engine gives at a time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sro.core.errors import SROError
from sro.leader.engines.stepwise import Row, complete

END = 0


def row(bound: int = 10, never: Sequence[tuple[int, ...]] = ()) -> Row:
    """A row that must not say what is in `never`."""

    def forbidden_tokens(ids: list[int]) -> set[int]:
        return {said[-1] for said in never if tuple(ids) == said[:-1]}

    return Row(0, [1, 2], bound, END, forbidden_tokens)


def script(tokens: Sequence[int], size: int):  # type: ignore[no-untyped-def]
    """An engine that gives these tokens, `size` at a time, and one more than was forbidden."""

    def extend(rows: Sequence[Row], forbidden: Sequence[int] = ()) -> list[list[int]]:
        if forbidden:
            return [[max(forbidden) + 1]]
        return [list(tokens[len(one.ids) : len(one.ids) + size]) for one in rows]

    return extend


def test_a_row_ends_with_its_end_token_and_drops_what_stands_behind() -> None:
    for size in (1, 2, 9):
        one = row()
        complete([one], script([5, 6, END, 7], size))
        assert one.ids == [5, 6, END] and one.done


def test_a_row_ends_at_its_bound() -> None:
    rows = [row(bound=2), row(bound=3)]
    complete(rows, script([5, 6, 7, 8], 9))
    assert [one.ids for one in rows] == [[5, 6], [5, 6, 7]]


def test_what_closes_a_loop_is_drawn_again_and_the_row_goes_on() -> None:
    one = row(never=[(5, 6), (5, 7, 7)])
    complete([one], script([5, 6, 7, 8, END], 9))
    assert one.ids == [5, 7, 8, 8, END]


def test_an_engine_that_has_nothing_more_to_say_ends_the_row() -> None:
    one = row()
    complete([one], script([5, 6], 9))
    assert one.ids == [5, 6] and one.done


def test_an_engine_that_does_not_heed_what_is_forbidden_is_an_error() -> None:
    """Else it would be asked for ever."""
    with pytest.raises(SROError, match="logit_bias"):
        complete([row(never=[(5, 6)])], lambda rows, forbidden=(): [[6] if forbidden else [5, 6] for _ in rows])
