"""Contrast sentences, which a toxicity classifier cannot judge by single words.

Each paragraph of `assets/contrast/*.txt` holds hand-written sentences with nearly the same words and opposite labels
("I will break your legs", "break a leg tonight"). This module reads the paragraphs, fills their slots with random
choices by a seed, and returns labelled rows for training. To make the whole corpus again:

    python -m sro.screeners.encoder.contrast runs/contrast.jsonl

`sro.screeners.encoder.contrast_files` describes the format of the files. Content warning: they contain abuse.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path

from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.screeners.encoder.contrast_files import (
    GROUP_SLOTS,
    SLOT,
    Group,
    Label,
    Paragraph,
    labels,
    read_groups,
    read_paragraphs,
)
from sro.screeners.encoder.spelling import misspelt

Row = dict[str, str | Label]

LOWERED = 0.2  # share of the expansions in chat style: lower case, no full stop
NOISY = 0.12  # share of the expansions that are added again with misspellings
EMBEDDED = 0.12  # share of the expansions that are added again within a comment of two to four sentences


def expand(paragraphs: Iterable[Paragraph], groups: dict[str, Group], seed: int = 0) -> Iterator[Row]:
    """Rows of all paragraphs, `times` expansions each. The sentences of one expansion have the same `pair`.

    The groups take turns, so that each gets its share of toxic and of other sentences. All sentences of a pair have
    the same group and the same choices.
    """
    turns: Counter[tuple[str, bool]] = Counter()
    for paragraph in paragraphs:
        rng = random.Random(f"{seed} {paragraph.id}")
        for repeat, group in enumerate(_groups_in_turn(paragraph, groups, turns, rng)):
            draws = random.Random(f"{seed} {paragraph.id} {repeat}")
            choice, picks = draws.random(), [draws.random() for _ in range(12)]
            lowered = paragraph.times > 1 and draws.random() < LOWERED
            pair = f"{paragraph.id}#{repeat}" if len(paragraph.lines) > 1 else None
            for code, template in paragraph.lines:
                text = _fill(template, group, choice, picks)
                about = {"kind": paragraph.kind, "lang": paragraph.lang, "template": paragraph.id}
                fixed = paragraph.groups if len(paragraph.groups) == 1 and paragraph.groups <= set(groups) else ()
                named = group.name if group else next(iter(fixed), None)
                text = text.lower().rstrip(".") if lowered else text
                yield {"text": text, **about, "pair": pair, "group": named, **labels(code)}


def contrast_rows(seed: int = 0) -> list[Row]:
    """The whole corpus, in the order of the files, without duplicates: plain, misspelt, and within longer comments."""
    folder = files("sro") / "assets" / "contrast"
    groups = read_groups((folder / "groups.txt").read_text(encoding="utf-8"))
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".txt"))
    paragraphs = [
        paragraph
        for name in names
        if name not in ("groups.txt", "around.txt")
        for paragraph in read_paragraphs((folder / name).read_text(encoding="utf-8"), name.removesuffix(".txt"))
    ]
    around = [line for line in (folder / "around.txt").read_text(encoding="utf-8").splitlines() if line]
    rows = list(expand(paragraphs, groups, seed))
    rows += [
        *_again(rows, "spelling", NOISY, seed, misspelt),
        *_again(rows, "comment", EMBEDDED, seed, _within(around)),
    ]
    return list({str(row["text"]): row for row in reversed(rows)}.values())[::-1]


def _within(around: list[str]) -> Callable[[str, random.Random], str]:
    def within(text: str, rng: random.Random) -> str:
        sentences = rng.sample(around, rng.randint(1, 3))
        sentences.insert(rng.randint(0, len(sentences)), text if text[-1] in ".!?" else text + ".")
        return " ".join(sentences)

    return within


def _again(
    rows: list[Row], kind: str, share: float, seed: int, change: Callable[[str, random.Random], str]
) -> Iterator[Row]:
    """Changed copies of a share of the English rows; either both sides of a pair are copied, or none."""
    for row in rows:
        unit = row["pair"] or row["text"]
        if row["lang"] == "en" and random.Random(f"{seed} {kind} {unit}").random() < share:
            text = change(str(row["text"]), random.Random(f"{seed} {kind} {row['text']}"))
            yield {**row, "text": text, "kind": kind, "pair": row["pair"] and f"{row['pair']} {kind}"}


def _groups_in_turn(
    paragraph: Paragraph, groups: dict[str, Group], turns: Counter[tuple[str, bool]], rng: random.Random
) -> list[Group | None]:
    slots = paragraph.slots()
    if not slots:
        return [None] * paragraph.times
    wanted = paragraph.groups
    fit = [
        group
        for group in groups.values()
        if (not wanted or "all" in wanted or group.name in wanted or group.classes & wanted)
        and (group.slurs or not any("slur" in slot for slot in slots))
    ]
    sides = ["T" in code for code, _ in paragraph.lines]
    chosen = sorted(fit, key=lambda group: (sum(turns[group.name, toxic] for toxic in sides), rng.random()))
    del chosen[paragraph.times :]
    turns.update((group.name, toxic) for group in chosen for toxic in sides)
    return list(chosen)


def _fill(template: str, group: Group | None, choice: float, picks: list[float]) -> str:
    """`template` with its slots filled; the n-th choice is the same in each sentence of a pair."""
    draws = iter(picks)

    def value(match: re.Match[str]) -> str:
        slot = match[1]
        if "|" in slot:
            options = slot.split("|")
            return options[int(next(draws) * len(options))]
        if group is None or slot.lower() not in GROUP_SLOTS:
            raise SROError(
                f"unknown slot {match[0]} in {template!r}\n  fix: use one of {', '.join(sorted(GROUP_SLOTS))}."
            )
        names = group.slurs if "slur" in slot.lower() else group.names
        plural, singular = names[int(choice * len(names))]
        word = plural if slot.lower() in ("people", "slurs") else singular
        if slot.lower().startswith("a_"):
            word = ("an " if word[0].lower() in "aeio" else "a ") + word
        return word[0].upper() + word[1:] if slot[0].isupper() else word

    return SLOT.sub(value, template)


if __name__ == "__main__":
    rows = contrast_rows()
    atomic_write_text(Path(sys.argv[1]), "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
