"""`sro experiment read`: which of two systems' rewrites do people prefer in a blind test, and which would they show?

sro experiment read sheet --a ours.jsonl --b theirs.jsonl --n 100 --output sheet/
sro experiment read score --sheet sheet/ anna.csv ben.csv

Readers get sheet.csv and instructions.md, never key.json.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sro.apps.cli.input import split_words
from sro.apps.cli.subcommands import run_action
from sro.core.config import parse
from sro.core.errors import SROError
from sro.core.machine import quiet_libraries

SYSTEM = (
    "rewrites of the {} system: NAME=FILE of `sro rewrite --output` or the sentences.jsonl of `sro evaluate` "
    "(NAME says which system), or NAME=FILE::COMMENT::REWRITE with the columns of any other table"
)


@dataclass
class SheetArguments:
    """The systems to read, and the number of pairs."""

    a: str = field(metadata={"help": SYSTEM.format("one")})
    b: str = field(metadata={"help": SYSTEM.format("other")})
    output: str = field(metadata={"help": "folder to make, with sheet.csv, instructions.md and key.json"})
    n: int = field(
        default=100,
        metadata={"help": "how many pairs a reader is shown; comments with identical rewrites are counted separately"},
    )
    seed: int = field(default=0, metadata={"help": "random seed of the draw of comments and of sides"})
    leave_out_refused: bool = field(
        default=False, metadata={"help": "leave out comments that a system refused (default: shown as `(refused)`)"}
    )

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"n={self.n} must be at least 1")


@dataclass
class ScoreArguments:
    """The sheet that was read."""

    sheet: str = field(metadata={"help": "folder that `sro experiment read sheet` made; its key.json is needed"})
    output: str | None = field(
        default=None, metadata={"help": "folder for result.md, result.json and preferences.png (default: the sheet's)"}
    )


def run(argv: list[str]) -> int:
    """Run `sheet` or `score`."""
    return run_action({"sheet": make_sheet, "score": score}, argv, prog="sro experiment read", doc=__doc__)


def make_sheet(argv: list[str]) -> int:
    from sro.evaluation.reading.sheet import draw, write_sheet
    from sro.evaluation.reading.systems import read_system

    quiet_libraries()
    asked = parse(
        SheetArguments, argv, prog="sro experiment read sheet", description="Make a sheet for blind readers."
    )
    a, b = read_system(asked.a), read_system(asked.b)
    sheet = draw(a, b, asked.n, asked.seed, leave_out_refused=asked.leave_out_refused)
    write_sheet(sheet, asked.output, {"a": a.path, "b": b.path}, ["sro", "experiment", "read", "sheet", *argv])
    pairs = len(sheet.pairs)
    print(
        f"sheet    {asked.output}: {pairs:,} pair{'' if pairs == 1 else 's'} of {sheet.a} and {sheet.b}, from "
        f"{sheet.shared:,} comments that both answer"
    )
    if pairs < asked.n:
        print(f"fewer    {asked.n:,} were asked for; on no other comment do the two differ")
    print(f"same     {sheet.identical:,} more with identical rewrites, which are counted and not shown")
    print("readers  give each sheet.csv and instructions.md, never key.json")
    print(f"next     sro experiment read score --sheet {asked.output} READER.csv …")
    return 0


def score(argv: list[str]) -> int:
    from sro.evaluation.reading import page
    from sro.evaluation.reading.answers import read_answers
    from sro.evaluation.reading.result import score as score_readings
    from sro.evaluation.reading.sheet import read_key

    quiet_libraries()
    files, flags = split_words(argv, (ScoreArguments,))
    asked = parse(
        ScoreArguments,
        flags,
        prog="sro experiment read score",
        description="Count what readers answered: give one file per reader, named after the reader.",
    )
    if not files:
        raise SROError(
            "no reader's file\n  fix: sro experiment read score --sheet FOLDER anna.csv ben.csv   (the filled sheets)"
        )
    sheet = read_key(asked.sheet)
    result = score_readings(sheet, [read_answers(path, sheet) for path in files])
    folder = asked.output or asked.sheet
    page.save(result, folder, files, ["sro", "experiment", "read", "score", *argv])
    print(page.markdown(result))
    print(f"\nsaved    {folder}: result.md, result.json, preferences.png")
    return 0
