"""Stored systems beside ours, on data sets of three lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sro.core.errors import SROError
from sro.evaluation.experiments.peer_table import our_systems, peer_table
from sro.evaluation.experiments.peers import PeerArguments, cached_rewrites, read_peers
from sro.evaluation.judges.loading import Judges
from sro.leader.generation import Completion, Sampling
from sro.rewriting.config import RewriteArguments
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


def test_the_tuning_split_is_read_without_its_csv_quotes(data: Path) -> None:
    rows = 'toxic\tneutral1\n"what ""crap"""\t"what a\n""pity"""\nrude\tkind\n'
    (data / "paradetox_train/paradetox.tsv").write_text(rows, "utf-8")
    found = read_peers("tuning", data)
    assert (found.comments, found.references) == (['what "crap"', "rude"], ['what a "pity"', "kind"])


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

    def rewrite() -> list[str | None]:
        calls.append(1)
        return [f"call {len(calls)}"]

    assert cached_rewrites(tmp_path, "ours", "a", ["x"], rewrite) == ["call 1"]
    assert cached_rewrites(tmp_path, "ours", "a", ["x"], rewrite) == ["call 1"]
    assert cached_rewrites(tmp_path, "ours", "b", ["x"], rewrite) == ["call 2"]
    assert cached_rewrites(tmp_path, "ours", "a", ["y"], rewrite) == ["call 3"]


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
    """Greedy keeps the rude word; a drawn answer leaves it out, another says something else."""

    def generate(
        self, comments: Sequence[str], n: int, sampling: Sampling, seed: int | None
    ) -> list[list[Completion]]:
        if n == 1:
            return [[Completion(text, [], True)] for text in comments]
        return [[Completion("nice weather", [], True), Completion(text[5:], [], True)] for text in comments]


def candidates(sentence: str) -> list[str]:
    return ["crude one"] if sentence == "rude one" else []


def adapter(folder: Path, rank: int = 8) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank}))
    return str(folder)


def test_the_last_of_ours_has_every_row() -> None:
    systems = our_systems({"start": "a", "ours": "b"}, samples=4)
    assert [(system.name, system.adapter, system.rules, system.arguments.samples) for system in systems] == [
        ("start", "a", False, 0),
        ("ours", "b", False, 0),
        ("ours + phrases", "b", True, 0),
        ("ours + 4 samples", "b", False, 4),
        ("ours + phrases + 4 samples", "b", True, 4),
    ]
    assert systems[-1].arguments == RewriteArguments(samples=4)
    assert [system.name for system in our_systems({"ours": "b"}, 0)] == ["ours", "ours + phrases"]


def test_ours_are_named() -> None:
    assert PeerArguments(ours=["a=b", "c=d=e"]).adapters() == {"a": "b", "c": "d=e"}
    with pytest.raises(SROError, match=r"--ours 'nameless' is not NAME=ADAPTER"):
        PeerArguments(ours=["a=b", "nameless"]).adapters()
    with pytest.raises(SROError, match=r"--ours names two adapters 'SRO'\n  fix: another name for runs/b"):
        PeerArguments(ours=["SRO=runs/a", "SRO=runs/b"]).adapters()


@pytest.mark.parametrize(("ours", "name"), [(["BART=a"], "BART"), (["x + phrases=a", "x=b"], r"x \+ phrases")])
def test_no_two_rows_have_one_name(data: Path, tmp_path: Path, ours: list[str], name: str) -> None:
    peers = PeerArguments("paradetox", ours, 0, data=str(data), output_dir=str(tmp_path / "out"))
    with pytest.raises(SROError, match=f"two rows of the table would be called '{name}'"):
        peer_table(peers, Judges(Fine("rude"), SharedWords(), Fine("broken")), command=[], load=pytest.fail)


def test_the_table_is_of_the_products_answers_and_a_second_run_makes_none(data: Path, tmp_path: Path) -> None:
    loaded: list[str] = []

    def load(adapter: str, screener: str, engine: str) -> Rewriter:
        assert (screener, engine) == ("embedded/linear", "ctranslate2")
        loaded.append(Path(adapter).name)
        return Rewriter(Scripted(), Rude(), SharedWords(), phrases=candidates)

    ours = [f"start={adapter(tmp_path / 'a')}", f"ours={adapter(tmp_path / 'b')}"]
    peers = PeerArguments("paradetox", ours, 2, engine="ctranslate2", data=str(data), output_dir=str(tmp_path / "out"))
    judges = Judges(Fine("rude"), SharedWords(), Fine("broken"))

    def table() -> str:
        folder = peer_table(peers, judges, command=["sro", "experiment", "peers"], load=load)
        return (folder / "table.md").read_text("utf-8")

    text = table()
    assert loaded == ["a", "b"]
    cells = {cell[0]: cell for line in text.splitlines() if len(cell := line.strip("| ").split(" | ")) > 8}
    assert {"start", "ours", "BART", "DELETE", "copy", "delete", "phrase table", "human reference"} <= cells.keys()
    refused = cells["system"].index("refused")
    assert {name: cells[name][refused] for name in cells if name.startswith("ours")} == {
        "ours": "1.000",
        "ours + phrases": "1.000",  # "crude one" shares a third of the words: too little of the meaning
        "ours + 2 samples": "0.000",
        "ours + phrases + 2 samples": "0.000",
    }
    assert "trained on parallel data" in text and "`sro experiment peers`" in text and "scored as a copy" in text
    folder = tmp_path / "out/paradetox"
    rows = [json.loads(line) for line in (folder / "sentences.jsonl").read_text("utf-8").splitlines()]
    assert [row["text"] for row in rows if row["system"] == "ours + 2 samples"] == ["one", "two", "three"]
    assert [row["text"] for row in rows if row["system"] == "ours"] == ["rude one", "rude two", "rude three"]
    assert (folder / "plane.png").read_bytes().startswith(b"\x89PNG")
    assert table() == text and loaded == ["a", "b"]
    adapter(tmp_path / "b", rank=16)
    table()
    assert loaded == ["a", "b", "b"]


def test_the_row_of_the_leader_hears_no_rule(data: Path, tmp_path: Path) -> None:
    def leaves_out_the_first_word(sentence: str, blamed: Collection[str]) -> list[str]:
        return [sentence.partition(" ")[2]]

    def load(adapter: str, screener: str, engine: str) -> Rewriter:
        return Rewriter(Scripted(), Rude(), SharedWords(), word_rules=(leaves_out_the_first_word,))

    peers = PeerArguments(
        "paradetox", [f"ours={adapter(tmp_path / 'a')}"], 0, data=str(data), output_dir=str(tmp_path)
    )
    folder = peer_table(peers, Judges(Fine("rude"), SharedWords(), Fine("broken")), command=[], load=load)
    rows = [json.loads(line) for line in (folder / "sentences.jsonl").read_text("utf-8").splitlines()]
    texts = {name: [row["text"] for row in rows if row["system"] == name] for name in ("ours", "ours + phrases")}
    assert texts == {"ours": ["rude one", "rude two", "rude three"], "ours + phrases": ["one", "two", "three"]}


def test_a_table_with_references_needs_sacrebleu_before_it_rewrites(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    peers = PeerArguments(ours=[f"ours={adapter(tmp_path / 'a')}"], data=str(data), output_dir=str(tmp_path / "out"))
    with pytest.raises(SROError, match="sacrebleu, which is not installed"):
        peer_table(peers, Judges(Fine("rude"), SharedWords(), Fine("broken")), command=[], load=pytest.fail)
