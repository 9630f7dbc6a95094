"""A second warm-up, from the best that phrase table and earlier leaders know, the edits that read well, and repairs.

    sro warmup --teachers runs/warmup1/adapter runs/sro1/adapter --examples runs/warmup1/examples.jsonl \
               --toxic FILE --clean FILE --output_dir runs/warmup2

A first warm-up knows no more than single edits can show, and its search reads grammar badly. A table of phrases knows
idiom (`sro.warmup.idioms`), and where it has no answer, leaders of earlier games together often have: of a dozen tries
for a comment, one is usually good. What the follower's panel likes best is kept (`sro.warmup.moves`); earlier examples
are put beside what the table makes of their comments, and judged alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sro.broken import add, broken_sentences, lose, repeat, swap
from sro.rollout import Rollout
from sro.warmup.edit_log import EditLog
from sro.warmup.examples import Example, typed
from sro.warmup.idioms import Idioms, load_idioms
from sro.warmup.moves import Reward, best_moves, played

JUDGED = ("edit", "corruption", "idiom", "move")
"""Kinds of earlier examples that the panel looks at again; the rest was written by people on both sides."""
VARIANTS = 4
"""Civil forms of a comment that the table is asked for."""
REPAIRABLE = (lose, lose, swap, repeat, add)
"""Faults that leave enough to tell what stood there."""


@dataclass
class Teachers:
    """Leaders whose best moves are learnt."""

    teachers: list[str] = field(
        default_factory=list,
        metadata={"help": "adapters of the leader, whose best moves are learnt"},
    )
    idioms: int = field(
        default=3000, metadata={"help": "toxic comments of which the phrase table knows a phrase; 0: do without it"}
    )
    moves: int = field(default=800, metadata={"help": "toxic comments of which it knows none, for the teachers"})
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
        earlier: an earlier warm-up's examples; those of `JUDGED` stay if they, or the table, are worth anything to
            `reward`.
        log: moves that an interrupted run found already.
    """
    draw, log = random.Random(seed), log or EditLog()
    table = load_idioms() if wanted.idioms else Idioms({})
    refused = [text for text, verdict in zip(toxic, reward.screener.screen(toxic)) if not verdict.passed]
    draw.shuffle(refused)
    judged: dict[str, list[Example]] = {}
    for example in earlier:
        if example.kind in JUDGED:
            judged.setdefault(example.source, []).append(example)
    unseen = [comment for comment in refused if comment not in judged]
    known = [bool(table.variants(comment, 1)) for comment in unseen]

    def phrased(batch: Sequence[str], seed: int) -> list[tuple[str, str]]:
        """What an earlier search found, and what the table says."""
        found = [(comment, example.target) for comment in batch for example in judged.get(comment, [])]
        return found + [(comment, text) for comment in batch for text in table.variants(comment, VARIANTS)]

    asked = [comment for comment, knows in zip(unseen, known) if knows][: wanted.idioms]
    phrases = best_moves([*judged, *asked], phrased, reward, seed, progress, log)
    by_teachers = played(teachers, wanted.moves_each, wanted.moves_temperature)
    left = [comment for comment, knows in zip(unseen, known) if not knows][: wanted.moves] if teachers else []
    moves = best_moves(left, by_teachers, reward, seed, progress, log)

    new = [Example(comment, text, "idiom") for comment, text in phrases.items() if comment not in judged]
    new += [Example(comment, text, "move") for comment, text in moves.items()]
    examples = [typed(example) if draw.random() < typed_share else example for example in new]
    examples += [replace(some[0], target=phrases[source]) for source, some in judged.items() if source in phrases]
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
