"""Several screeners as one: the mean of their log-odds, so that one screener can correct another's errors.

    ensemble.json    {"members": ["embedded", "FOLDER"], "scale": 1.0, "shift": 0.0}

Screeners with different training texts or different inputs make different errors. Their mean is wrong less often than
any single one (a product of experts of equal weights, Hinton 2002). The embedded style judge is an ensemble.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sro.core.errors import SROError
from sro.core.files import folder_sha256
from sro.screeners.answers import ask_with
from sro.screeners.base import Screener, Verdict, log_odds, sigmoid
from sro.screeners.languages import languages_read
from sro.screeners.long_comments import ReadsExcerpts

FILE = "ensemble.json"
LEAST = 1e-6
"""A member's probability is clipped to this distance from 0 and 1, so that no member can outvote all others."""


@dataclass(frozen=True)
class Ensemble:
    """One screener made of several; create it with `load`, or from any members.

    Attributes:
        name: name and version, for verdicts.
        members: the screeners.
        scale, shift: P(fail) is sigmoid(scale · z + shift), with the members' mean log-odds z; a text fails at
            P(fail) ≥ ½.
    """

    name: str
    members: tuple[Screener, ...]
    scale: float = 1.0
    shift: float = 0.0

    @classmethod
    def load(cls, folder: str | Path, load_member: Callable[[str], Screener]) -> Ensemble:
        """Read `ensemble.json` and load the members that it names.

        Args:
            folder: holds `ensemble.json`; a member's name may be a folder in it.
            load_member: loads one member by its name or folder; `load_screener` passes itself.

        Raises:
            SROError: the file is missing or damaged, or names no member, or a member cannot be loaded.
        """
        folder = Path(folder)
        try:
            card: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            names = [str(name) for name in card["members"]]
            settings = {name: float(card.get(name, default)) for name, default in DEFAULTS.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SROError(f"{folder / FILE}: not a list of members: {error}\n  fix: {EXAMPLE}") from error
        if not names:
            raise SROError(f"{folder / FILE} names no member\n  fix: {EXAMPLE}")
        places = [folder / name if (folder / name).is_dir() else name for name in names]
        return cls(
            f"{folder.resolve().name} {folder_sha256(folder)[:8]}",
            tuple(load_member(str(place)) for place in places),
            **settings,
        )

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text."""
        z = mean_log_odds(self.members, texts, sources)
        found = sigmoid(self.scale * z + self.shift)
        return [Verdict("fail" if p >= 0.5 else "pass", p, self.name) for p in found.tolist()]

    @property
    def languages(self) -> frozenset[str]:
        """The languages that all members read."""
        return frozenset.intersection(*(frozenset(languages_read(member)) for member in self.members))

    def can_read_all(self, texts: Sequence[str]) -> bool:
        """Whether every member can read all of `texts` (`sro.screeners.long_comments.ReadsExcerpts`)."""
        return all(member.can_read_all(texts) for member in self._excerpt_readers)

    def choose_passages(self, passages: Sequence[str]) -> list[int]:
        """The choice of the first member that `ReadsExcerpts`; all passages if no member does."""
        return next((member.choose_passages(passages) for member in self._excerpt_readers), list(range(len(passages))))

    @property
    def _excerpt_readers(self) -> list[ReadsExcerpts]:
        return [member for member in self.members if isinstance(member, ReadsExcerpts)]


DEFAULTS = {"scale": 1.0, "shift": 0.0}
EXAMPLE = '{"members": ["embedded", "FOLDER"], "scale": 1.0, "shift": 0.0}'


def mean_log_odds(
    members: Sequence[Screener], texts: Sequence[str], sources: Sequence[str] | None = None
) -> np.ndarray:
    """[N] mean over the members of log P(fail) − log P(pass)."""
    columns = [[verdict.probability for verdict in ask_with(member)(texts, sources)] for member in members]
    return np.asarray(log_odds(np.array(columns, dtype=np.float64), LEAST).mean(axis=0))
