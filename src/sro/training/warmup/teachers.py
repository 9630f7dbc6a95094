"""A second warm-up: learn the best rewrites of the phrase table and of earlier leaders, fluent edits, and repairs.

    sro warmup --teachers runs/warmup1/adapter runs/sro1/adapter --examples runs/warmup1/examples.jsonl \
               --toxic FILE --clean FILE --output_dir runs/warmup2

A first warm-up only teaches single edits, and its search judges grammar badly. A table of phrases knows idioms
(`sro.rewriting.phrase_table`). Leaders of earlier games can do more than their greedy rewrites show: of a dozen for
a comment, one is usually good. The panel's best rewrite is kept, from any of these sources
(`sro.training.warmup.best_of_n`). So a new leader learns to give at once what older leaders found among many
(expert iteration: Anthony et al. 2017, arXiv 1705.08439).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sro.comments.synthetic_errors import add, broken_sentences, drop_function_word, repeat, swap
from sro.leader.generation import Generator
from sro.rewriting.deletions import deletions
from sro.rewriting.phrase_table import PhraseTable, load_phrase_table
from sro.training.warmup.best_of_n import Reward, best_candidates, generate_candidates
from sro.training.warmup.examples import Example, Kind, detokenized_example
from sro.training.warmup.search_log import SearchLog

JUDGED = ("edit", "corruption", "idiom", "move")
"""Kinds of earlier examples that the panel judges again; in the other kinds, people wrote both sides."""
VARIANTS = 4
"""Number of civil forms of a comment to take from the table."""
REPAIRABLE = (drop_function_word, drop_function_word, swap, repeat, add)
"""Faults that can be repaired, because the original text can still be guessed."""


@dataclass
class Teachers:
    """The new leader learns these leaders' best rewrites, and the chat servers' answers that the panel passes."""

    teachers: list[str] = field(
        default_factory=list,
        metadata={
            "help": "adapters of the leader, or chat servers (chat:http://localhost:11434/v1), whose best rewrites "
            "are learnt"
        },
    )
    moves: int = field(default=4000, metadata={"help": "number of toxic comments to rewrite, besides --examples"})
    table: bool = field(default=True, metadata={"help": "also take candidates from the phrase table"})
    moves_each: int = field(
        default=2, metadata={"help": "candidates sampled from each teacher per comment, besides its greedy one"}
    )
    moves_temperature: float = field(default=0.8, metadata={"help": "temperature of the teachers' sampled candidates"})
    moves_engine: Literal["transformers", "ctranslate2"] = field(
        default="transformers", metadata={"help": "engine that runs the teachers; ctranslate2 is several times faster"}
    )
    repairs: int = field(default=400, metadata={"help": "number of broken clean comments to repair"})
    untouched: int = field(default=300, metadata={"help": "clean comments that must stay unchanged"})
    fluency: str = field(
        default="embedded", metadata={"help": "model that judges fluency: `embedded`, or a folder from `sro fluency`"}
    )
    faithfulness: str = field(
        default="none",
        metadata={"help": "critic that checks that the meaning is kept: `embedded`, a folder, or `none`"},
    )
    overused: str = field(
        default="none",
        metadata={"help": "list of words that no rewrite may add: `embedded`, a file, or `none`; see `sro train`"},
    )


def rule_edits(comment: str, table: PhraseTable) -> list[str]:
    """The comment without its addresses and swear words, and the table's civil form of the text that is left."""
    cut = deletions(comment)
    return cut + [text for one in cut for text in table.variants(one, 1)]


def best_rewrites_of_teachers(
    toxic: Sequence[str],
    clean: Sequence[str],
    earlier: Sequence[Example],
    teachers: Sequence[Generator],
    reward: Reward,
    wanted: Teachers,
    typed_share: float,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    log: SearchLog | None = None,
) -> list[Example]:
    """Shuffled examples.

    Args:
        toxic, clean: unpaired comments; toxic comments that pass the screener are not played.
        earlier: examples of an earlier warm-up; those of a kind in `JUDGED` are one more candidate for their comments.
        log: rewrites that an interrupted run has already found.
    """
    draw, log = random.Random(seed), log or SearchLog()
    table = load_phrase_table() if wanted.table else PhraseTable({})
    refused = [text for text, verdict in zip(toxic, reward.screener.screen(toxic)) if not verdict.passed]
    draw.shuffle(refused)
    judged: dict[str, list[Example]] = {}
    for one in earlier:
        if one.kind in JUDGED:
            judged.setdefault(one.source, []).append(one)
    by_teachers = generate_candidates(teachers, wanted.moves_each, wanted.moves_temperature)

    def find_candidates(batch: Sequence[str], seed: int) -> list[tuple[str, str]]:
        """Rewrites from the earlier search, from the table and from the teachers."""
        found = [(comment, example.target) for comment in batch for example in judged.get(comment, [])]
        found += [(comment, text) for comment in batch for text in table.variants(comment, VARIANTS)]
        if wanted.table:
            found += [(comment, text) for comment in batch for text in rule_edits(comment, table)]
        return list(dict.fromkeys(found + by_teachers(batch, seed)))

    unseen = [comment for comment in refused if comment not in judged]
    best = best_candidates([*judged, *unseen[: wanted.moves]], find_candidates, reward, seed, progress, log)

    def example(comment: str, text: str) -> Example:
        """The earlier example if it has this text, else a new one with the kind of its source."""
        new: Kind = "idiom" if text in table.variants(comment, VARIANTS) else "move"
        kept = [one for one in judged.get(comment, []) if one.target == text]
        return kept[0] if kept else Example(comment, text, new)

    found = [example(comment, text) for comment, text in best.items()]
    examples = [
        detokenized_example(one) if one.source not in judged and draw.random() < typed_share else one for one in found
    ]
    examples += [example for example in earlier if example.kind == "paraphrase"]

    passed = [text for text, verdict in zip(clean, reward.screener.screen(clean)) if verdict.passed]
    draw.shuffle(passed)
    whole, rest = passed[: wanted.repairs], passed[wanted.repairs :]
    mended = [(broken, text) for text in whole for broken in broken_sentences([text], draw, REPAIRABLE)]
    others = [Example(broken, text, "repair") for broken, text in mended]
    others += [Example(text, text, "unchanged") for text in rest[: wanted.untouched]]
    examples += [detokenized_example(example) if draw.random() < typed_share else example for example in others]
    draw.shuffle(examples)
    return examples
