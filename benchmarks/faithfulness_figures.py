"""Measure how well the faithfulness critic and embedding cosine agree with people, on sets never trained on.

    python -m benchmarks.faithfulness_figures --critic my_critic --texts 400 --output docs/results/faithfulness.md

Every set holds sources, rewrites by some system, and people's judgements of whether the content was kept. Figures are
AUC: how often a rewrite that keeps the content has the higher score. Reads the public sets in `SRO_DATA`.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sro.core.data_folder import data_folder
from sro.core.files import atomic_write_text
from sro.screeners.check import auc
from sro.screeners.encoder.sources import read_records
from sro.screeners.faithfulness.critic import FaithfulnessCritic
from sro.screeners.similarity import SentenceEncoder

Rated = tuple[str, str, bool]


def human_sets(data: Path) -> Iterator[tuple[str, list[Rated]]]:
    """Name of each set, and its rows: (source, rewrite, whether people judged the content as kept)."""
    rows = list(read_records(data / "emnlp10k/human_ratings_mean.tsv"))
    yield (
        "emnlp10k (English detoxification)",
        [(r["original"], r["rewritten"], float(r["meaning"]) > 0.7) for r in rows],
    )
    ratings = data / "meaning/rewrite_ratings"
    rows = list(read_records(ratings / "style_content_test.jsonl"))
    yield "style_content_test", [(r["a"], r["b"], float(np.mean(r["B"])) >= 3.5) for r in rows]
    grouped: dict[tuple[str, str], list[float]] = defaultdict(list)
    for r in read_records(ratings / "drg_ratings.jsonl.gz"):
        grouped[r["a"], r["b"]].append(float(r["topic"]))
    yield "drg_ratings", [(a, b, float(np.mean(some)) >= 4) for (a, b), some in grouped.items()]
    by_language: dict[str, list[Rated]] = defaultdict(list)
    for r in read_records(data / "meaning/clef2024_human_eval_multi/clef2024_human_eval_multi.jsonl.gz"):
        by_language[r["lang"]].append((r["a"], r["b"], float(r["content"]) > 0.5))
    for language, rated in sorted(by_language.items()):
        yield f"clef2024, {language}", rated
    rows = list(read_records(data / "meaning/rudetox_human_eval/rudetox_human_eval.jsonl.gz"))
    yield "rudetox (ru)", [(r["a"], r["b"], float(r["content"]) > 0.5) for r in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--critic", required=True, help="folder of the critic")
    parser.add_argument("--texts", type=int, default=400, help="most rewrites of each set, sampled with seed 0")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    data = Path(data_folder())
    critic, cosine = FaithfulnessCritic.load(options.critic), SentenceEncoder()
    lines = [
        "| set | rewrites | content kept | critic: kept | critic: kept · natural | cosine (MiniLM) | kept · cosine |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, rated in human_sets(data):
        some = rated if len(rated) <= options.texts else random.Random(0).sample(rated, options.texts)
        kept = np.array([good for *_, good in some])
        answers = critic.answers([(a, b) for a, b, _ in some])
        theirs = np.asarray(cosine.similarity([b for _, b, _ in some], [a for a, *_ in some]))
        measures = (answers[:, 0], answers.prod(axis=1), theirs, answers[:, 0] * theirs)
        figures = (auc(scores[kept], scores[~kept]) for scores in measures)
        lines.append(f"| {name} | {len(some)} | {kept.mean():.0%} | {' | '.join(f'{x:.3f}' for x in figures)} |")
        print(lines[-1], flush=True)
    if options.output:
        atomic_write_text(options.output, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
