"""Settings of models, search and refusal for rewriting, shared by all commands and the service."""

from __future__ import annotations

from dataclasses import dataclass, field

from sro.core.errors import SROError
from sro.rewriting.foreign_candidates import DEFAULT_RULE_LANGUAGES, LANGUAGES_WITH_RULES, checked_rule_languages
from sro.screeners.config import ScreenerArguments


@dataclass(kw_only=True)
class LeaderChoice:
    """Which leader rewrites, for commands that only run it; for training see `sro.leader.model.LeaderArguments`."""

    leader: str = field(
        default="embedded", metadata={"help": "language model that rewrites: `embedded`, or a hub or folder name"}
    )
    adapter: str | None = field(
        default=None,
        metadata={
            "help": "LoRA adapter of the leader: `none`, `embedded/rewriter`, hub or folder name (default: "
            "embedded/rewriter if the leader is `embedded`, else none)"
        },
    )
    prompt: str | None = field(
        default=None, metadata={"help": "prompt template with {text} in it (default: the adapter's own)"}
    )


@dataclass(kw_only=True)
class ModelArguments(LeaderChoice, ScreenerArguments):
    """The leader and the models that judge its rewrites, by name.

    Raises:
        SROError: a language without rules among `rule_languages`.
    """

    similarity: str = field(
        default="embedded",
        metadata={"help": "sentence encoder that compares meanings: `embedded`, a folder or a hub name"},
    )
    phrases: str | None = field(
        default=None,
        metadata={
            "help": "phrase table that adds candidates to the leader's: `embedded` (English), `none`, or a file "
            "(default: embedded under --english_rules, else none)"
        },
    )
    faithfulness: str | None = field(
        default=None,
        metadata={
            "help": "critic that refuses candidates which no longer say what the sentence says: `embedded`, a folder "
            "that `sro screener train --kind faithfulness` made, or `none` (default: embedded under --english_rules "
            "if the screener is an encoder, else none)"
        },
    )
    english_rules: bool | None = field(
        default=None,
        metadata={
            "help": "add candidates of the rules for English to the leader's, under the shipped critic and its bars; "
            "for a leader of your own that writes English (default: for `embedded` and its exports, except with the "
            "engine chat)"
        },
    )
    rule_languages: list[str] = field(
        default_factory=lambda: list(DEFAULT_RULE_LANGUAGES),
        metadata={
            "help": "languages beside English in which rules leave out or replace rude phrases, if the screener "
            f"reads them: {' '.join(LANGUAGES_WITH_RULES)}, or `none`; other comments that fail are refused "
            "(only with --english_rules)"
        },
    )

    def __post_init__(self) -> None:
        checked_rule_languages(self.rule_languages)


@dataclass(kw_only=True)
class ServedModels(ModelArguments):
    """The same for servers, with the P(fail) from which a text fails if the request sets no threshold.

    Raises:
        SROError: a threshold outside (0, 1], or a language without rules.
    """

    threshold: float | None = field(
        default=None,
        metadata={
            "help": "a text fails if P(fail) is at least this, in (0, 1], unless the request sets its own threshold "
            "(default: the screener's own)"
        },
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _within("threshold", self.threshold, self.threshold is None or 0 < self.threshold <= 1, "in (0, 1]")


@dataclass(frozen=True)
class RewriteArguments:
    """Settings of the search, and when to refuse.

    The defaults are where `benchmarks/policy_curve.py` stops rising (docs/results/policy.md). This was measured with
    the screener of n-grams, without a critic: of the tuning comments that it fails, 98 % of ParaDetox's and 88 % of
    Jigsaw's were rewritten (without sampling 97 and 86 %), with 2.9 and 3.6 candidates per comment. With the default
    screener and its critic more are refused: 15 % of ParaDetox's test comments, and most raw Jigsaw comments that fail
    (README). Refining helps if `samples` is small, and costs nothing if it is not needed. Without a critic, a
    `min_similarity` of 0.6 instead of 0.5 gains .01 to .02 in similarity and costs 2 to 3 % of the rewrites; 0.7 costs
    5 %. With a critic a low value is enough: readers found as many of the candidates from .25 to .5 fit as of those
    above (docs/research/lab-notes.md).

    Refining from the best failing candidate follows Stackelberg learning from human feedback (arXiv 2512.16626).

    Raises:
        SROError: a value outside its range, with the range.

    Example:
        >>> RewriteArguments(samples=8, min_similarity=0.6).refine
        1
    """

    samples: int = field(
        default=4, metadata={"help": "candidates to sample for a sentence if none so far is clearly good; 0: none"}
    )
    refine: int = field(
        default=1, metadata={"help": "extra rounds that rewrite the best candidate again while all fail; 0: none"}
    )
    min_similarity: float | None = field(
        default=None,
        metadata={
            "help": "cosine with the comment below which a rewrite is refused, in [-1, 1] (default: 0.25 if there "
            "is a critic of faithfulness, also for other languages, which it does not read; else 0.5)"
        },
    )
    threshold: float | None = field(
        default=None,
        metadata={"help": "a text fails if P(fail) is at least this, in (0, 1] (default: the screener's own)"},
    )
    temperature: float = field(default=0.8, metadata={"help": "temperature of the sampled candidates, > 0"})
    seed: int | None = field(
        default=0,
        metadata={"help": "random seed of the sampled candidates; None (in Python): different every time, and faster"},
    )
    max_threat: float = field(
        default=0.6,
        metadata={
            "help": "a comment that fails with a probability of THREAT above this, in [0, 1], is refused instead of "
            "rewritten, if the screener has attributes; the same for known threats in ar de es fr hi "
            "pt ru zh, and, above 0.3, for sentences that rules rewrite in these languages; 1: never"
        },
    )

    rewrite_threshold: float | None = field(
        default=None,
        metadata={
            "help": "P(fail) from which a rewrite is rejected, in (0, 1], although a comment might still pass "
            "(default: 0.2 for the embedded leader and its exports under an encoder screener, else as for comments)"
        },
    )

    def __post_init__(self) -> None:
        _within("samples", self.samples, self.samples >= 0, "≥ 0")
        _within("refine", self.refine, self.refine >= 0, "≥ 0")
        cosine = self.min_similarity
        _within("min_similarity", cosine, cosine is None or -1 <= cosine <= 1, "in [-1, 1]")
        _within("threshold", self.threshold, self.threshold is None or 0 < self.threshold <= 1, "in (0, 1]")
        bar = self.rewrite_threshold
        _within("rewrite_threshold", bar, bar is None or 0 < bar <= 1, "in (0, 1]")
        _within("seed", self.seed, self.seed is None or 0 <= self.seed < 2**64, "≥ 0 and < 2**64")
        _within("max_threat", self.max_threat, 0 <= self.max_threat <= 1, "in [0, 1]")
        _within(
            "temperature", self.temperature, self.temperature > 0, "> 0; for greedy candidates alone use samples=0"
        )


def _within(name: str, value: object, holds: bool, bounds: str) -> None:
    if not holds:
        raise SROError(f"{name}={value} must be {bounds}")
