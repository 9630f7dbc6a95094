"""Stored systems beside ours, on data sets of three lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.experiments import peer_table as module
from sro.evaluation.experiments.peer_table import best_moves, peer_table
from sro.evaluation.experiments.peers import cached_rewrites, read_peers
from sro.evaluation.judges.loading import Judges
from sro.leader.generation import Completion, Sampling
from sro.rewriting.rewriter import Rewriter
from sro.screeners.base import Verdict


def lines(path: Path, rows: Sequence[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three comments; the outputs lie in another order."""
    toxic = ["rude  one", "rude two", "rude three"]
    lines(
        tmp_path / "paradetox_test/test671.jsonl",
        [{"id": i, "toxic": text, "reference": f"human {i}"} for i, text in enumerate(toxic)],
    )
    lines(
        tmp_path / "paradetox_test/peer_outputs.jsonl",
        [{"id": i, "BART": f"bart {i}", "DELETE": f"rude {i}"} for i in (2, 0, 1)],
    )
    lines(
        tmp_path / "emnlp10k/toxic_and_peers.jsonl",
        [{"id": i, "toxic": f"rude {i}", "paragedi_with_mined_paraphraser": f"gedi {i}"} for i in range(30)],
    )
    table = "toxic\tneutral1\tneutral2\n" + "".join(f"rude {i}\tkind {i}\t\n" for i in range(600))
    (tmp_path / "paradetox_train").mkdir()
    (tmp_path / "paradetox_train/paradetox.tsv").write_text(table, "utf-8")
    return tmp_path


def test_the_test_set_is_brought_together_by_id(data: Path) -> None:
    found = read_peers("paradetox", data)
    assert found.comments == ["rude one", "rude two", "rude three"]
    assert found.references == ["human 0", "human 1", "human 2"]
    assert found.outputs == {"BART": ["bart 0", "bart 1", "bart 2"], "DELETE": ["rude 0", "rude 1", "rude 2"]}


def test_a_comment_without_outputs_is_named(data: Path) -> None:
    lines(data / "paradetox_test/peer_outputs.jsonl", [{"id": 0, "BART": "a"}, {"id": 2, "BART": "b"}])
    with pytest.raises(SROError, match="no outputs for id 1"):
        read_peers("paradetox", data)


def test_the_tuning_split_is_the_end_of_the_training_file(data: Path) -> None:
    found = read_peers("tuning", data)
    assert (len(found.comments), found.comments[0], found.comments[-1]) == (500, "rude 100", "rude 599")
    assert found.references is not None and found.references[-1] == "kind 599" and not found.outputs


def test_the_jigsaw_split_is_the_end_of_its_file_and_stands_alone(data: Path) -> None:
    (data / "sentences").mkdir()
    (data / "sentences/dev_toxic.txt").write_text("".join(f"rude {i}\n\n" for i in range(510)), "utf-8")
    found = read_peers("jigsaw", data)
    assert (len(found.comments), found.comments[0], found.comments[-1]) == (500, "rude 10", "rude 509")
    assert found.references is None and not found.outputs


def test_a_sample_keeps_rows_together_and_is_the_same_again(data: Path) -> None:
    found = read_peers("emnlp10k", data, sample=10)
    assert found == read_peers("emnlp10k", data, sample=10) and found.references is None
    assert list(found.outputs) == ["paragedi, mined paraphraser"]
    numbers = [text.split()[1] for text in found.comments]
    assert len(set(numbers)) == 10 and numbers == sorted(numbers, key=int) and numbers != [str(i) for i in range(10)]
    assert [text.split()[1] for text in found.outputs["paragedi, mined paraphraser"]] == numbers


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SROError, match="SRO_DATA"):
        read_peers("paradetox", tmp_path)


def test_rewrites_are_remembered_by_what_made_them(tmp_path: Path) -> None:
    calls: list[int] = []

    def rewrite() -> list[str]:
        calls.append(1)
        return [f"call {len(calls)}"]

    assert cached_rewrites(tmp_path, "ours", ["a"], ["x"], rewrite) == ["call 1"]
    assert cached_rewrites(tmp_path, "ours", ["a"], ["x"], rewrite) == ["call 1"]
    assert cached_rewrites(tmp_path, "ours", ["b"], ["x"], rewrite) == ["call 2"]
    assert cached_rewrites(tmp_path, "ours", ["a"], ["y"], rewrite) == ["call 3"]


class Rude:
    name = "rude 1"

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        bad = ["rude" in text.split() for text in texts]
        return [Verdict("fail" if rude else "pass", 0.9 if rude else 0.1, self.name) for rude in bad]


class SharedWords:
    name = "shared words"

    def similarity(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        pairs = [(set(text.split()), set(source.split())) for text, source in zip(texts, sources)]
        return np.array([len(one & other) / len(one | other) for one, other in pairs], np.float32)

    def __call__(self, texts: Sequence[str], sources: Sequence[str]) -> np.ndarray:
        return self.similarity(texts, sources)


class Fine:
    """Judges style by the word, and finds everything fluent."""

    def __init__(self, word: str) -> None:
        self.name = f"no {word}"
        self.word = word

    def __call__(self, texts: Sequence[str], *_: object) -> np.ndarray:
        return np.array([float(self.word not in text.split()) for text in texts])


class Scripted:
    """Greedy keeps the rude word; a drawn move leaves it out, another says something else."""

    def __init__(self) -> None:
        self.played: list[tuple[int, float]] = []

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        self.played.append((n, sampling.temperature))
        if n == 1:
            return [[Completion(text, [], True)] for text in comments]
        return [[Completion("nice weather", [], True), Completion(f"no {text[5:]}", [], True)] for text in comments]


def player() -> Rewriter:
    return Rewriter(Scripted(), Rude(), SharedWords())


def test_the_best_move_passes_and_keeps_the_meaning() -> None:
    [found] = best_moves(player(), Fine("nice"), ["rude one two"], [["rude one two", "nice weather", "one two"]])
    assert found.text == "one two"


def test_of_moves_as_near_the_more_fluent_one_is_best() -> None:
    moves = [["one two", "two one"]]
    assert [move.text for move in best_moves(player(), Fine("x"), ["rude one two"], moves)] == ["one two"]

    def fluent(texts: Sequence[str], sources: Sequence[str], references: object = None) -> np.ndarray:
        return np.array([float(text.startswith("two")) for text in texts])

    assert [move.text for move in best_moves(player(), fluent, ["rude one two"], moves)] == ["two one"]


def test_the_table_has_everyone_and_a_second_run_plays_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(adapter: str, screener: str, engine: str) -> Rewriter:
        assert engine == "ctranslate2"
        loaded.append(adapter)
        return player()

    monkeypatch.setattr(module.Rewriter, "load", staticmethod(load))
    monkeypatch.setattr(module.Acceptability, "load", staticmethod(lambda: Fine("broken")))
    monkeypatch.setattr(module, "identity", lambda folder: f"weights of {folder}")
    monkeypatch.setattr(module, "load_screener", lambda name: Rude())
    said: list[str] = []

    def table() -> str:
        folder = peer_table(
            split="paradetox",
            ours={"start": "a", "ours": "b"},
            best_of=3,
            sample=0,
            judges=Judges(Fine("rude"), SharedWords(), Fine("broken")),
            screener="embedded",
            engine="ctranslate2",
            data=data,
            folder=tmp_path / "out",
            config={"split": "paradetox"},
            command=["sro", "experiment", "peers"],
            say=said.append,
        )
        return (folder / "table.md").read_text("utf-8")

    text = table()
    assert loaded == ["a", "b"]
    systems = {line.split(" | ")[0].strip("| ") for line in text.splitlines() if line.startswith("| ")}
    assert {"start", "ours", "ours, best of 3", "BART", "DELETE"} <= systems
    assert {"ours + phrases", "ours, best of 3 + phrases"} <= systems
    assert {"copy", "delete", "phrase table", "human reference"} <= systems
    assert "trained on parallel data" in text and "`sro experiment peers`" in text
    rows = [json.loads(line) for line in (tmp_path / "out/sentences.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows if row["system"] == "ours, best of 3"] == ["no one", "no two", "no three"]
    assert (tmp_path / "out/plane.png").read_bytes().startswith(b"\x89PNG")
    assert table() == text and loaded == ["a", "b"]
