"""Make warm-up examples from unpaired comments; the leader learns them before the game begins.

There are four kinds, and three more in a second warm-up. No kind contains human rewrites of toxic comments:
    edit        toxic comment → the small edit that the screener passed (`edit_search`)
    corruption  corrupted clean comment → the clean comment (`corruption`)
    paraphrase  style-agnostic paraphrases, both sides clean (optional: teaches to rephrase)
    unchanged   clean comment → itself (teaches to leave clean comments unchanged)
    repair      broken clean comment → the comment (`teachers`; teaches to correct faults)
    idiom       toxic comment → its best rewrite by a phrase table (`sro.rewriting.phrase_table`, `teachers`)
    move        toxic comment → the best of earlier leaders' rewrites (`teachers`)

A share of them is written as people type (capitals, no space before punctuation), even if the corpus is not: public
corpora of comments are often lower-cased and tokenised, users' comments are not.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sro.comments.words import words
from sro.screeners.base import Screener
from sro.screeners.rules.form import defects
from sro.screeners.similarity import SentenceEncoder
from sro.training.warmup.corruption import corrupt
from sro.training.warmup.edit_search import search_edits
from sro.training.warmup.lexicon import learn_toxic_lexicon, mild_and_passing, mild_words
from sro.training.warmup.lm_fit import Fit
from sro.training.warmup.search_log import SearchLog
from sro.training.warmup.word_classes import learn_classes

Kind = Literal["edit", "corruption", "paraphrase", "unchanged", "repair", "idiom", "move"]


@dataclass(frozen=True)
class Example:
    """The leader reads `source` and learns to write `target`."""

    source: str
    target: str
    kind: Kind


@dataclass
class Mixture:
    """Largest number of examples of each kind; 0 leaves a kind out (for ablations)."""

    edits: int = field(default=4500, metadata={"help": "toxic comments to search for an edit that passes"})
    corruptions: int = field(default=500, metadata={"help": "corrupted clean comments"})
    paraphrases: int = field(default=200, metadata={"help": "style-agnostic paraphrases, if a file is given"})
    unchanged: int = field(default=300, metadata={"help": "clean comments that must stay unchanged"})
    typed: float = field(default=0.35, metadata={"help": "share of the examples shown as people type them"})


def make_examples(
    toxic: Sequence[str],
    clean: Sequence[str],
    paraphrases: Sequence[tuple[str, str]],
    screener: Screener,
    encoder: SentenceEncoder,
    make_fit: Callable[[Sequence[str], Sequence[str]], Fit],
    mixture: Mixture,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    log: SearchLog | None = None,
) -> list[Example]:
    """Shuffled examples of all kinds.

    Args:
        toxic, clean: unpaired comments.
        paraphrases: style-agnostic sentence pairs; a pair is left out if the screener refuses it, if it is a copy, or
            if its meaning differs (cosine < .75).
        make_fit: (phrases, usual comments) → a language model's scores of edits; see `sro.training.warmup.lm_fit`.
        progress: is called with (comments done, comments in all) during the edit search, which is the slow part.
        log: the search results of an interrupted run.
    """
    draw = random.Random(seed)
    both = [*toxic, *clean]
    classes = learn_classes(draw.sample(both, min(len(both), 8000)), mild_words(), encoder, seed=seed)
    mild = mild_and_passing(screener)
    lexicon = learn_toxic_lexicon(toxic, clean, screener, encoder, classes, mild)
    fit = make_fit(mild, draw.sample(both, min(len(both), 200)))
    passed = [text for text, verdict in zip(clean, screener.screen(clean)) if verdict.passed]
    draw.shuffle(passed)
    refused = [text for text, verdict in zip(toxic, screener.screen(toxic)) if not verdict.passed]
    insults = [text for text in refused if len(words(text)) <= 6]
    sought = draw.sample(refused, min(mixture.edits, len(refused)))

    log = log or SearchLog()
    for start in range(0, len(sought), 64):
        batch = [comment for comment in sought[start : start + 64] if comment not in log.known]
        if batch:
            found = search_edits(batch, mild, lexicon.innocent, screener, classes, fit)
            log.add(batch, {edit.comment: edit.rewrite for edit in found})
        progress(min(start + 64, len(sought)), len(sought))
    edits = [(comment, log.known[comment]) for comment in sought]
    examples = [Example(comment, rewrite, "edit") for comment, rewrite in edits if rewrite is not None]
    to_corrupt, rest = passed[: mixture.corruptions], passed[mixture.corruptions :]
    corrupted = corrupt(to_corrupt, insults, lexicon, screener, seed)
    examples += [Example(one.corrupted, one.clean, "corruption") for one in corrupted]
    # If the corpus is too small for disjoint halves, some comments occur both corrupted and unchanged.
    whole = (rest + passed)[: mixture.unchanged]
    examples += [Example(text, text, "unchanged") for text in whole]
    examples += _clean_paraphrases(paraphrases, mixture.paraphrases, screener, encoder, draw)
    examples = [detokenized_example(example) if draw.random() < mixture.typed else example for example in examples]
    draw.shuffle(examples)
    return examples


def detokenized_example(example: Example) -> Example:
    """The example as people would type it."""
    return replace(example, source=detokenize(example.source), target=detokenize(example.target))


def detokenize(text: str) -> str:
    """`i 'm tired , you know .` → `I'm tired, you know.`; text that already looks typed is not changed."""
    text = re.sub(r"\s+([,.!?…)]|[;:](?=\s|$)|n't\b|'(?:s|m|re|ve|ll|d|t)\b)", r"\1", text)
    text = re.sub(r"(?<=[(])\s+", "", text)
    text = re.sub(r"\bi(?=$|[\s,!?;:…]|\.(?:\s|$)|'(?:m|ve|ll|d)\b)", "I", text)
    return re.sub(r"(^|(?<!\.[a-z.])[.!?]\s+)([a-z])", lambda found: found.group(1) + found.group(2).upper(), text)


def _clean_paraphrases(
    pairs: Sequence[tuple[str, str]], n: int, screener: Screener, encoder: SentenceEncoder, draw: random.Random
) -> list[Example]:
    """Up to n paraphrases that keep the meaning, change the words and pass the screener on both sides."""
    chosen = draw.sample(list(pairs), min(len(pairs), 3 * n))
    sources, targets = [a for a, _ in chosen], [b for _, b in chosen]
    cosine = encoder.similarity(targets, sources)
    kept = [
        Example(a, b, "paraphrase")
        for a, b, cos, left, right in zip(sources, targets, cosine, screener.screen(sources), screener.screen(targets))
        if cos >= 0.75 and left.passed and right.passed and not defects(b, a) and words(a.lower()) != words(b.lower())
    ]
    return kept[:n]


def summary(examples: Sequence[Example]) -> str:
    """`7,102 examples: 3,512 edit, …`."""
    kinds = Counter(example.kind for example in examples)
    return f"{len(examples):,} examples: " + ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
