"""No loops: the token that would close an immediate repetition is forbidden, and no other."""

import pytest
import torch

from sro.leader.no_repeat import NoLoops

WORDS = ["bad", "person", ",", "ha", "!", "a", "so"]


class Tokenizer:
    def decode(self, ids: list[int]) -> str:
        return " ".join(WORDS[i] for i in ids)


def forbidden(said: str, comment: str = "") -> set[str]:
    prompt = [WORDS.index(word) for word in comment.split()]
    rule = NoLoops(Tokenizer(), [prompt], start=len(prompt))
    ids = torch.tensor([[*prompt, *[WORDS.index(word) for word in said.split()]]], dtype=torch.long)
    scores = rule(ids, torch.zeros(1, len(WORDS)))
    assert set(scores.unique().tolist()) <= {0.0, -torch.inf}
    return {WORDS[i] for i in (scores[0] == -torch.inf).nonzero().flatten().tolist()}


@pytest.mark.parametrize(
    ("said", "closing"),
    [
        ("", set()),
        ("bad", set()),
        ("so so", {"so"}),  # a third time
        ("bad person bad", {"person"}),
        ("bad , person , bad , person", {","}),  # "person ," would stand twice, "bad , person ," too
        ("bad person , a bad", set()),  # said again, but not in a row
        ("! !", set()),  # punctuation may
        (", ! ,", set()),
        ("so bad person , bad person", {","}),
    ],
)
def test_the_token_that_closes_a_loop_is_forbidden(said: str, closing: set[str]) -> None:
    assert forbidden(said) == closing


def test_what_the_comment_repeats_may_be_repeated() -> None:
    assert forbidden("ha ha", comment="ha ha ha !") == set()
    assert forbidden("bad person bad", comment="a bad person bad person") == set()
    assert forbidden("so so", comment="ha ha ha !") == {"so"}


def test_rows_are_judged_by_themselves() -> None:
    rule = NoLoops(Tokenizer(), [[5], [5]], start=1)
    ids = torch.tensor([[5, 0, 1, 0], [5, 0, 1, 2]])
    scores = rule(ids, torch.zeros(2, len(WORDS)))
    assert (scores == -torch.inf).nonzero().tolist() == [[0, 1]]
