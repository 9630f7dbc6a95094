"""Seal complete checkpoints, so that a killed run resumes exactly.

`Trainer` writes a checkpoint file by file. The seal is a file that is written last, in one step. A folder without a
seal is an incomplete checkpoint, and resuming ignores it.

A resumed run must end exactly as an uninterrupted one. So the seal also stores:
- log π_ref(x|x) of the comments seen: computed again in another batch, these values would differ in the last bits;
- for a follower that flips verdicts, the number of verdicts it has given, because the next flip depends on it;
- the states of other parts that are the same on all processes: what the guard has seen, which responses were dealt;
- the number format of the run: a run that would continue in another format is refused.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.screeners.noisy import FlippingScreener
from sro.training.distributed import gather_from_all

logger = logging.getLogger(__name__)

SEAL = "sro_seal.json"


class ReferenceCache(dict[str, float]):
    """log π_ref(x|x) of each comment, in nats. It is the same on all processes, so one seal is enough for all."""

    def share(self, comments: Iterable[str]) -> None:
        """Exchange the values of these comments with the other processes; all processes must call this together."""
        for known in gather_from_all([{comment: self[comment] for comment in comments if comment in self}]):
            self.update(known)


class Stateful(Protocol):
    """A part of a run that must go on where it was. Its state is the same on all processes, and JSON can store it."""

    def state_dict(self) -> dict[str, Any]:
        """The state for `load_state_dict`."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from this state."""
        ...


class CheckpointSeal(TrainerCallback):
    """Seals each checkpoint once it is complete, with the reference cache, the flips' and the parts' states inside.

    Args:
        flips: the follower of this process if it flips verdicts, else None.
        parts: other parts of the run, by their names in the seal.

    Attributes:
        resumed: the checkpoint that training continues from, in any folder; None: training starts from the beginning.
    """

    def __init__(
        self,
        cache: ReferenceCache,
        flips: FlippingScreener | None = None,
        parts: Mapping[str, Stateful] | None = None,
    ) -> None:
        self.cache, self.flips, self.parts = cache, flips, parts or {}
        self.resumed: Path | None = None

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write the seal into the checkpoint that was just saved; all processes must call this.

        A checkpoint with weights only gets no seal: without the optimizer's state, a run cannot resume exactly.
        """
        if args.save_only_model:
            return
        flips = gather_from_all([self.flips.state_dict()]) if self.flips else []
        PartialState().wait_for_everyone()
        if state.is_world_process_zero:
            folder = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
            atomic_write_text(
                folder / SEAL,
                json.dumps(
                    {
                        "step": state.global_step,
                        "dtype": run_dtype(args),
                        "flips": flips,
                        "parts": {name: part.state_dict() for name, part in self.parts.items()},
                        "reference_x": self.cache,
                    }
                ),
            )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Load the cache and the states of the flips and the parts from the checkpoint that training continues from.

        If the number of processes has changed, the flips start again, because the number of verdicts that each
        process would have given is unknown.

        Raises:
            SROError: the checkpoint was computed in another number format, or with other flips.
        """
        if self.resumed is None:
            return
        if not (self.resumed / SEAL).is_file():
            logger.warning(
                "%s is no complete checkpoint (it has no %s): this run does not end as an uninterrupted one would",
                *(self.resumed, SEAL),
            )
            return
        refuse_other_dtype(self.resumed, args)
        seal = json.loads((self.resumed / SEAL).read_text("utf-8"))
        self.cache.update(seal["reference_x"])
        for name in self.parts.keys() & seal.get("parts", {}).keys():
            self.parts[name].load_state_dict(seal["parts"][name])
        processes = PartialState()
        if self.flips and len(seal.get("flips", ())) == processes.num_processes:
            self.flips.load_state_dict(seal["flips"][processes.process_index])


def run_dtype(args: TrainingArguments) -> str:
    """The number format that a run computes in: `bfloat16`, `float16` or `float32`."""
    return "bfloat16" if args.bf16 else "float16" if args.fp16 else "float32"


def refuse_other_dtype(checkpoint: Path, args: TrainingArguments) -> None:
    """Raise SROError if a sealed checkpoint was computed in another number format than `args` ask for: the resumed run
    would not end as an uninterrupted one."""
    began = json.loads((checkpoint / SEAL).read_text("utf-8")).get("dtype", run_dtype(args))
    if began != run_dtype(args):
        flags = {"bfloat16": "--bf16 true", "float16": "--fp16 true --bf16 false", "float32": "--bf16 false"}
        raise SROError(
            f"{checkpoint} was computed in {began}, and this run would go on in {run_dtype(args)}\n"
            f"  fix: {flags[began]}, or begin anew with another --output_dir"
        )


def last_sealed_checkpoint(output_dir: str | Path) -> Path | None:
    """The newest complete checkpoint of a run; incomplete ones are ignored."""
    sealed = {
        int(name[1]): folder
        for folder in Path(output_dir).glob("checkpoint-*")
        if (name := re.fullmatch(r"checkpoint-(\d+)", folder.name)) and (folder / SEAL).is_file()
    }
    return sealed[max(sealed)] if sealed else None


def checkpoint_to_resume(asked: str | Path | bool | None, output_dir: Path) -> Path | None:
    """The checkpoint that `resume_from_checkpoint` names; True means the newest complete one of the run.

    Raises:
        SROError: the run has no complete checkpoint.
    """
    if asked is not True:
        return Path(asked) if asked else None
    newest = last_sealed_checkpoint(output_dir)
    if newest is None:
        raise SROError(
            f"no complete checkpoint in {output_dir}\n  fix: leave out resume_from_checkpoint, or name one elsewhere"
        )
    return newest
