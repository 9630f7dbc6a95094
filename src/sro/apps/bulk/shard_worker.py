"""Process one shard on any machine: read, work, write, record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sro.apps.bulk.config import AS_FOUND, Reading
from sro.apps.bulk.formats import Shard
from sro.apps.bulk.isolate_failures import described, isolate_failures
from sro.apps.bulk.jobs import Job, Work
from sro.apps.bulk.ledger import Ledger
from sro.apps.bulk.readers import Batch, read
from sro.apps.bulk.writers import writer
from sro.comments.formats import Unreadable
from sro.core.errors import SROError

BATCH = 2_048  # rows read, processed and written together; as many as `Rewriter.stream` lets wait
ERROR = "error"
LEFT_OUT = "left out"
"""The outcome of rows that `Reading.where` leaves out; no result holds them."""


@dataclass(frozen=True)
class ShardTask:
    """What to do with each shard. It can be sent to a worker."""

    job: Job
    column: str
    prefix: str
    ledger: Ledger
    reading: Reading = AS_FOUND

    @property
    def columns(self) -> dict[str, str]:
        """Names of the new columns as they are written, and their types."""
        return new_columns(self.job, self.prefix)


@dataclass(frozen=True)
class Event:
    """Progress of the work."""

    counts: Counter[str]
    """Number of rows by outcome, `error` or `left out`; negative if counts are taken back."""
    finished: int | None = None
    """Bytes of a shard that ends with this event; it may have no result."""
    trouble: str | None = None
    """Why that shard has no result."""
    stray: Counter[str] = field(default_factory=Counter)
    """Number of rows whose bytes do not fit the encoding, by file."""


def new_columns(job: Job, prefix: str) -> dict[str, str]:
    """The columns of the job, and the column that says why a row has no answer."""
    return {prefix + name: kind for name, kind in {**job.columns, ERROR: "text"}.items()}


def run_shard(shard: Shard, task: ShardTask, work: Work) -> Iterator[Event]:
    """Process a shard; yield an event per batch and one at the end. If a file cannot be read, the event has `trouble`,
    and no exception is raised, because the other files can be processed.

    Raises:
        SROError: continuing makes no sense, see `isolate_failures`; or the result cannot be written.
    """
    counts: Counter[str] = Counter()
    try:
        with writer(task.ledger.result(shard), task.columns) as write:
            for batch in read(shard, task.column, BATCH, task.reading):
                _refuse_taken(batch, task.columns, shard.source)
                answers = _answers(batch, task.job, work)
                write(batch, [{task.prefix + name: value for name, value in one.items()} for one in answers])
                seen = Counter(str(ERROR if one[ERROR] else one[task.job.outcome]) for one in answers)
                seen += Counter({LEFT_OUT: batch.left_out})
                counts += seen
                yield Event(seen, stray=Counter({shard.source: batch.stray}) + Counter())
        task.ledger.finish(shard, counts)
    except Unreadable as error:
        undone = Counter({name: -number for name, number in counts.items()})  # because no result holds these rows
        yield Event(undone, shard.size, str(error))
        return
    except OSError as error:
        raise SROError(f"{task.ledger.result(shard)}: cannot be written: {error.strerror or error}") from error
    yield Event(Counter(), shard.size)


def run_here(shards: Iterable[Shard], task: ShardTask) -> Iterator[Event]:
    """Process all shards one after the other in this process, in constant memory."""
    work = task.job.load()
    for shard in shards:
        yield from run_shard(shard, task, work)


def _refuse_taken(batch: Batch, columns: Mapping[str, str], source: str) -> None:
    """Refuse a late field of JSON Lines that would be overwritten; the plan has seen only the first rows."""
    for row in batch.rows if isinstance(batch.rows, list) else ():
        if taken := columns.keys() & row.keys():
            raise SROError(
                f"{source}: a row has a field {min(taken)!r} already, which would be written over\n"
                "  fix: another --output, and --prefix sro_   (put before the names of the new columns)"
            )


def _answers(batch: Batch, job: Job, work: Work) -> list[dict[str, object]]:
    """One answer per row: what the work returns for it, or why there is no answer."""
    told = iter(isolate_failures(work, [text for text, fault in zip(batch.texts, batch.faults) if fault is None]))
    nothing = dict.fromkeys(job.columns)
    answers: list[dict[str, object]] = []
    for fault in batch.faults:
        answer = fault or next(told)
        if isinstance(answer, dict):
            answers.append({**answer, ERROR: None})
        else:
            answers.append({**nothing, ERROR: answer if isinstance(answer, str) else described(answer)})
    return answers
