"""Score a submission of rewrites, and compare it with copies, deletions and the human reference.

    python examples/evaluate_submission.py toxic.txt rewrites.txt --reference human.txt

Each line is one text; line n of each file belongs to line n of the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sro import load_screener
from sro.evaluation.judges.loading import Judges, load_judges
from sro.evaluation.run import Evaluation, Scoring, Texts, evaluate


def lines(path: Path) -> list[str]:
    """The lines of a text file. `splitlines` would also cut comments at a form feed or U+2028."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        return [line.rstrip("\r\n") for line in file]


def score(source: Path, rewrites: Path, reference: Path | None, judges: Judges) -> Evaluation:
    """The table, with paired bootstrap intervals."""
    texts = Texts(lines(source), {rewrites.stem: lines(rewrites)}, lines(reference) if reference else None)
    return evaluate(texts, Scoring("paradetox", judges, load_screener("embedded/linear")))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Score a submission of rewrites.")
    parser.add_argument("source", type=Path, help="the toxic comments")
    parser.add_argument("rewrites", type=Path, help="the rewrites to score")
    parser.add_argument("--reference", type=Path, help="rewrites by people")
    options = parser.parse_args(arguments)
    print(
        score(options.source, options.rewrites, options.reference, load_judges(["embedded"], "paradetox")).markdown()
    )


if __name__ == "__main__":
    main()
