"""Rewrite one column of a CSV file and keep all others.

    python examples/rewrite_csv.py comments.csv rewritten.csv --column text

Three columns are added: `rewrite` (empty if the comment was refused), `status` and `reason`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path

from sro import Rewriter

NEW = ("rewrite", "status", "reason")


def rewrite_csv(source: Path, target: Path, column: str, load: Callable[[], Rewriter]) -> dict[str, int]:
    """Write `target` and return how many comments were unchanged, rewritten and refused.

    The file is read before the rewriter is loaded, so that mistakes in the file show at once.
    """
    with source.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, restval="")
        names = list(reader.fieldnames or [])
        if column not in names:
            raise SystemExit(f"{source} has no column {column!r}; it has {', '.join(names)}")
        if taken := set(NEW).intersection(names):
            raise SystemExit(f"{source} has a column {min(taken)!r} already, which would be written over; rename it")
        rows = []
        for row in reader:
            if None in row:
                raise SystemExit(f"{source}:{reader.line_num}: more fields than the header has columns")
            rows.append(row)

    answers = load().rewrite([row[column] for row in rows])
    counts = {"unchanged": 0, "rewritten": 0, "refused": 0}
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*names, *NEW])
        writer.writeheader()
        for row, answer in zip(rows, answers, strict=True):
            writer.writerow({**row, "rewrite": answer.text, "status": answer.status, "reason": answer.reason})
            counts[answer.status] += 1
    return counts


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Rewrite one column of a CSV file and keep all others.")
    parser.add_argument("source", type=Path, help="the CSV file to read")
    parser.add_argument("target", type=Path, help="the CSV file to write")
    parser.add_argument("--column", default="text", help="the column with the comments (default: text)")
    options = parser.parse_args(arguments)
    print(rewrite_csv(options.source, options.target, options.column, Rewriter.load))


if __name__ == "__main__":
    main()
