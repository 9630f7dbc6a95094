"""Fine-tune the embedded leader to tell sentences that people wrote from the same sentences with a fault.

    D=../shared/data
    sro fluency --sentences "$D/sentences/dev_normal.txt[:-500]" "$D/sentences/dev_toxic.txt[:-500]" \
                --output_dir runs/fluency

The sentences include toxic comments, so that rude words say nothing about the label. The run measures the classifier
on held-out sentences, whole and broken.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sro.comments.sources import load_source
from sro.comments.synthetic_errors import (
    LENGTHS,
    Fault,
    add,
    break_off,
    broken_sentences,
    content_words,
    delete_noun_after_determiner,
    drop,
    drop_function_word,
    repeat,
    shuffle,
    substitute_random_word,
    substitute_stopgap,
    swap,
)
from sro.core import config, files, provenance
from sro.core.errors import SROError
from sro.screeners.check import auc
from sro.screeners.lora.acceptability import Acceptability
from sro.screeners.lora.config import ClassifierConfig
from sro.screeners.lora.training import fine_tune_classifier, save

SURE = 0.9
"""Target for P(acceptable) of a whole sentence and P(unacceptable) of a broken one. It is below 1, because some
sentences are still good after they lost a word."""
HELD_OUT = 600
"""Rows to measure on, half of them whole and half broken; a few less if some sentences cannot be broken."""
COMMON: tuple[Fault, ...] = (
    drop_function_word,
    drop_function_word,
    swap,
    repeat,
    shuffle,
    add,
    delete_noun_after_determiner,
    break_off,
)
OF_REWRITERS: tuple[Fault, ...] = (substitute_stopgap, substitute_stopgap, substitute_stopgap, drop, drop, drop)


@dataclass
class FluencyData:
    """The sentences to train on."""

    sentences: list[str] = field(
        default_factory=lambda: ["starter:civil", "starter:toxic"],
        metadata={"help": "comments, clean and toxic ones, named as for `sro train --comments`"},
    )
    sentences_each: int = field(default=5000, metadata={"help": "at most so many of each source"})
    lora_rank: int = field(default=8, metadata={"help": "rank of the adapter"})


@dataclass
class FluencyConfig(ClassifierConfig):
    """`ClassifierConfig` with other defaults."""

    output_dir: str | None = field(default="runs/fluency", metadata={"help": "where the adapter goes"})
    learning_rate: float = field(default=4e-4, metadata={"help": "peak learning rate of the adapter"})
    warmup_steps: float = field(default=30, metadata={"help": "steps, or share of all steps, until the peak"})
    logging_steps: float = field(default=25, metadata={"help": "steps between two log lines"})


def train_fluency(data: FluencyData, args: FluencyConfig, command: Sequence[str] = ()) -> Path:
    """Train and save an adapter, with a manifest and its measures; returns its folder.

    Args:
        command: the command line, for the manifest.

    Raises:
        SROError: output_dir holds an adapter already, the input is bad, or there are too few sentences.
    """
    folder = Path(str(args.output_dir))
    if (folder / "adapter").exists():
        raise SROError(f"{folder} holds an adapter already\n  fix: another --output_dir")
    whole, hashes = read_sentences(data, folder)
    held_out, learnt = split(whole, args.seed)
    if len(learnt) < 3 * HELD_OUT:
        raise SROError(f"{len(whole):,} sentences are too few\n  fix: {2 * HELD_OUT:,} of {LENGTHS[0]} words and more")
    provenance.write_manifest(folder, command, config.to_plain_dict((data, args)), hashes, args.seed)
    model, tokenizer = fine_tune_classifier(learnt, data.lora_rank, args)
    found = Acceptability(model.eval(), tokenizer)([text for text, _ in held_out])
    labels = np.array([label > 0.5 for _, label in held_out])
    reached = {
        "sentences": len(learnt),
        "auc": round(float(auc(found[labels], found[~labels])), 4),
        "accuracy": round(float(((found > 0.5) == labels).mean()), 4),
    }
    files.atomic_write_text(folder / "measures.json", json.dumps(reached, indent=1) + "\n")
    save(model, folder / "adapter", "P(acceptable) of sentences", "sro fluency")
    return folder / "adapter"


def read_sentences(data: FluencyData, folder: Path) -> tuple[list[str], dict[str, str]]:
    """At most `sentences_each` random sentences of each source, and the sources' hashes."""
    draw, whole, hashes = random.Random(0), dict[str, None](), {}
    for number, name in enumerate(data.sentences):
        place = folder / f"quarantine_{number}.jsonl"
        corpus = load_source(name, min_words=LENGTHS[0], max_words=LENGTHS[-1], quarantine=place)
        hashes[name] = corpus.sha256
        whole |= dict.fromkeys(draw.sample(corpus.texts, min(len(corpus.texts), data.sentences_each)))
    return list(whole), hashes


def split(whole: list[str], seed: int) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Held-out rows and training rows from `labelled`; the whole and the broken form of a sentence stay together."""
    drawn = random.Random(seed).sample(whole, len(whole))
    return labelled(drawn[: HELD_OUT // 2], seed), labelled(drawn[HELD_OUT // 2 :], seed)


def labelled(whole: list[str], seed: int) -> list[tuple[str, float]]:
    """(text, target P(acceptable)) of every sentence, whole and broken, shuffled."""
    draw = random.Random(seed)
    strange = substitute_random_word(content_words(whole))
    faults = (*COMMON, *OF_REWRITERS, strange, strange)
    rows = [(text, SURE) for text in whole]
    rows += [(text, 1.0 - SURE) for text in broken_sentences(whole, draw, faults)]
    draw.shuffle(rows)
    return rows
