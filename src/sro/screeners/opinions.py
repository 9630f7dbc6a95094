"""Several screeners as one: the mean of their log-odds, so that each makes up for what another overlooks.

    opinions.json    {"members": ["embedded", "minilm"], "scale": 1.0, "shift": -0.4, "sure": 0.05}

Screeners that learnt from different texts, or read them differently, err differently; that mean is wrong less often
than any of them (product of experts, Hinton 2002, of equal weights). A slow member need not see every text: what the
first one passes with P(fail) below `sure` passes without another being asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sro.errors import SROError
from sro.provenance import folder_sha256
from sro.screeners import Screener, Verdict, load_screener

FILE = "opinions.json"
LEAST = 1e-6
"""No member is surer than this, or it would outvote all others together."""


@dataclass(frozen=True)
class Opinions:
    """One screener of several; make one by `load`, or of any members.

    Attributes:
        name: name and version, for verdicts.
        members: who is asked, the fastest first.
        scale, shift: P(fail) is sigmoid(scale · z + shift) of the members' mean log-odds z; a text fails from ½ on.
        sure: below this P(fail) of the first member a text passes by its word alone; 0: all are asked about all.
    """

    name: str
    members: tuple[Screener, ...]
    scale: float = 1.0
    shift: float = 0.0
    sure: float = 0.0

    @classmethod
    def load(cls, folder: str | Path) -> Opinions:
        """Read `opinions.json` and the members that it names: folders in this one, or names as `load_screener` has.

        Raises:
            SROError: the file is missing or damaged, names no member, or one that cannot be loaded.
        """
        folder = Path(folder)
        try:
            told: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            names = [str(name) for name in told["members"]]
            settings = {name: float(told.get(name, default)) for name, default in DEFAULTS.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SROError(f"{folder / FILE}: not a list of members: {error}\n  mend: {EXAMPLE}") from error
        if not names:
            raise SROError(f"{folder / FILE} names no member\n  mend: {EXAMPLE}")
        places = [folder / name if (folder / name).is_dir() else name for name in names]
        return cls(
            f"{folder.resolve().name} {folder_sha256(folder)[:8]}",
            tuple(load_screener(str(place)) for place in places),
            **settings,
        )

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text."""
        first = _probabilities(self.members[0], texts, sources)
        found = first.copy()
        if asked := np.flatnonzero(first >= self.sure).tolist():
            some = [texts[i] for i in asked]
            theirs = [sources[i] for i in asked] if sources is not None else None
            columns = [first[asked], *(_probabilities(member, some, theirs) for member in self.members[1:])]
            mean = np.mean([_log_odds(column) for column in columns], axis=0)
            found[asked] = 0.5 * (1.0 + np.tanh((self.scale * mean + self.shift) / 2.0))
        return [Verdict("fail" if p >= 0.5 else "pass", p, self.name) for p in found.tolist()]


DEFAULTS = {"scale": 1.0, "shift": 0.0, "sure": 0.0}
EXAMPLE = '{"members": ["embedded", "FOLDER"], "scale": 1.0, "shift": 0.0, "sure": 0.0}'


def _probabilities(member: Screener, texts: Sequence[str], sources: Sequence[str] | None) -> np.ndarray:
    return np.array([verdict.probability for verdict in member.screen(texts, sources=sources)], dtype=np.float64)


def mean_log_odds(members: Sequence[Screener], texts: Sequence[str]) -> np.ndarray:
    """[N] z of `Opinions`, all members asked about all texts."""
    return np.asarray(np.mean([_log_odds(_probabilities(member, texts, None)) for member in members], axis=0))


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    bounded = np.clip(probabilities, LEAST, 1.0 - LEAST)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))
