"""Process a whole folder: plan, skip finished shards, process the others here or on Ray, count."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sro.apps.bulk.config import AS_FOUND, BulkArguments, Reading
from sro.apps.bulk.formats import Shard
from sro.apps.bulk.jobs import Job
from sro.apps.bulk.ledger import Ledger
from sro.apps.bulk.shard_worker import Event, ShardTask, new_columns, run_here
from sro.apps.bulk.shards import Plan, plan, walk
from sro.apps.bulk.summary import Tally, watch_progress
from sro.apps.bulk.writers import remove_partial_files
from sro.core.errors import SROError


def run(
    source: str | Path,
    target: str | Path,
    job: Job,
    arguments: BulkArguments | None = None,
    *,
    column: str | None = None,
    reading: Reading = AS_FOUND,
    command: Sequence[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> Tally:
    """Process every row of a file, or of all files in a folder; resume an earlier run if there is one.

    Every row is written with all its columns and those of the job. A row that cannot be read or processed has no
    answer, and its column `error` says why. Memory use depends on the size of a batch, not on that of the input.

    Args:
        source: a file of one of `sro.comments.formats.FORMATS`, or a folder of such files; see `sro.apps.bulk.shards`.
        target: output folder: a new one, an empty one, or that of an earlier run with the same settings.
        column: the column with the comments; None: the first column with a usual name.
        reading: how the files are read, and which of their rows are used.
        command: the command line, for the manifest.
        say: is called every ten seconds with the progress.

    Returns:
        The figures. `troubles` names the files that could not be read; the next run tries them again.

    Raises:
        SROError: nothing to read, changed settings or sources, an output that cannot be written or in which another
            run is at work, or a missing part.
    """
    arguments = arguments or BulkArguments()
    _refuse_nested(Path(source), Path(target))
    megabytes = arguments.shard_mb or job.shard_mb
    found = plan(source, column, int(megabytes * 1e6), new_columns(job, arguments.prefix), reading, say)
    if found.left_alone:
        others = ", ".join(f"{number:,} {name}" for name, number in found.left_alone.most_common())
        say(f"left alone in {source}, files of other kinds: {others}")
    settings = {"column": found.column, "shard_mb": megabytes, "prefix": arguments.prefix, **job.settings()}
    settings |= {name: value for name, value in vars(reading).items() if value is not None}
    with Ledger.open(target, settings, command) as ledger:
        return _work(found, ShardTask(job, found.column, arguments.prefix, ledger, reading), arguments, say)


def _work(found: Plan, task: ShardTask, arguments: BulkArguments, say: Callable[[str], None]) -> Tally:
    tally = Tally(task.job.passing, len(found.shards), sum(shard.size for shard in found.shards))
    tally.troubles += found.troubles
    if gone := task.ledger.refuse_leftovers(found.sources, found.unread, found.shards):
        say(_explain_gone(gone, task.ledger.folder))
    waiting = _waiting(found.shards, task.ledger, tally)
    if tally.before_shards:
        say(f"{tally.before_shards:,} of {tally.shards:,} shards are done already")
    remove_partial_files(Path(task.ledger.folder))  # once, not for each shard: the folder may hold thousands of files
    said = time.monotonic()
    for event in _events(waiting, task, arguments):
        said = watch_progress(tally, event, said, say)
    tally.ended = time.monotonic()
    return tally


def _events(shards: Sequence[Shard], task: ShardTask, arguments: BulkArguments) -> Iterator[Event]:
    if not shards:
        return iter(())
    if arguments.runner == "here":
        return run_here(shards, task)
    from sro.apps.bulk.ray_pool import run_on_ray

    return run_on_ray(shards, task, arguments)


def _waiting(shards: Sequence[Shard], ledger: Ledger, tally: Tally) -> list[Shard]:
    """Shards that are not finished; the finished ones are added to the tally."""
    waiting = []
    for shard in shards:
        counts: Counter[str] | None = ledger.finished(shard)
        if counts is None:
            waiting.append(shard)
            continue
        tally.before.update(counts)
        tally.before_shards += 1
        tally.before_size += shard.size
    return waiting


def _explain_gone(results: Sequence[str], folder: str) -> str:
    """The message about results whose sources are gone, given as patterns for `rm`."""
    some, more = results[:20], " (these are the first 20; the next run names others)" if len(results) > 20 else ""
    files = "a file that is" if len(results) == 1 else f"{len(results):,} files that are"
    return (
        f"{folder} also holds results of {files} not in the input; they stay there and are not counted here\n"
        f"  fix: if they should go too{more}: rm {' '.join(some)}"
    )


def _refuse_nested(source: Path, target: Path) -> None:
    """Refuse an output inside the input or the reverse: the next run would read the results as input."""
    if not source.is_dir():
        return
    inner = target.resolve()
    for folder in (source, *(folder for folder, _ in walk(source) if folder.is_symlink())):
        outer = folder.resolve()
        if inner == outer or outer in inner.parents or inner in outer.parents:
            raise SROError(
                f"{target} and {folder} lie one within the other; results must lie elsewhere than the input"
            )
