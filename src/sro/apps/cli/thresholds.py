"""`sro screener thresholds`: find our thresholds that keep the decisions made with another service's scores.

sro screener thresholds --pairs pairs.jsonl --threshold 0.8          # the file of `sro serve --shadow`
sro screener thresholds --scored old.csv --threshold 0.8
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console

from sro.comments.columns import choose_columns
from sro.comments.readers import read_rows
from sro.core.config import parse
from sro.core.errors import SROError
from sro.screeners.config import ScreenerArguments
from sro.screeners.encoder.attributes import ATTRIBUTES
from sro.screeners.loading import load_named_screener

DESCRIPTION = (
    "Print thresholds for our scores that keep the decisions now made with another service's scores, computed from "
    "pairs of scores (`sro serve --shadow`), or from comments with their old scores."
)
WIDEST = 200  # wider than the table can be


@dataclass
class TranslationArguments:
    """The scores of the other service, and its threshold."""

    threshold: float = field(
        metadata={"help": "the other service's threshold, in (0, 1]: today it flags comments with this score or more"}
    )
    pairs: str | None = field(
        default=None, metadata={"help": "JSON Lines file of `sro serve --shadow`, with both services' scores"}
    )
    scored: str | None = field(
        default=None,
        metadata={
            "help": "csv, tsv or jsonl with texts and the other service's scores in columns TOXICITY, THREAT, … in "
            "any case; our own scores are computed now"
        },
    )
    column: str = field(default="text", metadata={"help": "column of the texts in --scored"})
    attributes: list[str] = field(
        default_factory=list, metadata={"help": "attributes to translate for (default: all that are scored)"}
    )


def run(argv: list[str]) -> int:
    """Print the translations as a table."""
    from sro.screeners import threshold_matching

    schema = (ScreenerArguments, TranslationArguments)
    which, asked = parse(schema, argv, prog="sro screener thresholds", description=DESCRIPTION)
    if asked.pairs is not None and asked.scored is None:
        pairs, use = threshold_matching.read_pairs(asked.pairs), threshold_matching.FOR_SCORES
    elif asked.scored is not None and asked.pairs is None:
        rows = _records(asked.scored, asked.column)  # first, so that an error in it shows at once
        screener = load_named_screener(which)
        pairs, use = threshold_matching.scored_pairs(screener, rows, asked.column), threshold_matching.FOR_THRESHOLD
    else:
        raise SROError("--pairs has both services' scores, --scored only the other's: give one of the two")
    names = [name.upper() for name in asked.attributes] or list(pairs)
    found = [
        threshold_matching.match_threshold(name, pairs.get(name, []), asked.threshold)
        for name in sorted(names, key=_place)
    ]
    table, screen = threshold_matching.rendered(found, use), Console()
    needed = screen.measure(table, options=screen.options.update(max_width=WIDEST)).maximum
    screen.width = max(screen.width, needed)  # so that no digit is cut from a number that the user will type
    screen.print(table)
    if not all(one.enough for one in found):
        print(f"* fewer than {threshold_matching.ENOUGH} comments are flagged today, or are not: too few to rely on")
    return 0


def _records(path: str, column: str) -> list[Mapping[str, object]]:
    """The rows of a file of comments, without blank lines."""
    rows = read_rows(path, lambda names: choose_columns(names, path, column), all_columns=True)
    return [row.fields or {} for row in rows if row.fields is not None or row.malformed]


def _place(name: str) -> tuple[int, str]:
    return (ATTRIBUTES.index(name), name) if name in ATTRIBUTES else (len(ATTRIBUTES), name)
