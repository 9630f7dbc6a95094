"""Names, and the hashes of what they stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sro.core import files
from sro.core.errors import SROError
from sro.core.files import folder_sha256
from sro.evaluation.experiments import fingerprints as module
from sro.evaluation.experiments.fingerprints import input_fingerprints, rewrite_fingerprint
from sro.leader.model import LeaderArguments
from sro.screeners.follower import FollowerArguments
from sro.training.data import DataArguments


def test_what_ships_with_sro_is_told_by_its_hash() -> None:
    found = input_fingerprints(DataArguments(), FollowerArguments(fluency="embedded"), LeaderArguments())
    names = {part: shown.rpartition(" ") for part, shown in found.items()}
    embedded = {
        "adapter": "embedded/warmup",
        "screener": "embedded/linear",
        "fluency": "embedded",
        "comments": "starter:toxic",
    }
    assert {part: names[part][0] for part in embedded} == embedded
    assert len({names[part][2] for part in embedded}) == 4
    assert all(len(names[part][2]) == 8 for part in embedded)
    assert (found["leader"], found["held_out"]) == ("embedded", "")


def test_the_hub_is_not_asked() -> None:
    found = input_fingerprints(
        DataArguments(), FollowerArguments("somebody/toxicity"), LeaderArguments("somebody/leader")
    )
    assert found["screener"] == "somebody/toxicity" and found["fluency"] == "none"
    assert (found["leader"], found["adapter"]) == ("somebody/leader", "none")


def test_comments_count_by_the_texts_that_a_run_learns_from(tmp_path: Path) -> None:
    file = tmp_path / "comments.txt"

    def found(text: str, **changes: int) -> dict[str, str]:
        file.write_text(text, "utf-8")
        data = DataArguments([str(file)], held_out=str(file), **changes)
        return input_fingerprints(data, FollowerArguments(), LeaderArguments())

    first = found("you are an idiot\nso are you too\n")
    assert first["comments"] == first["held_out"]
    assert found("you  are an idiot\n\nso are you too") == first
    assert found("you are an idiot\n")["comments"] != first["comments"]
    assert found("you are an idiot\nso are you too\nand so is everybody else\n", min_words=5) != first


def test_comments_that_are_nowhere() -> None:
    with pytest.raises(SROError, match=r"nowhere\.txt: no such file"):
        input_fingerprints(DataArguments(["nowhere.txt"]), FollowerArguments(), LeaderArguments())


def test_rewrites_are_told_by_all_that_decides_them(tmp_path: Path) -> None:
    config = tmp_path / "adapter_config.json"
    config.write_text("{}")

    def mark(screener: str = "embedded", engine: str = "transformers", samples: int = 4) -> str:
        return rewrite_fingerprint(str(tmp_path), screener, engine, {"samples": samples})

    first = mark()
    assert mark() == first
    others = {mark(screener="somebody/toxicity"), mark(engine="ctranslate2"), mark(samples=0)}
    (tmp_path / "sro.json").write_text('{"prompt": "Rude: {text}"}')
    assert len({first, mark(), *others}) == 5


@pytest.mark.parametrize("part", ["critic", "fluency", "screener", "starter/phrases/de.txt", "words.txt"])
def test_another_shipped_part_makes_other_rewrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    for folder in ("adapter", "critic", "fluency", "screener", "starter/phrases"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "words.txt").write_text("a")
    for place in (files, module):
        monkeypatch.setattr(place, "asset", lambda name: tmp_path / name)

    def mark() -> str:
        return rewrite_fingerprint(str(tmp_path / "adapter"), "embedded/linear", "ctranslate2", {})

    first = mark()
    changed = tmp_path / part
    (changed / "model.onnx" if changed.is_dir() else changed).write_text("b")
    assert mark() != first


def test_a_part_that_is_not_installed_is_no_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shipped = files.asset

    def asset(name: str) -> Path:
        if name == "critic":
            raise SROError("not installed")
        return shipped(name)

    monkeypatch.setattr(files, "asset", asset)
    assert len(rewrite_fingerprint(str(tmp_path), "embedded/linear", "ctranslate2", {})) == 64


def test_changed_code_makes_other_rewrites(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text("a = 1\n")
    first = folder_sha256(tmp_path, (".py",))
    (tmp_path / "card.md").write_text("prose")
    assert folder_sha256(tmp_path, (".py",)) == first
    (tmp_path / "rule.py").write_text("a = 2\n")
    assert folder_sha256(tmp_path, (".py",)) != first
