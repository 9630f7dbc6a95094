"""Training on many processes: which comments each of them takes, and how they exchange results.

`accelerate launch` starts them (docs/distributed.md). Whatever they decide together (when to stop, what to train on)
has to come out the same on all of them, and all have to run the trained model equally often; otherwise one process
waits forever for another. With one process these functions exchange nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from accelerate import PartialState
from accelerate.data_loader import prepare_data_loader
from accelerate.utils import broadcast_object_list, gather_object
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import DataLoader
from transformers import TrainingArguments
from transformers.integrations import unset_hf_deepspeed_config

from sro.core.errors import SROError

T = TypeVar("T")

FILLER_COMMENT = ""
"""An empty comment: it is processed so that all processes keep step, and counts for nothing."""


def share(comments: Sequence[str], process: int, processes: int) -> list[str]:
    """What one process takes of a batch: neighbours, as many as any other takes, `FILLER_COMMENT` where none are left.

    Example:
        >>> [share(["a", "b", "c"], process, 2) for process in (0, 1)]
        [['a', 'b'], ['c', '']]
    """
    size = -(-len(comments) // processes)
    mine = list(comments[process * size : (process + 1) * size])
    return mine + [FILLER_COMMENT] * (size - len(mine))


def same_batches(loader: DataLoader[T], seed: int | None) -> DataLoader[T]:
    """The loader's batches, in the same random order on every process; to be cut by `share`.

    Accelerate by itself deals out whole batches, and begins the data anew where they do not come out even.
    """
    return prepare_data_loader(loader, num_processes=1, process_index=0, use_seedable_sampler=True, data_seed=seed)


def gather_from_all(values: Sequence[T]) -> list[T]:
    """The values of all processes, in the order of the processes, on each of them."""
    found: list[T] = gather_object(list(values))
    return found


def broadcast_from_main(make: Callable[[], T]) -> T:
    """What `make` returns on the main process, on each of them; nobody goes on before it is done.

    Files are read and written in here, so that they are written once, and so that all processes know the same.

    Raises:
        SROError: on every process, where `make` raised it on the main one.
    """
    found: list[Any] = [None, None]  # a result, or a refusal
    if PartialState().is_main_process:
        try:
            found[0] = make()
        except SROError as error:
            found[1] = error
    result, refusal = broadcast_object_list(found)
    if refusal is not None:
        raise refusal
    return result


def run_as_forward(wrapper: nn.Module, model: nn.Module, function: Callable[..., T], *arguments: Any) -> T:
    """`function(model, *arguments)`, run as the forward pass of what `model` is wrapped in.

    Gradients are averaged, and weights spread over devices are brought together, by hooks on the wrapper's forward
    pass. Log-probabilities need more than one plain call of the model's own (an encoder is run by itself), so for one
    call `function` takes the place of its forward pass.

    Args:
        wrapper: what the model was prepared to, e.g. `DistributedDataParallel`; or the model itself.
        function: returns tensors, or a tuple of them: that is what the hooks look for.
    """
    own = vars(model).get("forward")  # mixed precision puts one there

    def restore() -> None:
        if own is None:
            vars(model).pop("forward", None)
        else:
            model.forward = own

    def stand_in(*given: Any) -> T:
        restore()
        return function(model, *given)

    model.forward = stand_in
    try:
        found: T = wrapper(*arguments)
        return found
    finally:
        restore()


@contextmanager
def loading(arguments: TrainingArguments) -> Iterator[None]:
    """Load models here: one process of a machine first, so that the others find what it converts or downloads.

    DeepSpeed would spread the weights of whatever is loaded in a ZeRO-3 run. Only the trained model is prepared for
    that, later; a screener or a reference split over processes cannot score.
    """
    unset_hf_deepspeed_config()
    try:
        with PartialState().local_main_process_first():
            yield
    finally:
        if arguments.deepspeed_plugin is not None:
            arguments.deepspeed_plugin.set_deepspeed_weakref()


@contextmanager
def unsharded_weights(model: nn.Module) -> Iterator[None]:
    """Bring weights that FSDP spread over devices together, once; elsewhere nothing happens.

    Otherwise every generated token would gather them anew, and processes that have finished generating would have to
    wait for those that have not.
    """
    parts = [module for module in model.modules() if isinstance(module, FSDPModule)]
    for part in parts:
        part.set_reshard_after_forward(False, recurse=False)
        part.unshard()
    try:
        yield
    finally:
        for part in parts:
            part.set_reshard_after_forward(True, recurse=False)
            part.reshard()
