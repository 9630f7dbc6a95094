"""How `sro rewrite` and `sro screener screen` process folders: progress on stderr, a table on stdout."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from sro.apps.bulk.config import BulkArguments, Reading
from sro.apps.bulk.jobs import Job
from sro.core.errors import SROError

RESULTS_OF_ONE_FILE = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".txt", ".xlsx", ".gz")


def run_folder(
    source: str | None,
    target: str | None,
    job: Job,
    arguments: BulkArguments,
    column: str | None,
    reading: Reading,
    command: Sequence[str],
) -> int:
    """Run the job; exit status 1 if files could not be read. Their names are printed.

    Raises:
        SROError: see `sro.apps.bulk.run.run`; or no input or output folder is named.
    """
    from sro.apps.bulk.run import run
    from sro.apps.bulk.summary import render_summary

    if not source or not target or target == "-":
        raise SROError("a folder wants both --input and --output, and the output is a folder too")
    named = Path(target)
    if named.suffix.lower() in RESULTS_OF_ONE_FILE and not named.is_dir() and not target.endswith("/"):
        raise SROError(f"--output {target}: a folder's results need a folder\n  fix: --output {target}/")
    tally = run(source, target, job, arguments, column=column, reading=reading, command=["sro", *command], say=say)
    Console().print(render_summary(tally))
    for trouble in tally.troubles:
        say(f"not done: {trouble}")
    if tally.stray:
        first, *others = tally.stray
        where = f"{len(tally.stray):,} files, such as {first}" if others else first
        say(explain_stray(tally.stray.total(), where, reading.encoding))
    return int(bool(tally.troubles))


def explain_stray(number: int, where: str, encoding: str | None) -> str:
    """The message that some rows have bytes outside the encoding, and how to fix it."""
    return (
        f"the bytes of {number:,} {'row' if number == 1 else 'rows'} of {where} are not {encoding or 'UTF-8'}"
        f"\n  fix: name the encoding of the input: --encoding {'NAME' if encoding else 'windows-1252'}"
    )


def refuse_alone(arguments: BulkArguments, only_files: Mapping[str, object], *, folder: bool, table: bool) -> None:
    """Refuse flags for single files in work on a folder, and the reverse.

    Args:
        only_files: flags that do not apply to folders, and their values.
        folder, table: whether the work is on a folder, and whether a table is written.

    Raises:
        SROError: naming the flag.
    """
    if folder:
        given = [name for name, value in only_files.items() if value is not None]
        if given:
            raise SROError(f"--{given[0]} is for single files, not for folders")
        return
    usual = vars(BulkArguments())
    given = [name for name, value in vars(arguments).items() if value != usual[name] and name != "prefix"]
    if given:
        raise SROError(f"--{given[0]} is for folders: --input FOLDER --output FOLDER/")
    if arguments.prefix and not table:
        raise SROError("--prefix is for tables and folders: --output FILE.csv, .tsv or .parquet, or --output FOLDER/")


def say(line: str) -> None:
    """Print a line on standard error."""
    print(f"sro: {line}", file=sys.stderr, flush=True)
