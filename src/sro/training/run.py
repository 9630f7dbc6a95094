"""A training run from comments to a rewriter, and the files that it writes.

runs/NAME/
  manifest.json     command, resolved config, versions, data hashes, seed
  adapter/          the trained rewriter: `sro rewrite --adapter runs/NAME/adapter "…"`
  table.md          before and after on held-out comments
  measures.json     the same, for programs
  rewrites.jsonl    every held-out comment with its rewrite before and after
  curves.png        pass rate, similarity, log-probabilities, rewards over the run
  log.jsonl         all gauges, one line a log step
  completions/      the leader's completions during training, for readers
  quarantine_N.jsonl   rows of the N-th source that were set aside, with line and reason

If there are several processes, the main one reads the comments and writes these files. All processes share the work
on the held-out comments.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import set_seed

from sro.core import config, files, provenance
from sro.core.errors import SROError
from sro.core.progress import use_progress_lines
from sro.core.training_arguments import refuse_named_checkpoint
from sro.leader.generation import Sampling
from sro.leader.model import Leader, LeaderArguments, default_lora, is_peft, save_adapter
from sro.leader.transformers_generator import TransformersGenerator
from sro.rewriting.measures import Measures, markdown, measure_rewrites
from sro.screeners.base import Screener, Similarity
from sro.screeners.follower import FollowerArguments, load_follower
from sro.training.checkpoints import last_sealed_checkpoint, refuse_other_dtype
from sro.training.config import SROConfig
from sro.training.data import DataArguments, training_and_held_out
from sro.training.distributed import broadcast_from_main, gather_from_all, loading, share, unsharded_weights
from sro.training.judged_responses import recorded_game
from sro.training.plots import training_plot
from sro.training.preparation import refuse_chat_server
from sro.training.resuming import refuse_other_run
from sro.training.trainer import SROTrainer

START = "embedded/warmup"
"""The adapter that the embedded leader starts from."""


@dataclass(frozen=True)
class RunResult:
    """The result of a run: measures on the held-out comments before and after training, and the folder."""

    before: Measures
    after: Measures
    rewrites: list[tuple[str, str, str]]  # comment, before, after
    folder: Path


def train_run(
    data: DataArguments,
    follower: FollowerArguments,
    leader: LeaderArguments,
    args: SROConfig,
    before: list[str] | None = None,
    command: Sequence[str] = (),
) -> RunResult:
    """Train a leader by SRO, measure it on held-out comments before and after, and write everything to `output_dir`.

    Args:
        args: settings; they are copied, not changed. If `prompt` is empty, the leader's prompt is used.
        before: rewrites of the held-out comments before training, if another run has already made them.
        command: the command line, for the manifest.

    Raises:
        SROError: bad input, a run to resume that began with other settings or comments, or a leader that collapsed
            (the message says why and what to change).
    """
    refuse_chat_server(leader.leader)
    refuse_named_checkpoint(args)
    folder = Path(str(args.output_dir))
    asked = config.to_plain_dict((data, follower, leader, args))
    checkpoint = broadcast_from_main(lambda: _starting_point(folder, data.resume, args, asked))
    with loading(args):
        # Flips depend on the number of the verdict: with the same seed, two processes would get the same flips.
        flips = replace(follower, flip_seed=follower.flip_seed + args.process_index)
        answer, toxicity, similarity = load_follower(flips)
        set_seed(args.seed)  # for the random weights if the adapter is widened
        player = Leader.load(leader, START, args.prompt or None, trainable=leader.tuning == "lora")
    args = copy.copy(args)
    args.prompt = player.prompt
    args.disable_tqdm = True
    training, held_out, hashes = broadcast_from_main(lambda: training_and_held_out(data, args, toxicity, player))
    recorded = recorded_game(data.judged_responses, training, player) if data.judged_responses else None
    if recorded:
        training, hashes = recorded.comments, hashes | {str(data.judged_responses): recorded.sha256}
    chosen = asked | {"prompt": args.prompt}
    if checkpoint:
        broadcast_from_main(lambda: refuse_other_run(folder, chosen, hashes))
    set_seed(args.seed)  # for a fresh adapter, which is made before the trainer
    trainer = SROTrainer(
        model=_trainable_model(player, leader),
        args=args,
        screener=recorded or answer,
        generator=recorded,
        train_dataset=Dataset.from_dict({"comment": training}),
        processing_class=player.tokenizer,
        peft_config=_fresh_adapter(player, leader),
        similarity=similarity,
    )
    use_progress_lines(trainer)
    # Not earlier: if an error occurred before this line, no run began, and the next try may use the folder.
    broadcast_from_main(lambda: provenance.write_manifest(folder, command, chosen, hashes, args.seed))
    before = before or _rewrites_before_training(
        trainer, held_out, folder / "before.json", reuse=checkpoint is not None
    )
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    broadcast_from_main(lambda: _write_log(trainer.state.log_history, folder))
    if trainer.guard.reason:
        raise SROError(trainer.guard.reason)
    after = _rewrite(trainer, held_out)
    _save(trainer, player, folder / "adapter")
    return broadcast_from_main(lambda: _write_results(held_out, before, after, toxicity, similarity, folder))


def _starting_point(folder: Path, resume: bool, args: SROConfig, asked: dict[str, Any]) -> Path | None:
    """The checkpoint to resume from, or None.

    A folder that holds a run is refused, unless the run is to be resumed with the settings that it began with. (Two
    things are not known yet and not compared: an empty prompt, and the content of the files.)
    """
    checkpoint = last_sealed_checkpoint(folder)
    if resume and checkpoint is None:
        raise SROError(
            f"no complete checkpoint in {folder}\n  fix: leave out --resume, or name the right --output_dir"
        )
    if not resume and (folder / "manifest.json").exists():
        raise SROError(
            f"{folder} holds a run already\n"
            "  fix: --resume true added to the same command, to resume the run, or another --output_dir"
        )
    if resume and checkpoint:
        refuse_other_dtype(checkpoint, args)
        refuse_other_run(folder, {name: value for name, value in asked.items() if name != "prompt" or value})
    return checkpoint if resume else None


def _trainable_model(player: Leader, leader: LeaderArguments) -> Any:
    """The model for the trainer; for full fine-tuning, an adapter is first merged into the weights."""
    if leader.tuning == "full" and is_peft(player.model):
        return player.model.merge_and_unload().requires_grad_(True)
    return player.model


def _fresh_adapter(player: Leader, leader: LeaderArguments) -> Any:
    if leader.tuning == "full" or is_peft(player.model):
        return None
    return default_lora(leader.lora_rank, leader.lora_alpha, player.model.config.is_encoder_decoder)


def _rewrite(trainer: SROTrainer, comments: Sequence[str]) -> list[str]:
    """One greedy rewrite of each comment by the leader in its current state; each process rewrites its share."""
    args = trainer.args
    generator = TransformersGenerator(trainer.model, trainer.processing_class, args.prompt, args.max_prompt_length)
    longest, ratio = args.max_completion_length, args.max_length_ratio
    greedy = Sampling(0.0, max_new_tokens=longest, max_length_ratio=ratio, avoid_loops=True)  # as `Rewriter` decodes
    mine = share(comments, args.process_index, args.world_size)
    with unsharded_weights(trainer.model), trainer.accelerator.autocast():
        completions = generator.generate(mine, 1, greedy, seed=0)
    return gather_from_all([one.text for [one] in completions])[: len(comments)]


def _rewrites_before_training(trainer: SROTrainer, held_out: list[str], cache: Path, reuse: bool) -> list[str]:
    """The rewrites before training; a resumed run reads those of its first part from a file, if the comments match."""
    known: list[list[str]] = broadcast_from_main(
        lambda: json.loads(cache.read_text("utf-8")) if reuse and cache.is_file() else []
    )
    if [pair[:1] for pair in known] == [[comment] for comment in held_out]:
        return [rewrite for _, rewrite in known]
    rewrites = _rewrite(trainer, held_out)
    pairs = list(zip(held_out, rewrites))
    broadcast_from_main(lambda: files.atomic_write_text(cache, json.dumps(pairs, ensure_ascii=False)))
    return rewrites


def _save(trainer: SROTrainer, player: Leader, folder: Path) -> None:
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # called by all processes: weights may be spread

    def complete(module: Any, found: dict[str, Any], prefix: str, metadata: Any) -> None:
        found.update(state)

    def write() -> None:
        if folder.exists():
            shutil.rmtree(folder)  # written by the run that this one resumes
        save_adapter(trainer.model, player.tokenizer, player.prompt, folder)

    hook = trainer.model.register_state_dict_post_hook(complete)
    broadcast_from_main(write)
    hook.remove()


def _write_log(history: list[dict[str, Any]], folder: Path) -> None:
    files.atomic_write_text(folder / "log.jsonl", "".join(json.dumps(row) + "\n" for row in history))
    if any("loss" in row for row in history):  # a run of fewer steps than --logging_steps has nothing to draw
        training_plot(history, folder / "curves.png", title=folder.name)


def _write_results(
    held_out: list[str],
    before: list[str],
    after: list[str],
    toxicity: Screener,
    similarity: Similarity,
    folder: Path,
) -> RunResult:
    measured = {
        "copy": measure_rewrites(held_out, held_out, toxicity, similarity),
        "before (start)": measure_rewrites(held_out, before, toxicity, similarity),
        "after (SRO)": measure_rewrites(held_out, after, toxicity, similarity),
    }
    rows = list(zip(held_out, before, after))
    lines = [{"comment": x, "before": b, "after": a} for x, b, a in rows]
    files.atomic_write_text(
        folder / "rewrites.jsonl", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    )
    files.atomic_write_text(folder / "table.md", markdown(measured) + "\n")
    files.atomic_write_text(
        folder / "measures.json", json.dumps({name: asdict(row) for name, row in measured.items()}, indent=2) + "\n"
    )
    return RunResult(measured["before (start)"], measured["after (SRO)"], rows, folder)
