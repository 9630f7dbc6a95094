"""The rewriter of the service and of the MCP tools, made from their common settings, and its answer to one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sro.comments.languages import is_among
from sro.leader.engines.loading import EngineArguments
from sro.rewriting.config import ModelArguments
from sro.rewriting.result import Rewrite
from sro.screeners.base import Screener

if TYPE_CHECKING:
    from sro.rewriting.rewriter import Rewriter


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The outcome for one text, and whether the screener reads its language."""

    rewrite: Rewrite
    language: str | None
    """The language of the text, as `sro.comments.languages.language_of` detects it."""
    reads: tuple[str, ...]
    """The languages that the screener reads, or those that the server's settings name."""

    @property
    def language_supported(self) -> bool | None:
        """Whether the screener reads the text's language. None: unknown."""
        return is_among(self.language, self.reads)


def load_rewriter(models: ModelArguments, engine: EngineArguments, screener: Screener, batch: int = 64) -> Rewriter:
    """Load the leader and its judges. The imports load torch, so they are here, and the caller waits for them.

    Args:
        batch: number of candidates generated at the same time.
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
        english_rules=models.english_rules,
        rule_languages=models.rule_languages,
        batch_size=batch,
    )
