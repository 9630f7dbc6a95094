"""Training pairs of the faithfulness critic: a comment, a candidate, and whether the candidate keeps the meaning.

No parallel detoxification data is used. A faithful pair is one of these: a clean sentence that was made rude, and the
sentence itself; a rude comment, with and without words that carry no meaning; a paraphrase; a phrase-table edit. An
unfaithful pair is a faithful pair broken by `sro.screeners.faithfulness.changes`, or comes from sets of negations and
contradictions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sro.screeners.faithfulness import changes
from sro.screeners.faithfulness.changes import Change, WrongWord
from sro.screeners.faithfulness.words import STOPGAPS

MIN_COMMENT_CHARACTERS, MAX_COMMENT_CHARACTERS = 15, 180  # length limits of comments, in characters
LOWERED = 0.25  # share of the pairs that are converted to lower case, as in many comments
BROKEN = 0.55  # share of the made pairs that are unfaithful
READY = {"paraphrase": 0.5, "cannot": 0.3, "breaking_nli": 0.2}
"""Sets with ready-made pairs, and the share of each."""
UNNATURAL = frozenset({"hole", "stopgap", "wrong_word", "cut_off", "stammer"})
"""After these changes, hardly any sentence reads like a person's own words."""
PRAISED = 0.4  # share of the broken edits that turn blame into praise, if they blame somebody or something
COARSE_AGAIN = 0.35  # share of the rude comments that get another insult


@dataclass(frozen=True)
class Pair:
    """A comment, a candidate for its rewrite, and how much of the meaning the candidate keeps (0 to 1).

    `kind` is the name of the change that made the pair, or of the set that it comes from. `natural` is 1 if the
    candidate reads like a civil person's own words, 0 if not, and None if unknown.
    """

    comment: str
    candidate: str
    kept: float
    kind: str
    natural: float | None = None


@dataclass
class Material:
    """The texts and tables that pairs are made from.

    Attributes:
        clean: Civil sentences.
        rude: Comments that insult or swear.
        edit: Returns the phrase table's civil forms of a rude comment; none if the table has no phrase of it.
        ready: Ready-made pairs, by the name of their set.
        antonyms: Word → antonyms.
        readings: Candidates of this project's own leader that readers judged (`sro.screeners.faithfulness.readings`).
    """

    clean: Sequence[str]
    rude: Sequence[str]
    edit: Callable[[str], Sequence[str]]
    ready: dict[str, list[Pair]]
    antonyms: Mapping[str, Sequence[str]]
    readings: Sequence[Pair] = ()


class PairMaker:
    """An endless stream of training pairs.

    Args:
        material: The texts and tables to make them from.
        seed: Seed of all random draws; each process needs a different one.
    """

    SHARES = (("clean", 0.14), ("rude", 0.12), ("ready", 0.09), ("readings", 0.65))

    def __init__(self, material: Material, seed: int) -> None:
        self.material = material
        self.rng = random.Random(seed)
        wrong = WrongWord([*material.clean[:20_000], *material.rude[:20_000]])
        self.breaks: tuple[tuple[str, Change], ...] = (
            *((change.__name__, change) for change in changes.UNFAITHFUL),
            *[("wrong_word", wrong)] * 3,
            ("antonym", changes.Antonym(material.antonyms)),
        )

    def __iter__(self) -> Iterator[Pair]:
        makers = {"clean": self._from_clean, "rude": self._from_rude, "ready": self._ready, "readings": self._read}
        shares = {name: share for name, share in self.SHARES if name != "readings" or self.material.readings}
        names, weights = list(shares), list(shares.values())
        while True:
            pair = makers[self.rng.choices(names, weights)[0]]()
            if pair is None or not pair.candidate.strip():
                continue
            if self.rng.random() < LOWERED:
                pair = replace(pair, comment=pair.comment.lower(), candidate=pair.candidate.lower())
            yield pair

    def _from_clean(self) -> Pair | None:
        """A clean sentence made rude up to twice. The candidate is the clean sentence, or a broken form of it."""
        sentence = self.rng.choice(self.material.clean)
        rude, kind = sentence, "same"
        for _ in range(self.rng.choice((0, 1, 1, 1, 2))):
            change = self.rng.choice(changes.RUDENESS)
            changed = change(rude, self.rng)
            rude, kind = (changed, change.__name__) if changed else (rude, kind)
        if self.rng.random() >= BROKEN:
            return Pair(rude, sentence, 1.0, kind, natural=1.0)
        if self.rng.random() < 0.08:
            return Pair(rude, self.rng.choice(self.material.clean), 0.0, "other_sentence")
        return self._broken(rude, sentence, drop=True)

    def _from_rude(self) -> Pair | None:
        """A rude comment with a faithful edit of it, or with a broken edit."""
        comment = self.rng.choice(self.material.rude)
        table = [edit for edit in self.material.edit(comment) if not adds_stopgap(comment, edit)]
        cuts = [change(comment, self.rng) for change in changes.FAITHFUL]
        edits = [(edit, "phrase_table") for edit in table]
        edits += [(cut, change.__name__) for cut, change in zip(cuts, changes.FAITHFUL) if cut]
        candidate, kind = self.rng.choice(edits) if edits else (comment, "same")
        if self.rng.random() < COARSE_AGAIN:
            comment = changes.address(comment, self.rng) or comment
        if self.rng.random() < BROKEN:
            praised = changes.praise(candidate, self.rng) if self.rng.random() < PRAISED else None
            return Pair(comment, praised, 0.0, "praise") if praised else self._broken(comment, candidate, drop=False)
        return Pair(comment, candidate, 1.0, kind) if edits or self.rng.random() < 0.25 else None

    def _broken(self, comment: str, faithful: str, drop: bool) -> Pair | None:
        """The comment with a broken form of the faithful candidate. `drop`: whether leaving out a part is allowed."""
        kind, change = self.breaks[self.rng.randrange(len(self.breaks))]
        if change is changes.drop_part and not drop:
            return None
        broken = change(faithful, self.rng)
        natural = 0.0 if kind in UNNATURAL else None
        return Pair(comment, broken, 0.0, kind, natural) if broken and broken != faithful else None

    def _read(self) -> Pair:
        return self.rng.choice(self.material.readings)

    def _ready(self) -> Pair | None:
        name = self.rng.choices(list(READY), list(READY.values()))[0]
        pair = self.rng.choice(self.material.ready[name])
        if pair.kept < 0.5 or self.rng.random() < 0.6:
            change = self.rng.choice(changes.RUDENESS) if self.rng.random() < 0.3 else None
            rude = change(pair.comment, self.rng) if change else None
            return Pair(rude or pair.comment, pair.candidate, pair.kept, name)
        return self._broken(pair.comment, pair.candidate, drop=True)


def nan_if_unknown(answer: float | None) -> float:
    """The answer, or NaN if it is None."""
    return float("nan") if answer is None else answer


def adds_stopgap(comment: str, edit: str) -> bool:
    """Whether an edit adds a vague word ("unpleasant person"); readers do not accept such edits."""
    had = set(comment.lower().split())
    return any(
        word in STOPGAPS and word not in had for word in edit.lower().replace(".", " ").replace(",", " ").split()
    )


def has_usable_length(text: str) -> bool:
    """Whether a comment is within the length limits and has at least three words."""
    return MIN_COMMENT_CHARACTERS <= len(text) <= MAX_COMMENT_CHARACTERS and text.count(" ") >= 2


def batches(
    pairs: Iterator[Pair], lengths: Callable[[Pair], int], tokens: int, seed: int, pool: int = 16
) -> Iterator[list[Pair]]:
    """Batches of about `tokens` tokens with padding: `pool` of them are drawn, sorted by length, and shuffled."""
    rng = random.Random(seed)
    while True:
        drawn: list[tuple[int, Pair]] = []
        budget = tokens * pool
        while budget > 0:
            pair = next(pairs)
            drawn.append((lengths(pair), pair))
            budget -= drawn[-1][0]
        drawn.sort(key=lambda item: item[0])
        found: list[list[Pair]] = [[]]
        for length, pair in drawn:
            if found[-1] and (len(found[-1]) + 1) * length > tokens:
                found.append([])
            found[-1].append(pair)
        rng.shuffle(found)
        yield from found
