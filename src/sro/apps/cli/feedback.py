"""`sro feedback`: export what people did with suggestions, as input for the next round of SRO.

    sro feedback export --input feedback.db --output responses.jsonl
    sro train --judged_responses responses.jsonl --adapter embedded/rewriter --output_dir runs/next
    sro feedback export_scores --input feedback.db --output labelled.jsonl
    sro screener train --kind encoder --labelled labelled.jsonl --output my_encoder

Each row is a JSON object: `comment`, `response`, `verdict` (pass: taken, or written by the person; fail: refused),
`by` (leader or person), `at`. Edits are rewrites that pass; no row is a parallel target. `export_scores` writes the
scores that platforms suggested through Perspective's `comments:suggestscore`: `text`, a field for each attribute, and
the sender.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sro.apps.cli.subcommands import run_action
from sro.apps.serve.feedback import export, export_scores
from sro.core.config import parse


@dataclass
class FeedbackArguments:
    """The store to read and the file to write."""

    input: str = field(metadata={"help": "file or PostgreSQL address of `sro serve --feedback`; it may be in use"})
    output: str = field(metadata={"help": "JSON Lines file to write; an existing file is replaced"})


def run(argv: list[str]) -> int:
    """`export` or `export_scores`."""
    return run_action(
        {"export": export_feedback, "export_scores": export_suggested}, argv, prog="sro feedback", doc=__doc__
    )


def export_feedback(argv: list[str]) -> int:
    files = parse(FeedbackArguments, argv, prog="sro feedback export", description="Write feedback as training input.")
    print(f"{export(files.input, files.output):,} rewrites in {files.output}")
    return 0


def export_suggested(argv: list[str]) -> int:
    about = "Write the scores that platforms suggested as labels for a screener."
    files = parse(FeedbackArguments, argv, prog="sro feedback export_scores", description=about)
    number = export_scores(files.input, files.output)
    print(f"{number:,} labelled comment{'s' if number != 1 else ''} in {files.output}")
    return 0
