"""Turn labelled rows into training batches: find the named groups, and sample rows in fixed proportions.

The mixture decides what an encoder learns. Each component (a set, or a view across sets) gets a fixed share of all
samples. Within a component, toxic and clean rows are sampled equally often. In the view of groups, each group and each
class of a group is sampled equally often, so that a group's name alone says nothing about toxicity.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.encoder.label_maps import IDENTITY_ATTACK, SEVERE_TOXICITY, THREAT, TOXICITY, Row

GROUPS = {
    "muslims": r"muslims?|islam\w*|hijab\w*|mosques?|quran|moslems?|imams?",
    "jews": r"jew\w*|judaism|rabbis?|synagogues?|israelis?|kikes?",
    "christians": r"christian\w*|catholic\w*|churches|pope|priests?",
    "black": r"black (?:people|person|m[ae]n|wom[ae]n|guys?|kids?|folks?|girls?|boys?|lives)|blacks|africans?|nigg\w*",
    "white": r"white (?:people|person|man|men|woman|women|guys?|folks?|girls?|boys?|race)|whites|caucasians?",
    "asian": r"asians?|chinese|china|japanese|koreans?|vietnamese|chinks?|gooks?",
    "latino": r"latin[oax]s?|hispanics?|mexicans?|mexico|spics?",
    "south_asian": r"indians?|pakistani?s?|pakis?|hindus?|sikhs?|bangladeshi\w*",
    "middle_east": r"arabs?|arabic|iranians?|syrians?|turks?|turkish|middle eastern",
    "native": r"native americans?|indigenous|aboriginals?|first nations",
    "gay": r"gays?|lesbians?|homosexual\w*|queers?|bisexual\w*|lgbt\w*|fag\w*|dykes?|homos?",
    "trans": r"trans|transgender\w*|transsexual\w*|trann\w*|non-?binary",
    "women": r"wom[ae]n\w*|girls?|females?|ladies|feminis\w*|wives|moms?|mothers?|bitch\w*",
    "men": r"men|males?|boys?|guys|husbands?|fathers?",
    "immigrants": r"immigrants?|migrants?|refugees?|asylum|foreigners?",
    "disabled": r"disab\w*|autis\w*|wheelchairs?|blind|deaf|down'?s|retard\w*|mental(?:ly)? (?:ill|disab)\w*|schizos?",
    "old": r"old (?:people|man|men|woman|women|folks)|elderly|boomers?|seniors?",
    "poor": r"poor people|homeless|working class|chavs?|trailer",
    "roma": r"gyps\w*|roma|romani|travellers?",
    "atheists": r"atheists?",
}
NAMED = {group: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for group, words in GROUPS.items()}
ANY_GROUP = re.compile("|".join(rf"\b(?:{words})\b" for words in GROUPS.values()), re.IGNORECASE)


def groups_named(text: str) -> tuple[str, ...]:
    """The groups of people that an English text names, by a word list."""
    return tuple(group for group, words in NAMED.items() if words.search(text)) if ANY_GROUP.search(text) else ()


SHARES = {
    "dynahate": 15.0,
    "contrast": 20.0,
    "contrast_languages": 15.0,
    "groups": 13.0,
    "threats": 4.0,
    "severe": 3.0,
    "readings": 5.0,
    "judged_comments": 8.0,
    "toxigen": 4.0,
    "hatemoji_build": 1.5,
    "hatexplain": 2.0,
    "sbic": 2.0,
    "implicit_hate": 2.0,
    "implicit_abuse": 1.5,
    "edos_sexism": 2.0,
    "stormfront": 1.0,
    "redditbias": 1.0,
    "convabuse": 0.7,
    "civil": 3.0,
    "jigsaw": 11.0,
    "jigsaw_balanced12k": 4.0,
    "sentences": 6.0,
    "paradetox": 9.0,
    "paradetox_hard": 2.0,
    "davidson": 1.5,
    "surge_toxicity": 0.5,
    "github_incivility": 2.0,
    "openai_moderation": 0.5,
    "cold_zh": 2.0,
    "germeval2018_de": 2.0,
    "kor_ko": 2.0,
    "toldbr_pt": 2.0,
    "mlma_ar": 0.8,
    "mlma_fr": 0.8,
}
"""Shares of all samples; a component without rows is left out, and the others are scaled up."""

WRITTEN = ("contrast", "contrast_languages")
"""The project's own sentences, in English and in other languages."""

RARE_ATTRIBUTES = {"threats": THREAT, "severe": SEVERE_TOXICITY}
"""Views of toxic rows with and without a rare attribute."""

RARE = 8
"""A class is rare if it is this many times smaller than the other."""

FAMILY = {
    "jigsaw6_small": "jigsaw",
    "jigsaw_toxic": "jigsaw",
    "jigsaw_binary20k": "jigsaw",
    "wikipedia_talk": "jigsaw",
    "civil_span_types": "civil",
    "civil_toxic": "civil",
}
"""Sets of one genre that form one component, because some of them lack one of the classes."""


@dataclass
class Component:
    """Row numbers in cells. Cells are sampled by weight, by default equally; within a cell, each row comes in turn."""

    cells: list[list[int]]
    weights: list[float] | None = None

    def draw(self, rng: random.Random) -> Iterator[int]:
        decks: list[list[int]] = [[] for _ in self.cells]
        numbers = range(len(self.cells))
        while True:
            (cell,) = rng.choices(numbers, self.weights)
            if not decks[cell]:
                decks[cell] = rng.sample(self.cells[cell], len(self.cells[cell]))
            yield decks[cell].pop()


def hostile(row: Row) -> bool:
    """Whether a row counts as toxic for balancing, by TOXICITY; if masked, by IDENTITY_ATTACK; if both are, by any."""
    others = max(row.targets.values(), default=0.0)
    return row.targets.get(TOXICITY, row.targets.get(IDENTITY_ATTACK, others)) >= 0.5


def by_class(cells: list[list[int]]) -> tuple[list[list[int]], list[float]]:
    """The classes of a set and their weights: equal, but a rare class gets the square root of its relative size.

    With equal weights, a hundred toxic remarks among thousands of civil ones would be half of the samples, and the
    model would learn that developers are rude.
    """
    largest = max(map(len, cells))
    return cells, [1.0 if len(cell) * RARE >= largest else (len(cell) / largest) ** 0.5 for cell in cells]


def components(rows: list[Row]) -> dict[str, Component]:
    """One component per source, balanced by class, and views across all sources: named groups, and rare attributes.

    The view of a rare attribute (threats, severe attacks) samples rows with it and toxic rows that are labelled as
    without it equally often, so that rudeness alone is no evidence for it.

    Contrast sentences are sampled by kind or language, in proportion to the square root of its size, and by class.
    """
    by_source: dict[str, dict[bool, list[int]]] = defaultdict(lambda: defaultdict(list))
    by_group: dict[tuple[str, bool], list[int]] = defaultdict(list)
    kinds: dict[str, dict[str, dict[bool, list[int]]]] = {source: {} for source in WRITTEN}
    rare: dict[str, dict[bool, list[int]]] = {view: defaultdict(list) for view in RARE_ATTRIBUTES}
    for number, row in enumerate(rows):
        by_source[FAMILY.get(row.source, row.source)][hostile(row)].append(number)
        for view, attribute in RARE_ATTRIBUTES.items():
            if attribute in row.targets and row.targets.get(TOXICITY, 0.0) >= 0.5:
                rare[view][row.targets[attribute] >= 0.5].append(number)
        if row.source in WRITTEN:
            kinds[row.source].setdefault(row.kind, defaultdict(list))[hostile(row)].append(number)
        else:
            for group in row.groups:
                by_group[group, hostile(row)].append(number)
    found = {source: Component(*by_class(list(cells.values()))) for source, cells in by_source.items()}
    for source, of_kind in kinds.items():
        if of_kind:
            cells = [cell for sides in of_kind.values() for cell in sides.values()]
            weights = [sum(map(len, sides.values())) ** 0.5 for sides in of_kind.values() for _ in sides]
            found[source] = Component(cells, weights)
    complete = [group for group in GROUPS if min(len(by_group[group, True]), len(by_group[group, False])) >= 20]
    if complete:
        found["groups"] = Component([by_group[group, toxic] for group in complete for toxic in (True, False)])
    for view, sides in rare.items():
        if len(sides) == 2:
            found[view] = Component(list(sides.values()))
    return found


class Mixture:
    """An endless stream of row numbers in the proportions of `shares`; partners of a contrast pair come together.

    Args:
        rows: Training rows.
        lengths: Tokens of each row. Rows above `long` tokens are sampled `keep_long` times as often, because each
            costs as much as several others.
        shares: Component → share; see SHARES. Components without a share are not sampled.
        seed: Seed of the sampling; each process needs a different one.
    """

    def __init__(
        self,
        rows: list[Row],
        lengths: NDArray[np.int64],
        shares: dict[str, float],
        seed: int,
        long: int = 48,
        keep_long: float = 0.2,
    ) -> None:
        self.rng = random.Random(seed)
        found = components(rows)
        names = [name for name in shares if name in found]
        self.weights = [shares[name] for name in names]
        self.decks = [found[name].draw(self.rng) for name in names]
        self.lengths = lengths
        self.long, self.keep_long = long, keep_long
        self.partners: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            if row.pair:
                self.partners[row.pair].append(number)
        self.pairs = [row.pair for row in rows]

    def __iter__(self) -> Iterator[list[int]]:
        """Groups of rows for the same batch: a single row, or a row and one partner."""
        while True:
            (deck,) = self.rng.choices(self.decks, self.weights)
            row = next(deck)
            if self.lengths[row] > self.long and self.rng.random() > self.keep_long:
                continue
            partners = [other for other in self.partners.get(self.pairs[row], []) if other != row]
            yield [row, self.rng.choice(partners)] if partners else [row]

    def batches(self, tokens: int, pool: int = 16) -> Iterator[list[int]]:
        """Batches of about `tokens` tokens with padding: `pool` of them are drawn, sorted by length, and shuffled."""
        stream = iter(self)
        while True:
            drawn: list[list[int]] = []
            budget = tokens * pool
            while budget > 0:
                drawn.append(next(stream))
                budget -= sum(int(self.lengths[row]) for row in drawn[-1])
            drawn.sort(key=lambda rows: max(int(self.lengths[row]) for row in rows))
            found: list[list[int]] = [[]]
            for rows in drawn:
                longest = max(int(self.lengths[row]) for row in rows)
                if found[-1] and (len(found[-1]) + len(rows)) * longest > tokens:
                    found.append([])
                found[-1] += rows
            self.rng.shuffle(found)
            yield from found


def target_matrix(rows: list[Row]) -> NDArray[np.float32]:
    """Targets (rows, attributes); masked ones are NaN."""
    found = [[row.targets.get(name, np.nan) for name in ATTRIBUTES] for row in rows]
    return np.array(found, dtype=np.float32).reshape(len(rows), len(ATTRIBUTES))
