"""Screen → rewrite → screen again → best of N → refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.errors import SROError
from sro.rewriter import Candidate, Rewrite, RewriteArguments, Rewriter, best, readable, shape_fault
from sro.rollout import Paraphrase, Sampling
from sro.screeners import Verdict

COMMENT = "you are an idiot"
RUDE, MILD, NEARER, OFF_TOPIC = "such an idiot", "you are wrong", "you are an odd one", "what lovely weather"


@dataclass
class Words:
    """Fails what holds `idiot`; remembers what it was asked."""

    name: str = "words 1"
    asked: list[tuple[list[str], list[str] | None]] = field(default_factory=list)

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        self.asked.append((list(texts), list(sources) if sources is not None else None))
        return [
            Verdict("fail", 0.9, self.name) if "idiot" in text else Verdict("pass", 0.1, self.name) for text in texts
        ]


class Overlap:
    """Share of the source's words that the text keeps."""

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        kept = [set(text.split()) & set(source.split()) for text, source in zip(texts, sources)]
        return np.array([len(k) / max(1, len(set(source.split()))) for k, source in zip(kept, sources)], np.float32)


@dataclass
class Scripted:
    """A leader that plays from a script: the greedy move of each comment, and then its draws."""

    greedy: dict[str, str]
    draws: dict[str, list[str]] = field(default_factory=dict)
    calls: list[tuple[list[str], int, Sampling, int]] = field(default_factory=list)

    def play(self, comments: Sequence[str], n: int, sampling: Sampling, seed: int) -> list[list[Paraphrase]]:
        self.calls.append((list(comments), n, sampling, seed))
        script = [self.draws[c] if sampling.temperature else [self.greedy[c]] for c in comments]
        assert all(len(texts) == n for texts in script)
        return [[Paraphrase(text, [1], True) for text in texts] for texts in script]


def game(greedy: str, *draws: str, **parts: Any) -> Rewriter:
    return Rewriter(Scripted({COMMENT: greedy}, {COMMENT: list(draws)}), Words(), Overlap(), **parts)


def played(greedy: str, *draws: str, min_similarity: float = 0.5) -> Rewrite:
    (found,) = game(greedy, *draws).rewrite([COMMENT], RewriteArguments(len(draws), min_similarity))
    return found


def test_a_comment_that_passes_is_untouched_and_the_leader_rests() -> None:
    rewriter = game(MILD)
    odd = "  Fine,\tby me\u200b …\r\n"
    assert rewriter.rewrite([odd]) == [Rewrite(odd, odd, "unchanged", Verdict("pass", 0.1, "words 1"))]
    assert rewriter.rollout.calls == []


def test_the_greedy_move_is_enough_where_it_will_do() -> None:
    rewriter = game(MILD)
    (found,) = rewriter.rewrite([COMMENT])
    assert (found.text, found.status, found.tries, found.reason) == (MILD, "rewritten", 1, None)
    assert found.before.label == "fail" and found.after == Verdict("pass", 0.1, "words 1")
    assert found.similarity == pytest.approx(0.5)  # `you are` of four words
    assert [(n, sampling.temperature) for _, n, sampling, _ in rewriter.rollout.calls] == [(1, 0.0)]


def test_else_the_best_of_n() -> None:
    found = played(RUDE, OFF_TOPIC, MILD, NEARER, RUDE)
    assert (found.text, found.tries) == (NEARER, 5)  # passes like MILD, and keeps three words of four


def test_draws_use_the_temperature_and_the_seed() -> None:
    rewriter = game(RUDE, MILD, MILD)
    rewriter.rewrite([COMMENT], RewriteArguments(samples=2, temperature=0.6, seed=7))
    (_, _, greedy, _), (comments, n, drawn, seed) = rewriter.rollout.calls
    assert (comments, n, drawn.temperature, seed) == ([COMMENT], 2, 0.6, 7)
    assert greedy.temperature == 0 and drawn.max_new_tokens > 1000  # bounded by the comment, not by a constant


@pytest.mark.parametrize(
    ("greedy", "draws", "reason", "after"),
    [
        (RUDE, [RUDE], "still_fails", "fail"),
        (RUDE, [OFF_TOPIC], "meaning_lost", "pass"),
        (RUDE, [""], "meaning_lost", "pass"),
        (RUDE, ["you are you are wrong"], "repeating", "pass"),
        (RUDE, ["You are an I.D.I.O.T"], "copy", "pass"),
        (RUDE, [], "still_fails", "fail"),
    ],
)
def test_a_bad_rewrite_is_never_handed_out(greedy: str, draws: list[str], reason: str, after: str) -> None:
    found = played(greedy, *draws)
    assert (found.status, found.text, found.reason) == ("refused", None, reason)
    assert found.after is not None and found.after.label == after and found.tries == 1 + len(draws)


def test_without_a_minimum_of_meaning_shape_still_counts() -> None:
    assert played(RUDE, "", min_similarity=-1).reason == "empty"
    assert played(RUDE, OFF_TOPIC, min_similarity=-1).text == OFF_TOPIC


def test_passing_comes_before_meaning_before_shape_before_nearness() -> None:
    def move(text: str, label: str, similarity: float, fault: Any = None) -> Candidate:
        return Candidate(text, Verdict(label, 0.5, "s"), similarity, fault)  # type: ignore[arg-type]

    ranked = [
        move("nearest of the good", "pass", 0.8),
        move("as near, but later", "pass", 0.8),
        move("good", "pass", 0.6),
        move("nearer but broken", "pass", 0.95, "unfinished"),
        move("off", "pass", 0.2),
        move("nearest but rude", "fail", 1.0),
    ]
    for i in range(len(ranked)):
        assert best(ranked[i:], 0.5) is ranked[i]


def test_a_similarity_that_is_no_number_is_refused() -> None:
    assert Candidate("x", Verdict("pass", 0.1, "s"), float("nan"), None).objection(0.5) == "meaning_lost"


def test_only_comments_that_need_it_are_played_and_order_stays() -> None:
    other = "idiot you"
    leader = Scripted({COMMENT: MILD, other: RUDE}, {other: [RUDE, "hello you"]})
    found = Rewriter(leader, Words(), Overlap()).rewrite(["hi", other, COMMENT, "bye"], RewriteArguments(samples=2))
    assert [f.text for f in found] == ["hi", "hello you", MILD, "bye"]
    assert [comments for comments, *_ in leader.calls] == [[other, COMMENT], [other]]


def test_the_screener_sees_what_a_move_rewrites() -> None:
    rewriter = game(MILD)
    rewriter.rewrite(["hi", COMMENT])
    assert rewriter.screener.asked == [(["hi", COMMENT], None), ([MILD], [COMMENT])]


def test_what_does_not_fit_the_leader_is_refused_untried() -> None:
    rewriter = game(MILD, fits=lambda comment: len(comment) < 20)
    long, short = rewriter.rewrite([COMMENT * 9, COMMENT])
    assert long == Rewrite(COMMENT * 9, None, "refused", Verdict("fail", 0.9, "words 1"), reason="too_long")
    assert short.status == "rewritten"


def test_hidden_characters_hide_nothing() -> None:
    rewriter = game(MILD)
    hidden = "you are\nan id\u200biot"
    (found,) = rewriter.rewrite([hidden])
    assert (found.source, found.text) == (hidden, MILD)
    assert readable("a\ud83d b\ud83d\ude00") == "a\ufffd b😀"


def test_nothing_to_do_and_a_lone_string() -> None:
    assert game(MILD).rewrite([]) == []
    with pytest.raises(TypeError, match=r"rewrite\(\[text\]\)"):
        game(MILD).rewrite(COMMENT)


@pytest.mark.parametrize(
    ("text", "finished", "expected"),
    [
        ("you are wrong", True, None),
        ("you are wrong", False, "unfinished"),
        ("…", True, "empty"),
        ("no no no", True, "repeating"),
        ("YOU are an (idiot)!", True, "copy"),
    ],
)
def test_shape(text: str, finished: bool, expected: str | None) -> None:
    assert shape_fault(Paraphrase(text, [1], finished), COMMENT) == expected


@pytest.mark.parametrize("wrong", [{"samples": -1}, {"min_similarity": 1.5}, {"temperature": 0.0}])
def test_arguments_out_of_range(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(SROError, match=name):
        RewriteArguments(**wrong)


# --- any number of comments ------------------------------------------------------------------------------------------


def test_a_stream_answers_as_a_list_does() -> None:
    texts = ["hi", COMMENT, "bye", COMMENT, COMMENT, "so", "long"]
    for batch_size in (1, 2, 3, 10):
        answers = list(game(MILD).stream(texts, batch_size=batch_size))
        assert [found for some in answers for found in some] == game(MILD).rewrite(texts)
        assert all(answers)


def test_a_stream_fills_the_leaders_batches() -> None:
    rewriter = game(MILD)
    list(rewriter.stream(["hi", COMMENT] * 8, batch_size=4))
    assert [len(comments) for comments, *_ in rewriter.rollout.calls] == [4, 4]
    assert all(len(texts) <= 4 for texts, _ in rewriter.screener.asked)


def test_a_stream_takes_only_so_many_before_it_answers() -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield "hi"

    first = next(game(MILD).stream(endless(), batch_size=2))
    assert len(first) == taken == 64


# --- real, tiny leaders ----------------------------------------------------------------------------------------------


@pytest.fixture(params=["tiny_causal", "tiny_seq2seq"])
def leader(request: pytest.FixtureRequest, tmp_path: Path, saved: Any) -> str:
    model, tokenizer = request.getfixturevalue(request.param)()
    return str(saved(tmp_path / "leader", model, tokenizer))


class Nothing:
    """Fails everything, so that the leader always moves."""

    name = "nothing 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        return [Verdict("fail" if sources is None else "pass", 0.5, self.name) for _ in texts]


@pytest.mark.parametrize("bf16", [False, True])
def test_a_loaded_rewriter_plays_the_same_twice(leader: str, bf16: bool) -> None:
    arguments = RewriteArguments(samples=3, min_similarity=0.3, seed=1)
    texts = ["you are a stupid fool", "shut up moron .", "idiot " * 300]
    found = Rewriter.load(leader, screener=Nothing(), similarity=Overlap(), bf16=bf16).rewrite(texts, arguments)
    again = Rewriter.load(leader, screener=Nothing(), similarity=Overlap(), bf16=bf16).rewrite(texts, arguments)
    assert found == again
    assert [f.tries for f in found[:2]] == [4, 4]  # a random leader's greedy move is no sentence
    assert (found[2].reason, found[2].tries) == ("too_long", 0)


def test_the_limit_counts_prompt_and_comment(leader: str) -> None:
    rewriter = Rewriter.load(leader, screener=Nothing(), similarity=Overlap(), prompt="{text} !", max_prompt_length=6)
    assert rewriter.fits("you are a fool") and not rewriter.fits("you are a stupid old fool")


def test_an_adapter_is_merged_and_its_prompt_used(tiny_causal: Any, saved: Any, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    from sro.leader import save_adapter

    base = str(saved(tmp_path / "leader", *tiny_causal()))
    model, tokenizer = tiny_causal()
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    save_adapter(adapted, tokenizer, "idiot {text} :", tmp_path / "adapter")
    rewriter = Rewriter.load(
        base, adapter=str(tmp_path / "adapter"), screener=Nothing(), similarity=Overlap(), bf16=False
    )
    assert rewriter.rollout.prompt == "idiot {text} :"
    ids = torch.tensor([[5, 6, 7]])
    adapted.eval()
    torch.testing.assert_close(rewriter.rollout.model(ids).logits, adapted(ids).logits, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(rewriter.rollout.model(ids).logits, tiny_causal()[0](ids).logits, atol=1e-3)
    assert not any("lora" in name for name, _ in rewriter.rollout.model.named_parameters())
