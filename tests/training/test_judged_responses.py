"""Training on rewrites that somebody judged: what is played, what is answered, and what the leader learns of it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sro.core.errors import SROError
from sro.leader.generation import Sampling
from sro.leader.logprobs import log_probs
from sro.leader.model import Leader, LeaderArguments
from sro.leader.token_ids import completion_ids, prompt_ids
from sro.screeners.follower import FollowerArguments
from sro.training.config import SROConfig
from sro.training.data import DataArguments
from sro.training.judged_responses import JudgedGame, JudgedRewrite, read_judged_rewrites, recorded_game
from sro.training.run import train_run

PROMPT = "Rude : {text} Polite :"
NOUNS = ("page", "idea", "article", "game")
TAKEN, REFUSED = "this {} is not good", "this {} is unkind"
JUDGED = [
    JudgedRewrite(f"this {noun} is damn stupid", text.format(noun), text == TAKEN)
    for noun in NOUNS
    for text in (TAKEN, REFUSED)
]


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def exported(judged: list[JudgedRewrite]) -> list[dict[str, Any]]:
    """As `sro feedback export` writes them."""
    return [
        {"comment": one.comment, "response": one.rewrite, "verdict": "pass" if one.passed else "fail", "by": "leader"}
        for one in judged
    ]


def test_what_is_exported_is_read(tmp_path: Path) -> None:
    edit = {"comment": "this page is crap", "response": "I like it less", "verdict": "pass", "by": "person"}
    rows = [*exported(JUDGED[:3]), edit, *exported(JUDGED[3:])]
    assert read_judged_rewrites(write(tmp_path / "responses.jsonl", rows)) == JUDGED  # nobody's own rewrite


@pytest.mark.parametrize("change", [{"verdict": "maybe"}, {"response": " "}, {"response": None}, {"comment": ""}])
def test_a_row_without_an_answer_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    rows = exported(JUDGED)
    rows[2] |= change
    with pytest.raises(SROError, match=r"responses\.jsonl, line 3: .*\n  fix: rows as"):
        read_judged_rewrites(write(tmp_path / "responses.jsonl", rows))


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="no column 'comment'"):
        read_judged_rewrites(write(tmp_path / "other.jsonl", [{"text": "a", "label": 1}]))


def test_recorded_moves_are_played_and_answered_as_they_were(tiny_causal: Any) -> None:
    _, tokenizer = tiny_causal()
    game = JudgedGame(JUDGED, tokenizer, prompt=PROMPT)
    comments = list(dict.fromkeys(game.comments))
    completions = game.generate(comments, 2, Sampling(), seed=1)
    assert [sorted(one.text for one in played) for played in completions] == [
        sorted(j.rewrite for j in JUDGED if j.comment == comment) for comment in comments
    ]
    assert all(one.finished and one.ids[-1] == tokenizer.eos_token_id for played in completions for one in played)
    texts, sources = zip(*((one.text, comment) for comment, played in zip(comments, completions) for one in played))
    assert [verdict.passed for verdict in game.screen(texts, sources)] == ["good" in text for text in texts]
    assert len(game.generate(comments, 5, Sampling(), 1)[0]) == 5  # of two, some twice


def test_every_response_is_played_once_an_epoch_and_a_resumed_run_deals_on(tiny_causal: Any) -> None:
    _, tokenizer = tiny_causal()
    game = JudgedGame(JUDGED, tokenizer, prompt=PROMPT)

    def play(comments: list[str]) -> list[tuple[str, str]]:
        return [(one, some[0].text) for one, some in zip(comments, game.generate(comments, 1, Sampling(), seed=1))]

    for epoch in range(2):
        order = random.Random(epoch).sample(game.comments, len(game.comments))
        begun = play(order[:3])
        state = json.loads(json.dumps(game.state_dict()))
        game = JudgedGame(JUDGED, tokenizer, prompt=PROMPT)
        game.load_state_dict(state)
        played = begun + play(order[3:])
        assert sorted(played) == sorted((row["comment"], row["response"]) for row in exported(JUDGED))


def test_two_processes_deal_from_one_pack(tiny_causal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    games = [JudgedGame(JUDGED, tiny_causal()[1], prompt=PROMPT) for _ in range(2)]
    [comment] = dict.fromkeys(games[0].comments[:2])
    monkeypatch.setattr("sro.training.judged_responses.gather_from_all", lambda mine: mine * 2)
    played = []
    for process, game in enumerate(games):
        here = SimpleNamespace(process_index=process)
        monkeypatch.setattr("sro.training.judged_responses.PartialState", lambda here=here: here)
        played += [one.text for one in game.generate([comment], 1, Sampling(), seed=1)[0]]
    assert sorted(played) == sorted(row["response"] for row in exported(JUDGED) if row["comment"] == comment)


@pytest.mark.parametrize(("verdicts", "passes"), [([True, True, False], True), ([True, False], False)])
def test_of_contrary_verdicts_the_more_frequent_holds(tiny_causal: Any, verdicts: list[bool], passes: bool) -> None:
    for order in (verdicts, verdicts[::-1]):
        judged = [JudgedRewrite("you fool", "you err", passed) for passed in order]
        game = JudgedGame(judged, tiny_causal()[1], prompt=PROMPT)
        assert game.screen(["you err"], ["you fool"])[0].passed == passes
        assert game.sha256 != JudgedGame(judged[:1], tiny_causal()[1], prompt=PROMPT).sha256


def test_a_comment_is_known_whatever_its_blanks(tmp_path: Path, tiny_causal: Any) -> None:
    model, tokenizer = tiny_causal()
    rows = exported([JudgedRewrite("this  page is\tdamn stupid", "this page\nis not good", True)])
    leader = Leader(model, tokenizer, PROMPT)
    game = recorded_game(write(tmp_path / "responses.jsonl", rows), ["this page is damn stupid"], leader)
    (played,) = game.generate(game.comments, 1, Sampling(), 0)
    assert played[0].text == "this page is not good"
    assert game.screen([played[0].text], game.comments)[0].passed


def test_the_leader_learns_what_was_taken_and_unlearns_what_was_refused(
    tmp_path: Path, tiny_causal: Any, saved: Any
) -> None:
    saved(tmp_path / "leader", *tiny_causal())
    held_out = tmp_path / "held_out.txt"
    held_out.write_text("you are a stupid moron\n", "utf-8")
    train_run(
        DataArguments(
            judged_responses=write(tmp_path / "responses.jsonl", exported(JUDGED)),
            held_out=str(held_out),
            only_refused=True,
        ),
        FollowerArguments(screener="embedded/linear", min_similarity=0.0),
        LeaderArguments(leader=str(tmp_path / "leader"), lora_rank=4),
        SROConfig(
            output_dir=str(tmp_path / "run"),
            prompt=PROMPT,
            per_device_train_batch_size=8,
            max_steps=12,
            logging_steps=4,
            learning_rate=2e-2,
            collapse_window=0,
            use_cpu=True,
        ),
    )
    played = [json.loads(line) for file in (tmp_path / "run/completions").glob("*.jsonl") for line in file.open()]
    assert {(row["source"], row["paraphrase"]) for row in played} == {(j.comment, j.rewrite) for j in JUDGED}
    before, after = (
        Leader.load(LeaderArguments(leader=str(tmp_path / "leader"), adapter=adapter), "none", PROMPT)
        for adapter in ("none", str(tmp_path / "run/adapter"))
    )
    gain = score(after) - score(before)
    taken = torch.tensor([j.passed for j in JUDGED])
    assert gain[taken].min() > gain[~taken].max()
    assert gain[~taken].mean() < 0


def score(leader: Leader) -> torch.Tensor:
    """log π(rewrite | comment) of all judged rewrites."""
    prompts = prompt_ids(leader.tokenizer, PROMPT, [j.comment for j in JUDGED], 64)
    rewrites = completion_ids(leader.tokenizer, [j.rewrite for j in JUDGED], PROMPT)
    with torch.no_grad():
        return log_probs(leader.model, prompts, [[ids] for ids in rewrites], leader.tokenizer.pad_token_id).total()
