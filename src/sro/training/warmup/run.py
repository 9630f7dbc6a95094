"""A warm-up from unpaired comments to a rewriter. It writes adapter/, examples.jsonl and manifest.json.

The two long parts can be resumed (`resume`): the search from edits.jsonl, and, with `save_strategy: steps`, the
training from its last complete checkpoint. The search runs in one process, and so does the whole command.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from transformers import set_seed

from sro.comments.sources import load_sources
from sro.core import config, files, provenance
from sro.core.errors import SROError
from sro.core.precision import store_frozen_linears_in_bf16
from sro.core.progress import Meter, use_progress_lines
from sro.core.training_arguments import refuse_named_checkpoint
from sro.leader.engines.chat.config import ChatSettings
from sro.leader.engines.loading import EngineArguments, load_generator
from sro.leader.generation import Generator, Metered
from sro.leader.model import Leader, LeaderArguments, default_lora, save_adapter
from sro.screeners.config import ScreenerArguments
from sro.screeners.faithfulness.critic import FaithfulnessCritic
from sro.screeners.loading import load_named_screener
from sro.screeners.lora.acceptability import Acceptability
from sro.screeners.overused import OverusedWords
from sro.screeners.similarity import SentenceEncoder
from sro.training.checkpoints import last_sealed_checkpoint
from sro.training.dataset import PromptLimit, fitting
from sro.training.resuming import refuse_other_run
from sro.training.warmup.best_of_n import WITH_CRITIC, Bars, Reward
from sro.training.warmup.example_files import read_examples, read_paraphrases, write_examples
from sro.training.warmup.examples import Example, Mixture, make_examples, summary
from sro.training.warmup.lm_fit import Fit, LanguageModelFit
from sro.training.warmup.search_log import SearchLog
from sro.training.warmup.teachers import Teachers, best_rewrites_of_teachers
from sro.training.warmup.trainer import WarmupConfig, WarmupTrainer

logger = logging.getLogger(__name__)

CHAT = ("chat:", "http://", "https://")
"""A teacher with a name that begins like this is a chat server."""


@dataclass
class WarmupData(ScreenerArguments):
    """The unpaired comments to warm up with. Sources are named as in `sro.comments.sources`."""

    toxic: list[str] = field(default_factory=lambda: ["starter:toxic"], metadata={"help": "toxic comments"})
    clean: list[str] = field(default_factory=lambda: ["starter:civil"], metadata={"help": "clean comments"})
    paraphrase_files: list[str] = field(
        default_factory=list, metadata={"help": "CSV files (.gz) with the columns source,target; style-agnostic"}
    )
    examples: str | None = field(
        default=None,
        metadata={"help": "learn from this examples.jsonl of an earlier run, without a search"},
    )
    drop_test_set: bool = field(
        default=False,
        metadata={"help": "leave out sentences of the official ParaDetox test set, instead of refusing their file"},
    )
    screener: str = field(default="embedded/linear", metadata={"help": "screener that decides what passes"})
    similarity: str = field(default="embedded", metadata={"help": "sentence encoder"})
    min_words: int = field(default=3, metadata={"help": "shorter comments are set aside"})
    max_words: int = field(default=32, metadata={"help": "longer comments are set aside"})
    resume: bool = field(default=False, metadata={"help": "resume the interrupted run of output_dir"})


def warmup_run(
    data: WarmupData,
    mixture: Mixture,
    teachers: Teachers,
    leader: LeaderArguments,
    args: WarmupConfig,
    command: Sequence[str] = (),
    chat: ChatSettings | None = None,
) -> Path:
    """Make the examples, train on them, and return the adapter's folder.

    Args:
        chat: settings for teachers that are chat servers; None: the defaults.
        args: settings; they are copied, not changed. If `prompt` is empty, the leader's prompt is used.
        command: the command line, for the manifest.

    Raises:
        SROError: bad input, more than one process, an output_dir that already holds a run, an edit search by a leader
            that already has an adapter, or a run to resume that began with other settings or comments.
    """
    refuse_named_checkpoint(args)
    if args.world_size > 1:
        raise SROError(
            f"a warm-up runs in one process, and here are {args.world_size}, which would write the same files\n"
            "  fix: start it without a launcher; `sro train` runs in many"
        )
    if leader.tuning == "full":
        raise SROError("a warm-up trains an adapter, not all weights\n  fix: leave out --tuning full")
    folder = Path(str(args.output_dir))
    if (folder / "adapter").exists() or ((folder / "manifest.json").exists() and not data.resume):
        raise SROError(
            f"{folder} holds a run already\n"
            "  fix: another --output_dir, or add --resume true to the same command if the run was interrupted"
        )
    goes_on = leader.adapter not in (None, "none")
    if goes_on and not (teachers.teachers or data.examples):
        raise SROError(
            f"the edit search scores fluency with the leader without any adapter, not with {leader.adapter!r}\n"
            "  fix: leave out --adapter, or name --teachers or --examples to learn from"
        )
    set_seed(args.seed)  # for the random weights if the adapter is widened
    player = Leader.load(leader, "none", args.prompt or None, trainable=goes_on)
    encoder_decoder = player.model.config.is_encoder_decoder
    args = copy.copy(args)
    args.prompt, args.disable_tqdm = player.prompt, True
    chat = chat or ChatSettings()
    settings = config.to_plain_dict((data, mixture, teachers, leader, args, chat))
    if data.resume:
        refuse_other_run(folder, settings)

    def note(sources: Mapping[str, str]) -> None:
        if data.resume:
            refuse_other_run(folder, settings, sources)
        provenance.write_manifest(folder, command, settings, sources, args.seed)

    earlier = read_examples(Path(data.examples)) if data.examples else []
    hashes = {data.examples: files.file_sha256(data.examples)} if data.examples else {}
    if teachers.teachers:
        examples = _examples_from_teachers(
            data, mixture, teachers, earlier, hashes, note, leader, player, args, folder, chat
        )
    elif data.examples:
        examples = earlier
        note(hashes)
    else:
        if encoder_decoder:
            raise SROError(
                "the edit search weighs fluency with a decoder-only leader\n"
                "  fix: make the examples with the embedded leader, then --examples runs/NAME/examples.jsonl"
            )
        examples = _examples_from_edit_search(data, mixture, note, player, args, folder)
    examples = _fitting_examples(examples, player, args, folder)
    if not examples:
        raise SROError("no example came out of these comments\n  fix: more comments, or another mixture")
    logger.info("%s", summary(examples))
    from peft import get_peft_model

    model = player.model
    if not goes_on:
        set_seed(args.seed)  # for the fresh adapter, which is made before the trainer
        model = get_peft_model(model, default_lora(leader.lora_rank, leader.lora_alpha, encoder_decoder))
    trainer = WarmupTrainer(model, args, examples, player.tokenizer)
    use_progress_lines(trainer)
    checkpoint = last_sealed_checkpoint(folder) if data.resume else None
    if data.resume and checkpoint is None and any(folder.glob("checkpoint-*")):
        logger.warning("%s: no checkpoint is complete, so the training starts anew", folder)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    save_adapter(model, player.tokenizer, args.prompt, folder / "adapter", half=True)
    return folder / "adapter"


def _fitting_examples(examples: list[Example], player: Leader, args: WarmupConfig, folder: Path) -> list[Example]:
    """The examples with a prompt that fits the leader; `fitting` sets the others aside."""
    limit = PromptLimit.of(player.model, args.max_prompt_length)
    kept = fitting([one.source for one in examples], player.tokenizer, args.prompt, limit, folder)
    if examples and not kept:
        raise SROError(f"no example fits into {limit.reason}\n  fix: {limit.fix}, or other examples")
    return [examples[n] for n in kept]


def _comments(
    data: WarmupData, player: Leader, args: WarmupConfig, folder: Path
) -> tuple[list[str], list[str], dict[str, str]]:
    """Toxic comments, clean comments, and the sources' hashes. Comments that are too long for the leader are set aside
    before the search, not after it."""
    load = partial(
        load_sources,
        min_words=data.min_words,
        max_words=data.max_words,
        held_out="drop" if data.drop_test_set else "refuse",
    )
    toxic, hashes = load(data.toxic, quarantine=folder / "toxic")
    clean, clean_hashes = load(data.clean, quarantine=folder / "clean")
    limit = PromptLimit.of(player.model, args.max_prompt_length)

    def short(comments: list[str], place: Path) -> list[str]:
        return [comments[n] for n in fitting(comments, player.tokenizer, args.prompt, limit, place)]

    return short(toxic, folder / "toxic"), short(clean, folder / "clean"), hashes | clean_hashes


def _examples_from_teachers(
    data: WarmupData,
    mixture: Mixture,
    wanted: Teachers,
    earlier: list[Example],
    hashes: dict[str, str],
    note: Callable[[Mapping[str, str]], None],
    leader: LeaderArguments,
    player: Leader,
    args: WarmupConfig,
    folder: Path,
    chat: ChatSettings,
) -> list[Example]:
    toxic, clean, more = _comments(data, player, args, folder)
    note(hashes | more)
    rollouts = load_teachers(wanted, leader.leader, chat, args.max_prompt_length)
    encoder = SentenceEncoder(data.similarity)
    critic = None if wanted.faithfulness == "none" else FaithfulnessCritic.load(wanted.faithfulness)
    reward = Reward(
        load_named_screener(data),
        encoder,
        Acceptability.load(wanted.fluency),
        WITH_CRITIC if critic else Bars(),
        faithfulness=critic,
        overused=None if wanted.overused == "none" else OverusedWords.load(wanted.overused),
    )
    log = SearchLog(folder / "moves.jsonl")
    with Meter("teachers") as meter:
        examples = best_rewrites_of_teachers(
            toxic, clean, earlier, rollouts, reward, wanted, mixture.typed, args.seed, meter.update, log
        )
    for teacher in rollouts:
        if isinstance(teacher, Metered):
            logger.info("%s", teacher.spent())
    write_examples(examples, folder / "examples.jsonl")
    return examples


def load_teachers(wanted: Teachers, leader: str, chat: ChatSettings, max_prompt_length: int) -> list[Generator]:
    """The teachers, by their names: `chat:URL` is a chat server, anything else an adapter of the leader.

    Args:
        max_prompt_length: longest prompt; longer comments were already set aside, so each prompt fits.

    Raises:
        SROError: a part is missing, or a server cannot be used.
    """
    engine = EngineArguments(engine=wanted.moves_engine)

    def load(name: str) -> Generator:
        if not name.startswith(CHAT):
            return load_generator(engine, leader, adapter=name, max_prompt_length=max_prompt_length)
        server = EngineArguments("chat", chat_url=name.removeprefix("chat:"), **vars(chat))
        return load_generator(server, max_prompt_length=max_prompt_length)

    return [load(name) for name in wanted.teachers]


def _examples_from_edit_search(
    data: WarmupData,
    mixture: Mixture,
    note: Callable[[Mapping[str, str]], None],
    player: Leader,
    args: WarmupConfig,
    folder: Path,
) -> list[Example]:
    toxic, clean, hashes = _comments(data, player, args, folder)
    pairs = [pair for file in data.paraphrase_files for pair in read_paraphrases(Path(file))]
    hashes |= {file: files.file_sha256(file) for file in data.paraphrase_files}
    note(hashes)
    if args.bf16:
        store_frozen_linears_in_bf16(player.model.requires_grad_(False))
    player.model.eval()

    def make_fit(phrases: Sequence[str], usual: Sequence[str]) -> Fit:
        return LanguageModelFit(player.model, player.tokenizer, phrases, usual, bf16=bool(args.bf16))

    screener, encoder = load_named_screener(data), SentenceEncoder(data.similarity)
    with Meter("edit search") as meter:
        log = SearchLog(folder / "edits.jsonl")
        examples = make_examples(
            toxic, clean, pairs, screener, encoder, make_fit, mixture, args.seed, meter.update, log
        )
    write_examples(examples, folder / "examples.jsonl")
    return examples
