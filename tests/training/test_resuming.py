"""Which run may be gone on with: the one that was begun. Runs that are really resumed are in test_run.py."""

from __future__ import annotations

import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from sro.core.errors import SROError
from sro.core.provenance import write_manifest
from sro.leader.engines.chat.config import ChatSettings
from sro.training.config import SROConfig
from sro.training.data import DataArguments
from sro.training.resuming import MAY_CHANGE, refuse_other_run

SETTINGS: dict[str, Any] = {
    "comments": ["my comments.txt"],
    "learning_rate": 0.01,
    "adapter": None,
    "bf16": False,
    "max_steps": 40,
    "logging_steps": 5,
    "save_steps": 50,
    "report_to": [],
    "resume": False,
}
DATA = {"my comments.txt": "ab12"}
COMMAND = ["sro", "train", "--comments", "my comments.txt", "--output_dir", "runs/mine"]


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    write_manifest(tmp_path, COMMAND, SETTINGS, DATA, 0)
    return tmp_path


def test_the_same_settings_and_comments_go_on(begun: Path) -> None:
    refuse_other_run(begun, SETTINGS | {"resume": True}, DATA)
    refuse_other_run(begun, {"learning_rate": 0.01})


@pytest.mark.parametrize(
    "change", [{"max_steps": 80}, {"logging_steps": 1}, {"save_steps": 10}, {"report_to": ["tensorboard"]}]
)
def test_what_is_logged_and_saved_and_how_long_it_trains_may_change(begun: Path, change: dict[str, Any]) -> None:
    refuse_other_run(begun, SETTINGS | change, DATA)


def test_a_former_default_means_what_none_means_now(tmp_path: Path) -> None:
    write_manifest(tmp_path, COMMAND, SETTINGS | {"lora_rank": 8}, DATA, 0)
    refuse_other_run(tmp_path, SETTINGS | {"lora_rank": None}, DATA)
    with pytest.raises(SROError, match="--lora_rank: 8 at first, 16 now"):
        refuse_other_run(tmp_path, SETTINGS | {"lora_rank": 16}, DATA)


def test_every_difference_is_named_with_the_command_that_goes_on(begun: Path) -> None:
    other = {"comments": ["starter:toxic"], "learning_rate": 2e-5, "adapter": "embedded/warmup", "bf16": True}
    with pytest.raises(SROError) as raised:
        refuse_other_run(begun, SETTINGS | other | {"resume": True})
    lines = [line.strip() for line in str(raised.value).splitlines()]
    assert lines[1:-1] == [
        "--comments: 'my comments.txt' at first, starter:toxic now",
        "--learning_rate: 0.01 at first, 2e-05 now",
        "--adapter: none at first, embedded/warmup now",
        "--bf16: false at first, true now",
    ]
    command, _, rest = lines[-1].removeprefix("fix: ").partition("   ")
    assert shlex.split(command) == [*COMMAND, "--resume", "true"]
    assert rest.endswith("begin anew with another --output_dir")


def test_a_file_that_has_other_rows_is_named(begun: Path) -> None:
    for data in ({"my comments.txt": "cd34"}, DATA | {"held.txt": "ef56"}, {}):
        with pytest.raises(SROError, match=r"(my comments|held)\.txt: its rows are not those"):
            refuse_other_run(begun, SETTINGS, data)


def test_a_run_that_was_resumed_before_has_its_flag_once(tmp_path: Path) -> None:
    write_manifest(tmp_path, [*COMMAND, "--resume", "true"], SETTINGS, DATA, 0)
    with pytest.raises(SROError) as raised:
        refuse_other_run(tmp_path, {"bf16": True})
    assert str(raised.value).count("--resume true") == 1


def test_a_run_that_a_program_began_names_its_manifest(tmp_path: Path) -> None:
    write_manifest(tmp_path, [], SETTINGS, DATA, 0)
    with pytest.raises(SROError, match=r"fix: the settings of its manifest\.json, or begin anew"):
        refuse_other_run(tmp_path, {"bf16": True})


def test_a_folder_without_a_manifest_has_nothing_to_differ_from(tmp_path: Path) -> None:
    refuse_other_run(tmp_path, SETTINGS, DATA)


def test_every_setting_that_may_change_exists() -> None:
    assert {one.name for cls in (SROConfig, DataArguments, ChatSettings) for one in fields(cls)} >= MAY_CHANGE
