"""`sro experiment`: the paper's claims as commands.

sro experiment peers --split tuning              our rewrites beside stored systems and people, by independent judges
sro experiment perturbation --comments FILE      effect of wrong verdicts on SRO, and how much a correction recovers
sro experiment ablation --comments FILE          SRO, each of its branches only, KTO, best-of-n fine-tuning
sro experiment languages                         how well a screener reads each language, and thresholds for them
sro experiment clef24                            rewriting in other languages beside copy, delete, people, a peer
sro experiment read sheet --a FILE --b FILE      two systems' rewrites as a blind, shuffled sheet for readers
sro experiment read score --sheet DIR FILE…      what readers prefer and would show, with intervals and agreement
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sro.apps.cli.folders import say
from sro.apps.cli.subcommands import run_action
from sro.core.config import parse
from sro.core.machine import device_defaults, give_memory_back, quiet_libraries
from sro.evaluation.experiments.peers import PeerArguments

if TYPE_CHECKING:
    from sro.evaluation.experiments.arms import Settings
    from sro.evaluation.judges.loading import Judges


@dataclass
class AblationArguments:
    """The judges, and how many runs each arm has."""

    seeds: int = field(default=3, metadata={"help": "runs of each arm, with seeds counted from --seed"})
    judges: list[str] = field(
        default_factory=lambda: ["embedded"], metadata={"help": "as for `sro evaluate`; none may be the screener"}
    )


@dataclass
class PerturbationArguments(AblationArguments):
    """The same, and how often the follower is wrong."""

    flips: list[float] = field(
        default_factory=lambda: [0.05, 0.1, 0.2, 0.3], metadata={"help": "rates p at which verdicts are flipped"}
    )
    robust: list[float] = field(
        default_factory=lambda: [0.1], metadata={"help": "rates for which corrected arms are trained too"}
    )
    bare: list[float] = field(
        default_factory=lambda: [0.1],
        metadata={"help": "flip rates at which to train without the anchor term of the loss too (rpo_alpha 0)"},
    )


Arguments = TypeVar("Arguments", bound=AblationArguments)


def run(argv: list[str]) -> int:
    """Run one of the experiments."""
    experiments = {name: partial(_run_experiment, experiment) for name, experiment in EXPERIMENTS.items()}
    return run_action({**experiments, "read": read}, argv, prog="sro experiment", doc=__doc__)


def read(argv: list[str]) -> int:
    from sro.apps.cli import reading

    return reading.run(argv)


def _run_experiment(experiment: Callable[[list[str]], Path], argv: list[str]) -> int:
    quiet_libraries()
    give_memory_back()
    folder = experiment(argv)
    print((folder / "table.md").read_text("utf-8"))
    print(f"look     sro report {folder}")
    return 0


def perturbation(argv: list[str]) -> Path:
    from sro.evaluation.experiments import claims

    asked, settings, judges = _arms(PerturbationArguments, argv, "perturbation", "SRO under verdict flips.")
    command = ["sro", "experiment", "perturbation", *argv]
    return claims.perturbation(settings, asked.seeds, asked.flips, asked.robust, asked.bare, judges, say, command)


def ablation(argv: list[str]) -> Path:
    from sro.evaluation.experiments import claims

    asked, settings, judges = _arms(
        AblationArguments, argv, "ablation", "What each part of SRO contributes: the same rollouts with other losses."
    )
    return claims.ablation(settings, asked.seeds, judges, say, ["sro", "experiment", "ablation", *argv])


def _arms(kind: type[Arguments], argv: list[str], name: str, description: str) -> tuple[Arguments, Settings, Judges]:
    """An experiment's own arguments, the common settings of its arms, and the judges."""
    from sro.evaluation.experiments.arms import PRESETS, Settings
    from sro.evaluation.judges.cache import ScoreCache
    from sro.evaluation.judges.loading import load_judges
    from sro.leader.model import LeaderArguments
    from sro.screeners.follower import FollowerArguments
    from sro.training.config import SROConfig
    from sro.training.data import DataArguments

    asked, data, follower, leader, args = parse(
        (kind, DataArguments, FollowerArguments, LeaderArguments, SROConfig),
        argv,
        prog=f"sro experiment {name}",
        description=description,
        defaults=device_defaults() | PRESETS,
    )
    judges = load_judges(asked.judges, "paradetox").cached(ScoreCache())
    return asked, Settings(data, follower, leader, args), judges


def peers(argv: list[str]) -> Path:
    from sro.evaluation.experiments.peer_table import peer_table
    from sro.evaluation.judges.cache import ScoreCache
    from sro.evaluation.judges.loading import load_judges

    arguments = parse(PeerArguments, argv, prog="sro experiment peers", description="Ours beside stored systems.")
    return peer_table(
        arguments,
        load_judges(arguments.judges, "paradetox").cached(ScoreCache()),
        command=["sro", "experiment", "peers", *argv],
        progress=say,
    )


def languages(argv: list[str]) -> Path:
    from sro.evaluation.experiments import languages as measured

    arguments = parse(
        measured.LanguageArguments,
        argv,
        prog="sro experiment languages",
        description="How well a screener reads each language.",
    )
    return measured.languages(arguments, progress=say, command=["sro", "experiment", "languages", *argv])


def clef24(argv: list[str]) -> Path:
    from sro.evaluation.experiments import clef24 as measured

    arguments = parse(
        measured.Clef24Arguments, argv, prog="sro experiment clef24", description="Rewriting by language."
    )
    return measured.clef24(arguments, progress=say, command=["sro", "experiment", "clef24", *argv])


EXPERIMENTS: dict[str, Callable[[list[str]], Path]] = {
    "peers": peers,
    "perturbation": perturbation,
    "ablation": ablation,
    "languages": languages,
    "clef24": clef24,
}
