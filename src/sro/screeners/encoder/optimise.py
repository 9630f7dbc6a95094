"""The training loop of the small encoders: AdamW with a time budget, checkpoints, and weight averaging over processes.

The learning rate depends on the elapsed time, not on the step: it rises, then falls, and is zero at the end of the
time budget, even on a busy machine. Several processes (`torchrun --nproc_per_node 2 -m sro screener train …`) sample
different batches and average their weights every few steps, so that they rarely wait for each other. The first one
writes the checkpoint right after such an average, and all resume from it, whatever their number was before.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from sro.core.errors import SROError, within
from sro.core.files import atomic_write_bytes
from sro.core.precision import compute_dtype
from sro.screeners.encoder.model import EncoderClassifier

CHECKPOINT = "checkpoint.pt"
EARLIER_CHECKPOINT = "checkpoint.0.pt"
"""The name of the first process's checkpoint when each process wrote its own."""
WEIGHTS = "model.safetensors"


@dataclass
class EncoderTraining:
    """Hyperparameters of the training."""

    init: str | None = field(
        default=None,
        metadata={"help": "encoder screener to go on from (embedded/encoder or a folder); default: the base"},
    )
    minutes: float = field(
        default=80.0, metadata={"help": "training time in minutes of wall clock; the learning rate is zero at its end"}
    )
    learning_rate: float = field(default=2e-4, metadata={"help": "highest learning rate of the layers"})
    head_rate: float = field(default=5.0, metadata={"help": "the head's learning rate, in multiples of the layers'"})
    warmup: float = field(default=0.03, metadata={"help": "share of the time in which the learning rate rises"})
    weight_decay: float = field(default=0.01, metadata={"help": "weight decay of AdamW, for weight matrices only"})
    frozen_layers: int = field(default=4, metadata={"help": "lowest layers that do not learn"})
    batch_tokens: int = field(default=420, metadata={"help": "tokens of a batch, with padding"})
    longest: int = field(default=72, metadata={"help": "tokens of a text that training reads"})
    average_every: int = field(default=10, metadata={"help": "steps after which processes average their weights"})
    checkpoint_minutes: float = field(default=5.0, metadata={"help": "time between checkpoints; a run resumes there"})
    threads: int = field(default=1, metadata={"help": "CPU threads a process"})
    seed: int = field(default=0, metadata={"help": "random seed of batches and misspellings"})

    def __post_init__(self) -> None:
        within("minutes", self.minutes, self.minutes > 0, "> 0")
        within("warmup", self.warmup, 0 <= self.warmup < 1, "in [0, 1)")
        within("longest", self.longest, self.longest >= 3, "≥ 3")  # two tokens mark the begin and the end
        for name in ("batch_tokens", "average_every", "threads"):
            within(name, value := getattr(self, name), value >= 1, "≥ 1")
        for name in ("learning_rate", "head_rate", "weight_decay", "frozen_layers", "checkpoint_minutes"):
            within(name, value := getattr(self, name), value >= 0, "≥ 0")


def rate(elapsed: float, warmup: float) -> float:
    """Learning rate as a share of the highest, at a share of the time: rises linearly to `warmup`, then falls to 0."""
    return max(0.0, min(elapsed / warmup if warmup else 1.0, (1 - elapsed) / (1 - warmup)))


def optimise(
    model: EncoderClassifier,
    draw: Callable[[], tuple[Tensor, Tensor, Tensor]],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    settings: EncoderTraining,
    folder: Path,
    ranks: tuple[int, int],
    mark: str,
) -> Iterator[str]:
    """Train until the time is over; yields lines about the progress and writes `model.safetensors` at the end.

    Args:
        model: The model; its lowest layers are frozen here, as `settings` say.
        draw: Returns the next batch: word embeddings, mask and targets.
        loss_of: The loss of (logits, targets).
        settings: Hyperparameters.
        folder: For the weights and the checkpoints; a checkpoint of the same run in it is continued.
        ranks: This process's number and the number of processes; see `join_processes`.
        mark: Mark of the run, see `mark_of_run`.

    Raises SROError if the checkpoint belongs to another run, because its weights and its elapsed time would be wrong.
    """
    rank, processes = ranks
    bf16 = compute_dtype(device="cpu").bf16
    model.freeze_lowest(settings.frozen_layers)
    model.train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = _optimizer(model, settings)
    done, step = _resume(folder / CHECKPOINT, model, optimizer, mark)
    started = saved = time.monotonic()
    losses: list[float] = []
    stop = False
    while not stop:
        elapsed = done + (time.monotonic() - started) / (60 * settings.minutes)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * group["multiple"] * rate(elapsed, settings.warmup)
        words, mask, targets = draw()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = model(words, mask)
        loss = loss_of(logits.float(), targets)
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
                if rank == 0:
                    _save(folder / CHECKPOINT, model, optimizer, elapsed, step, mark)
    if rank == 0:
        from safetensors.torch import save

        atomic_write_bytes(folder / WEIGHTS, save(model.state_dict()))


def join_processes(threads: int) -> tuple[int, int]:
    """This process's number and the number of processes under torchrun, else 0 and 1; also sets torch's threads."""
    torch.set_num_threads(threads)
    if not dist.is_torchelastic_launched():
        return 0, 1
    if not dist.is_initialized():
        dist.init_process_group("gloo")
    return dist.get_rank(), dist.get_world_size()


def mark_of_run(settings: EncoderTraining, *learnt: Iterable[object]) -> str:
    """A hash of the training data and settings. A run may continue a checkpoint with the same mark.

    Args:
        settings: All settings count, except those about the machine.
        learnt: All training data, in order; each item counts by its `repr`.
    """
    how = {name: value for name, value in asdict(settings).items() if name not in ("threads", "checkpoint_minutes")}
    digest = hashlib.sha256(repr(how).encode())
    for some in learnt:
        for one in some:
            digest.update(repr(one).encode("utf-8", "backslashreplace") + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()


def first_seed(settings: EncoderTraining, folder: Path, rank: int) -> int:
    """The seed of this process's batches. It depends on the number of steps done, so that a resumed run sees other
    batches than at its start."""
    path = folder / CHECKPOINT
    step = torch.load(path, weights_only=True, mmap=True)["step"] if path.is_file() else 0
    return 1000 * settings.seed + rank + int(step)


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
    """Give every process the mean of all weights. Returns whether any process wants to stop."""
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


def _resume(path: Path, model: EncoderClassifier, optimizer: torch.optim.AdamW, mark: str) -> tuple[float, int]:
    if (earlier := path.with_name(EARLIER_CHECKPOINT)).is_file():
        raise SROError(
            f"{earlier} is of an earlier version, whose runs cannot be continued\n"
            f"  fix: another --output; or, to begin anew there, remove {path.with_name('checkpoint.*.pt')}"
        )
    if not path.is_file():
        return 0.0, 0
    state = torch.load(path, weights_only=True)
    if state.get("mark") != mark:
        raise SROError(
            f"{path.parent} holds a run with other data or settings, which does not go on with these\n"
            f"  fix: another --output; or, to begin anew there, remove {path}"
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["elapsed"], state["step"]


def _save(
    path: Path, model: EncoderClassifier, optimizer: torch.optim.AdamW, elapsed: float, step: int, mark: str
) -> None:
    weights = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    state = {**weights, "elapsed": elapsed, "step": step, "mark": mark}
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
