"""A message names only flags that the command has which says it."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sro
from sro.comments.sources import load_source
from sro.core.errors import SROError
from sro.leader.engines.chat.config import ChatSettings
from sro.leader.model import LeaderArguments
from sro.screeners.follower import FollowerArguments
from sro.training.config import SROConfig
from sro.training.data import DataArguments
from sro.training.warmup.examples import Mixture
from sro.training.warmup.run import WarmupData
from sro.training.warmup.teachers import Teachers
from sro.training.warmup.trainer import WarmupConfig

SOURCE = Path(sro.__file__).parent
FLAGS = {
    "train": (DataArguments, FollowerArguments, LeaderArguments, SROConfig),
    "warmup": (WarmupData, Mixture, Teachers, LeaderArguments, WarmupConfig, ChatSettings),
}
ROOMS = {
    "train": ["training/*.py", "leader/*.py", "core/precision.py", "core/training_arguments.py"],
    "warmup": [
        *("training/warmup/*.py", "leader/model.py", "leader/token_ids.py", "leader/adapters.py"),
        "core/training_arguments.py",
    ],
}
FLAG = re.compile(r"(?<![\w-])--([a-z]\w+)")
OF_ANOTHER = re.compile(r"`?(?:sro (?!train\b|warmup\b)\w+|pip install)[^;,)`\n]*")
"""Part of a message that tells of another command, with the flags that it gives it."""


def flags_of(command: str) -> set[str]:
    """The names of a command's flags."""
    return {field.name for cls in FLAGS[command] for field in dataclasses.fields(cls)} | {"config"}


def messages(file: Path) -> Iterator[tuple[int, str]]:
    """Strings of a file that are raised or logged, with their lines; names put in become `…`."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        raised = isinstance(node, ast.Raise)
        logged = isinstance(node, ast.Call) and ast.unparse(node.func) in ("SROError", "logger.warning", "logger.info")
        if raised or logged:
            for inner in ast.walk(node):
                if isinstance(inner, ast.JoinedStr):
                    parts = [one.value if isinstance(one, ast.Constant) else "…" for one in inner.values]
                    yield inner.lineno, "".join(map(str, parts))
                elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.lineno, inner.value


@pytest.mark.parametrize("command", ["train", "warmup"])
def test_messages_name_flags_of_their_own_command(command: str) -> None:
    known, seen = flags_of(command), set()
    for file in sorted({file for pattern in ROOMS[command] for file in SOURCE.glob(pattern)}):
        for line, text in messages(file):
            named = set(FLAG.findall(OF_ANOTHER.sub("", text)))
            other = "warmup" if command == "train" else "train"
            if f"sro {other}" in text:
                named -= flags_of(other)
            assert named <= known, f"{file}:{line}: {sorted(named - known)} in {text!r}"
            seen |= named
    assert {"output_dir", "max_prompt_length"} <= seen  # the messages were found


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nocolumn.csv", b"a,b\nyou fool,1\n", "FILE::NAME"),
        ("one.csv", b"x\nyou fool\n", "separate the columns by commas"),
        ("labels.csv", b"text,toxic\n1,1\n0,0\n", "FILE::NAME"),
        ("wide.csv", "text\nyou fool\n".encode("utf-16-le"), "iconv -f utf-16-le -t utf-8"),
        ("kind.foo", b"you fool\n", "call it FILE.csv"),
    ],
)
def test_what_is_wrong_with_a_source_is_mended_without_flags(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SROError) as told:
        load_source(str(tmp_path / name))
    assert said in str(told.value) and not FLAG.findall(str(told.value))


def test_what_a_source_logs_names_no_flag(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "latin.csv"
    file.write_bytes(b"text,n\nyou are so f\xfcol,1\nyou are bad and stupid,2\n")
    with caplog.at_level("INFO", logger="sro"):
        corpus: Any = load_source(str(file))
    said = caplog.text + corpus.report.summary()
    assert "iconv -f windows-1252" in said and "FILE::COLUMN" in said and not FLAG.findall(said)
