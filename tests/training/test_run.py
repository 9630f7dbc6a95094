"""A training run from end to end, on a tiny leader in a local folder, with the shipped screener."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from sro.comments.corpus import texts_hash
from sro.core.errors import SROError
from sro.core.progress import ProgressLines
from sro.leader.model import Leader, LeaderArguments
from sro.rewriting.measures import markdown
from sro.screeners import follower
from sro.screeners.follower import FollowerArguments
from sro.screeners.loading import load_screener
from sro.training.config import SROConfig
from sro.training.data import DataArguments
from sro.training.run import RunResult, _rewrites_before_training, train_run

PROMPT = "Rude : {text} Polite :"
COMMENTS = [
    f"{start} {insult} {end}"
    for start in ("you are a", "this is a", "they and the")
    for insult in ("stupid idiot", "stupid moron", "idiot fool", "damn stupid moron")
    for end in (".", "here", "on this page")
]
CIVIL = "i think this is a good idea"
PROMISED = {
    *("manifest.json", "adapter", "table.md", "rewrites.jsonl", "curves.png", "log.jsonl", "completions"),
    "quarantine_0.jsonl",
}
Run = Callable[..., RunResult]


class Shared:
    """Similarity of two texts: the share of words of the first that the second has."""

    def __init__(self, name: str) -> None:
        self.name = name

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        pairs = [(set(text.split()), set(source.split())) for text, source in zip(texts, sources)]
        return np.array([len(one & other) / max(1, len(one)) for one, other in pairs], np.float32)


@pytest.fixture(scope="module", autouse=True)
def surroundings() -> Iterator[None]:
    """Meaning is a stub. Each `train` starts with a garbage collection, which need not look through all of torch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follower, "SentenceEncoder", Shared)
        gc.collect()
        gc.freeze()
        yield
        gc.unfreeze()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, tiny_causal: Any, tiny_seq2seq: Any, saved: Any) -> Path:
    """A folder with two leaders and the comments."""
    folder = tmp_path_factory.mktemp("home")
    saved(folder / "causal", *tiny_causal())
    saved(folder / "seq2seq", *tiny_seq2seq())
    (folder / "comments.txt").write_text("".join(f"{text}\n" for text in [*COMMENTS, CIVIL, "too short"]), "utf-8")
    return folder


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    """run(folder, kind, data, leader, follower, **options)."""

    def start(
        folder: Path,
        kind: str = "causal",
        data: dict[str, Any] | None = None,
        leader: dict[str, Any] | None = None,
        follower: dict[str, Any] | None = None,
        **options: Any,
    ) -> RunResult:
        given: dict[str, Any] = {
            "output_dir": str(folder),
            "prompt": PROMPT,
            "per_device_train_batch_size": 8,
            "max_steps": 2,
            "logging_steps": 1,
            "learning_rate": 1e-2,
            "max_completion_length": 8,
            "collapse_window": 0,  # random weights write no sentences
            "use_cpu": True,
        }
        return train_run(
            DataArguments(**{"comments": [str(home / "comments.txt")], **(data or {})}),
            FollowerArguments(**{"min_similarity": 0.0, **(follower or {})}),
            LeaderArguments(**{"leader": str(home / kind), "lora_rank": 4, **(leader or {})}),
            SROConfig(**{**given, **options}),
        )

    return start


@pytest.fixture(scope="module")
def done(run: Run, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run over all comments, five steps of at most eight."""
    return run(tmp_path_factory.mktemp("runs") / "mine", max_steps=-1, num_train_epochs=1, save_steps=2)


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def played(folder: Path) -> set[str]:
    """The comments that the leader was trained on, as its completions tell."""
    return {row["source"] for file in (folder / "completions").glob("*.jsonl") for row in rows(file)}


def steps(folder: Path) -> list[int]:
    return [row["step"] for row in rows(folder / "log.jsonl") if "loss" in row]


# -- what a run leaves --------------------------------------------------------------------------------


def test_every_promised_file_is_there(done: RunResult) -> None:
    there = {path.name for path in done.folder.iterdir()}
    assert there >= PROMISED
    assert sum(name.startswith("checkpoint-") for name in there) == 2  # save_total_limit
    assert not [path for path in done.folder.rglob("*") if ".partial" in path.name]


def test_held_out_comments_are_not_trained_on(done: RunResult) -> None:
    held_out = {comment for comment, _, _ in done.rewrites}
    assert held_out and held_out < {*COMMENTS, CIVIL}
    assert played(done.folder) == set(COMMENTS) - held_out


def test_what_comes_out_may_lie_part_of_the_way_back(run: Run, tmp_path: Path) -> None:
    """A fresh adapter starts with B = 0."""
    whole, part = (
        load_file(run(tmp_path / str(share), interpolate_to_init=share).folder / "adapter/adapter_model.safetensors")
        for share in (0.0, 0.25)
    )
    of_b = [name for name in whole if "lora_B" in name]
    assert of_b and any(whole[name].any() for name in of_b)
    assert all(torch.allclose(part[name], 0.75 * whole[name], atol=1e-6) for name in of_b)


def test_the_result_is_what_is_written(done: RunResult) -> None:
    assert [(row["comment"], row["before"], row["after"]) for row in rows(done.folder / "rewrites.jsonl")] == [
        tuple(row) for row in done.rewrites
    ]
    measures = json.loads((done.folder / "measures.json").read_text("utf-8"))
    assert measures["before (start)"] == asdict(done.before) and measures["after (SRO)"] == asdict(done.after)
    assert measures["copy"]["copy_rate"] == measures["copy"]["similarity"] == 1.0
    table = (done.folder / "table.md").read_text("utf-8")
    for name, row in (("before (start)", done.before), ("after (SRO)", done.after)):
        assert markdown({name: row}).splitlines()[-1] in table
    assert done.before.n == done.after.n == len(done.rewrites)


def test_the_manifest_says_what_was_done(done: RunResult, home: Path) -> None:
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    config = manifest["config"]
    assert (config["leader"], config["screener"], config["prompt"]) == (
        str(home / "causal"),
        "embedded/linear",
        PROMPT,
    )
    assert config["comments"] == [str(home / "comments.txt")]
    assert manifest["data"] == {str(home / "comments.txt"): texts_hash([*COMMENTS, CIVIL])}


def test_rows_that_were_set_aside_are_named(done: RunResult) -> None:
    [row] = rows(done.folder / "quarantine_0.jsonl")
    assert (row["text"], row["reason"], row["line"]) == ("too short", "too_short", len(COMMENTS) + 2)


def test_the_log_has_the_gauges_of_every_step(done: RunResult) -> None:
    logged = [row for row in rows(done.folder / "log.jsonl") if "loss" in row]
    assert [row["step"] for row in logged] == list(range(1, len(logged) + 1))
    assert logged[0]["loss"] == pytest.approx(np.log(2), abs=1e-4)
    assert {"pass_rate", "similarity", "copy_rate", "logps/paraphrase", "kl"} <= set(logged[0])
    assert (done.folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_rewriter_loads_and_writes_what_the_run_reported(done: RunResult, home: Path) -> None:
    from sro.leader.generation import Sampling
    from sro.leader.transformers_generator import TransformersGenerator

    adapter = str(done.folder / "adapter")
    player = Leader.load(LeaderArguments(leader=str(home / "causal"), adapter=adapter))
    assert player.prompt == PROMPT
    generator = TransformersGenerator(player.model.eval(), player.tokenizer, player.prompt, 512)
    completions = generator.generate(
        [row[0] for row in done.rewrites], 1, Sampling(0.0, max_new_tokens=8, avoid_loops=True), seed=0
    )
    assert [one.text for [one] in completions] == [after for _, _, after in done.rewrites]
    assert [after for _, _, after in done.rewrites] != [before for _, before, _ in done.rewrites]


def test_what_goes_on_is_logged(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="sro"):
        result = run(tmp_path / "run", max_steps=1)
    kept = len(result.rewrites)
    assert f"{len(COMMENTS) - kept} comments to train on, {kept} held out" in caplog.messages


def test_a_run_of_fewer_steps_than_it_logs_by_has_a_table_and_no_curves(run: Run, tmp_path: Path) -> None:
    result = run(tmp_path / "run", max_steps=1, logging_steps=5, save_strategy="no")
    assert (result.folder / "adapter").is_dir() and not (result.folder / "curves.png").exists()


# -- which comments -----------------------------------------------------------------------------------


def test_comments_that_pass_are_trained_on_only_where_asked_for(run: Run, tmp_path: Path) -> None:
    assert load_screener("embedded/linear").screen([CIVIL])[0].passed
    result = run(tmp_path / "run", data={"only_refused": False}, max_steps=-1, num_train_epochs=1, save_strategy="no")
    assert played(result.folder) == {*COMMENTS, CIVIL} - {row[0] for row in result.rewrites}


def test_a_file_of_held_out_comments_takes_them_out_of_training(run: Run, home: Path, tmp_path: Path) -> None:
    held_out = tmp_path / "held_out.txt"
    held_out.write_text("".join(f"{text}\n" for text in [*COMMENTS[:3], "what a stupid page"]), "utf-8")
    result = run(
        tmp_path / "run", data={"held_out": str(held_out)}, max_steps=-1, num_train_epochs=1, save_strategy="no"
    )
    assert [row[0] for row in result.rewrites] == [*COMMENTS[:3], "what a stupid page"]
    assert played(result.folder) == set(COMMENTS[3:])
    data = json.loads((result.folder / "manifest.json").read_text("utf-8"))["data"]
    assert set(data) == {str(held_out), str(home / "comments.txt")}


def test_held_out_comments_are_known_by_their_letters(run: Run, tmp_path: Path) -> None:
    held_out = tmp_path / "held_out.txt"
    held_out.write_text(COMMENTS[0].upper() + "!\n", "utf-8")
    result = run(
        tmp_path / "run", data={"held_out": str(held_out)}, max_steps=-1, num_train_epochs=1, save_strategy="no"
    )
    assert COMMENTS[0] not in played(result.folder)


def test_the_table_may_be_made_of_fewer(run: Run, home: Path, tmp_path: Path) -> None:
    data = {"held_out": str(home / "comments.txt"), "held_out_size": 2, "comments": ["starter:toxic[-40:]"]}
    result = run(tmp_path / "run", data={**data, "max_words": 12}, max_steps=1)
    assert [row[0] for row in result.rewrites] == COMMENTS[:2]


def test_nothing_to_train_on_is_an_error_with_the_mend(run: Run, tmp_path: Path) -> None:
    civil = tmp_path / "civil.txt"
    civil.write_text("".join(f"{CIVIL} {n}\n" for n in range(30)), "utf-8")
    with pytest.raises(SROError, match="fix: more comments, or --only_refused false"):
        run(tmp_path / "run", data={"comments": [str(civil)]})
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_comments_that_do_not_fit_begin_no_run(run: Run, home: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("an idiot fool\n", "utf-8")
    data = {"held_out": str(short), "only_refused": False}
    for held_out, message in ((str(short), "no comment of train_dataset fits"), (None, "no held-out comment fits")):
        with pytest.raises(SROError, match=message) as raised:
            run(tmp_path / "run", data={**data, "held_out": held_out}, max_prompt_length=8)
        assert "--max_prompt_length" in str(raised.value)
        assert not (tmp_path / "run" / "manifest.json").exists()
    assert run(tmp_path / "run", data=data, max_steps=1).folder.is_dir()


# -- which leader -------------------------------------------------------------------------------------


def test_the_seed_decides(run: Run, tmp_path: Path) -> None:
    results = [run(tmp_path / name, seed=5, data={"held_out_size": 3}, save_strategy="no") for name in ("one", "two")]
    first, second = (load_file(one.folder / "adapter" / "adapter_model.safetensors") for one in results)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_an_encoder_decoder_trains_too(run: Run, home: Path, tmp_path: Path, tuning: str) -> None:
    result = run(tmp_path / "run", "seq2seq", leader={"tuning": tuning}, max_steps=1, save_strategy="no")
    adapter = result.folder / "adapter"
    if tuning == "full":  # a whole model, to be named as the leader
        assert Leader.load(LeaderArguments(leader=str(adapter))).model.config.is_encoder_decoder
    else:
        assert Leader.load(LeaderArguments(leader=str(home / "seq2seq"), adapter=str(adapter))).prompt == PROMPT


def test_training_goes_on_from_an_adapter_and_its_prompt(done: RunResult, run: Run, tmp_path: Path) -> None:
    start = done.folder / "adapter"
    result = run(tmp_path / "run", leader={"adapter": str(start)}, prompt="", max_steps=1, save_strategy="no")
    assert [before for _, before, _ in result.rewrites] == [after for _, _, after in done.rewrites]
    card = json.loads((result.folder / "adapter" / "sro.json").read_text("utf-8"))
    assert card["prompt"] == PROMPT
    old, new = (load_file(path / "adapter_model.safetensors") for path in (start, result.folder / "adapter"))
    assert old.keys() == new.keys() and any(not torch.equal(old[name], new[name]) for name in old)


def test_full_tuning_of_an_adapter_merges_it_first(done: RunResult, run: Run, tmp_path: Path) -> None:
    leader = {"adapter": str(done.folder / "adapter"), "tuning": "full"}
    result = run(tmp_path / "run", leader=leader, max_steps=1, save_strategy="no")
    assert [before for _, before, _ in result.rewrites] == [after for _, _, after in done.rewrites]
    whole = Leader.load(LeaderArguments(leader=str(result.folder / "adapter")))
    assert not hasattr(whole.model, "peft_config")


# -- occupied folders, resuming, collapse -------------------------------------------------------------


def test_a_folder_that_holds_a_run_is_not_overwritten(done: RunResult, run: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in done.folder.rglob("*")}
    with pytest.raises(SROError, match=r"holds a run already\n  fix: --resume true .* or another --output_dir"):
        run(done.folder)
    assert {path: path.stat().st_mtime_ns for path in done.folder.rglob("*")} == before


def test_resuming_needs_a_checkpoint(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"no complete checkpoint in .*\n  fix: leave out --resume, or name"):
        run(tmp_path / "run", data={"resume": True})
    assert not (tmp_path / "run").exists()


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Any, args: Any, state: Any, *others: Any, **more: Any) -> None:
        if state.global_step == 2:
            raise KeyboardInterrupt

    options: dict[str, Any] = {"max_steps": 3, "save_steps": 1}
    torch.manual_seed(0)  # of the fresh adapter
    whole = run(tmp_path / "whole", **options)
    folder = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ProgressLines, "on_log", interrupt)
        torch.manual_seed(0)
        run(folder, **options)
    assert not (folder / "adapter").exists()
    stamp = (folder / "before.json").stat().st_mtime_ns
    torch.manual_seed(1)
    resumed = run(folder, data={"resume": True}, **options)
    assert steps(folder) == [1, 2, 3]
    assert (folder / "before.json").stat().st_mtime_ns == stamp  # the start is looked at once
    assert (resumed.before, resumed.after, resumed.rewrites) == (whole.before, whole.after, whole.rewrites)
    first, second = (load_file(one.folder / "adapter" / "adapter_model.safetensors") for one in (whole, resumed))
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_is_not_gone_on_with_as_another(
    done: RunResult, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings are compared before anything is loaded, comments before the first step; the folder stays as it is."""
    begun: dict[str, Any] = {"max_steps": -1, "num_train_epochs": 1, "save_steps": 2}
    before = {path: path.read_bytes() for path in done.folder.rglob("*") if path.is_file()}
    with pytest.raises(
        SROError, match=r"--min_similarity: 0\.0 at first, 0\.1 now\n +--beta: 0\.1 at first, 0\.3 now"
    ):
        run(done.folder, data={"resume": True}, follower={"min_similarity": 0.1}, beta=0.3, **begun)
    monkeypatch.setattr(
        "sro.training.run.training_and_held_out", lambda *_: (COMMENTS, COMMENTS[:2], {"other": "f00"})
    )
    with pytest.raises(SROError, match=r"comments\.txt: its rows are not those that the run began with"):
        run(done.folder, data={"resume": True}, **begun)
    assert {path: path.read_bytes() for path in done.folder.rglob("*") if path.is_file()} == before


def test_what_was_said_before_belongs_to_its_comments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sro.training.run._rewrite", lambda trainer, comments: [f"not {text}" for text in comments])
    cache = tmp_path / "before.json"
    assert _rewrites_before_training(None, ["a", "b"], cache, reuse=True) == ["not a", "not b"]  # type: ignore[arg-type]
    monkeypatch.setattr("sro.training.run._rewrite", lambda trainer, comments: ["new"] * len(comments))
    assert _rewrites_before_training(None, ["a", "b"], cache, reuse=True) == ["not a", "not b"]  # type: ignore[arg-type]
    assert _rewrites_before_training(None, ["a", "c"], cache, reuse=True) == ["new", "new"]  # type: ignore[arg-type]


def test_a_collapsed_leader_is_an_error_that_leaves_its_log(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(
        SROError,
        match=r"the leader collapsed at step 1: .*mostly unfinished.*\n  fix: a higher --max_completion_length",
    ):
        run(folder, collapse_window=4, collapse_share=0.1)
    assert steps(folder) == [1]
    assert (folder / "curves.png").is_file() and not (folder / "adapter").exists()


def test_a_checkpoint_that_is_named_is_refused_and_not_passed_over(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SROError, match=r"in its own folder only(.|\n)*fix: --resume true"):
        run(tmp_path / "run", resume_from_checkpoint="runs/a/checkpoint-50")
    assert not (tmp_path / "run").exists()
