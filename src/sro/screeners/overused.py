"""Words that a leader adds far more often than people write them: stopgaps such as "unkind person" for an insult.

A leader that is trained against a screener finds the few words with the lowest P(fail), and uses them everywhere. A
single rewrite does not show this, but many rewrites do. This module counts the words that rewrites add to their
comments, and the same words in comments of people, both as shares of the texts. A word is a stopgap if the ratio of
the two shares is at least `RATIO`. After each training, learn the list again from the newest leader's rewrites
(`sro screener train --kind overused`), and train against it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sro.core.errors import SROError
from sro.core.files import asset, atomic_write_text
from sro.screeners.base import RuleScreener
from sro.screeners.rules.repetition import WORD

RATIO = 20.0
"""A word is overused if rewrites add it at least this many times as often as people write it."""
FEWEST = 8
"""Fewest rewrites that must add a word; with fewer, its share says nothing."""
SMOOTHING = 3.0
"""Added to the count in people's comments, so that the ratio stays finite for a word that they never use."""
FILE = "overused.txt"


def put_in(text: str, source: str) -> list[str]:
    """The words of a rewrite that its source does not have, and the word pairs that contain such a word.

    >>> put_in("You are an unkind person.", "You are an asshole.")
    ['unkind', 'person', 'an unkind', 'unkind person']
    """
    words = [word for word in WORD.findall(text.lower()) if word[0].isalnum()]
    known = set(WORD.findall(source.lower()))
    new = [word for word in words if word not in known]
    return new + [f"{left} {right}" for left, right in pairwise(words) if left not in known or right not in known]


def learn_overused(rewrites: Sequence[tuple[str, str]], usual: Iterable[str]) -> dict[str, float]:
    """Overused words and word pairs with their ratios, highest ratio first.

    Args:
        rewrites: (comment, rewrite) pairs of the leader; unchanged comments are ignored.
        usual: civil comments that people wrote, at least some thousands.
    """
    changed = [(comment, text) for comment, text in rewrites if text != comment]
    by_leader: Counter[str] = Counter()
    for comment, text in changed:
        by_leader.update(set(put_in(text, comment)))
    by_people: Counter[str] = Counter()
    people = 0
    for text in usual:
        by_people.update(set(put_in(text, "")))
        people += 1
    if not changed or not people:
        raise SROError("nothing to compare: no changed rewrite, or no civil comment\n  fix: give both")
    found = {}
    for word, count in by_leader.items():
        ratio = (count / len(changed)) / ((by_people[word] + SMOOTHING) / people)
        if count >= FEWEST and ratio >= RATIO:
            found[word] = round(ratio, 1)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True)
class OverusedWords:
    """The overused words and word pairs with their ratios (≥ 1)."""

    ratios: Mapping[str, float]
    name: str

    @classmethod
    def load(cls, path: str | Path) -> OverusedWords:
        """The list in a file of `word<TAB>ratio` lines; `embedded` is the shipped one. Raises SROError."""
        path = asset(FILE) if path == "embedded" else Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SROError(
                f"{path} cannot be read: {error}\n  fix: `sro screener train --kind overused` writes it"
            ) from error
        ratios = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            word, _, ratio = line.partition("\t")
            try:
                ratios[word] = float(ratio)
            except ValueError:
                raise SROError(f"{path}, line {number}: want a word, a tab and a number, found {line!r}") from None
        return cls(ratios, f"overused {hashlib.sha256(text.encode()).hexdigest()[:8]}")

    def save(self, path: Path) -> None:
        """Write the list, so that `load` reads it."""
        atomic_write_text(path, "".join(f"{word}\t{ratio:g}\n" for word, ratio in self.ratios.items()))

    def faults(self, text: str, source: str) -> list[str]:
        """The overused words and pairs that a rewrite adds."""
        return [word for word in put_in(text, source) if word in self.ratios]

    def screener(self) -> RuleScreener:
        """A screener for a follower's panel; it fails a rewrite that adds an overused word."""
        return RuleScreener(self.name, self.faults)
