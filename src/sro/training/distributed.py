"""Training on many processes: which comments each process takes, and how processes exchange results.

`accelerate launch` starts the processes (docs/distributed.md). All processes must make the same common decisions (when
to stop, what to train on) and must run the trained model equally often; otherwise one process waits forever for
another. With one process, these functions exchange nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from accelerate import PartialState
from accelerate.data_loader import prepare_data_loader
from accelerate.utils import broadcast_object_list, gather_object
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.utils.data import DataLoader
from transformers import TrainingArguments
from transformers.integrations import unset_hf_deepspeed_config

from sro.core.errors import SROError
from sro.leader.logprobs import TokenLogProbs, log_probs

T = TypeVar("T")

FILLER_COMMENT = ""
"""An empty comment: it is processed so that all processes stay in step, but it does not count."""


def share(comments: Sequence[str], process: int, processes: int) -> list[str]:
    """The comments of a batch that one process takes. All take the same number of consecutive comments; if too few are
    left, `FILLER_COMMENT` fills the gap.

    Example:
        >>> [share(["a", "b", "c"], process, 2) for process in (0, 1)]
        [['a', 'b'], ['c', '']]
    """
    size = -(-len(comments) // processes)
    mine = list(comments[process * size : (process + 1) * size])
    return mine + [FILLER_COMMENT] * (size - len(mine))


def same_batches(loader: DataLoader[T], seed: int | None) -> DataLoader[T]:
    """The loader's batches, in the same random order on every process; `share` then divides each batch.

    By default, Accelerate gives each process whole batches, and starts the data again if the batches do not divide
    evenly.
    """
    return prepare_data_loader(loader, num_processes=1, process_index=0, use_seedable_sampler=True, data_seed=seed)


def gather_from_all(values: Sequence[T]) -> list[T]:
    """The values of all processes, in process order; every process gets all of them."""
    found: list[T] = gather_object(list(values))
    return found


def broadcast_from_main(make: Callable[[], T]) -> T:
    """Call `make` on the main process and return its result on every process; all processes wait for it.

    Use it to read and write files, so that files are written once and all processes have the same data.

    Raises:
        SROError: on every process, if `make` raised it on the main process.
    """
    found: list[Any] = [None, None]  # a result, or an error
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
    """Run `function(model, *arguments)` as the forward pass of the wrapper around `model`.

    Hooks on the wrapper's forward pass average gradients and gather weights that are spread over devices.
    Log-probabilities need more than one plain call of the model (an encoder is run separately). So `function` replaces
    the model's forward pass for one call.

    Args:
        wrapper: the prepared model, e.g. `DistributedDataParallel`; or the model itself.
        function: returns tensors, or a tuple of them, because the hooks look for these.
    """
    own = vars(model).get("forward")  # mixed precision sets one

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


def log_probs_in_wrapper(
    wrapper: nn.Module,
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    completions: Sequence[Sequence[Sequence[int]]],
    pad_token_id: int,
) -> TokenLogProbs:
    """`log_probs` of `model`, computed as the forward pass of the wrapper around it; see `run_as_forward`."""

    def scores(*arguments: Any) -> tuple[Tensor, Tensor]:
        found = log_probs(*arguments)
        return found.values, found.mask

    return TokenLogProbs(*run_as_forward(wrapper, model, scores, prompts, completions, pad_token_id))


@contextmanager
def loading(arguments: TrainingArguments) -> Iterator[None]:
    """Load models in this context: one process of a machine first, so that the others can use the files that it
    converts or downloads.

    In a ZeRO-3 run, DeepSpeed would spread the weights of every loaded model. Only the trained model is prepared for
    that, later. A screener or a reference that is split over processes cannot score.
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
    """Gather the weights that FSDP spread over devices, once. Without FSDP, do nothing.

    Otherwise the weights would be gathered again for every generated token, and processes that have finished
    generating would have to wait for the others.
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
