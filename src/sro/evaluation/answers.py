"""The JSON Lines that `sro rewrite --output` writes, read as the outputs of a system."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sro.core.errors import SROError


def is_answers(path: str | Path) -> bool:
    """Whether a file's first line is an answer of `sro rewrite`: an object with `source`, `text` and `status`."""
    if Path(path).suffix.lower() != ".jsonl" or not Path(path).is_file():
        return False
    with open(path, "rb") as file:
        try:
            row = json.loads(file.readline())
        except ValueError:
            return False
    return isinstance(row, dict) and {"source", "text", "status"} <= row.keys()


def read_answers(path: str | Path, sources: Sequence[str]) -> list[str | None]:
    """The rewrite of each source, in order; None where the comment was refused.

    Raises:
        SROError: with file and line: a line is no answer, or belongs to another comment than the input's of its place.
    """
    texts: list[str | None] = []
    lines = Path(path).read_bytes().decode("utf-8", "replace").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            source, text, status = row["source"], row["text"], row["status"]
        except (ValueError, KeyError, TypeError) as error:
            raise SROError(f"{path}:{number}: no answer of `sro rewrite`\n  fix: write the file again") from error
        if number > len(sources) or source.strip() != sources[number - 1].strip():
            raise SROError(
                f"{path}:{number}: answers another comment than line {number} of the input\n"
                "  fix: --input must be the file that was rewritten, without empty lines"
            )
        texts.append(None if status == "refused" else text)
    if len(texts) < len(sources):
        raise SROError(f"{path}: has {len(texts):,} answers, the input {len(sources):,} comments")
    return texts
