"""`sro judge`: train and check the embedded judges, which evaluate what a leader learnt from the screener.

sro judge train style --data ../shared/data --output_dir runs/judge_style
sro judge check style --judge runs/judge_style embedded
sro judge train fluency --data ../shared/data --output_dir runs/judge_fluency
sro judge check fluency --judge runs/judge_fluency relative
sro judge check content --judge embedded

Without the role (style, content, fluency), the judge is that of style.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sro.apps.cli.subcommands import run_action
from sro.core.config import parse
from sro.core.data_folder import data_folder_field
from sro.core.errors import SROError
from sro.core.machine import device_defaults, quiet_libraries
from sro.core.suggestion import suggestion


@dataclass
class DataArguments:
    """The folder of the data sets."""

    data: str = data_folder_field()


@dataclass
class JudgeArguments:
    """Judges to check."""

    judge: list[str] = field(
        metadata={
            "help": "judges, as folders or names (`embedded`; for style also screeners such as `embedded/linear`, for "
            "fluency `relative`)"
        }
    )


@dataclass
class CardArguments:
    """Options for judges that were trained here."""

    card: bool = field(default=False, metadata={"help": "write README.md into the first judge's folder"})


@dataclass
class FinalArguments:
    """Options for checking a style judge."""

    final: bool = field(
        default=False,
        metadata={"help": "also check on the official test set; use it only after all choices are made"},
    )


def run(argv: list[str]) -> int:
    """Run `train` or `check` for style, fluency or content."""
    actions = {"train": partial(_run_role, train), "check": partial(_run_role, check)}
    return run_action(actions, argv, prog="sro judge", doc=__doc__)


def _run_role(action: Callable[[str, list[str]], int], argv: list[str]) -> int:
    role, rest = (argv[0], argv[1:]) if argv and not argv[0].startswith("-") else (JUDGES[0], argv)
    if role not in JUDGES:
        raise SROError(f"there is no judge of '{role}'{suggestion(role, JUDGES)} (one of {', '.join(JUDGES)})")
    if action is train and role == "content":
        raise SROError("the content judge needs no training; there is only `sro judge check content`")
    quiet_libraries()
    return action(role, rest)


def train(role: str, argv: list[str]) -> int:
    from sro.evaluation.judges.training import fluency_data, style_data
    from sro.evaluation.judges.training.ensemble import EnsembleConfig, train_ensemble
    from sro.evaluation.judges.training.train import JudgeConfig, train_judge

    prog, description = f"sro judge train {role}", f"Train a {role} judge."
    if role == "style":
        data, args = parse(
            (DataArguments, EnsembleConfig), argv, prog=prog, description=description, defaults=device_defaults()
        )
        folder = train_ensemble(style_data.STYLE_JUDGE, Path(data.data), args)
    else:
        defaults = {**device_defaults(), **fluency_data.FLUENCY_JUDGE.defaults}
        data, wanted = parse((DataArguments, JudgeConfig), argv, prog=prog, description=description, defaults=defaults)
        folder = train_judge(fluency_data.FLUENCY_JUDGE, Path(data.data), wanted)
    print(f"judge  {folder}\nnext   sro judge check {role} --judge {folder} embedded")
    return 0


def check(role: str, argv: list[str]) -> int:
    from sro.evaluation.judges.agreement import content, fluency, style

    prog, description = f"sro judge check {role}", f"Does a {role} judge agree with official judges and people?"
    if role == "content":
        data, asked = parse(
            (DataArguments, JudgeArguments), argv, prog=prog, description="Does a content judge agree with people?"
        )
        found = content.check_judges(asked.judge, Path(data.data))
    elif role == "style":
        data, asked, kept, at_last = parse(
            (DataArguments, JudgeArguments, CardArguments, FinalArguments), argv, prog=prog, description=description
        )
        found = style.check_judges(asked.judge, Path(data.data), final=at_last.final, write_card=kept.card)
    else:
        data, asked, kept = parse(
            (DataArguments, JudgeArguments, CardArguments), argv, prog=prog, description=description
        )
        found = fluency.check_judges(asked.judge, Path(data.data), write_card=kept.card)
    print(found)
    return 0


JUDGES = ("style", "fluency", "content")
