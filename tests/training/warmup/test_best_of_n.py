"""The best of earlier leaders' rewrites, and the second warm-up that learns from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.leader.generation import Completion, Sampling
from sro.rewriting.phrase_rules import Rule
from sro.rewriting.phrase_table import PhraseTable
from sro.screeners.base import Verdict
from sro.screeners.overused import OverusedWords
from sro.training.warmup.best_of_n import READ, Bars, Reward, best_candidates, generate_candidates
from sro.training.warmup.examples import Example
from sro.training.warmup.search_log import SearchLog
from sro.training.warmup.teachers import Teachers, best_rewrites_of_teachers, rule_edits

RUDE = "you are a stupid idiot , friend"


class Screener:
    """P(fail) .9 with a rude word, .1 without."""

    name = "words"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        rude = [any(word in text for word in ("stupid", "idiot")) for text in texts]
        return [Verdict("fail", 0.9, self.name) if found else Verdict("pass", 0.1, self.name) for found in rude]


class Teacher:
    """Plays fixed rewrites: the first one greedy, the others drawn."""

    def __init__(self, *rewrites: str) -> None:
        self.rewrites, self.asked = rewrites, 0

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        self.asked += len(comments)
        chosen = self.rewrites[1 : n + 1] if sampling.temperature else self.rewrites[:1]
        return [[Completion(text, [1], not text.endswith("…")) for text in chosen] for _ in comments]


@dataclass(frozen=True)
class Measured:
    """A `Similarity` by any function."""

    similarity: Callable[[Sequence[str], Sequence[str]], np.ndarray]


similarity = Measured(lambda texts, sources: np.array([0.2 if "thank" in text else 0.8 for text in texts]))


def acceptability(
    texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
) -> np.ndarray:
    return np.array([0.9 if text.startswith("you are") else 0.3 for text in texts])


REWARD = Reward(Screener(), similarity, acceptability)


def test_a_reward_is_the_product_and_nothing_where_a_bar_is_missed() -> None:
    texts = [
        "you are wrong , friend",
        "you are a stupid person , friend",  # fails
        "you are one to thank , friend",  # meaning lost
        "are you bad wrong , friend",  # unacceptable
        "you are a , friend",  # a hole
    ]
    assert REWARD(texts, [RUDE] * 5) == pytest.approx([0.9 * 0.8 * 0.9, 0, 0, 0, 0])
    assert REWARD([], []).shape == (0,)


class Critic:
    """Finds kept what does not say "mistaken"."""

    threshold = 0.5

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        assert all(comment == RUDE for comment, _ in pairs)
        return np.array([0.2 if "mistaken" in text else 0.75 for _, text in pairs])


def test_a_critic_weighs_what_clears_all_bars_and_overused_words_earn_nothing() -> None:
    texts = ["you are wrong , friend", "you are mistaken , friend", "you are a stupid one , friend"]
    read = replace(REWARD, faithfulness=Critic())
    assert read(texts, [RUDE] * 3) == pytest.approx([0.9 * 0.8 * 0.9 * 0.75, 0, 0])
    assert replace(read, bars=Bars(reward=0.5))(texts, [RUDE] * 3) == pytest.approx([0, 0, 0])
    tired = replace(REWARD, overused=OverusedWords({"wrong": 40.0}, "overused 1"))
    assert tired(texts, [RUDE] * 3) == pytest.approx([0, 0.9 * 0.8 * 0.9, 0])


def test_a_comment_below_the_bar_is_the_bar() -> None:
    noisy = "u r a stupid idiot friend"  # acceptable to .3
    assert REWARD(["so wrong friend now"], [noisy])[0] > 0
    strict = Reward(Screener(), similarity, acceptability, Bars(slack=-0.1))
    assert strict(["so wrong friend now"], [noisy])[0] == 0


def test_the_best_of_all_teachers_moves_is_kept() -> None:
    one = Teacher("you are a stupid man , friend", "are you wrong , friend")
    two = Teacher("you are one to thank , friend", "you are mistaken , friend", "you are never drawn , friend")
    assert best_candidates([RUDE], generate_candidates([one, two], 1, 0.8), REWARD) == {
        RUDE: "you are mistaken , friend"
    }
    assert best_candidates([RUDE], generate_candidates([one], 1, 0.8), REWARD) == {}
    unfinished = Teacher("you are mistaken , friend …")
    assert best_candidates([RUDE], generate_candidates([unfinished], 1, 0.8), REWARD) == {}


def test_an_interrupted_run_plays_the_rest(tmp_path: Path) -> None:
    path, teacher = tmp_path / "moves.jsonl", Teacher("you are wrong , friend")
    other = "this idiot , a friend"
    best_candidates([RUDE], generate_candidates([teacher], 0, 0.8), REWARD, log=SearchLog(path))
    told: list[tuple[int, int]] = []
    found = best_candidates(
        [RUDE, other], generate_candidates([teacher], 0, 0.8), REWARD, 0, lambda *at: told.append(at), SearchLog(path)
    )
    assert list(found) == [RUDE, other]
    assert teacher.asked == 2 and told == [(2, 2)]  # each comment once


def test_a_second_warm_up_is_moves_good_edits_repairs_and_what_stays() -> None:
    clean = [f"you are here to read page {i} ." for i in range(20)]
    earlier = [
        Example("you are a stupid man", "you are a wrong man", "edit"),
        Example("you are a stupid man", "wrong are you man", "edit"),
        Example("you are a good idiot man", "you are a good man", "corruption"),
        Example("hello there", "hello to you", "paraphrase"),
        Example("fine .", "fine .", "unchanged"),
    ]
    wanted = Teachers(table=False, moves=5, moves_each=1, repairs=6, untouched=4)
    teacher: Any = Teacher("you are wrong , friend", "you are mistaken , friend")
    arguments = ([RUDE, "a kind word"], clean, earlier, [teacher], REWARD, wanted)
    found = best_rewrites_of_teachers(*arguments, typed_share=0.0, seed=0)
    kinds = {kind: [e for e in found if e.kind == kind] for kind in ("move", "edit", "corruption", "paraphrase")}
    assert [e.source for e in kinds["move"]] == [RUDE]
    assert kinds["edit"] == earlier[:1] and kinds["corruption"] == [earlier[2]] and kinds["paraphrase"] == [earlier[3]]
    stays, mended = ([e for e in found if e.kind == kind] for kind in ("unchanged", "repair"))
    assert len(stays) == 4 and all(e.source == e.target and e.target in clean for e in stays)
    assert 3 <= len(mended) <= 6 and all(e.source != e.target and e.target in clean for e in mended)
    assert not {e.target for e in stays} & {e.target for e in mended}
    assert found == best_rewrites_of_teachers(*arguments, typed_share=0.0, seed=0)
    assert found != best_rewrites_of_teachers(*arguments, typed_share=1.0, seed=0)


def test_what_only_leaves_out_is_tried_with_the_table_too() -> None:
    table = PhraseTable.of([Rule((("stupid",),), (((("bad",), None),),))])
    assert rule_edits("learn to spell , you moron .", table) == ["learn to spell ."]
    assert "a bad rule" in rule_edits("a fucking stupid rule", table)


def test_the_best_is_learnt_whoever_said_it() -> None:
    rude, other = "you are an idiot , friend", "you are a stupidx person , friend"
    earlier = [Example("you are stupid , man", "wrong are you man", "edit")]  # below the bar; the table does better
    teacher: Any = Teacher("well , friend")  # has the shape of an answer and less acceptability
    wanted = Teachers(moves=5, moves_each=0, repairs=0, untouched=0)
    found = best_rewrites_of_teachers([rude, other], [], earlier, [teacher], REWARD, wanted, typed_share=0.0, seed=0)
    by_source = {example.source: example for example in found}
    assert by_source[rude] == Example(rude, "you are wrong , friend", "idiom")
    again = by_source[earlier[0].source]
    assert again.kind == "idiom" and again.target == "you are wrong , man"
    assert other not in by_source  # of which the table knows nothing, and the teacher nothing good
    better: Any = Teacher("you are wrong , friend")
    found = best_rewrites_of_teachers([rude, other], [], earlier, [better], REWARD, wanted, typed_share=0.0, seed=0)
    assert Example(other, "you are wrong , friend", "move") in found
    assert better.asked == 3  # all comments, those of earlier examples too


def test_a_no_that_came_or_went_is_no_good() -> None:
    assert REWARD(["you are not wise , friend"], [RUDE])[0] == 0
    assert REWARD(["you are not wise , friend"], ["you are not a stupid idiot , friend"])[0] > 0


def test_the_dearest_judge_reads_the_best_of_each_comment_alone() -> None:
    read: list[str] = []

    def recording(
        texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None = None, /
    ) -> np.ndarray:
        read.extend(texts)
        return acceptability(texts, sources)

    rewrites = [f"you are wrong number {n} , friend" for n in range(READ + 2)]
    closer = {text: 0.9 - 0.01 * n for n, text in enumerate(rewrites)}
    near = Measured(lambda texts, sources: np.array([closer[text] for text in texts]))
    reward = Reward(Screener(), near, recording)
    found = reward(rewrites, [RUDE] * len(rewrites))
    assert set(read) == {RUDE, *rewrites[:READ]} and [value > 0 for value in found] == [True] * READ + [False] * 2
