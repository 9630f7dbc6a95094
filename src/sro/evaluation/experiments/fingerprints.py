"""What the names in an experiment's settings stand for today: the start, the screener, the comments.

A name stays while what it names moves on: every release ships another `embedded/warmup`, a file of comments grows.
Runs that were made of different things do not belong into one table, though their settings are the same.
"""

from __future__ import annotations

from pathlib import Path

from sro.comments.sources import load_source
from sro.core.files import asset
from sro.evaluation.judges.models import identity
from sro.leader.model import LeaderArguments, adapter_folder
from sro.screeners.follower import FollowerArguments
from sro.training.run import START, DataArguments


def input_fingerprints(data: DataArguments, follower: FollowerArguments, leader: LeaderArguments) -> dict[str, str]:
    """Names with eight digits of the SHA-256 of what they stand for, by `leader`, `adapter`, `screener`, `fluency`,
    `comments` and `held_out`.

    Adapters and models count by weights and settings, comments by the texts that are left after cleaning. A model of
    the hub has no digits: it is not fetched for this. Nor have `none` and the embedded leader, which is one version of
    one package.

    Raises:
        SROError: comments that cannot be read.
    """

    def texts(name: str, training: bool) -> str:
        corpus = load_source(name, training=training, min_words=data.min_words, max_words=data.max_words)
        return f"{name} {corpus.sha256[:8]}"

    return {
        "leader": _model(leader.leader),
        "adapter": _model(leader.adapter_or(START)),
        "screener": _model(follower.screener, "screener"),
        "fluency": _model(follower.fluency, "fluency"),
        "comments": ", ".join(texts(name, True) for name in data.comments),
        "held_out": texts(data.held_out, False) if data.held_out else "",
    }


def _model(name: str, folder_of_ours: str = "") -> str:
    """The name of a model and its digits; `folder_of_ours` is what `embedded` stands for."""
    ours = str(asset(folder_of_ours)) if folder_of_ours and name == "embedded" else ""
    folder = ours or adapter_folder(name)
    return identity(folder, name) if Path(folder).is_dir() else name
