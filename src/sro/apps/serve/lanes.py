"""The parts of the service, each a lane: screening never waits for a rewrite, and neither waits for the disk.

Screening and rewriting share one screener, in turns of a few texts (`sro.apps.serve.screening.SharedScreener`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sro.apps.serve.batch_queue import SOON, Lane, Watch, Work
from sro.apps.serve.errors import Refusal
from sro.apps.serve.feedback import Feedback, keep, open_store
from sro.apps.serve.rewriter import Rewritten, load_rewriter
from sro.apps.serve.screening import SharedScreener, screening
from sro.apps.serve.settings import SCREEN_BATCH, UNIT, Models, Service
from sro.apps.serve.shadow import Shadow
from sro.apps.serve.store import StoreAway
from sro.apps.serve.suggested import Suggestion
from sro.comments.languages import language_of
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.config import RewriteArguments

PATIENCE = 60.0
"""Seconds to wait for a feedback database that starts later than the service."""

log = logging.getLogger("sro.apps.serve")


@dataclass
class Parts:
    """The lanes that the endpoints use; None: not available."""

    screen: Lane
    rewrite: Lane | None = None
    feedback: Lane | None = None
    shadow: Shadow | None = None
    """Asks the service that this one replaces. It is not a lane, because no request waits for it."""

    @property
    def lanes(self) -> list[Lane]:
        return [lane for lane in (self.screen, self.rewrite, self.feedback) if lane is not None]

    def states(self) -> dict[str, str]:
        """State of each part: loading, ready, failed, or off."""
        return {
            name: lane.state if lane else "off"
            for name, lane in (("screen", self.screen), ("rewrite", self.rewrite), ("feedback", self.feedback))
        }

    def failures(self) -> dict[str, str]:
        """Reasons why parts could not be loaded, by name."""
        return {lane.name: lane.failure for lane in self.lanes if lane.failure}


def make_parts(models: Models, service: Service, watch: Watch, engine: EngineArguments | None = None) -> Parts:
    """Make the lanes that the settings ask for; they load nothing before they start. `engine`: by default `auto`."""
    engine = engine or EngineArguments()

    def load_screener() -> Any:
        from sro.core.machine import give_memory_back
        from sro.screeners import loading

        give_memory_back()  # here, because every lane with a model needs the screener first
        return loading.load_named_screener(models)

    shared = SharedScreener(load_screener, models.languages)

    def load_screening() -> Work:
        from sro.screeners.toxic_spans import spans_of_authors

        return screening(shared, spans_of_authors, models.threshold)

    def lane(name: str, load: Callable[[], Work], max_batch: int, max_waiting: int) -> Lane:
        return Lane(name, load, max_batch=max_batch, max_waiting=max_waiting, weigh=weight, watch=watch)

    load_rewriting = partial(_rewriting, models, engine, shared, service.rewrite_batch)
    rewrite = lane("rewrite", load_rewriting, service.rewrite_batch, service.rewrite_queue)
    feedback = None
    if service.feedback:
        keep_feedback = partial(keeping, service.feedback)
        feedback = Lane("feedback", keep_feedback, max_batch=256, max_waiting=4096, watch=watch)
    return Parts(
        screen=lane("screen", load_screening, SCREEN_BATCH, service.screen_queue),
        rewrite=rewrite if models.rewrite else None,
        feedback=feedback,
        shadow=Shadow(service.shadow, service.shadow_pairs) if service.shadow else None,
    )


def keeping(path: str | Path) -> Work:
    """Open the file or database and return the work function of the feedback lane. It stores rows; its answer to
    suggested scores is the language of their comment (`sro.comments.languages.language_of`)."""
    store = open_store(path, PATIENCE)

    def work(key: None, rows: Sequence[Feedback | Suggestion]) -> Sequence[str | None]:
        try:
            keep(store, [row for row in rows if not (isinstance(row, Suggestion) and row.do_not_store)])
        except StoreAway as error:
            log.error("%s", error)
            raise Refusal(503, "the store of feedback cannot be reached; try again later", retry_after=SOON) from error
        return [language_of(row.text) if isinstance(row, Suggestion) else None for row in rows]

    return work


def weight(text: str) -> int:
    """Weight of a text in queues and batches."""
    return 1 + len(text) // UNIT


def _rewriting(models: Models, engine: EngineArguments, screener: SharedScreener, batch: int) -> Work:
    """Load the leader. The imports are here, in the lane's thread, because they load torch and block the interpreter
    for seconds; screening is loaded first."""
    screener.screen(["ready?"])
    rewriter = load_rewriter(models, engine, screener, batch)
    reads = screener.languages

    def work(options: tuple[tuple[str, Any], ...], texts: Sequence[str]) -> Sequence[Rewritten]:
        arguments = RewriteArguments(**{"seed": None, "threshold": models.threshold, **dict(options)})
        if arguments.seed is not None:
            # Texts of one call share random draws and rounding; with a seed, an answer must not depend on the others.
            found = [one for text in texts for one in rewriter.rewrite([text], arguments)]
        else:
            found = rewriter.rewrite(texts, arguments)
        return [Rewritten(one, language_of(text), reads) for text, one in zip(texts, found)]

    rewriter.rewrite(["you idiot"], RewriteArguments(seed=None))  # a warm-up: do now what the first call would do
    return work
