"""Words that a leader puts in far more often than people write them: stopgaps such as "unkind person" for an insult.

A leader that learns to please a screener finds the few words which the screener minds least, and puts them everywhere.
Nothing in one rewrite shows it, but the sum of many does: the words that rewrites hold and their comments do not are
counted, beside the same words in what people write (both as shares of the texts). What is overused by `RATIO` is a
stopgap. The follower answers the leader: learn the list again from the newest leader's rewrites
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
"""How much oftener than in people's comments a word has to be put in to count as overused."""
FEWEST = 8
"""Rewrites that put a word in, for its share to mean anything."""
SMOOTHING = 3.0
"""Added to the count in people's comments: a word that they never use is not infinitely overused."""
FILE = "overused.txt"


def put_in(text: str, source: str) -> list[str]:
    """Words of a rewrite that its source does not have, and pairs of neighbours of which one is such a word.

    >>> put_in("You are an unkind person.", "You are an asshole.")
    ['unkind', 'person', 'an unkind', 'unkind person']
    """
    words = [word for word in WORD.findall(text.lower()) if word[0].isalnum()]
    known = set(WORD.findall(source.lower()))
    new = [word for word in words if word not in known]
    return new + [f"{left} {right}" for left, right in pairwise(words) if left not in known or right not in known]


def learn_overused(rewrites: Sequence[tuple[str, str]], usual: Iterable[str]) -> dict[str, float]:
    """Overused words and pairs of words, and by how much, the worst first.

    Args:
        rewrites: (comment, rewrite) of the leader; unchanged comments tell nothing.
        usual: what people write in civil comments, thousands of them and better more.
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
    """Which words and pairs are overused, and by how much (≥ 1)."""

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
        """The overused words and pairs that a rewrite puts in."""
        return [word for word in put_in(text, source) if word in self.ratios]

    def screener(self) -> RuleScreener:
        """The member of a follower's panel that fails a rewrite which puts an overused word in."""
        return RuleScreener(self.name, self.faults)
