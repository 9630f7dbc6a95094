"""The comments that a run trains on, and those held out to compare rewrites before and after."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sro.comments.clean import fingerprint
from sro.comments.corpus import Comment
from sro.comments.sources import load_source, load_sources
from sro.comments.splitting import split
from sro.core.errors import SROError
from sro.leader.model import Leader
from sro.screeners.base import Screener
from sro.training.config import SROConfig
from sro.training.dataset import PromptLimit, fitting

logger = logging.getLogger(__name__)


@dataclass
class DataArguments:
    """The comments that a run trains on, and those held out to compare rewrites before and after."""

    comments: list[str] = field(
        default_factory=lambda: ["starter:toxic"],
        metadata={"help": "toxic comments: FILE, FILE::COLUMN, FILE::COLUMN::WHERE, `-`, hub:NAME, starter:toxic"},
    )
    judged_responses: str | None = field(
        default=None,
        metadata={
            "help": "file with the columns comment, response and verdict (pass or fail), as `sro feedback export` "
            "writes it: learn from these instead of drawing rewrites of `comments` and asking the screener"
        },
    )
    held_out: str | None = field(
        default=None,
        metadata={"help": "comments to rewrite before and after training (default: a tenth of `comments`, by hash)"},
    )
    held_out_size: int = field(default=100, metadata={"help": "largest number of held-out comments"})
    split_seed: int | None = field(
        default=None,
        metadata={"help": "seed of the draw of held-out comments without --held_out (default: --seed)"},
    )
    min_words: int = field(default=3, metadata={"help": "comments of fewer words are set aside"})
    max_words: int = field(default=40, metadata={"help": "comments of more words are set aside"})
    only_refused: bool = field(
        default=True, metadata={"help": "train on, and hold out, only comments that the screener fails"}
    )
    drop_test_set: bool = field(
        default=False,
        metadata={"help": "leave out sentences of the official ParaDetox test set, instead of refusing their file"},
    )
    resume: bool = field(default=False, metadata={"help": "continue from the last complete checkpoint of output_dir"})

    def load(self, names: Sequence[str], quarantine: Path | None = None) -> tuple[list[str], dict[str, str]]:
        """Texts of sources to train on, and the hash of each source; see `load_sources`."""
        return load_sources(
            names,
            min_words=self.min_words,
            max_words=self.max_words,
            quarantine=quarantine,
            held_out="drop" if self.drop_test_set else "refuse",
        )


def training_and_held_out(
    data: DataArguments, args: SROConfig, toxicity: Screener, player: Leader
) -> tuple[list[str], list[str], dict[str, str]]:
    """The comments to train on, those to hold out, and the hash of each source.

    With `only_refused`, both contain only comments that the screener fails. Held-out comments that are too long for
    the leader are removed here; the trainer removes training comments that are too long.

    Raises:
        SROError: a source cannot be read or holds test sentences, or no comment is left to train on or to hold out.
    """
    seed = args.seed if data.split_seed is None else data.split_seed
    names = [f"{data.judged_responses}::comment"] if data.judged_responses else data.comments
    texts, hashes = data.load(names, quarantine=Path(str(args.output_dir)))
    if data.held_out:
        corpus = load_source(data.held_out, training=False, min_words=data.min_words, max_words=data.max_words)
        hashes[data.held_out] = corpus.sha256
        kept, seen = corpus.texts, {fingerprint(text) for text in corpus.texts}
        texts = [text for text in texts if fingerprint(text) not in seen]
    else:
        parts = split([Comment(text, "", 0) for text in texts], {"train": 0.9, "held_out": 0.1}, seed)
        texts, kept = [c.text for c in parts["train"]], [c.text for c in parts["held_out"]]
    if data.only_refused:  # judged rewrites were screened by somebody else
        texts, kept = texts if data.judged_responses else _refused(texts, toxicity), _refused(kept, toxicity)
    if not texts or not kept:
        raise SROError("nothing to train on or to hold out\n  fix: more comments, or --only_refused false")
    limit = PromptLimit.of(player.model, args.max_prompt_length, args.max_completion_length)
    fits = fitting(kept, player.tokenizer, args.prompt, limit, None)
    if not fits:
        raise SROError(
            f"no held-out comment fits into {limit.reason}\n"
            f"  fix: {limit.fix}, or name other comments: --held_out FILE"
        )
    kept = [kept[n] for n in fits][: data.held_out_size]
    logger.info("%s comments to train on, %s held out", f"{len(texts):,}", f"{len(kept):,}")
    return texts, kept, hashes


def _refused(texts: list[str], toxicity: Screener) -> list[str]:
    """The texts that the screener fails."""
    return [text for text, verdict in zip(texts, toxicity.screen(texts)) if not verdict.passed]
