"""Compare our rewrites with stored outputs of other systems on the same comments.

paradetox   the official test set: 671 comments, a human reference each, 12 systems trained on *parallel* data
emnlp10k    9,988 comments, CondBERT and two ParaGeDi variants, which were trained without pairs, as ours were
tuning      the last 500 comments of ParaDetox train: use it while you are still choosing settings
jigsaw      the last 500 of sentences/dev_toxic.txt, more insults than profanity; no references, no peers; same use
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sro.comments.clean import clean
from sro.core.data_folder import data_folder_field
from sro.core.errors import SROError
from sro.core.files import atomic_write_text
from sro.core.markdown import write_table
from sro.evaluation.baselines import HUMAN
from sro.evaluation.experiments.figures import Place, style_and_content
from sro.evaluation.judges.training.data import existing, paradetox_pairs
from sro.evaluation.run import Evaluation

Split = Literal["tuning", "jigsaw", "paradetox", "emnlp10k"]
TUNING = 500


@dataclass
class PeerArguments:
    """The systems to compare, and the judges."""

    split: Split = field(
        default="tuning",
        metadata={"help": "which comments; `paradetox` is the test set: use it only after all choices are made"},
    )
    ours: list[str] = field(
        default_factory=lambda: ["warm-up=embedded/warmup", "SRO=embedded/rewriter"],
        metadata={"help": "NAME=ADAPTER of each of our systems; the last is also tried with phrases and with samples"},
    )
    samples: int = field(
        default=4,
        metadata={
            "help": "answers sampled for a sentence if its greedy answer is not accepted, as in `sro rewrite`, in the "
            "rows with sampling; 0 leaves these rows out"
        },
    )
    sample: int = field(default=0, metadata={"help": "number of comments to draw with seed 0; 0: all"})
    judges: list[str] = field(default_factory=lambda: ["embedded"], metadata={"help": "as for `sro evaluate`"})
    screener: str = field(
        default="embedded/linear", metadata={"help": "the screener that our systems were trained against"}
    )
    engine: Literal["transformers", "ctranslate2"] = field(
        default="transformers", metadata={"help": "engine that generates our rewrites"}
    )
    data: str = data_folder_field()
    output_dir: str = field(default="runs/peers", metadata={"help": "where tables, plot and outputs go, by split"})

    def adapters(self) -> dict[str, str]:
        """Adapters by the names of `ours`.

        Raises:
            SROError: one of them is not NAME=ADAPTER, or two have one name.
        """
        adapters: dict[str, str] = {}
        for word in self.ours:
            name, _, adapter = word.partition("=")
            if not (name and adapter):
                raise SROError(f"--ours {word!r} is not NAME=ADAPTER\n  fix: e.g. SRO=runs/mine/adapter")
            if name in adapters:
                raise SROError(f"--ours names two adapters {name!r}\n  fix: another name for {adapter}")
            adapters[name] = adapter
        return adapters


@dataclass(frozen=True)
class Peers:
    """N comments, references if there are any, and the stored systems' rewrites."""

    comments: list[str]
    references: list[str] | None
    outputs: dict[str, list[str]]


def read_peers(split: Split, data: Path, sample: int = 0, seed: int = 0) -> Peers:
    """The comments of a split, with folded white space, and the stored rewrites.

    Args:
        sample: number of comments to draw with `seed`; they keep their order; 0: all.

    Raises:
        SROError: a file is missing, or outputs and comments do not belong together.
    """
    if split == "tuning":
        pairs = paradetox_pairs(data)[-TUNING:]
        rows: list[dict[str, Any]] = [{"toxic": row["toxic"], "reference": row["neutral1"]} for row in pairs]
    elif split == "jigsaw":
        lines = existing(data / "sentences/dev_toxic.txt").read_text("utf-8").split("\n")
        rows = [{"toxic": line} for line in lines if line.strip()][-TUNING:]
    elif split == "paradetox":
        rows = _json_lines(data / "paradetox_test/test671.jsonl")
        peers = {row["id"]: row for row in _json_lines(data / "paradetox_test/peer_outputs.jsonl")}
        if missing := [row["id"] for row in rows if row["id"] not in peers]:
            raise SROError(f"{data}/paradetox_test/peer_outputs.jsonl: no outputs for id {missing[0]}")
        rows = [{**row, **peers[row["id"]]} for row in rows]
    else:
        rows = _json_lines(data / "emnlp10k/toxic_and_peers.jsonl")
    if 0 < sample < len(rows):
        rows = [rows[i] for i in sorted(random.Random(seed).sample(range(len(rows)), sample))]
    names = [name for name in rows[0] if name not in ("id", "toxic", "reference")]
    return Peers(
        [clean(row["toxic"]) for row in rows],
        [clean(row["reference"]) for row in rows] if "reference" in rows[0] else None,
        {name.replace("_with_", ", ").replace("_", " "): [clean(row[name]) for row in rows] for name in names},
    )


def cached_rewrites(
    folder: Path, name: str, made_by: str, comments: Sequence[str], rewrite: Callable[[], list[str | None]]
) -> list[str | None]:
    """The stored rewrites of an earlier run with the same fingerprint; otherwise call `rewrite` and store its result.

    Args:
        made_by: a fingerprint of everything except the comments that the rewrites depend on.
    """
    mark = hashlib.sha256(json.dumps([made_by, list(comments)]).encode()).hexdigest()[:12]
    path = folder / "outputs" / f"{name.replace(' ', '_').replace('/', '_')}-{mark}.json"
    if path.is_file():
        known: list[str | None] = json.loads(path.read_text("utf-8"))
        return known
    found = rewrite()
    atomic_write_text(path, json.dumps(found, ensure_ascii=False, indent=0) + "\n")
    return found


def picture(found: Evaluation, own: Sequence[str], path: Path, title: str) -> None:
    """STA against SIM of every system."""
    places = [Place(row.system, row.sta, row.sim, row.j.value, row.system in own) for row in found.rows]
    style_and_content(places, path, title)


def differences(found: Evaluation, own: Sequence[str]) -> str:
    """J of each of our systems minus J of each other system, with its interval, in Markdown."""
    others = [row.system for row in sorted(found.rows, key=lambda row: -row.j.value) if row.system not in own]
    lines = []
    for other in others:
        cells = [found.bootstrap.difference(name, other) for name in own]
        name = f"**{other}**" if other == HUMAN else other
        lines.append([name, *(f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}]" for d in cells)])
    return write_table(["J less that of", *own], lines)


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in existing(path).read_text("utf-8").split("\n") if line]
