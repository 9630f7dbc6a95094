"""A second warm-up, from what earlier leaders do best: their moves, the edits that read well, and repairs.

    sro warmup --teachers runs/warmup1/adapter runs/sro1/adapter --examples runs/warmup1/examples.jsonl \
               --toxic FILE --clean FILE --output_dir runs/warmup2

A first warm-up knows no more than single edits can show, and its search reads grammar badly. After a game or two the
leaders together know better: of a dozen tries for a comment, one is usually good. This keeps that one
(`sro.warmup.moves`), and of the earlier examples those that the panel finds whole.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sro.broken import add, broken_sentences, lose, repeat, swap
from sro.rollout import Rollout
from sro.warmup.edit_log import EditLog
from sro.warmup.examples import Example, typed
from sro.warmup.moves import Reward, best_moves

JUDGED = ("edit", "corruption")
"""Kinds of earlier examples that the panel looks at again; the rest was written by people on both sides."""
REPAIRABLE = (lose, lose, swap, repeat, add)
"""Faults that leave enough to tell what stood there."""


@dataclass
class Teachers:
    """Leaders whose best moves are learnt."""

    teachers: list[str] = field(
        default_factory=list,
        metadata={"help": "adapters of the leader, whose best moves are learnt"},
    )
    moves: int = field(default=2400, metadata={"help": "toxic comments that they rewrite"})
    moves_each: int = field(default=2, metadata={"help": "drawn moves of each teacher, beside its greedy one"})
    moves_temperature: float = field(default=0.8, metadata={"help": "of the drawn moves"})
    moves_engine: Literal["transformers", "ctranslate2"] = field(
        default="transformers", metadata={"help": "who generates them; ctranslate2 is several times faster"}
    )
    repairs: int = field(default=400, metadata={"help": "broken clean comments to mend"})
    untouched: int = field(default=300, metadata={"help": "clean comments that must come back as they are"})
    fluency: str = field(default="embedded", metadata={"help": "who says what is a whole sentence"})


def taught(
    toxic: Sequence[str],
    clean: Sequence[str],
    earlier: Sequence[Example],
    teachers: Sequence[Rollout],
    reward: Reward,
    wanted: Teachers,
    typed_share: float,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    log: EditLog | None = None,
) -> list[Example]:
    """Shuffled examples.

    Args:
        toxic, clean: unpaired comments; those of `toxic` that pass the screener are not played.
        earlier: a first warm-up's examples; of its edits and corruptions those that are worth anything to `reward`.
        log: moves that an interrupted run found already.
    """
    draw = random.Random(seed)
    refused = [text for text, verdict in zip(toxic, reward.screener.screen(toxic)) if not verdict.passed]
    chosen = draw.sample(refused, min(wanted.moves, len(refused)))
    moves = best_moves(chosen, teachers, reward, wanted.moves_each, wanted.moves_temperature, seed, progress, log)
    examples = [typed(e) if draw.random() < typed_share else e for e in (Example(*pair, "move") for pair in moves)]

    judged = [example for example in earlier if example.kind in JUDGED]
    worth = reward([example.target for example in judged], [example.source for example in judged])
    examples += [example for example, value in zip(judged, worth.tolist()) if value > 0]
    examples += [example for example in earlier if example.kind == "paraphrase"]

    passed = [text for text, verdict in zip(clean, reward.screener.screen(clean)) if verdict.passed]
    draw.shuffle(passed)
    whole, rest = passed[: wanted.repairs], passed[wanted.repairs :]
    mended = [(broken, text) for text in whole for broken in broken_sentences([text], draw, REPAIRABLE)]
    others = [Example(broken, text, "repair") for broken, text in mended]
    others += [Example(text, text, "unchanged") for text in rest[: wanted.untouched]]
    examples += [typed(example) if draw.random() < typed_share else example for example in others]
    draw.shuffle(examples)
    return examples
