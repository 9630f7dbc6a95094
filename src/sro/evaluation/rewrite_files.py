"""Read a system's rewrites and their comments, as `sro rewrite --output` writes them: JSON Lines, or a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sro.core.errors import SROError
from sro.evaluation.clef import first_line, is_clef, is_clef25
from sro.evaluation.reading.systems import usual_columns
from sro.evaluation.text_tables import is_table, text_rows


def is_rewrites_file(path: str | Path) -> bool:
    """Whether a file is a table, or its first line is an output line of `sro rewrite`.

    For a file, `sro rewrite` writes `source`, `text` and `status`; for a folder, all columns and `rewrite`. CLEF's
    lines hold only the rewrite, in `text`.
    """
    if is_table(path):
        return not is_clef25(path)
    if not is_clef(path) or not Path(path).is_file():
        return False
    try:
        row = json.loads(first_line(path))
    except (ValueError, RecursionError):
        return False
    if not isinstance(row, dict):
        return False
    apart = any(name.endswith("rewrite") for name in row)  # `--prefix` comes before it; then `read_rewrites` raises
    return apart or {"source", "text", "status"} <= row.keys()


def read_rewrites(path: str | Path, sources: Sequence[str]) -> list[str | None]:
    """The rewrite of each source, in order; None if `sro rewrite` gave none, as the column `status` says. A blank
    source stays unchanged.

    Raises:
        SROError: a row has no rewrite as text, or its comment is not the one at its place in the input. The message
            names file and line.
    """
    fix = "call them `comment` and `rewrite`, or give what `sro rewrite --output` writes"
    waiting = [place for place, source in enumerate(sources) if source.strip()]
    texts: list[str | None] = list(sources)
    for row in text_rows(path, lambda available: usual_columns(available, str(path), fix)):
        if not row.text:  # a blank row
            continue
        where = f"{path}:{row.line}"
        place = waiting.pop(0) if waiting else len(sources)
        if place == len(sources) or row.text.strip() != sources[place].strip():
            raise SROError(
                f"{where}: answers another comment than row {place + 1} of the input\n"
                "  fix: --input must be the file that was rewritten"
            )
        if not isinstance(row.label, str | None):
            raise SROError(f"{where}: the rewrite has to be text, not {row.label!r:.40}\n  fix: correct the row")
        unanswered = (row.fields or {}).get("status") in ("refused", "skipped")
        texts[place] = None if unanswered else row.label or ""
    if waiting:
        raise SROError(f"{path}: ends without an answer to row {waiting[0] + 1} of the input and to all rows after it")
    return texts
