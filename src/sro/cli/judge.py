"""`sro judge`: make and check the embedded style judge, which evaluates what a leader learnt from the screener.

sro judge train --data ../shared/data --output_dir runs/judge_style
sro judge check --judge runs/judge_style embedded
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sro.cli import device_defaults, quiet_libraries
from sro.config import parse, suggestion
from sro.errors import SROError


@dataclass
class Data:
    """Where the data sets are."""

    data: str = field(
        default_factory=lambda: os.environ.get("SRO_DATA") or "../shared/data",
        metadata={"help": "folder of the data sets (default: the environment's SRO_DATA, or ../shared/data)"},
    )


@dataclass
class Judged:
    """What to check."""

    judge: list[str] = field(metadata={"help": "judges, the first one's card is written: folders, names, `embedded`"})
    final: bool = field(default=False, metadata={"help": "read the official test set too; at the very end"})
    card: bool = field(default=False, metadata={"help": "write README.md into the first judge's folder"})


def run(argv: list[str]) -> int:
    """Dispatch to `train` or `check`."""
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: sro judge {{{','.join(ACTIONS)}}} …   (each has its --help)\n\n{__doc__}")
        return 0 if argv else 2
    if argv[0] not in ACTIONS:
        raise SROError(f"unknown action '{argv[0]}'{suggestion(argv[0], ACTIONS)} (one of {', '.join(ACTIONS)})")
    quiet_libraries()
    return ACTIONS[argv[0]](argv[1:])


def train(argv: list[str]) -> int:
    from sro.evaluation.style_training import JudgeConfig, train_judge

    data, args = parse(
        (Data, JudgeConfig),
        argv,
        prog="sro judge train",
        description="Train a style judge.",
        defaults=device_defaults(),
    )
    folder = train_judge(Path(data.data), args)
    print(f"judge  {folder}\nnext   sro judge check --judge {folder} embedded")
    return 0


def check(argv: list[str]) -> int:
    from sro.evaluation.agreement import check_judges

    data, asked = parse((Data, Judged), argv, prog="sro judge check", description="Does a style judge agree?")
    print(check_judges(asked.judge, Path(data.data), final=asked.final, write_card=asked.card))
    return 0


ACTIONS: dict[str, Callable[[list[str]], int]] = {"train": train, "check": check}
