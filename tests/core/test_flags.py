"""Fields of dataclasses as flags."""

import re
from dataclasses import dataclass, field
from typing import Literal

import pytest

from sro.core.config import parse
from sro.core.errors import SROError


@dataclass
class Work:
    data: str = field(metadata={"help": "comments to learn from"})
    limit: int | None = field(default=None, metadata={"help": "use this many"})
    columns: list[str] = field(default_factory=lambda: ["text"], metadata={"help": "columns to read"})
    beta: float = field(default=0.1, metadata={"help": "how far the leader may move from its reference"})
    loss: Literal["sro", "dpo"] = "sro"
    dropout: bool = field(default=True, metadata={"help": "whether to drop"})


def made(*argv: str) -> Work:
    return parse(Work, argv, prog="sro train", description="Train a leader.")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--betta", "1"], "unknown flag '--betta'; did you mean 'beta'?"),
        (["--colums=x"], "unknown flag '--colums'; did you mean 'columns'?"),
        (["--lim", "1"], "unknown flag '--lim'"),  # no abbreviations: a new field must not change what a flag means
        (["--data", "a", "stray"], "unexpected word 'stray'"),
        (["--data", "a", "--beta", "x"], "--beta: invalid float value: 'x'"),
        (["--data", "a", "--loss", "kto"], "--loss: invalid choice: 'kto'"),
        (["--data", "a", "--dropout", "perhaps"], "--dropout: Truthy value expected"),
    ],
)
def test_mistakes_on_the_command_line(argv: list[str], message: str) -> None:
    with pytest.raises(SROError, match=re.escape(message)):
        made(*argv)


@pytest.mark.parametrize("value", ["-1e-3", "-1", "-.5", "-2.5E+3"])
def test_a_negative_number_is_a_value(value: str) -> None:
    assert made("--data", "a", "--beta", value, "--limit", "3").beta == float(value)


def test_help_names_each_flag_once_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        made("--help")
    assert left.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "--data DATA comments to learn from (required)" in text
    assert "--limit LIMIT use this many --columns" in text  # no "(default: None)"
    assert "leader may move from its reference (default: 0.1)" in text
    assert "--dropout [DROPOUT] whether to drop (default: True) --no_dropout turns --dropout off" in text
    assert "TrainingArguments" not in text


def test_help_names_the_defaults_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(Work, ["--help"], prog="sro demo", description="", defaults={"data": "starter", "beta": 0.5})
    text = " ".join(capsys.readouterr().out.split())
    assert "comments to learn from (default: starter)" in text
    assert "leader may move from its reference (default: 0.5)" in text
    assert "--columns COLUMNS [COLUMNS ...] columns to read (default: ['text'])" in text
