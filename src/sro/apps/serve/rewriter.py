"""The rewriter of the service and of the MCP tools, from the settings that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sro.leader.engines.loading import EngineArguments
from sro.rewriting.config import ModelArguments
from sro.screeners.base import Screener

if TYPE_CHECKING:
    from sro.rewriting.rewriter import Rewriter


def load_rewriter(models: ModelArguments, engine: EngineArguments, screener: Screener, batch: int = 64) -> Rewriter:
    """Load the leader and what judges it. The imports bring torch, so they are here: whoever calls waits for them.

    Args:
        batch: candidates generated at the same time.
    """
    from sro.core.machine import quiet_libraries
    from sro.rewriting.rewriter import Rewriter

    quiet_libraries()
    return Rewriter.load(
        models.leader,
        adapter=models.adapter,
        prompt=models.prompt,
        engine=engine,
        screener=screener,
        similarity=models.similarity,
        phrases=models.phrases,
        faithfulness=models.faithfulness,
        rule_languages=models.rule_languages,
        batch_size=batch,
    )
