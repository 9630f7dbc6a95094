"""The peer table from names to a folder: our rewrites, made now, beside the stored ones, before the same judges.

runs/peers/SPLIT/
  table.md, table.csv     every system, copy, delete and the human reference; then the differences with intervals
  plane.png               STA against SIM, with contours
  sentences.jsonl         every sentence, to be looked through by `sro report`
  outputs/                our rewrites, so that a second run makes none
  manifest.json
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from sro.core.files import atomic_write_text, file_sha256
from sro.core.provenance import write_manifest
from sro.evaluation.experiments.peers import Peers, Split, cached_rewrites, differences, picture, read_peers
from sro.evaluation.judges.loading import Judges
from sro.evaluation.judges.models import identity
from sro.evaluation.run import evaluate
from sro.leader.generation import Completion, Sampling
from sro.leader.model import adapter_folder
from sro.rewriting.candidates import Candidate, best, find_fault, score_fluency_of_ties
from sro.rewriting.phrase_table import load_idioms
from sro.rewriting.rewriter import PHRASES, Rewriter
from sro.screeners.base import Fluency
from sro.screeners.loading import load_screener
from sro.screeners.lora.acceptability import Acceptability

CAPTIONS: dict[Split, str] = {
    "paradetox": "Peers on the official ParaDetox test set. The peers were trained on parallel data (DELETE is a word "
    "list), ours without a pair. All that was tuned, was tuned on the last 500 comments of ParaDetox train.",
    "emnlp10k": "Peers on emnlp10k: CondBERT and two ParaGeDi variants, trained without pairs as ours. The embedded "
    "style judge learnt from these very comments, as toxic, which may count against rewrites that stay near them.",
    "jigsaw": "The last 500 toxic sentences of Jigsaw's development set, which no leader and no screener learnt from.",
    "tuning": "The tuning split: the last 500 comments of ParaDetox train, with the first reference of each.",
}
MIN_SIMILARITY = 0.5  # below which a move counts as lost, as in `Rewriter`
TEMPERATURE = 0.8


def peer_table(
    *,
    split: Split,
    ours: Mapping[str, str],
    best_of: int,
    sample: int,
    judges: Judges,
    screener: str,
    engine: str,
    data: Path,
    folder: Path,
    config: Mapping[str, Any],
    command: Sequence[str],
    say: Callable[[str], None],
) -> Path:
    """Make the table and everything beside it; returns `folder`. Arguments as in `sro experiment peers`.

    Raises:
        SROError: data, an adapter or a judge is missing, or a row cannot be scored.
    """
    peers = read_peers(split, data, sample)
    made: dict[str, list[str]] = {}
    for name, adapter in ours.items():
        made |= _generate(
            name, adapter, best_of if name == list(ours)[-1] else 0, peers, screener, engine, folder, say
        )
    found = evaluate(
        peers.comments,
        {**made, **peers.outputs},
        peers.references,
        protocol="paradetox",
        judges=judges,
        screener=load_screener(screener),
        progress=say,
    )
    found.save(folder)
    beside = f"{CAPTIONS[split]} Made {date.today()} by `{' '.join(command)}`."
    atomic_write_text(
        folder / "table.md",
        f"# Peers: {split}\n\n{beside}\n\n{found.markdown()}\n\n"
        f"Paired differences of J with 95 % intervals:\n\n{differences(found, list(made))}\n",
    )
    picture(found, list(made), folder / "plane.png", f"{split}: {len(peers.comments):,} comments")
    files = {str(path): file_sha256(path) for path in sorted((folder / "outputs").glob("*.json"))}
    write_manifest(folder, list(command), dict(config), files, 0)
    return folder


def _generate(
    name: str,
    adapter: str,
    best_of: int,
    peers: Peers,
    screener: str,
    engine: str,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, list[str]]:
    """Greedy rewrites of every comment, screened or not; with the best of N also these, and either with the phrase
    table's drafts beside the moves, as `Rewriter` has them. The leader is loaded only to play."""
    loaded: list[Rewriter] = []

    def player() -> Rewriter:
        if not loaded:
            loaded.append(Rewriter.load(adapter=adapter, screener=screener, engine=engine))
        return loaded[0]

    weights = [identity(adapter_folder(adapter)), *([] if engine == "transformers" else [engine])]

    def first() -> list[str]:
        say(f"{name}: rewriting {len(peers.comments):,} comments")
        return [moves[0].text for moves in _moves(player(), peers.comments, 1, 0.0)]

    greedy = cached_rewrites(folder, name, [*weights, "greedy"], peers.comments, first)
    if not best_of:
        return {name: greedy}

    def drawn() -> list[str]:
        say(f"{name}: {best_of - 1} more moves for each")
        return [move.text for some in _moves(player(), peers.comments, best_of - 1, TEMPERATURE) for move in some]

    table = load_idioms()
    drafts = [table.variants(comment, PHRASES) for comment in peers.comments]
    offered = {f"{name} + phrases": [[text, *some] for text, some in zip(greedy, drafts)]}
    if best_of > 1:
        more = cached_rewrites(folder, f"{name} drawn", [*weights, best_of, TEMPERATURE], peers.comments, drawn)
        several = [[text, *more[i * (best_of - 1) :][: best_of - 1]] for i, text in enumerate(greedy)]
        offered[f"{name}, best of {best_of}"] = several
        offered[f"{name}, best of {best_of} + phrases"] = [[*moves, *some] for moves, some in zip(several, drafts)]

    def chosen(system: str, tries: list[list[str]]) -> list[str]:
        def choose() -> list[str]:
            say(f"{system}: choosing among {sum(map(len, tries)):,} tries")
            return [found.text for found in best_moves(player(), Acceptability.load(), peers.comments, tries)]

        by = [*weights, MIN_SIMILARITY, screener, "acceptability, product, sense", *chain.from_iterable(tries)]
        return cached_rewrites(folder, system, by, peers.comments, choose)

    return {name: greedy, **{system: chosen(system, tries) for system, tries in offered.items()}}


def _moves(player: Rewriter, comments: Sequence[str], n: int, temperature: float) -> list[list[Completion]]:
    sampling = Sampling(temperature=temperature, top_p=0.95, max_new_tokens=10_000, avoid_loops=True)
    return player.generator.generate(comments, n, sampling, seed=0)


def best_moves(
    player: Rewriter, acceptability: Fluency, comments: Sequence[str], tries: Sequence[Sequence[str]]
) -> list[Candidate]:
    """The best of each comment's tries by `sro.rewriting.candidates.best`; whether it will do is not asked."""
    texts = [text for some in tries for text in some]
    sources = [comment for comment, some in zip(comments, tries) for _ in some]
    verdicts = iter(player.screener.screen(texts, sources=sources))
    similarities = iter(player.similarity.similarity(texts, sources).tolist())
    found = [
        [Candidate(text, next(verdicts), next(similarities), find_fault(text, comment)) for text in some]
        for comment, some in zip(comments, tries)
    ]
    score_fluency_of_ties(found, comments, acceptability, MIN_SIMILARITY)
    return [best(candidates, MIN_SIMILARITY) for candidates in found]
