"""The follower: anything that answers a text with pass or fail.

One Protocol, one file per kind: `nblr` (the paper's, shipped), `huggingface` (any sequence classifier), `panel`
(several that must agree), `flipping` (the perturbation experiment), `check` (how good is a screener?).

    >>> from sro.screeners.loading import load_screener
    >>> [verdict.label for verdict in load_screener("embedded").screen(["thank you very much", "you idiot"])]
    ['pass', 'fail']

Importing this package imports neither torch, nor transformers, nor scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Verdict:
    """A screener's answer to one text."""

    label: Literal["pass", "fail"]
    probability: float
    """How probable it is, to this screener, that the text should fail; in [0, 1]."""
    screener: str
    """Name and version of the screener, so that a stored verdict says who gave it."""

    @property
    def passed(self) -> bool:
        return self.label == "pass"


class Screener(Protocol):
    """The follower of the game: a list of texts in, a list of verdicts out, in the same order."""

    @property
    def name(self) -> str:
        """Name and version, as verdicts carry it."""

    def screen(self, texts: Sequence[str], *, sources: Sequence[str] | None = None) -> list[Verdict]:
        """One verdict per text. `sources` are the comments that `texts` rewrite; only some screeners read them."""


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The failing verdict of highest P(fail); the first one where all pass."""
    return max((v for v in verdicts if not v.passed), key=lambda v: v.probability, default=verdicts[0])


def load_screener(name_or_path: str, *, toxic_labels: Sequence[str] = ()) -> Screener:
    """The screener of that name.

    `"embedded"` is the NB-LR screener shipped with the package (offline). A folder is what its files say: an NB-LR,
    several opinions (`sro.screeners.ensemble`), an adapter (`sro.screeners.lora.classifier`). Anything else is a
    Hugging Face sequence
    classifier, a local folder or a name on the hub, whose `toxic_labels` are told by their names unless given.

    Raises SROError when the folder is damaged, or the model is no usable classifier or its labels are ambiguous.
    """
    folder = Path(str(files("sro") / "assets" / "screener")) if name_or_path == "embedded" else Path(name_or_path)
    if name_or_path == "embedded" or (folder / "nblr.json").is_file():
        from sro.screeners.nblr.model import NBLR

        return NBLR.load(folder)
    if (folder / "opinions.json").is_file():
        from sro.screeners.ensemble import Opinions

        return Opinions.load(folder)
    from sro.screeners.huggingface import HuggingFaceScreener

    if (folder / "adapter_model.safetensors").is_file():
        from sro.core.precision import bf16_pays
        from sro.screeners.lora.classifier import LABEL, merged

        return HuggingFaceScreener.load(str(merged(folder)), toxic_labels=[LABEL], bf16=bf16_pays())
    return HuggingFaceScreener.load(name_or_path, toxic_labels=toxic_labels)
