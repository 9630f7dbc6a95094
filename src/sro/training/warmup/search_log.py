"""The results of the edit search so far, on disk, so that a killed run can continue the long search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sro.core.errors import SROError


class SearchLog:
    """One JSON line for each searched comment: the comment, and its rewrite or null.

    Args:
        path: the file; lines are appended after each batch. If a kill cut a line short, its comment is searched again.
            None: nothing is stored.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.known: dict[str, str | None] = {}
        if path is None or not path.exists():
            return
        lines = path.read_text("utf-8").split("\n")
        for number, line in enumerate(lines[:-1], 1):
            try:
                row = json.loads(line)
                self.known[row["comment"]] = row["rewrite"]
            except (ValueError, KeyError, TypeError) as error:
                raise SROError(f"{path}, line {number}: not a search log entry\n  fix: delete the file") from error
        if lines[-1]:
            path.write_text("".join(line + "\n" for line in lines[:-1]), "utf-8")

    def add(self, comments: Sequence[str], rewrites: dict[str, str]) -> None:
        """Store the results of a batch of comments."""
        found = {comment: rewrites.get(comment) for comment in comments}
        self.known |= found
        if self.path:
            rows = [json.dumps({"comment": x, "rewrite": y}, ensure_ascii=False) + "\n" for x, y in found.items()]
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write("".join(rows))
