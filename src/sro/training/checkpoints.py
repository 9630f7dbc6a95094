"""Checkpoints that a killed run can trust.

`Trainer` writes a checkpoint file by file. The seal is written last, in one step, so a folder without it is a torso
that resuming passes over. It also carries log π_ref(x|x) of the comments seen: recomputed in another batch these
would differ in the last bits, and a resumed run would no longer end where the uninterrupted one does. For the same
reason it carries how many verdicts a follower that flips some has given, for the next one's flip depends on that; and
it names the number format of the run, and a run that would go on in another is refused.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.screeners.noisy import FlippingScreener
from sro.training.distributed import gather_from_all

logger = logging.getLogger(__name__)

SEAL = "sro_seal.json"


class ReferenceCache(dict[str, float]):
    """log π_ref(x|x) of each comment, nats; the same on all processes, so one seal tells what each of them knew."""

    def share(self, comments: Iterable[str]) -> None:
        """Tell the other processes the values of these comments, and learn theirs; called by all of them at once."""
        for known in gather_from_all([{comment: self[comment] for comment in comments if comment in self}]):
            self.update(known)


class CheckpointSeal(TrainerCallback):
    """Seals each checkpoint once it is complete, with the reference cache and the flips' states inside.

    Args:
        flips: this process's follower if it flips verdicts, else None.

    Attributes:
        resumed: the checkpoint that training goes on from, of whichever folder; None: it begins.
    """

    def __init__(self, cache: ReferenceCache, flips: FlippingScreener | None = None) -> None:
        self.cache, self.flips = cache, flips
        self.resumed: Path | None = None

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Write the seal into the checkpoint that was just saved, by all processes. One of weights alone gets none:
        without the optimizer's state no run can go on as if it had not stopped."""
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
                        "reference_x": self.cache,
                    }
                ),
            )

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Take the cache and the flips' state back from the checkpoint that training goes on from. On another number
        of processes the flips begin anew: there nobody can say how many verdicts each would have given.

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
        processes = PartialState()
        if self.flips and len(seal.get("flips", ())) == processes.num_processes:
            self.flips.load_state_dict(seal["flips"][processes.process_index])


def run_dtype(args: TrainingArguments) -> str:
    """The number format that a run computes in: `bfloat16`, `float16` or `float32`."""
    return "bfloat16" if args.bf16 else "float16" if args.fp16 else "float32"


def refuse_other_dtype(checkpoint: Path, args: TrainingArguments) -> None:
    """Raise SROError where a sealed checkpoint was computed in another number format than `args` ask for: its run
    would no longer end where the uninterrupted one does."""
    began = json.loads((checkpoint / SEAL).read_text("utf-8")).get("dtype", run_dtype(args))
    if began != run_dtype(args):
        flags = {"bfloat16": "--bf16 true", "float16": "--fp16 true --bf16 false", "float32": "--bf16 false"}
        raise SROError(
            f"{checkpoint} was computed in {began}, and this run would go on in {run_dtype(args)}\n"
            f"  fix: {flags[began]}, or begin anew with another --output_dir"
        )


def last_sealed_checkpoint(output_dir: str | Path) -> Path | None:
    """The newest complete checkpoint of a run; torsos are passed over."""
    sealed = {
        int(name[1]): folder
        for folder in Path(output_dir).glob("checkpoint-*")
        if (name := re.fullmatch(r"checkpoint-(\d+)", folder.name)) and (folder / SEAL).is_file()
    }
    return sealed[max(sealed)] if sealed else None


def checkpoint_to_resume(asked: str | Path | bool | None, output_dir: Path) -> Path | None:
    """The checkpoint that `resume_from_checkpoint` means: as named, or for True the newest complete one of the run.

    Raises:
        SROError: the run has none.
    """
    if asked is not True:
        return Path(asked) if asked else None
    newest = last_sealed_checkpoint(output_dir)
    if newest is None:
        raise SROError(
            f"no complete checkpoint in {output_dir}\n  fix: leave out resume_from_checkpoint, or name one elsewhere"
        )
    return newest
