"""Files with training data for a warm-up: its own `examples.jsonl`, and sentence pairs from other sources."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sro.core import files
from sro.core.errors import SROError
from sro.training.warmup.examples import Example


def write_examples(examples: Sequence[Example], path: Path) -> None:
    """Write examples for `read_examples`, one per line."""
    lines = "".join(json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in examples)
    files.atomic_write_text(path, lines)


def read_paraphrases(path: Path) -> list[tuple[str, str]]:
    """Sentence pairs of a CSV (or .csv.gz) with the columns `source` and `target`.

    Raises:
        SROError: no such file or columns.
    """
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8", newline="")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8", newline="") as file
        ):
            rows = csv.DictReader(file)
            if not {"source", "target"} <= set(rows.fieldnames or ()):
                raise SROError(f"{path}, line 1: want the columns source and target, found {rows.fieldnames}")
            return [(row["source"], row["target"]) for row in rows if row["source"] and row["target"]]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise SROError(f"{path} cannot be read: {error}") from error


def read_examples(path: Path) -> list[Example]:
    """Read the examples of an earlier run.

    Raises:
        SROError: no such file, or a line is not an example; the message has its number.
    """
    try:
        lines = path.read_text("utf-8").removesuffix("\n").split("\n")  # a text may contain other line separators
    except (OSError, UnicodeDecodeError) as error:
        raise SROError(f"{path} cannot be read: {error}") from error
    examples = []
    for number, line in enumerate(lines, 1):
        try:
            examples.append(Example(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise SROError(f"{path}, line {number}: no example with source, target and kind ({error})") from error
    return examples
