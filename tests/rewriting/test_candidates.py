"""Which candidate is the best, what will do, and when to go on: rules alone."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from sro.comments.clean import readable
from sro.core.errors import SROError
from sro.rewriting.candidates import REASONS, Candidate, best, find_fault, restore_capital_and_stop, tied_candidates
from sro.rewriting.config import RewriteArguments
from sro.rewriting.result import Reason
from sro.rewriting.search import around_the_change
from sro.rewriting.state import Search
from sro.screeners.base import Verdict, at_threshold, worst
from sro.screeners.rules.form import Defect, FormScreener
from sro.screeners.rules.meaning import MeaningChange

COMMENT = "you are an idiot"
PASS, FAIL = Verdict("pass", 0.1, "s"), Verdict("fail", 0.9, "s")


def candidate(
    text: str, verdict: Verdict, similarity: float, fault: Reason | None = None, fluency: float = 0
) -> Candidate:
    return Candidate(text, verdict, similarity, fault, fluency)


def test_passing_before_meaning_before_shape_before_the_product() -> None:
    ranked = [
        candidate("nearly as near, and fluent", PASS, 0.76, fluency=0.9),
        candidate("nearer, but sure to pass less", Verdict("pass", 0.3, "s"), 0.84, fluency=0.9),
        candidate("nearest of the good", PASS, 0.84, fluency=0.5),
        candidate("as fluent, but further", PASS, 0.8, fluency=0.5),
        candidate("as near, but later", PASS, 0.8, fluency=0.5),
        candidate("nobody was asked", PASS, 0.84),
        candidate("nor here, and further", PASS, 0.6),
        candidate("nearer but broken", PASS, 0.95, "unfinished", fluency=1),
        candidate("off", PASS, 0.2, fluency=1),
        candidate("rude, but hardly", Verdict("fail", 0.6, "s"), 0.6),
        candidate("rude and nearest", FAIL, 0.95),
        candidate("rude and off", Verdict("fail", 0.5, "s"), 0.1),
    ]
    for i in range(len(ranked)):
        assert best(ranked[i:], 0.5) is ranked[i]


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        (
            [
                candidate("a", PASS, 0.76),
                candidate("rude", FAIL, 0.8),
                candidate("b", PASS, 0.84),
                candidate("c", PASS, 0.6),
            ],
            [0, 2],
        ),
        ([candidate("a", PASS, 0.84), candidate("as near", Verdict("pass", 0.3, "s"), 0.84)], []),
        ([candidate("a", PASS, 0.8), candidate("broken", PASS, 0.8, "unfinished")], []),
        ([candidate("a", PASS, 0.9), candidate("b", PASS, 0.7)], []),
        ([candidate("a", PASS, 0.9), candidate("b", PASS, 0.75)], [0, 1]),
        ([candidate("a", PASS, 0.8), candidate("a", PASS, 0.8)], []),
        ([candidate("off", PASS, 0.2), candidate("as far off", PASS, 0.2)], []),
        ([candidate("rude", FAIL, 0.8), candidate("as rude", FAIL, 0.8)], []),
        ([], []),
    ],
)
def test_fluency_is_asked_for_only_where_it_decides(candidates: list[Candidate], expected: list[int]) -> None:
    assert tied_candidates(candidates, 0.5) == expected


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (candidate("x", PASS, 0.5), None),
        (candidate("x", FAIL, 0.1, "empty"), "still_fails"),
        (candidate("x", PASS, 0.49, "empty"), "meaning_lost"),
        (candidate("x", PASS, float("nan")), "meaning_lost"),
        (candidate("x", PASS, 0.5, "protected_lost"), "protected_lost"),
    ],
)
def test_why_a_candidate_will_not_do(candidate: Candidate, reason: str | None) -> None:
    assert candidate.objection(0.5) == reason


def test_a_search_goes_on_from_its_best_failing_try() -> None:
    search = Search(COMMENT, 0.5)
    assert search.needs_another_round and search.prompt_text == COMMENT
    search.candidates = [candidate("worse", FAIL, 0.9), candidate("less bad", Verdict("fail", 0.6, "s"), 0.7)]
    assert search.needs_another_round and search.objection == "still_fails"
    search.start_next_round()
    assert search.needs_another_round and search.prompt_text == "less bad"
    search.candidates.append(candidate("fine", PASS, 0.6))
    assert not search.needs_another_round and search.best.text == "fine"


@pytest.mark.parametrize(
    "tried",
    [
        candidate("passes, but says something else", PASS, 0.1),
        candidate("fails, and says something else", FAIL, 0.1),
        candidate(COMMENT, FAIL, 1.0, "copy"),
        candidate("broken off", FAIL, 0.9, "unfinished"),
        candidate("the stem", FAIL, 0.9),
    ],
)
def test_a_search_ends_where_another_round_would_be_in_vain(tried: Candidate) -> None:
    search = Search(COMMENT, 0.5, candidates=[tried])
    search.prompt_text = "the stem"
    search.start_next_round()
    assert not search.needs_another_round


@pytest.mark.parametrize(
    ("text", "finished", "expected"),
    [
        ("you are wrong", True, None),
        ("you are wrong", False, "unfinished"),
        ("…", True, "empty"),
        ("no no no", True, "repeating"),
        ("you are wrong wrong", True, "repeating"),
        ("you are a .", True, "malformed"),
        ("you are , , wrong", True, "malformed"),
        ("", True, "empty"),
        ("you are a", False, "unfinished"),
        ("YOU are an (idiot)!", True, "copy"),
    ],
)
def test_shape(text: str, finished: bool, expected: str | None) -> None:
    assert find_fault(text, COMMENT, finished=finished) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @bob, and @bob again", None),
        ("ask @bob again", "protected_lost"),
        ("ask @Bob, and @bob again", "protected_lost"),
        ("ask @bob, @bob, or @bob", "protected_lost"),
    ],
)
def test_what_is_protected_must_be_there_as_often_as_before(text: str, expected: str | None) -> None:
    sentence = "ask @bob, you fool, and @bob again"
    assert find_fault(text, sentence, kept=("@bob", "@bob")) == expected


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("You are wrong", "you are an idiot", "you are wrong"),
        ("you are wrong", "You idiot.", "You are wrong."),
        ("You are wrong!", "you idiot", "you are wrong!"),
        ("Go away", "shut up!", "Go away!"),
        ("is it so", "Are you dumb?", "is it so?"),
        ("wrong (again)", "idiot.", "wrong (again)"),
        ("", "idiot.", ""),
        ("wrong", "", "wrong"),
    ],
)
def test_dressed_as_the_source(text: str, source: str, expected: str) -> None:
    assert restore_capital_and_stop(text, source) == expected


def test_another_threshold() -> None:
    verdicts = [Verdict("pass", 0.3, "s"), Verdict("fail", 0.9, "s")]
    assert at_threshold(verdicts, None) == verdicts
    assert [v.label for v in at_threshold(verdicts, 0.3)] == ["fail", "fail"]
    assert [v.label for v in at_threshold(verdicts, 1.0)] == ["pass", "pass"]
    assert at_threshold(verdicts, 0.3)[0].probability == 0.3


def test_the_worst_verdict() -> None:
    whole = Verdict("pass", 0.4, "whole")
    assert worst([whole, Verdict("pass", 0.49, "s")]) is whole
    assert worst([whole, FAIL, Verdict("fail", 0.95, "s")]).probability == 0.95
    assert worst([Verdict("fail", 0.6, "whole"), Verdict("pass", 0.9, "other")]).probability == 0.6


def test_readable() -> None:
    assert readable(" a\ud83d\n b\u200b\ud83d\ude00 ") == "a\ufffd b😀"


@pytest.mark.parametrize(
    "wrong",
    [
        {"samples": -1},
        {"refine": -1},
        {"min_similarity": 1.5},
        {"threshold": 0.0},
        {"threshold": 2},
        {"temperature": 0.0},
    ],
)
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(SROError, match=name):
        RewriteArguments(**wrong)


@pytest.mark.parametrize(
    ("sentence", "text", "found"),
    [
        ("he is a traitor , gay people are not", "he is a bad man , gay people are not", None),
        ("he is a traitor", "he is a friend", "meaning_lost"),
        ("gay idiots drive here", "people drive here", "meaning_lost"),
        ("shut up, you know nothing about trains", "sure, I know nothing about trains", "meaning_lost"),
        ("you are an idiot", "I am an outsider here", None),
        ("you talk shit", "I think you talk too much", None),
        ("you are wrong and I know nothing of it", "I know nothing of it", None),
        ("this is shit", "this is not useful", None),  # people write so too
    ],
)
def test_who_is_dropped_or_praised_is_not_what_the_author_meant(sentence: str, text: str, found: str | None) -> None:
    assert find_fault(text, sentence) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("you are wrong", None),
        ("you are 1d10n", "disguised"),
        ("y0u are wrong", "disguised"),
        ("you are an id i o", "disguised"),
        ("you are a f00l", "disguised"),
        ("you are wrong about mp3", None),
    ],
)
def test_of_a_disguise_nothing_may_stay(text: str, expected: str | None) -> None:
    plain = "you are an idiot about mp3"
    assert find_fault(text, plain, disguised=True) == expected
    assert find_fault("you are wrong about 3d", plain) is None  # the author hid nothing


def test_follower_and_rewriter_have_one_idea_of_a_well_formed_rewrite() -> None:
    texts = ["you are wrong wrong", "you are a .", "you are, , wrong", "…", COMMENT, "no no no", "you are wrong"]
    shape = FormScreener().screen(texts, sources=[COMMENT] * len(texts))
    assert [verdict.passed for verdict in shape] == [find_fault(text, COMMENT) is None for text in texts]
    assert [verdict.passed for verdict in shape].count(True) == 1
    assert set(get_args(Defect)) | {"unfinished"} | set(get_args(MeaningChange)) - {"negation"} == set(REASONS)
    assert set(REASONS.values()) < set(get_args(Reason))


@pytest.mark.parametrize(
    ("source", "text", "read"),
    [
        ("you are a fool", "you are wrong", ("you are a fool", "you are wrong")),
        (
            "w " * 30 + "fool " + "v " * 30,
            "w " * 30 + "v " * 30,
            ("w " * 10 + "fool " + "v " * 10, "w " * 10 + "v " * 10),
        ),
        ("w " * 30, "w " * 30, ("w " * 10, "w " * 10)),
    ],
    ids=["short", "left out of the middle", "equal"],
)
def test_the_critic_reads_the_surroundings_of_a_change(source: str, text: str, read: tuple[str, str]) -> None:
    assert around_the_change(source, text) == (read[0].strip(), read[1].strip())
