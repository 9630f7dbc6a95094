"""Jobs that process comments. A job can be described, sent to another process, and load its models there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sro.comments.languages import language_of
from sro.core.files import file_sha256

if TYPE_CHECKING:
    from sro.leader.engines.loading import EngineArguments
    from sro.rewriting.config import RewriteArguments
    from sro.rewriting.result import Rewrite
    from sro.screeners.base import Verdict

Answer = dict[str, Any]
"""The new columns of one row."""
Work = Callable[[Sequence[str]], list[Answer]]
"""Takes comments and returns as many answers, in the same order."""


class Job(Protocol):
    """A description of work, small enough to send to a worker."""

    columns: ClassVar[Mapping[str, str]]
    """Names of an answer's columns, and the type of each: `text`, `number` or `count`."""
    outcome: ClassVar[str]
    """The column with the outcome of a comment."""
    passing: ClassVar[frozenset[str]]
    """Outcomes that leave a text which passes the screener."""
    shard_mb: ClassVar[float]
    """Megabytes of input that take about a minute or more to process; an interruption may cost that much work."""

    def settings(self) -> dict[str, Any]:
        """All that decides the answers, as plain values, and the names of the columns. It includes the contents of the
        models (`model_contents`), because a name does not identify them."""
        ...

    def load(self) -> Work:
        """Load the models. Raises SROError if a part is missing or unusable."""
        ...


SETTINGS_THAT_MAY_CHANGE = frozenset(
    [
        *("engine_url", "engine_timeout"),
        *("chat_url", "chat_timeout", "chat_retries", "chat_concurrency", "chat_key_env", "chat_price_in"),
        "chat_price_out",
    ]
)
"""The address, timeout and price of a server; a resumed run may change them."""


@dataclass(frozen=True)
class Screening:
    """A verdict on each comment, as a whole or by its worst sentence (`sro.screeners.sentencewise`).

    Attributes:
        screener, toxic_labels, fail_on: as `sro.screeners.loading.load_screener` takes them.
        threshold: P(fail) from which on a comment fails; None: the screener's own.
    """

    screener: str = "embedded"
    toxic_labels: Sequence[str] = ()
    threshold: float | None = None
    fail_on: Sequence[str] = ()

    columns: ClassVar[Mapping[str, str]] = {"verdict": "text", "p_fail": "number"}
    outcome: ClassVar[str] = "verdict"
    passing: ClassVar[frozenset[str]] = frozenset({"pass"})
    shard_mb: ClassVar[float] = 16.0

    def settings(self) -> dict[str, Any]:
        from sro.apps.bulk.model_contents import SCREENING, WORDS, model_contents
        from sro.screeners.shipped import full_name

        found = {
            "job": "screen",
            **asdict(self),
            "screener": full_name(self.screener),  # a folder that was started with another screener cannot be resumed
            "toxic_labels": list(self.toxic_labels),
            "fail_on": list(self.fail_on),
        }
        return {**found, **model_contents(found, SCREENING, WORDS), "columns": list(self.columns)}

    def load(self) -> Work:
        from sro.screeners.loading import load_screener
        from sro.screeners.sentencewise import screen_comments

        screener = load_screener(self.screener, toxic_labels=self.toxic_labels, fail_on=self.fail_on)

        def screen(texts: Sequence[str]) -> list[Answer]:
            verdicts = screen_comments(screener, texts, threshold=self.threshold)
            return [screen_columns(verdict) for verdict in verdicts]

        return screen


@dataclass(frozen=True)
class Rewriting:
    """What becomes of each comment.

    Attributes:
        parts: keyword arguments of `sro.rewriting.rewriter.Rewriter.load`, except the engine.
        engine: the generator of rewrites; None: `auto`, which each worker resolves for its own machine.
        arguments: settings of the rewriting; None: the defaults of `RewriteArguments`.
    """

    parts: Mapping[str, Any] = field(default_factory=dict)
    engine: EngineArguments | None = None
    arguments: RewriteArguments | None = None

    columns: ClassVar[Mapping[str, str]] = {
        **{"rewrite": "text", "status": "text", "reason": "text", "p_fail": "number", "p_fail_after": "number"},
        **{"similarity": "number", "candidates": "count", "detected_language": "text"},
    }
    outcome: ClassVar[str] = "status"
    passing: ClassVar[frozenset[str]] = frozenset({"unchanged", "rewritten"})
    shard_mb: ClassVar[float] = 1.0

    def settings(self) -> dict[str, Any]:
        from sro.apps.bulk.model_contents import REWRITING, WEIGHTS, model_contents
        from sro.core.provenance import version
        from sro.leader.engines.loading import EngineArguments
        from sro.rewriting.config import RewriteArguments
        from sro.screeners.shipped import full_name

        engine, arguments = self.engine or EngineArguments(), self.arguments or RewriteArguments()
        found = {"job": "rewrite", **self.parts, **asdict(engine), **asdict(arguments)}
        if engine.engine == "auto":
            found["ctranslate2"] = version("ctranslate2")  # the engine that it selects
        if engine.chat_prompt:
            found["chat_prompt"] = file_sha256(Path(engine.chat_prompt))  # identified by its text, not its path
        found["screener"] = full_name(found.get("screener", "embedded"))
        kept = {name: value for name, value in found.items() if name not in SETTINGS_THAT_MAY_CHANGE}
        return {**kept, **model_contents(kept, REWRITING, WEIGHTS), "columns": list(self.columns)}

    def load(self) -> Work:
        from sro.leader.engines.loading import EngineArguments
        from sro.rewriting.rewriter import Rewriter

        rewriter = Rewriter.load(**self.parts, engine=self.engine or EngineArguments())
        together = self.parts.get("batch_size", 64)

        def rewrite(texts: Sequence[str]) -> list[Answer]:
            return [rewrite_columns(one) for some in rewriter.stream(texts, self.arguments, together) for one in some]

        return rewrite


def screen_columns(verdict: Verdict) -> Answer:
    """The columns of `Screening`."""
    return {"verdict": verdict.label, "p_fail": round(verdict.probability, 4)}


def rewrite_columns(found: Rewrite) -> Answer:
    """The columns of `Rewriting`."""
    return {
        "rewrite": found.text,
        "status": found.status,
        "reason": found.reason,
        "p_fail": round(found.before.probability, 4),
        "p_fail_after": found.after and round(found.after.probability, 4),
        "similarity": None if found.similarity is None else round(found.similarity, 4),
        "candidates": found.candidates,
        "detected_language": language_of(found.source),
    }
