"""`sro train`, `sro demo` and `sro warmup`: flags in, one call, a few lines out. What is called is a stub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from sro.apps import cli
from sro.apps.cli import main
from sro.core.errors import SROError
from sro.core.machine import device_defaults
from sro.leader.model import LeaderArguments
from sro.screeners.follower import FollowerArguments
from sro.training.config import SROConfig
from sro.training.data import DataArguments
from sro.training.warmup.examples import Mixture
from sro.training.warmup.run import WarmupData
from sro.training.warmup.teachers import Teachers
from sro.training.warmup.trainer import WarmupConfig


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU, no AMX and nobody's AVX512-BF16, whatever this machine has."""
    monkeypatch.delenv("SRO_BF16", raising=False)
    monkeypatch.setattr("sro.core.precision.describe_processor", dict)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The arguments that `train_run` was called with; its table says so, and there are twelve rewrites."""
    calls: list[Any] = []
    (tmp_path / "table.md").write_text("| the table |\n", "utf-8")

    def train_run(*arguments: Any, command: Sequence[str] = ()) -> Any:
        calls.append(arguments)
        rows = [(f"comment [{n}]", f"before {n}", f"after {n}") for n in range(12)]
        return SimpleNamespace(rewrites=rows, folder=tmp_path)

    monkeypatch.setattr("sro.training.run.train_run", train_run)
    monkeypatch.setattr("sro.apps.cli.train._searched", lambda comments, adapter: [f"shown {c}" for c in comments])
    return calls


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The arguments that `warmup_run` was called with."""
    calls: list[Any] = []
    monkeypatch.setattr(
        "sro.training.warmup.run.warmup_run",
        lambda *given, command, chat: calls.append(given) or tmp_path / "adapter",
    )
    return calls


# -- what the machine calls for -----------------------------------------------------------------------


@pytest.mark.parametrize(("gpu", "flags"), [(False, {"use_cpu": True}), (True, {})])
def test_device_defaults_fit_the_machine(monkeypatch: pytest.MonkeyPatch, gpu: bool, flags: dict[str, bool]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert device_defaults() == flags


@pytest.mark.parametrize("amx", [True, False])
def test_the_number_format_is_the_processors(trained: list[Any], monkeypatch: pytest.MonkeyPatch, amx: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert main(["train"]) == 0
    [(*_, args)] = trained
    assert args.bf16 is amx


@pytest.mark.parametrize("given", [["--bf16", "false"], ["--bf16=false"]])
def test_device_defaults_leave_alone_what_is_given(
    trained: list[Any], monkeypatch: pytest.MonkeyPatch, given: list[str]
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    assert main(["train", *given]) == 0
    [(*_, args)] = trained
    assert not args.bf16 and args.use_cpu != torch.cuda.is_available()


@pytest.mark.parametrize("command", ["train", "demo"])
def test_what_a_file_says_goes_before_machine_and_presets(
    trained: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True)
    file = tmp_path / "run.yaml"
    file.write_text("bf16: false\nmax_steps: 7\n", "utf-8")
    assert main([command, "--config", str(file)]) == 0
    [(*_, args)] = trained
    assert not args.bf16 and args.max_steps == 7


@pytest.mark.parametrize("command", ["train", "warmup", "demo"])
def test_a_machine_without_a_gpu_trains_on_its_processor(trained: list[Any], warmed: list[Any], command: str) -> None:
    assert main([command]) == 0
    [(*_, args)] = trained + warmed
    assert args.use_cpu and not args.bf16


# -- sro train ----------------------------------------------------------------------------------------


def test_train_hands_its_flags_to_the_run(trained: list[Any]) -> None:
    flags = "--comments a.csv::text b.txt --min_similarity 0.5 --leader a/name --beta 0.2 --output_dir runs/mine"
    assert main(["train", *flags.split()]) == 0
    [(data, follower, leader, args)] = trained
    assert isinstance(data, DataArguments) and data.comments == ["a.csv::text", "b.txt"]
    assert isinstance(follower, FollowerArguments) and follower.min_similarity == 0.5
    assert isinstance(leader, LeaderArguments) and leader.leader == "a/name"
    assert isinstance(args, SROConfig) and (args.beta, args.output_dir) == (0.2, "runs/mine")


def test_train_reads_a_file_that_flags_override(trained: list[Any], tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("beta: 0.3\ncomments: [a.txt]\nmax_words: 12\n", "utf-8")
    assert main(["train", "--config", str(file), "--beta", "0.4"]) == 0
    [(data, _, _, args)] = trained
    assert (data.comments, data.max_words, args.beta) == (["a.txt"], 12, 0.4)


def test_train_shows_ten_rewrites_the_table_and_what_to_do_next(
    trained: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train"]) == 0
    assert "curves" not in capsys.readouterr().out  # a run shorter than --logging_steps draws none
    (tmp_path / "curves.png").touch()
    assert main(["train"]) == 0
    out = capsys.readouterr().out
    assert "  comment  comment [0]\n  before   before 0\n  after    after 0\n" in out  # brackets are no markup
    assert out.count("  after  ") == 10 and "| the table |" in out
    assert f"curves   {tmp_path / 'curves.png'}\n" in out
    assert f"--adapter {tmp_path / 'adapter'}\n" in out


@pytest.mark.parametrize("command", ["train", "warmup", "demo"])
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--ouput_dir", "x"], "unknown flag '--ouput_dir'; did you mean 'output_dir'"),
        (["--max_steps", "many"], "--max_steps"),
        (["runs/mine"], "unexpected word 'runs/mine'"),
        (["--config", "absent.yaml"], "cannot read the configuration absent.yaml"),
    ],
)
def test_mistakes_are_named_and_nothing_is_run(
    trained: list[Any],
    warmed: list[Any],
    capsys: pytest.CaptureFixture[str],
    command: str,
    flags: list[str],
    said: str,
) -> None:
    assert main([command, *flags]) == 2
    assert said in capsys.readouterr().err
    assert trained == warmed == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--label_smoothing", "0.5"], "label_smoothing=0.5 must be in [0, 0.5)"),
        (["--beta", "0"], "beta=0.0 must be > 0"),
        (["--tuning", "half"], "--tuning"),
        (["--save_total_limit", "1"], "save_total_limit=1 must be ≥ 2"),
    ],
)
def test_values_out_of_range_are_named(
    trained: list[Any], capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert main(["train", *flags]) == 2
    assert said in capsys.readouterr().err
    assert trained == []


def test_a_mistake_in_the_run_has_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def train_run(*arguments: Any, command: Sequence[str] = ()) -> None:
        raise SROError("nothing to train on\n  fix: more comments")

    monkeypatch.setattr("sro.training.run.train_run", train_run)
    assert main(["train"]) == 2
    assert capsys.readouterr().err == "sro: error: nothing to train on\n  fix: more comments\n"


@pytest.mark.parametrize(("command", "flag"), [("train", "--held_out_size"), ("warmup", "--corruptions")])
def test_help_names_the_commands_own_flags(capsys: pytest.CaptureFixture[str], command: str, flag: str) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert f"sro {command}" in out and flag in out and "--output_dir" in out


# -- sro demo -----------------------------------------------------------------------------------------


def test_the_demo_is_a_small_training_run(trained: list[Any]) -> None:
    assert main(["demo"]) == 0
    [(data, follower, leader, args)] = trained
    assert (args.output_dir, args.max_steps, args.learning_rate) == ("runs/demo", 30, 6e-5)
    assert (args.logging_steps, data.held_out_size) == (2, 48)
    assert (data.comments, follower.screener, leader.leader) == (["starter:toxic"], "embedded/linear", "embedded")


def test_the_demo_alone_shows_what_the_rewriter_answers(
    trained: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert "  after    after 9\n  shown    shown comment [9]\n" in out and "comment [10]" not in out
    assert main(["train", "--comments", "starter:toxic"]) == 0
    assert "shown" not in capsys.readouterr().out


@pytest.mark.parametrize("flags", [["--max_steps", "3"], ["--max_steps=3"], ["--max-steps", "3"]])
def test_the_demos_settings_can_be_changed_one_by_one(trained: list[Any], flags: list[str]) -> None:
    assert main(["demo", *flags]) == 0
    [(*_, args)] = trained
    assert (args.max_steps, args.learning_rate) == (3, 6e-5)


def test_the_demo_speaks_in_its_own_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--beta", "high"]) == 2
    assert "`sro demo --help`" in capsys.readouterr().err


# -- sro warmup ---------------------------------------------------------------------------------------


def test_warmup_hands_its_flags_to_the_run(
    warmed: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = "--toxic a.txt b.txt --clean c.txt --edits 7 --teachers A B --lora_rank 4"
    flags += " --learning_rate 0.001 --output_dir runs/w"
    assert main(["warmup", *flags.split()]) == 0
    [(data, mixture, teachers, leader, args)] = warmed
    assert isinstance(data, WarmupData) and (data.toxic, data.clean) == (["a.txt", "b.txt"], ["c.txt"])
    assert isinstance(mixture, Mixture) and (mixture.edits, mixture.corruptions) == (7, Mixture().corruptions)
    assert isinstance(teachers, Teachers) and teachers.teachers == ["A", "B"]
    assert isinstance(leader, LeaderArguments) and leader.lora_rank == 4
    assert isinstance(args, WarmupConfig) and (args.learning_rate, args.output_dir) == (0.001, "runs/w")
    out = capsys.readouterr().out
    assert out.startswith(f"adapter  {tmp_path / 'adapter'}\n")
    assert f"sro train --adapter {tmp_path / 'adapter'} " in out


def test_every_command_that_trains_is_listed() -> None:
    assert {"train", "demo", "warmup"} <= set(cli.COMMANDS)


@pytest.mark.parametrize("flags", [["--engine", "chat"], ["--chat_url=http://h/v1"], ["--responses", "chat"]])
def test_a_chat_server_cannot_be_trained(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *flags]) == 2
    said = capsys.readouterr().err
    assert "log-probabilities" in said and "fix: sro warmup --teachers chat:URL" in said


@pytest.mark.parametrize(
    "flags, said",
    [
        ([], "--adapter {}/adapter\n"),
        (["--leader", "my models/t5"], "--leader 'my models/t5' --adapter {}/adapter\n"),
        (["--leader", "my models/t5", "--tuning", "full"], "' --leader {}/adapter\n"),
    ],
)
def test_what_to_try_next_names_the_leader(
    trained: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Path, flags: list[str], said: str
) -> None:
    assert main(["train", *flags]) == 0
    assert said.format(tmp_path) in capsys.readouterr().out


def test_what_to_do_after_a_warm_up_names_the_leader(
    warmed: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["warmup", "--leader", "some/qwen"]) == 0
    assert f"sro train --leader some/qwen --adapter {tmp_path}/adapter --comments" in capsys.readouterr().out
