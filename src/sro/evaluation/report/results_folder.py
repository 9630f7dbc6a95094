"""Read a folder of results without torch: manifest, tables, plots and the sheet.

A missing part is empty. A damaged part is an error, because a page without it would look complete.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sro.core.errors import SROError
from sro.core.markdown import Block, Paragraph, PipeTable, parse, table
from sro.evaluation.report.sheet import Line, read_sheet

PNG = b"\x89PNG\r\n\x1a\n"
KINDS = {"command": list, "config": dict, "data": dict, "git": dict, "packages": dict}  # in a manifest
MOST_ROWS = 500  # rows of a CSV file that are shown; a longer file is data rather than a table


@dataclass(frozen=True)
class ResultsFolder:
    """The content of a folder; a missing part is empty."""

    name: str
    """Name of the folder."""
    manifest: Mapping[str, Any]
    """As `sro.core.provenance.manifest` makes it; any part may be missing."""
    documents: Mapping[str, Sequence[Block]]
    """Blocks of each file with a table, by name."""
    plots: Mapping[str, bytes]
    """Content of each PNG, by name."""
    lines: Sequence[Line]
    """The sheet."""
    set_aside: Mapping[str, int]
    """Number of rows of the data that were set aside, by reason."""


def read_results(folder: str | Path) -> ResultsFolder:
    """Read a folder. A CSV file is left out if a Markdown file of the same name holds the same table.

    Raises:
        SROError: no such folder, nothing to show in it, or a damaged file, which the message names.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SROError(f"{folder} is no folder\n  fix: name the folder of a run or an experiment")
    documents = {path.stem: parse(_text(path)) for path in sorted(folder.glob("*.md"))}
    documents = {name: blocks for name, blocks in documents.items() if _has_table(blocks)}
    tables = {path.stem: _csv(path) for path in sorted(folder.glob("*.csv")) if path.stem not in documents}
    found = ResultsFolder(
        name=folder.resolve().name,
        manifest=_manifest(folder / "manifest.json"),
        documents={**documents, **{name: blocks for name, blocks in tables.items() if blocks}},
        plots={path.stem: _png(path) for path in sorted(folder.glob("*.png"))},
        lines=read_sheet(folder),
        set_aside=_set_aside(folder),
    )
    if not (found.manifest or found.documents or found.plots or found.lines):
        raise SROError(
            f"{folder} holds no manifest, table, plot or sheet\n"
            "  fix: name a folder that `sro train`, `sro evaluate --output_dir` or `sro experiment` has written"
        )
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path}: cannot be read: {error}\n  fix: it has to be text in UTF-8") from error


def _manifest(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise SROError(f"{path}: no JSON: {error}\n  fix: restore it, or move it away") from error
    if not isinstance(found, dict):
        raise SROError(f"{path}: no JSON object\n  fix: restore it, or move it away")
    for name, kind in KINDS.items():
        if not isinstance(found.get(name), kind | None):
            raise SROError(f"{path}: '{name}' is no {kind.__name__}\n  fix: restore it, or move it away")
    return found


def _has_table(blocks: Sequence[Block]) -> bool:
    return any(isinstance(block, PipeTable) for block in blocks)


def _csv(path: Path) -> list[Block]:
    lines = io.StringIO(_text(path), newline="")  # ends lines as CSV does; `str.splitlines` also does within cells
    try:
        head, *rows = [row for row in csv.reader(lines) if row] or [[]]
    except csv.Error as error:
        raise SROError(f"{path}: cannot be read as CSV: {error}\n  fix: move the file away") from error
    if not head:
        return []
    blocks: list[Block] = [table(head, rows[:MOST_ROWS])]
    if len(rows) > MOST_ROWS:
        blocks.append(Paragraph(f"The first {MOST_ROWS:,} of {len(rows):,} rows; all are in {path.name}."))
    return blocks


def _png(path: Path) -> bytes:
    content = path.read_bytes()
    if len(content) < 24 or not content.startswith(PNG):
        raise SROError(f"{path}: no PNG\n  fix: draw it again, or move it away")
    return content


def _set_aside(folder: Path) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for path in sorted(folder.glob("quarantine_*.jsonl")):
        for number, line in enumerate(_text(path).split("\n"), 1):
            try:
                reasons.update([str(json.loads(line)["reason"])] if line.strip() else [])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise SROError(f"{path}:{number}: no row with a reason\n  fix: move the file away") from error
    return dict(reasons.most_common())
