"""The judges: three Protocols, and the judges that `official`, `embedded` or other names stand for.

    judges = load_judges(["embedded"], "paradetox")
    judges = load_judges(["official"], "clef25")
    judges = load_judges(["official", "style=models/tone", "fluency=embedded"], "paradetox")

`official` stands for the judges of a protocol's authors, `embedded` for judges that need no hub. The authors of
ParaDetox used LaBSE for the content only after their paper, so these scores cannot be compared with the paper's own.
Later words override earlier ones. The two give different scores: a table names its judges, and scores of two sets of
judges never share a column. No judge may be the screener that a system was trained against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from sro.core.errors import SROError
from sro.core.files import asset
from sro.core.suggestion import suggestion
from sro.evaluation.chrf import ChrF
from sro.evaluation.judges.cache import CachedJudge, ScoreCache
from sro.evaluation.judges.e5 import E5Cosine
from sro.evaluation.judges.models import (
    COLA,
    LABSE,
    AcceptabilityClassifier,
    LaBSE,
    MeanPooled,
    OwnVerdict,
    RelativeFluency,
    StyleClassifier,
)
from sro.evaluation.protocols import ProtocolName


class StyleJudge(Protocol):
    """Is a text neutral?"""

    @property
    def name(self) -> str:
        """Model, version and settings. Scores under the same name are comparable, and are cached under it."""

    def __call__(self, texts: Sequence[str], /) -> np.ndarray:
        """P(neutral) of each text, [N] in [0, 1]."""


class ContentJudge(Protocol):
    """Do two texts say the same?"""

    @property
    def name(self) -> str: ...

    def __call__(self, texts: Sequence[str], sources: Sequence[str], /) -> np.ndarray:
        """Cosine of each text with its source, [N] in [−1, 1]."""


class FluencyJudge(Protocol):
    """Is a text well written?"""

    @property
    def name(self) -> str: ...

    def __call__(
        self, texts: Sequence[str], sources: Sequence[str], references: Sequence[str] | None, /
    ) -> np.ndarray:
        """[N]: P(acceptable), a verdict 0 or 1, or a score. Most judges read only `texts`."""


@dataclass(frozen=True)
class Judges:
    """One judge for each question."""

    style: StyleJudge
    content: ContentJudge
    fluency: FluencyJudge

    def names(self) -> dict[str, str]:
        """The judges' names by role (style, content, fluency), for captions."""
        return {"style": self.style.name, "content": self.content.name, "fluency": self.fluency.name}

    def cached(self, cache: ScoreCache) -> Judges:
        """The same judges with a cache: they are called only for texts that they have not judged yet."""
        return Judges(
            CachedJudge(self.style, cache), CachedJudge(self.content, cache), CachedJudge(self.fluency, cache)
        )


OFFICIAL_STYLE: dict[ProtocolName, str] = {
    "paradetox": "s-nlp/roberta_toxicity_classifier",
    "clef24": "textdetox/xlmr-large-toxicity-classifier",
    "clef25": "textdetox/xlmr-large-toxicity-classifier-v2",
}
ROLES = ("style", "content", "fluency")


def load_judges(words: Sequence[str], protocol: ProtocolName) -> Judges:
    """The judges that the words name. A model is loaded only when its first verdict is needed.

    Args:
        words: each is `official`, `embedded`, or ROLE=NAME. ROLE is `style`, `content` or `fluency`; NAME is
            `official`, `embedded`, a folder or a hub name. Other languages than English can also use
            `style=embedded/encoder` and `content=e5`. Roles that are not named are `embedded`. A content judge with
            LaBSE in its name is loaded as LaBSE, any other as a mean-pooled encoder. A fluency judge with XCOMET in
            its name is loaded as XCOMET-lite, any other as a classifier of acceptability. `fluency=relative` uses a
            language model to test whether a text is less fluent than its source.
        protocol: decides which judges are official. CLEF 2024 always has chrF for fluency.

    Raises:
        SROError: an unknown word, or an embedded judge that is not installed.
    """
    chosen = dict.fromkeys(ROLES, "embedded")
    for word in words:
        role, equals, name = word.partition("=")
        if word in ("official", "embedded"):
            chosen = dict.fromkeys(ROLES, word)
        elif equals and name and role in ROLES:
            chosen[role] = name
        else:
            hint = suggestion(role, [*ROLES, "official", "embedded"])
            raise SROError(f"no judge is called {word!r}{hint}\n  fix: official, embedded, or {'|'.join(ROLES)}=NAME")
    if protocol == "clef24" and any(word.startswith("fluency=") for word in words):
        raise SROError("CLEF 2024 has chrF for fluency and no judge of it\n  fix: leave out fluency=…")
    return Judges(
        _style(chosen["style"], protocol),
        _content(chosen["content"]),
        ChrF() if protocol == "clef24" else _fluency(chosen["fluency"], protocol),
    )


def embedded_judge(role: Literal["style", "fluency"]) -> Path:
    """The folder of the judge that ships with `sro-embedded`.

    Raises:
        SROError: that package is not installed.
    """
    try:
        return asset(f"judge_{role}")
    except SROError as error:
        raise SROError(f"{error}, or name a classifier: --judges embedded {role}=FOLDER_OR_HUB_NAME") from error


def _style(name: str, protocol: ProtocolName) -> StyleJudge:
    if name == "embedded":
        judge = StyleClassifier(embedded_judge("style"))
    elif name == "embedded/encoder":
        judge = StyleClassifier(asset("encoder"))
    else:
        judge = StyleClassifier(OFFICIAL_STYLE[protocol] if name == "official" else name)
    return OwnVerdict(judge) if protocol == "paradetox" and judge.has_own_threshold else judge


def _content(name: str) -> ContentJudge:
    if name == "official":
        return LaBSE(LABSE)
    if name == "e5":
        return E5Cosine()
    return LaBSE(name) if "labse" in Path(name).name.lower() else MeanPooled(name)


def _fluency(name: str, protocol: ProtocolName) -> FluencyJudge:
    if name == "embedded":
        return AcceptabilityClassifier(embedded_judge("fluency"))
    if name == "relative":
        return RelativeFluency()
    if (name == "official" and protocol == "clef25") or "xcomet" in Path(name).name.lower():
        from sro.evaluation.judges.xcomet import XCOMET_LITE, XCometLite  # here: it imports torch

        return XCometLite(XCOMET_LITE if name == "official" else name)
    return AcceptabilityClassifier(COLA if name == "official" else name)
