"""`sro feedback`: what people did with suggestions, as input for the next round of SRO.

    sro feedback export --input feedback.db --output responses.jsonl
    sro train --comments responses.jsonl::comment --output_dir runs/next

One JSON object a row: `comment`, `response`, `verdict` (pass: taken, or written by the person; fail: refused), `by`
(leader or person), `at`. Edits are responses that pass; no row is a parallel target.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sro.apps.serve.feedback import export
from sro.core.config import parse, suggestion
from sro.core.errors import SROError


@dataclass
class Files:
    """From where, to where."""

    input: str = field(metadata={"help": "the SQLite file of `sro serve --feedback`; it may be in use"})
    output: str = field(metadata={"help": "JSON Lines file, replaced whole"})


def run(argv: list[str]) -> int:
    """`export` is the only action."""
    if not argv or argv[0] in ("-h", "--help"):
        print(f"usage: sro feedback export --input FILE --output FILE\n\n{__doc__}")
        return 0 if argv else 2
    if argv[0] != "export":
        raise SROError(f"unknown action '{argv[0]}'{suggestion(argv[0], ['export'])} (there is: export)")
    files = parse(Files, argv[1:], prog="sro feedback export", description="Write feedback as training input.")

    print(f"{export(files.input, files.output):,} responses in {files.output}")
    return 0
