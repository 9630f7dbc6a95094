"""Make the folder of the peer table: the same judges score our rewrites, made now, and the stored ones of peers.

Our rewrites are the output of `sro rewrite`: the same search with the same arguments
(`sro.rewriting.rewriter.Rewriter`). A comment that it refuses stays unchanged, is scored as a copy, and is counted in
the column `refused`.

runs/peers/SPLIT/
  table.md, table.csv     every system, copy, delete and the human reference; then the differences with intervals
  plane.png               STA against SIM, with contours
  sentences.jsonl         every sentence, to be looked through by `sro report`
  outputs/                our rewrites, so that a second run makes none
  manifest.json
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from sro.core.config import to_plain_dict
from sro.core.errors import SROError
from sro.core.files import atomic_write_text, file_sha256
from sro.core.provenance import write_manifest
from sro.evaluation.chrf import chrf_metric
from sro.evaluation.experiments.fingerprints import rewrite_fingerprint
from sro.evaluation.experiments.peers import (
    PeerArguments,
    Split,
    cached_rewrites,
    differences,
    picture,
    read_peers,
)
from sro.evaluation.judges.loading import Judges
from sro.evaluation.run import Scoring, Texts, evaluate
from sro.rewriting.config import RewriteArguments
from sro.rewriting.rewriter import Rewriter
from sro.screeners.loading import load_screener

CAPTIONS: dict[Split, str] = {
    "paradetox": "Peers on the official ParaDetox test set. The peers were trained on parallel data (DELETE is a word "
    "list), ours without a pair. Nothing was tuned on the test set; what was tuned, was tuned on ParaDetox train, "
    "judge_calibration and Jigsaw.",
    "emnlp10k": "Peers on emnlp10k: CondBERT and two ParaGeDi variants, trained without pairs as ours. The embedded "
    "style judge learnt from these very comments, as toxic, which may count against rewrites that stay near them.",
    "jigsaw": "The last 500 toxic sentences of Jigsaw's development set, which no leader and no screener learnt from.",
    "tuning": "The tuning split: the last 500 comments of ParaDetox train, with the first reference of each.",
}
OURS = (
    "Ours are the answers of `sro rewrite`: comments that the screener passes stay as they are, and a comment that is "
    "refused is scored as a copy."
)


@dataclass(frozen=True)
class System:
    """One of our rows: the adapter, whether rules propose candidates, and the arguments of the search."""

    name: str
    adapter: str
    rules: bool
    """Whether rules propose candidates too, as in `sro rewrite`; otherwise only the leader does."""
    arguments: RewriteArguments


def our_systems(ours: Mapping[str, str], samples: int) -> list[System]:
    """Every adapter with greedy decoding only. The last adapter is also tried with rules (`+ phrases`), with
    `samples`, and with both.

    Args:
        ours: adapters by the name of their row.
        samples: answers sampled for a sentence if its greedy answer is not accepted; 0: no rows with sampling.
    """
    greedy, drawn = RewriteArguments(samples=0), RewriteArguments(samples=samples)
    systems = [System(name, adapter, False, greedy) for name, adapter in ours.items()]
    if not systems:
        raise SROError("no adapter of ours to compare\n  fix: --ours NAME=ADAPTER")
    last = systems[-1]
    systems.append(replace(last, name=f"{last.name} + phrases", rules=True))
    if samples:
        systems.append(replace(last, name=f"{last.name} + {samples} samples", arguments=drawn))
        systems.append(System(f"{last.name} + phrases + {samples} samples", last.adapter, True, drawn))
    return systems


def peer_table(
    peers: PeerArguments,
    judges: Judges,
    *,
    command: Sequence[str],
    progress: Callable[[str], None] = lambda line: None,
    load: Callable[..., Rewriter] = Rewriter.load,
) -> Path:
    """Make the table and everything beside it; returns its folder.

    Args:
        command: the command line, for the caption and the manifest.
        progress: is called with a line for each step.
        load: makes a rewriter of `adapter`, `screener` and `engine`; called only if rewrites are not stored yet.

    Raises:
        SROError: data, an adapter or a judge is missing, two rows have one name, or a row cannot be scored.
    """
    folder = Path(peers.output_dir) / peers.split
    stored = read_peers(peers.split, Path(peers.data), peers.sample)
    if stored.references is not None:
        chrf_metric()  # a missing package shows before hours of rewriting, not after
    systems = our_systems(peers.adapters(), peers.samples)
    counts = Counter([*(system.name for system in systems), *stored.outputs])
    if twice := [name for name, count in counts.items() if count > 1]:
        raise SROError(
            f"two rows of the table would be called {twice[0]!r}\n  fix: other names in --ours NAME=ADAPTER"
        )
    made = _rewrites(systems, stored.comments, peers, folder, progress, load)
    evaluation = evaluate(
        Texts(stored.comments, {**made, **stored.outputs}, stored.references),
        Scoring("paradetox", judges, load_screener(peers.screener)),
        progress,
    )
    evaluation.save(folder)
    caption = f"{CAPTIONS[peers.split]} {OURS} Made {date.today()} by `{' '.join(command)}`."
    atomic_write_text(
        folder / "table.md",
        f"# Peers: {peers.split}\n\n{caption}\n\n{evaluation.markdown()}\n\n"
        f"Paired differences of J with 95 % intervals:\n\n{differences(evaluation, list(made))}\n",
    )
    picture(evaluation, list(made), folder / "plane.png", f"{peers.split}: {len(stored.comments):,} comments")
    files = {str(path): file_sha256(path) for path in sorted((folder / "outputs").glob("*.json"))}
    write_manifest(folder, list(command), to_plain_dict(peers), files, 0)
    return folder


def _rewrites(
    systems: Sequence[System],
    comments: Sequence[str],
    peers: PeerArguments,
    folder: Path,
    progress: Callable[[str], None],
    load: Callable[..., Rewriter],
) -> dict[str, list[str | None]]:
    """The rewrites of each system, by name; None for a refused comment. One rewriter is loaded at a time."""
    loaded: dict[str, Rewriter] = {}

    def rewrite(system: System) -> list[str | None]:
        progress(f"{system.name}: rewriting {len(comments):,} comments")
        if system.adapter not in loaded:
            loaded.clear()
            loaded[system.adapter] = load(adapter=system.adapter, screener=peers.screener, engine=peers.engine)
        rewriter = loaded[system.adapter]
        rewriter = rewriter if system.rules else replace(rewriter, phrases=None, deletion_rules=None, word_rules=())
        return [answer.text for answer in rewriter.rewrite(comments, system.arguments)]

    made: dict[str, list[str | None]] = {}
    for system in systems:
        settings = {"rules": system.rules, **asdict(system.arguments)}
        mark = rewrite_fingerprint(system.adapter, peers.screener, peers.engine, settings)
        made[system.name] = cached_rewrites(folder, system.name, mark, comments, partial(rewrite, system))
    return made
