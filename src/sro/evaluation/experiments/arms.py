"""Arms of an experiment: they share start, comments, rollouts and seeds, and differ in one thing.

runs/experiments/
  arms/NAME/seed-K/       one training run each, as `sro.training.run` leaves it

A finished run is not trained again; a run that was cut short is. So an experiment continues where it stopped, and two
experiments that share an arm share its runs. A run is refused if it was made with other settings, or if the start, the
screener or the comments have changed since, even under the same names.
"""

from __future__ import annotations

import gc
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from sro.core import config
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.evaluation.experiments.fingerprints import input_fingerprints
from sro.leader.model import LeaderArguments
from sro.screeners.follower import FollowerArguments
from sro.training.config import SROConfig
from sro.training.data import DataArguments
from sro.training.run import train_run

ASKED = "asked.json"
"""The settings of a run, and its inputs under `MADE_OF`; this file is written when the run is done."""
MADE_OF = "made_of"

PRESETS: dict[str, Any] = {
    "output_dir": "runs/experiments",
    "max_steps": 20,
    "learning_rate": 8e-5,
    "rpo_alpha": 2.0,
    "temperature": 0.7,
    "top_p": 0.95,
    "min_similarity": 0.65,
    "max_words": 20,
    "held_out_size": 300,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 4,
    "logging_steps": 4,
    "save_strategy": "no",
}
"""A budget of some minutes for a run on two cores: 20 steps of 16 comments with at most 20 words. All other settings
are those of the recipe."""


@dataclass(frozen=True)
class Arm:
    """A name, and the settings that differ from the common ones: fields of `SROConfig` and `FollowerArguments`."""

    name: str
    differs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """What all arms have in common."""

    data: DataArguments
    follower: FollowerArguments
    leader: LeaderArguments
    args: SROConfig

    def of(self, arm: Arm, seed: int, folder: Path) -> Settings:
        """The settings of one run. Verdict flips use the run's seed too, so that each run gets its own flips. All runs
        hold out the comments of the first seed, because one table compares all rewrites of an experiment."""
        data = self.data
        if not data.held_out and data.split_seed is None:
            data = replace(data, split_seed=self.args.seed)
        follower = {
            name: value for name, value in arm.differs.items() if name in FollowerArguments.__dataclass_fields__
        }
        args = {name: value for name, value in arm.differs.items() if name not in follower}
        return Settings(
            data,
            replace(self.follower, **{"flip_seed": seed, **follower}),
            self.leader,
            replace(self.args, **{"seed": seed, "output_dir": str(folder), **args}),
        )

    def plain(self) -> dict[str, Any]:
        """All settings as JSON has them."""
        found: dict[str, Any] = json.loads(
            json.dumps(config.to_plain_dict((self.data, self.follower, self.leader, self.args)), default=str)
        )
        return found


@dataclass(frozen=True)
class Trained:
    """Rewrites of the held-out comments by the start, and by each arm and seed."""

    comments: list[str]
    start: list[str]
    rewrites: dict[str, list[list[str]]]
    """By arm; one list for each seed."""


def train_arms(
    arms: Sequence[Arm], seeds: int, settings: Settings, say: Callable[[str], None] = lambda line: None
) -> Trained:
    """Train every arm with `seeds` seeds, counted from `settings.args.seed`.

    One seed is trained for all arms before the next one, so that an experiment that is stopped early has compared all
    arms.

    Raises:
        SROError: bad settings or comments, or the folder of a run holds a run that was made with other settings,
            models or comments.
    """
    folder = Path(str(settings.args.output_dir))
    first = settings.args.seed
    of = input_fingerprints(settings.data, settings.follower, settings.leader)
    started, done = time.monotonic(), 0
    runs = list(product(range(first, first + seeds), arms))
    rewrites: dict[str, list[list[str]]] = {arm.name: [] for arm in arms}
    comments: list[str] = []
    start: list[str] | None = None
    for number, (seed, arm) in enumerate(runs, 1):
        place = folder / "arms" / arm.name / f"seed-{seed}"
        wanted = settings.of(arm, seed, place)
        if not is_done(place, wanted, of):
            left = (time.monotonic() - started) / done * (len(runs) - number + 1) / 60 if done else None
            say(f"run {number} of {len(runs)}: {arm.name}, seed {seed}" + (f", {left:.0f} min left" if left else ""))
            shutil.rmtree(place, ignore_errors=True)  # cut short
            asked = {**wanted.plain(), MADE_OF: of}
            train_run(wanted.data, wanted.follower, wanted.leader, wanted.args, before=start)
            atomic_write_text(place / ASKED, json.dumps(asked, indent=1) + "\n")
            gc.collect()
            done += 1
        rows = [json.loads(line) for line in (place / "rewrites.jsonl").read_text("utf-8").split("\n") if line]
        held_out = [row["comment"] for row in rows]
        if start is not None and held_out != comments:
            raise SROError(
                f"{place} holds out other comments than the runs before it, so one table cannot compare them\n"
                "  fix: another --output_dir, or --held_out FILE"
            )
        comments, start = held_out, [row["before"] for row in rows]
        rewrites[arm.name].append([row["after"] for row in rows])
    return Trained(comments, start or [], rewrites)


def is_done(folder: Path, wanted: Settings, of: Mapping[str, str]) -> bool:
    """Whether the folder holds a finished run with these settings, models and comments.

    Raises:
        SROError: the folder holds a finished run with other settings, models or comments.
    """
    if not (folder / ASKED).is_file():
        return False
    found = json.loads((folder / ASKED).read_text("utf-8"))
    _refuse_others(folder, found, wanted.plain())
    _refuse_others(folder, {name: "unknown" for name in of} | found.get(MADE_OF, {}), of)
    return True


def _refuse_others(folder: Path, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    if differs := sorted(name for name in asked if found.get(name) != asked[name]):
        name = differs[0]
        raise SROError(
            f"{folder} holds a run with {name}={found.get(name)}, not {asked[name]}\n  fix: another --output_dir"
        )
