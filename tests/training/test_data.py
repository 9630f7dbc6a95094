"""Which comments a run learns from, and which it is looked at with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sro.core.errors import SROError
from sro.leader.model import Leader
from sro.screeners.base import Verdict
from sro.training.config import SROConfig
from sro.training.data import DataArguments, training_and_held_out

RUDE = [f"you are a stupid idiot {word}" for word in ("here", "there", "now", "again", "still", "too")]
CIVIL = [f"this is a good idea {word}" for word in ("here", "there")]
Read = Callable[..., tuple[list[str], list[str], dict[str, str]]]


def written(file: Path, texts: Sequence[str]) -> str:
    file.write_text("".join(f"{text}\n" for text in texts), "utf-8")
    return str(file)


@pytest.fixture
def read(tmp_path: Path, tiny_causal: Any) -> Read:
    """read(max_prompt_length, **data): what a run of these comments trains on and holds out."""

    def screen(texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        fails = ["idiot" in text.lower() for text in texts]
        return [Verdict("fail", 0.9, "idiot 1") if one else Verdict("pass", 0.1, "idiot 1") for one in fails]

    def start(max_prompt_length: int = 64, **data: Any) -> tuple[list[str], list[str], dict[str, str]]:
        names = {
            "comments": [written(tmp_path / "comments.txt", [*RUDE, *CIVIL])],
            "held_out": written(tmp_path / "held_out.txt", [RUDE[0].upper() + "!", RUDE[1], CIVIL[0]]),
        }
        args = SROConfig(
            prompt="Rude : {text} Polite :",
            output_dir=str(tmp_path / "run"),
            max_prompt_length=max_prompt_length,
            use_cpu=True,
        )
        leader = Leader(*tiny_causal(), args.prompt)
        screener: Any = SimpleNamespace(name="idiot 1", screen=screen)
        return training_and_held_out(DataArguments(**{**names, **data}), args, screener, leader)

    return start


def test_held_out_comments_are_no_training_comments_however_they_are_written(read: Read) -> None:
    training, held_out, hashes = read()
    assert (training, held_out) == (RUDE[2:], [RUDE[0].upper() + "!", RUDE[1]])
    assert [Path(name).name for name in hashes] == ["comments.txt", "held_out.txt"]


def test_comments_that_pass_are_taken_only_where_asked_for(read: Read) -> None:
    training, held_out, _ = read(only_refused=False)
    assert (training, held_out) == ([*RUDE[2:], CIVIL[1]], [RUDE[0].upper() + "!", RUDE[1], CIVIL[0]])


def test_without_a_file_of_them_some_are_held_out(read: Read) -> None:
    training, held_out, _ = read(held_out=None, comments=["starter:toxic[-60:]"], only_refused=False)
    assert training and held_out and set(training).isdisjoint(held_out)


def test_no_more_are_held_out_than_wanted(read: Read) -> None:
    assert read(held_out_size=1)[:2] == (RUDE[2:], [RUDE[0].upper() + "!"])


def test_nothing_left_is_an_error_with_the_mend(read: Read, tmp_path: Path) -> None:
    civil = written(tmp_path / "civil.txt", CIVIL)
    with pytest.raises(SROError, match="fix: more comments, or --only_refused false"):
        read(comments=[civil])
    with pytest.raises(SROError, match=r"no held-out comment fits into max_prompt_length=3 .*\n  fix: .*--held_out"):
        read(max_prompt_length=3)
