"""Rewriting: rows per second of greedy decoding by each engine, and of the whole search."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.generate_peer import by_generate
from benchmarks.gpu_parts.leaders import enough, refused_comments
from benchmarks.gpu_parts.recorder import Found, Recorder
from benchmarks.training.timing import now
from sro.comments.sources import load_source
from sro.leader.engines.loading import EngineArguments, load_generator
from sro.leader.generation import Sampling
from sro.rewriting.rewriter import RewriteArguments, Rewriter
from sro.screeners.loading import load_screener

if TYPE_CHECKING:
    from benchmarks.gpu import Work

GREEDY = Sampling(temperature=0.0, avoid_loops=True)
WARM = 8
"""Warm-up comments that are rewritten before the clock starts."""


def play(recorder: Recorder, work: Work) -> None:
    """Measure each engine, then the search on failing comments, and on a mixture with a quarter of failing ones."""
    size = work.sizes.rewrites
    rude = enough(refused_comments(work.comments), size)
    for name, batch in (("transformers", 64), ("transformers", 512), ("generate", 512), ("ctranslate2", 512)):
        recorder.measure(
            f"greedy, {name}, batches of {batch}", partial(_greedy, work.leader, name, batch, rude), least=5.0
        )
    some = enough(rude, max(2, size // 4))
    recorder.measure("search, failing comments", partial(_search, work.leader, some), least=10.0)
    civil = enough(load_source("starter:civil", max_words=25).texts, 3 * len(some))
    recorder.measure("search, a quarter failing", partial(_search, work.leader, [*some, *civil]), least=10.0)


def _greedy(leader: str, name: str, batch: int, comments: list[str]) -> Found:
    engine = load_generator(
        EngineArguments("ctranslate2" if name == "ctranslate2" else "transformers"), leader, batch_size=batch
    )
    engine = by_generate(engine) if name == "generate" else engine
    engine.generate(comments[:WARM], 1, GREEDY, 0)
    begin = now()
    completions = [one for [one] in engine.generate(comments, 1, GREEDY, 0)]
    seconds, tokens = now() - begin, sum(len(one.ids) for one in completions)
    return Found(len(completions) / seconds, "rows/s", {}, f"{tokens / len(completions):.1f} tokens a rewrite")


def _search(leader: str, comments: list[str]) -> Found:
    rewriter = Rewriter.load(leader, engine="transformers", screener=load_screener("embedded/linear"), batch_size=512)
    arguments = RewriteArguments()
    rewriter.rewrite(comments[:WARM], arguments)
    begin = now()
    found = rewriter.rewrite(comments, arguments)
    seconds, statuses = now() - begin, [rewrite.status for rewrite in found]
    note = ", ".join(f"{statuses.count(status)} {status}" for status in sorted(set(statuses)))
    return Found(len(found) / seconds, "rows/s", {}, f"{note}; screening, comparing and samples included")
